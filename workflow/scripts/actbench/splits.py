"""From stored images to normalised training, validation and test sets.

scikit-learn is imported for cross-validation only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from actbench import catalogue, prepared, seeds


@dataclass(frozen=True)
class Subset:
    """Inputs [N, n_pixels] float32 and class indices [N] int64."""

    x: Tensor
    y: Tensor

    def to(self, device: str) -> "Subset":
        return Subset(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class Data:
    """The three subsets of one split, how many classes there are, and the digest of the prepared file."""

    train: Subset
    validation: Subset
    test: Subset
    n_classes: int
    digest: str = ""

    def to(self, device: str) -> "Data":
        parts = (part.to(device) for part in (self.train, self.validation, self.test))
        return Data(*parts, self.n_classes, self.digest)


def load(path: str | Path, evaluation: Mapping, normalisation: str, fold: int = 0) -> Data:
    """Read a prepared data set, split it and normalise it with statistics of the training images.

    Args:
        path: `results/data/{dataset}.safetensors`.
        evaluation: the config section, `folds`, `validation` and `split_seed`; see `indices`.
        normalisation: `symmetric`, `standard` or `per_pixel`, see `normaliser`.
        fold: which fold tests, with cross-validation.

    Raises:
        DamagedError: the file is not what was prepared.
    """
    stored = prepared.read(path)
    labels, is_test = torch.from_numpy(stored.labels).long(), torch.from_numpy(stored.is_test).bool()
    parts = indices(labels, is_test, **evaluation, fold=fold)
    x = torch.from_numpy(stored.images).flatten(1).float()
    shift, scale = normaliser(x[parts[0]], stored.max_value, normalisation)
    x = (x - shift) / scale
    subsets = (Subset(x[part], labels[part]) for part in parts)
    return Data(*subsets, len(stored.classes), stored.digest)


def indices(
    labels: Tensor, is_test: Tensor, folds: int | None, validation: int | None, split_seed: int, fold: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Split image numbers into training, validation and test.

    Without folds, the images that are not official test images are permuted under `split_seed`; the
    last `validation` of them validate. A data set without official test images (digits) first gives
    up a sixth of all images, rounded up, from the end of that permutation as its test set.

    With folds, official test images are left aside. scikit-learn's unshuffled `StratifiedKFold(folds)`
    cuts all others in their stored order; part number `fold` tests. Of the rest, the first part of
    `StratifiedKFold(5)` validates, as skorch holds out by default; none if `validation` is 0.
    """
    pool = torch.nonzero(~is_test).squeeze(1)
    if folds is not None:
        pool, test = _stratified(pool, labels, folds, fold)
        return (
            (pool, pool[:0], test)
            if validation == 0
            else (*_stratified(pool, labels, catalogue.HELD_OUT, 0), test)
        )
    pool = pool[torch.randperm(len(pool), generator=seeds.generator(split_seed, "split"))]
    test = torch.nonzero(is_test).squeeze(1)
    if len(test) == 0:
        n_test = catalogue.sixth(len(is_test))
        pool, test = pool[:-n_test], pool[-n_test:]
    n_train = len(pool) - validation
    return pool[:n_train], pool[n_train:], test


def _stratified(pool: Tensor, labels: Tensor, n_parts: int, part: int) -> tuple[Tensor, Tensor]:
    """Cut a pool of image numbers into `n_parts` of like class shares: all other parts, and number `part`."""
    from sklearn.model_selection import StratifiedKFold

    cuts = list(StratifiedKFold(n_parts).split(pool, labels[pool].numpy()))
    rest, chosen = (pool[torch.from_numpy(rows)] for rows in cuts[part])
    return rest, chosen


def normaliser(train: Tensor, max_value: int, kind: str) -> tuple[Tensor, Tensor]:
    """Shift and scale of `(x - shift) / scale` for raw pixels [N, n_pixels] of the training images.

    `symmetric` maps 0…max_value to -1…1; `standard` gives all pixels together mean 0 and standard
    deviation 1; `per_pixel` does so for each pixel (a constant pixel is only shifted). Standard
    deviations divide by n.
    """
    if kind == "symmetric":
        return torch.tensor(max_value / 2), torch.tensor(max_value / 2)
    values = train.double()
    dimension = 0 if kind == "per_pixel" else None
    shift = values.mean(dim=dimension)
    scale = values.std(dim=dimension, correction=0)
    return shift.float(), torch.where(scale > 0, scale, 1.0).float()
