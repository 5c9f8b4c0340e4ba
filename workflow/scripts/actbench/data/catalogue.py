"""What is known of each data set before it is there; needs nothing but the standard library."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
HELD_OUT = 5  # with cross-validation, one of so many parts of the training images validates


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before it is there.

    `n_test` counts the images of the official test set, 0 where there is none; `smallest_class` those of
    the rarest class among all others, `largest_class` those of the most frequent one among all. `checksums`
    are MD5 sums of the decompressed content. `folder` is torchvision's class and folder name.
    """

    title: str
    n_images: int
    n_test: int
    smallest_class: int
    largest_class: int
    max_value: int
    classes: tuple[str, ...]
    checksums: dict[str, str]
    folder: str | None = None
    debian: Path | None = None


DIGITS = tuple("0123456789")
DATASETS = {
    "digits": Dataset(
        "scikit-learn's digits (8×8)",
        1797,
        0,
        174,
        183,
        16,
        DIGITS,
        {"images": "fa70cba135d4cdd4cde65da70dbffde2", "labels": "96ecbac7ce6c9c7e9f9f82160cffba40"},
    ),
    "fashion_mnist": Dataset(
        "Fashion-MNIST",
        70000,
        10000,
        6000,
        7000,
        255,
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        {
            "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
            "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
            "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
        },
        "FashionMNIST",
        DEBIAN_FOLDER,
    ),
    "mnist": Dataset(
        "MNIST",
        70000,
        10000,
        5421,
        7877,
        255,
        DIGITS,
        {
            "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
            "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
            "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
            "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
        },
        "MNIST",
    ),
}


def chance(name: str) -> float:
    """The accuracy, on all images, of the answer that is right most often whatever the image."""
    return DATASETS[name].largest_class / DATASETS[name].n_images


def n_judged(config: Mapping) -> int:
    """Images that judge a run while it trains: the validation images, or without any the training ones.

    Args:
        config: see `image_counts`.
    """
    counts = image_counts(config)
    return counts["validation"] or counts["training"]


def sixth(n_images: int) -> int:
    """A sixth, rounded up: the images that test or validate where nothing else is said."""
    return -(-n_images // 6)


def n_test(name: str) -> int:
    """Test images: the official ones, or else a sixth of all."""
    dataset = DATASETS[name]
    return dataset.n_test or sixth(dataset.n_images)


def n_pool(name: str) -> int:
    """Images left to train and validate on."""
    return DATASETS[name].n_images - n_test(name)


def n_folded(name: str) -> int:
    """Images that cross-validation cuts into folds: all but the official test images."""
    return DATASETS[name].n_images - DATASETS[name].n_test


def image_counts(config: Mapping) -> dict[str, int]:
    """Training, validation and test images, with cross-validation those of fold 0.

    `tested` are all that a seed's accuracy is a share of: with cross-validation each fold's test images.

    Args:
        config: a resolved one, of which `dataset` and `evaluation` are read.
    """
    name, evaluation = config["dataset"], config["evaluation"]
    if evaluation["folds"] is None:
        pool, test = n_pool(name), n_test(name)
        tested = test
        validation = evaluation["validation"]
    else:
        tested = n_folded(name)
        test = math.ceil(tested / evaluation["folds"])
        pool = tested - test
        validation = 0 if evaluation["validation"] == 0 else math.ceil(pool / HELD_OUT)
    training = min(pool - validation, evaluation.get("training") or pool)
    return {"training": training, "validation": validation, "test": test, "tested": tested}
