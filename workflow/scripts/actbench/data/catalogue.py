"""What is known of a data set before it is there; needs nothing but the standard library."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
IDENTITY = ("label", "sha256")  # of own data: the column of labels and the file's content
CHANNELS = {1, 3}  # of an image: grey, or red, green and blue
HELD_OUT = 5  # with cross-validation, one of so many parts of the training images validates


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before it is there.

    `n_pixels` are the numbers of an image, three a pixel where it has colours, or of an example of another
    kind; `n_test` counts the images of the official test set, 0 where there is none; `smallest_class` those
    of the rarest class among all others, `largest_class` those of the most frequent one among all. Numbers
    lie between 0 and `max_value`, anywhere where it is None. `are_images` says whether examples can be shown.

    `folder` is the name of torchvision's class, which is given `arguments`; where images are `transposed`,
    rows and columns are exchanged in its files. `checksums` are MD5 sums of the files in `place`, a folder
    below `data_dir`, or of the arrays of a set that needs no files. The files are decompressed, unless
    `unpacked` names what has to be unpacked from them: where torchvision knows checksums of archives alone.
    `archive` is the name and MD5 sum of an archive in `data_dir` that holds all the files of `place`.
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
    place: str = ""
    unpacked: tuple[str, ...] = ()
    archive: tuple[str, str] | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    transposed: bool = False
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
        "FashionMNIST/raw",
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
        place="MNIST/raw",
    ),
    "mnist1d": Dataset(
        "MNIST-1D",
        5000,
        40,
        1000,
        394,
        500,
        None,
        DIGITS,
        {"values": "e7a4f3ffb5dda5ffc293299ef0c50240", "labels": "7c2ad0801dd7f6660f1a6246f412df5e"},
        are_images=False,
    ),
    "kmnist": Dataset(
        "Kuzushiji-MNIST",
        70000,
        784,
        10000,
        6000,
        7000,
        255,
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        {
            "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
            "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
            "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
            "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
        },
        "KMNIST",
        place="KMNIST/raw",
        unpacked=(
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ),
    ),
    "emnist": Dataset(
        "EMNIST (balanced)",
        131600,
        784,
        18800,
        2400,
        2800,
        255,
        tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
        {"gzip.zip": "58c8d27c78d21e728a6bc7b3cc06412e"},
        "EMNIST",
        place="EMNIST/raw",
        unpacked=(
            "emnist-balanced-train-images-idx3-ubyte",
            "emnist-balanced-train-labels-idx1-ubyte",
            "emnist-balanced-test-images-idx3-ubyte",
            "emnist-balanced-test-labels-idx1-ubyte",
        ),
        arguments={"split": "balanced"},
        transposed=True,
    ),
    "cifar10": Dataset(
        "CIFAR-10",
        60000,
        3072,
        10000,
        5000,
        6000,
        255,
        (
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        {
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
            "test_batch": "40351d587109b95175f43aff81a1287e",
            "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
        },
        "CIFAR10",
        place="cifar-10-batches-py",
        archive=("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
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
    """Whether an example of this shape is an image: [H, W], or with 1 or 3 channels [H, W, C] or [C, H, W].

    Its sides are 2 or more. So a series [T, C] of several numbers a step counts as one, too.
    """
    if len(shape) == 3 and not CHANNELS.isdisjoint((shape[0], shape[2])):
        shape = shape[:2] if shape[2] in CHANNELS else shape[1:]
    return len(shape) == 2 and min(shape) >= 2


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
