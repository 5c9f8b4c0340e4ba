"""What is known of a data set before it is there; needs nothing but the standard library."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
IDENTITY = ("label", "sha256")  # of own data: the column of labels and the file's content
CHANNELS = {1, 3}  # of an image: grey, or red, green and blue
HELD_OUT = 5  # with cross-validation, one of so many parts of the training images validates


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before it is there.

    `n_pixels` are the numbers of an image, or of an example of another kind; `n_test` counts the images of
    the official test set, 0 where there is none; `smallest_class` those of the rarest class among all others,
    `largest_class` those of the most frequent one among all. Numbers lie between 0 and `max_value`, anywhere
    where it is None. `checksums` are MD5 sums of the decompressed content. `folder` is torchvision's class
    and folder name. `are_images` says whether examples can be shown as such.
    """

    title: str
    n_images: int
    n_pixels: int
    n_test: int
    smallest_class: int
    largest_class: int
    max_value: int | None
    classes: tuple[str, ...]
    checksums: dict[str, str]
    folder: str | None = None
    debian: Path | None = None
    are_images: bool = True


DIGITS = tuple("0123456789")
DATASETS = {
    "digits": Dataset(
        "scikit-learn's digits (8×8)",
        1797,
        64,
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
        784,
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
        784,
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


def of(config: Mapping) -> Dataset:
    """The data set of a resolved config: a built-in one, or own data by what is known of them, `own_data`."""
    own = config.get("own_data")
    if own is None:
        return DATASETS[config["dataset"]]
    shape = tuple(own["shape"])
    return Dataset(
        title=config["dataset"],
        n_images=own["n_images"],
        n_pixels=math.prod(shape),
        n_test=own["n_test"],
        smallest_class=own["smallest_class"],
        largest_class=own["largest_class"],
        max_value=None,
        classes=tuple(own["classes"]),
        checksums={},
        are_images=is_image(shape),
    )


def identity(facts: Mapping | None) -> dict:
    """What of the facts of own data decides every number: its content; nothing for a built-in data set."""
    return {} if facts is None else {key: facts[key] for key in IDENTITY}


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether an example of this shape is an image: [H, W], or with 1 or 3 channels [H, W, C], [C, H, W]."""
    return len(shape) == 2 or (len(shape) == 3 and not CHANNELS.isdisjoint((shape[0], shape[2])))


def chance(config: Mapping) -> float:
    """The accuracy, on all images, of the answer that is right most often whatever the image."""
    return of(config).largest_class / of(config).n_images


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


def n_test(dataset: Dataset) -> int:
    """Test images: the official ones, or else a sixth of all."""
    return dataset.n_test or sixth(dataset.n_images)


def n_pool(dataset: Dataset) -> int:
    """Images left to train and validate on."""
    return dataset.n_images - n_test(dataset)


def n_folded(dataset: Dataset) -> int:
    """Images that cross-validation cuts into folds: all but the official test images."""
    return dataset.n_images - dataset.n_test


def image_counts(config: Mapping) -> dict[str, int]:
    """Training, validation and test images, with cross-validation those of fold 0.

    `tested` are all that a seed's accuracy is a share of: with cross-validation each fold's test images.

    Args:
        config: a resolved one, of which `dataset`, `own_data` and `evaluation` are read.
    """
    dataset, evaluation = of(config), config["evaluation"]
    if evaluation["folds"] is None:
        pool, test = n_pool(dataset), n_test(dataset)
        tested = test
        validation = evaluation["validation"]
    else:
        tested = n_folded(dataset)
        test = math.ceil(tested / evaluation["folds"])
        pool = tested - test
        validation = 0 if evaluation["validation"] == 0 else math.ceil(pool / HELD_OUT)
    training = min(pool - validation, evaluation.get("training") or pool)
    return {"training": training, "validation": validation, "test": test, "tested": tested}
