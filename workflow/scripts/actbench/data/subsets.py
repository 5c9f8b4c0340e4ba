"""What a network is trained, validated and tested on."""

from dataclasses import dataclass

from torch import Tensor


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
