"""What is timed: network, recipe and image counts of UvA's tutorial, on images made up here."""

from dataclasses import dataclass

import torch
from actbench.data import subsets
from actbench.training.fitting import Settings
from torch import Tensor

SIZES = (784, 512, 256, 256, 128, 10)
LEARNING_RATE, MOMENTUM, BATCH = 0.01, 0.9, 256
ACTIVATION = "relu"


@dataclass(frozen=True)
class Images:
    """uint8 images [N, 28, 28] and labels [N]: the first `n_train` train, the others validate."""

    pixels: Tensor
    labels: Tensor
    n_train: int

    @property
    def n_batches(self) -> int:
        """Whole mini-batches an epoch."""
        return self.n_train // BATCH

    def data(self) -> subsets.Data:
        """What actbench trains on; there is no test set, since an epoch does not look at one."""
        x = self.pixels.flatten(1).float().sub_(127.5).div_(127.5)
        cuts = (slice(None, self.n_train), slice(self.n_train, None), slice(0, 0))
        return subsets.Data(*(subsets.Subset(x[cut], self.labels[cut]) for cut in cuts), SIZES[-1])


def images(n_train: int = 50_000, n_validation: int = 10_000) -> Images:
    """A blurred pattern for each of ten classes and noise on every image: nothing to fetch, and learnable.

    Speed does not depend on what images show.
    """
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(SIZES[-1], (n_train + n_validation,), generator=generator)
    coarse = torch.rand(SIZES[-1], 1, 7, 7, generator=generator)
    patterns = torch.nn.functional.interpolate(coarse, size=28, mode="bilinear").squeeze(1)
    noise = torch.randint(128, (len(labels), 28, 28), dtype=torch.uint8, generator=generator)
    return Images((patterns * 127).to(torch.uint8)[labels] + noise, labels, n_train)


def settings(precision: str = "highest", epochs: int = 1) -> Settings:
    """The recipe, without early stopping."""
    return Settings(
        optimizer="sgd",
        learning_rate=LEARNING_RATE,
        momentum=MOMENTUM,
        weight_decay=0.0,
        batch_size=BATCH,
        max_epochs=epochs,
        patience=None,
        keep="best",
        test_each_epoch=False,
        histograms=False,
        precision=precision,
        threads=1,
    )
