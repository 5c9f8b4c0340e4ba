"""Own data: classes, counts, the split, and what decides it."""

import os

import numpy as np
import pytest
import torch
from actbench.data import catalogue, own, splits
from actbench.errors import UserError

RNG = np.random.default_rng(0)


def made(y, **given):
    return own.of_arrays("mine", np.arange(len(y), dtype=float)[:, None], y, **given)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([5, 5, 900, 900, -3, -3], ("-3", "5", "900")),
        ([1.0, 1.0, 2.0, 2.0], ("1", "2")),
        ([True, False, True, False], ("0", "1")),
        (["b", "b", "a", "a"], ("a", "b")),
        ([b"b", b"b", b"a", b"a"], ("a", "b")),
        (["é".encode(), b"a"] * 2, ("a", "é")),
        (np.array(["b", "b", "a", "a"], dtype=object), ("a", "b")),
        ([2**53, 2**53, 2**53 + 1, 2**53 + 1], ("9007199254740992", "9007199254740993")),
        (np.array([10, 10, 9, 9], dtype="uint64"), ("9", "10")),
        (["<b>\n", "<b>\n", "", ""], ("", "<b>\n")),
    ],
)
def test_labels_are_numbered_in_their_order(y, classes):
    found = made(y)
    assert found.classes == classes
    names = [str(value.decode() if isinstance(value, bytes) else value) for value in np.asarray(y).tolist()]
    if isinstance(y[0], str | bytes):
        assert [classes[number] for number in found.labels] == names
    else:
        assert [int(classes[number]) for number in found.labels] == [int(value) for value in y]


def test_names_of_classes_take_the_place_of_labels():
    assert made([7, 7, 3, 3], class_names=["three", "seven"]).classes == ("three", "seven")


REFUSED = {
    "one class": (["a"] * 5, {}, "its labels are all 'a'; allowed: two classes or more."),
    "one row a class": (range(5), {}, "its rows of class '0' that do not test are 1; allowed: 2 or more."),
    "a class that only tests": (
        [0, 0, 1, 1],
        {"test": [0, 0, 1, 1]},
        "its rows of class '1' that do not test are 0; allowed: 2 or more.",
    ),
    "fractions": ([0.0, 0.5, 1.0], {}, "its labels have 0.5 in row 1; allowed: whole numbers or text."),
    "bytes that are no text": (
        [b"a\xe9", b"a\xe9", b"a\xe8", b"a\xe8"],
        {},
        "its labels have bytes that are not UTF-8 (b'a\\xe9'); allowed: text.",
    ),
    "floats that stand for several numbers": (
        [0.0, 2.0**53, 0.0, 2.0**53],
        {},
        "its labels have 9007199254740992.0 in row 1; allowed: text, integers of one type, or floats below 2**53",
    ),
    "names in bytes": ([0, 0, 1, 1], {"class_names": [b"a", b"\xff"]}, "class_names has bytes that are not UTF-8"),
    "a name twice": (
        [0, 0, 1, 1],
        {"class_names": ["a", "a"]},
        "class_names has 'a' twice; allowed: a name of its own for each class.",
    ),
    "an empty name": ([0, 0, 1, 1], {"class_names": ["a", " "]}, "class_names has no name in place 1; allowed: a na"),
    "objects": ([0, "a", 0, "a", None], {}, "y holds Python objects; allowed: whole numbers or text."),
    "ragged labels": ([[0], [0, 1], 1], {}, "y is no array ("),
    "objects as names": ([0, 0, 1, 1], {"class_names": ["a", None]}, "class_names holds Python objects; allowed: text"),
    "NaN": ([0.0, np.nan, 1.0], {}, "its labels have nan in row 1; allowed: whole numbers or text."),
    "infinity": ([0.0, np.inf, 1.0], {}, "its labels have inf in row 1; allowed: whole numbers or text."),
    "complex labels": ([0j, 1j], {}, "its labels are complex128; allowed: whole numbers or text."),
    "dates": (np.arange(4).astype("M8[D]"), {}, "its labels are datetime64[D]; allowed: whole numbers or text."),
    "too few names": (
        [0, 0, 1, 1],
        {"class_names": ["a"]},
        "class_names has the shape [1] and the type str32; allowed: text, one for each of the 2 labels in their",
    ),
    "names that are none": ([0, 0, 1, 1], {"class_names": [0, 1]}, "class_names has the shape [2] and the type int"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_labels_are_refused_with_one_sentence(case):
    y, given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        made(y, **given)
    assert str(caught.value).startswith(words) and str(caught.value).endswith(".")


SPLIT = {"folds": None, "validation": 50, "split_seed": 42}


def parts(y, **evaluation):
    stored = made(y)
    labels, is_test = torch.from_numpy(stored.labels), torch.from_numpy(stored.is_test).bool()
    return stored, splits.indices(labels, is_test, **(SPLIT | evaluation), stratified=True)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.09, 0.01], [0.98, 0.02], np.full(40, 1 / 40)])
def test_a_sixth_of_every_class_tests(shares):
    n = np.round(np.array(shares) * 1200).astype(int)
    y = RNG.permutation(np.repeat(np.arange(len(n)), n))
    stored, (train, validation, test) = parts(y)
    assert len(test) == catalogue.sixth(len(y)) and len(validation) == 50
    assert sorted([*train.tolist(), *validation.tolist(), *test.tolist()]) == list(range(len(y)))
    tested = np.bincount(stored.labels[test], minlength=len(n))
    assert (np.abs(tested - n / 6) < 1).all()
    validated = np.bincount(stored.labels[validation], minlength=len(n))
    assert (np.abs(validated - (n - tested) * 50 / (len(y) - len(test))) < 1).all()


def test_two_rows_of_a_class_never_both_test():
    """With a validation image of them at most, each class trains or validates."""
    for seed in range(30):
        stored, (train, _, test) = parts(np.arange(12) // 2, validation=0, split_seed=seed)
        assert len(set(stored.labels[train])) == 6 and len(test) == 2


@pytest.mark.parametrize("rare", [3, 4, 7])
def test_each_part_has_rows_of_a_rare_class(rare):
    """Where its share of a part is far below one row, and where validation takes nearly all."""
    for seed in range(20):
        for validation in (2, 50, 1000 - 167 - 2):
            y = np.random.default_rng(seed).permutation(np.arange(1000) < rare)
            stored, found = parts(y, validation=validation, split_seed=seed)
            assert [len(part) for part in found] == [833 - validation, validation, 167]
            assert sorted(torch.cat(found).tolist()) == list(range(1000))
            assert all(set(stored.labels[part]) == {0, 1} for part in found)


def test_fewer_rows_than_classes_are_of_different_ones():
    y = np.repeat([0, 1, 2, 3, 4, 5], [500, 3, 3, 3, 3, 3])
    stored, (_, validation, test) = parts(y, validation=4)
    assert set(stored.labels[test]) == set(range(6)) and len(set(stored.labels[validation])) == 4


def test_the_split_depends_on_its_seed_and_keeps_no_order_of_classes():
    y = np.arange(600) // 300
    first, again, other = (parts(y, split_seed=seed)[1][0].tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert 0.3 < np.mean(np.array(first[:100]) < 300) < 0.7


def test_given_test_rows_test():
    stored = made(np.arange(60) % 3, test=np.arange(60) < 12)
    data = splits.split(stored, SPLIT | {"validation": 6}, "standard")
    assert [len(part.y) for part in (data.train, data.validation, data.test)] == [42, 6, 12]
    assert torch.bincount(data.test.y).tolist() == [4, 4, 4] and data.n_classes == 3


def test_facts_are_those_of_the_data(tmp_path):
    path = tmp_path / "mine.npz"
    x, y = RNG.normal(size=(30, 4, 5, 3)).astype("float32"), np.repeat(["b", "a", "c"], [5, 10, 15])
    np.savez(path, x=x, y=y, test=np.arange(30) % 5 == 0)
    known = own.facts(str(path), None)
    found = catalogue.of({"dataset": "mine", "own_data": known})
    assert (found.n_images, found.n_pixels, found.n_test, found.are_images) == (30, 60, 6, True)
    assert (found.smallest_class, found.largest_class, found.classes) == (4, 15, ("a", "b", "c"))
    assert catalogue.chance({"dataset": "mine", "own_data": known}) == 0.5
    assert list(known) == sorted(known)
    stored = own.dataset("mine", known)
    described = own.facts_of(stored)
    other = ("file", "label", "sha256")
    assert {k: v for k, v in described.items() if k not in other} == {
        k: v for k, v in known.items() if k not in other
    }


def test_content_counts_and_not_date_or_place(tmp_path):
    path, moved = tmp_path / "mine.npz", tmp_path / "elsewhere.npz"
    np.savez(path, x=RNG.normal(size=(8, 2)), y=np.arange(8) % 2)
    first = own.facts(str(path), None)
    os.utime(path, (1, 1))
    path.rename(moved)
    assert own.facts(str(moved), None) == first | {"file": str(moved)}
    np.savez(moved, x=RNG.normal(size=(8, 2)), y=np.arange(8) % 2)
    assert own.facts(str(moved), None)["sha256"] != first["sha256"]
    with pytest.raises(UserError, match=r"^dataset\.file is '.*elsewhere\.npz', which was changed meanwhile"):
        own.dataset("mine", first | {"file": str(moved)})


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((), False),
        ((5,), False),
        ((8, 8), True),
        ((8, 8, 3), True),
        ((3, 8, 8), True),
        ((1, 8, 8), True),
        ((8, 8, 4), False),
        ((2, 8, 8, 3), False),
        ((1, 8), False),
        ((50, 1), False),
        ((50, 1, 1), False),
        ((3, 1, 1), False),
        ((1, 1, 3), False),
        ((1, 8, 3), False),
        ((3, 8, 3), True),
    ],
)
def test_images_have_two_dimensions_or_three_with_channels(shape, shown):
    assert catalogue.is_image(shape) is shown


def test_in_memory_x_is_checked():
    for x, words in [
        ([[2.0], [np.nan], [1.0], [1.0]], "x has nan in row 1; allowed: finite numbers."),
        ([[1j]] * 4, "x holds complex128; allowed: real numbers."),
        (
            [[1.0, 2.0], [1.0]] * 2,
            "x is no array (setting an array element with a sequence. The requested array has "
            "an inhomogeneous shape after 1 dimensions. The detected shape was (4,) + inhomogeneous part); allowed: "
            "rows of one shape.",
        ),
        ([["a"], [None]] * 2, "x holds Python objects; allowed: real numbers."),
        ([[1.0]], "y has the shape [4] and x [1, 1]; allowed: a label for each row."),
    ]:
        with pytest.raises(UserError) as caught:
            own.of_arrays("mine", x, [0, 0, 1, 1])
        assert str(caught.value) == words
    with pytest.raises(
        UserError, match=r"^name is 'mnist', a built-in data set; allowed: a name of your own\.$"
    ):
        own.of_arrays("mnist", np.zeros((4, 1)), [0, 0, 1, 1])
