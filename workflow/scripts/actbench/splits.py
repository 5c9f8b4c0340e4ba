"""From stored images to normalised training, validation and test sets."""

import json
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from actbench import catalogue, seeds


@dataclass(frozen=True)
class Subset:
    """Inputs [N, n_pixels] float32 and class indices [N] int64."""

    x: Tensor
    y: Tensor

    def to(self, device: str) -> "Subset":
        return Subset(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class Data:
    """The three subsets of one split, and how many classes there are."""

    train: Subset
    validation: Subset
    test: Subset
    n_classes: int

    def to(self, device: str) -> "Data":
        parts = (part.to(device) for part in (self.train, self.validation, self.test))
        return Data(*parts, self.n_classes)


def load(path: str | Path, validation: int, split_seed: int, normalisation: str) -> Data:
    """Read a prepared data set, split it and normalise it with statistics of the training images.

    Args:
        path: `results/data/{dataset}.safetensors`.
        validation: number of validation images.
        split_seed: seed of the permutation behind the split.
        normalisation: `symmetric`, `standard` or `per_pixel`, see `normaliser`.
    """
    with safetensors.safe_open(path, framework="pt") as stored:
        described = json.loads(stored.metadata()["actbench"])
        images, labels = stored.get_tensor("images"), stored.get_tensor("labels")
        is_test = stored.get_tensor("is_test").bool()
    parts = indices(is_test, validation, split_seed)
    x = images.flatten(1).float()
    shift, scale = normaliser(x[parts[0]], described["max_value"], normalisation)
    x = (x - shift) / scale
    return Data(*(Subset(x[part], labels[part].long()) for part in parts), len(described["classes"]))


def indices(is_test: Tensor, validation: int, split_seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Split image numbers into training, validation and test.

    The images that are not official test images are permuted under `split_seed`; the last
    `validation` of them validate. A data set without official test images (digits) first gives up a
    sixth of all images, rounded up, from the end of that permutation as its test set.
    """
    pool = torch.nonzero(~is_test).squeeze(1)
    pool = pool[torch.randperm(len(pool), generator=seeds.generator(split_seed, "split"))]
    test = torch.nonzero(is_test).squeeze(1)
    if len(test) == 0:
        n_test = catalogue.sixth(len(is_test))
        pool, test = pool[:-n_test], pool[-n_test:]
    return pool[:-validation], pool[-validation:], test


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
