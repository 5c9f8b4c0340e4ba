import json

import numpy as np
import pytest
import safetensors.numpy
import torch
from actbench.data import acquire, catalogue, prepared, splits
from actbench.errors import UserError
from sklearn.model_selection import StratifiedKFold

EVALUATION = {"folds": None, "validation": 250, "split_seed": 42}


def without_folds(is_test, validation, split_seed, training=None):
    labels = torch.zeros(len(is_test), dtype=torch.long)
    return splits.indices(labels, is_test, None, validation, split_seed, training)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "digits.safetensors"
    acquire.prepare("digits", "nowhere", path)
    return path


def test_official_test_images_stay_test_images():
    is_test = torch.tensor([False] * 60 + [True] * 10)
    train, validation, test = without_folds(is_test, 10, 42)
    assert test.tolist() == list(range(60, 70))
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(60))
    assert len(validation) == 10


def test_without_official_ones_a_sixth_is_taken_for_testing():
    parts = without_folds(torch.zeros(1797, dtype=torch.bool), 250, 42)
    assert [len(part) for part in parts] == [1247, 250, 300]
    assert sorted(torch.cat(parts).tolist()) == list(range(1797))


def test_split_depends_on_its_seed_only():
    is_test = torch.zeros(100, dtype=torch.bool)
    first, again, other = (without_folds(is_test, 10, seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_cap_takes_the_first_training_images_and_leaves_the_others_as_they_are():
    is_test = torch.tensor([False] * 60 + [True] * 10)
    whole, capped = without_folds(is_test, 10, 42), without_folds(is_test, 10, 42, training=20)
    assert capped[0].tolist() == whole[0][:20].tolist()
    assert [part.tolist() for part in capped[1:]] == [part.tolist() for part in whole[1:]]
    assert without_folds(is_test, 10, 42, training=50)[0].tolist() == whole[0].tolist()


def folded(labels, fold, folds=3, validation=None, training=None):
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    return splits.indices(labels, is_test, folds, validation, split_seed=0, training=training, fold=fold)


def test_a_cap_draws_from_all_training_images_of_each_fold():
    """Also where images lie in the order of their classes, as the unshuffled folds leave them."""
    labels = torch.arange(3000) // 750
    for fold in range(3):
        whole, capped = folded(labels, fold), folded(labels, fold, training=400)
        assert len(set(capped[0].tolist())) == 400 and set(capped[0].tolist()) <= set(whole[0].tolist())
        assert [part.tolist() for part in capped[1:]] == [part.tolist() for part in whole[1:]]
        # Hypergeometric: mean 100, standard deviation 7.5; within four.
        assert all(70 <= n <= 130 for n in torch.bincount(labels[capped[0]]))
        assert capped[0][:200].tolist() == folded(labels, fold, training=200)[0].tolist()


@pytest.fixture
def labels():
    return torch.randint(0, 4, (300,), generator=torch.Generator().manual_seed(3))


def test_folds_are_those_of_scikit_learn_and_validation_that_of_skorch(labels):
    """Indices as GridSearchCV(cv=StratifiedKFold(3)) and skorch's default train_split give them."""
    skorch_dataset = pytest.importorskip("skorch.dataset")
    for fold, (rest, test) in enumerate(StratifiedKFold(3).split(labels, labels.numpy())):
        ours = folded(labels, fold)
        data = skorch_dataset.Dataset(labels[rest].float()[:, None], labels[rest])
        train, valid = skorch_dataset.ValidSplit(5, stratified=True)(data, labels[rest].numpy())
        assert ours[2].tolist() == test.tolist()
        assert ours[0].tolist() == rest[train.indices].tolist()
        assert ours[1].tolist() == rest[valid.indices].tolist()


def test_every_image_is_tested_once_and_the_three_parts_are_apart(labels):
    parts = [folded(labels, fold) for fold in range(3)]
    assert sorted(torch.cat([part[2] for part in parts]).tolist()) == list(range(300))
    for part in parts:
        assert sorted(torch.cat(part).tolist()) == list(range(300))
        assert [len(p) for p in part] == [160, 40, 100]


def test_folds_without_validation_and_without_official_test_images(labels):
    is_test = torch.tensor([False] * 200 + [True] * 100)
    train, validation, test = splits.indices(labels, is_test, 2, 0, split_seed=0, fold=1)
    assert len(validation) == 0 and sorted([*train.tolist(), *test.tolist()]) == list(range(200))


def test_no_validation_images_leaves_all_for_training():
    train, validation, test = without_folds(torch.tensor([False] * 60 + [True] * 10), 0, 42)
    assert (len(train), len(validation), len(test)) == (60, 0, 10)


def test_smallest_and_largest_classes_of_the_catalogue_are_those_of_the_data(digits):
    with safetensors.safe_open(digits, framework="pt") as stored:
        counts = torch.bincount(stored.get_tensor("labels").long())
    assert counts.min() == catalogue.DATASETS["digits"].smallest_class
    assert counts.max() == catalogue.DATASETS["digits"].largest_class
    assert catalogue.chance({"dataset": "digits"}) == counts.max().item() / counts.sum().item()


def test_symmetric_maps_pixels_to_one_around_zero(digits):
    data = splits.split(prepared.read(digits), EVALUATION, "symmetric")
    assert data.train.x.min() == -1 and data.train.x.max() == 1
    assert data.train.x.shape == (1247, 64) and data.n_classes == 10


def test_standard_and_per_pixel_use_training_images_only(digits):
    standard = splits.split(prepared.read(digits), EVALUATION, "standard")
    assert standard.train.x.mean().item() == pytest.approx(0, abs=1e-6)
    assert standard.train.x.std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert standard.test.x.mean().abs().item() > 1e-4
    pixels = splits.split(prepared.read(digits), EVALUATION, "per_pixel").train.x
    deviation = pixels.std(dim=0, correction=0)
    assert torch.allclose(pixels.mean(dim=0), torch.zeros(64), atol=1e-5)
    constant = deviation == 0
    assert constant.any() and torch.allclose(deviation[~constant], torch.ones(1), atol=1e-5)


def test_a_class_may_have_fewer_images_than_folds_that_validate(recwarn):
    labels = torch.tensor([0] * 40 + [1] * 4)
    train, validation, test = folded(labels, 0, folds=2)
    assert [len(part) for part in (train, validation, test)] == [17, 5, 22] and not recwarn.list
    with pytest.raises(
        UserError, match=r"^evaluation\.validation is null; allowed with .* fewer than 5 images"
    ):
        folded(torch.arange(16) % 2, 0, folds=2)
    assert len(folded(torch.arange(16) % 2, 0, folds=2, validation=0)[0]) == 8


def made(images, max_value=None):
    """A data set of 60 images in two classes, the last 12 of which test."""
    labels, is_test = np.arange(60) % 2, np.arange(60) >= 48
    return prepared.Prepared("made", images, labels, is_test, max_value, ("a", "b"))


SPLIT = {"folds": None, "validation": 8, "split_seed": 42}


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 3)])
def test_images_of_any_shape_and_real_type_are_inputs(dtype, shape):
    images = np.random.default_rng(0).normal(-300, 50, (60, *shape)).astype(dtype)
    data = splits.split(made(images), SPLIT, "per_pixel")
    assert [len(part.y) for part in (data.train, data.validation, data.test)] == [40, 8, 12]
    x = data.train.x
    assert x.dtype == torch.float32 and x.shape == (40, int(np.prod(shape)))
    assert x.mean(dim=0).abs().max() < 1e-6 and (x.std(dim=0, correction=0) - 1).abs().max() < 1e-6


def test_symmetric_without_a_range_maps_that_of_the_training_images():
    images = np.linspace(-7, 1000, 60)[:, None]
    data = splits.split(made(images), SPLIT, "symmetric")
    assert (data.train.x.min(), data.train.x.max()) == (-1, 1)
    assert data.test.x.max() > 1  # the largest ones test


@pytest.mark.parametrize("kind", ["symmetric", "standard", "per_pixel"])
def test_numbers_far_from_zero_keep_their_differences(kind):
    """Seconds since 1970, which float32 holds to 128 s, and a constant whose mean is rounded."""
    differences = np.arange(60.0) % 7
    seconds = np.stack([1.7e9 + differences, np.full(60, 1.7e9 + 0.1)], axis=1)
    part = slice(None) if kind == "per_pixel" else slice(1)
    data = splits.split(made(seconds[:, part]), SPLIT, kind)
    steps = torch.unique(data.train.x[:, 0]).diff()
    assert len(steps) == 6 and steps.max() - steps.min() < 1e-5
    if kind == "per_pixel":
        assert data.train.x[:, 1].abs().max() < 1e-6


def test_a_column_of_tiny_numbers_beside_ordinary_ones_is_finite():
    """Their squares are 0."""
    images = np.stack([np.arange(60.0), 1e-170 * np.arange(60)], axis=1)
    data = splits.split(made(images), SPLIT, "per_pixel")
    assert all(part.x.isfinite().all() for part in (data.train, data.validation, data.test))
    assert data.train.x[:, 1].abs().max() < 1e-6 and abs(data.train.x[:, 0].std(correction=0) - 1) < 1e-6


@pytest.mark.parametrize(
    ("given", "kind"), [({}, "validation"), ({"validation": 0, "training": 9}, "training")]
)
def test_images_of_one_class_do_not_judge(given, kind):
    stored = made(np.zeros((60, 2)))
    stored.labels[:48] = 1
    with pytest.raises(UserError, match=rf"^evaluation\.{kind} leaves \d {kind} images, all of class 'b'; "):
        splits.split(stored, SPLIT | given, "standard")


def test_stored_description_is_the_catalogues(digits):
    with safetensors.safe_open(digits, framework="numpy") as stored:
        described = json.loads(stored.metadata()["actbench"])
    assert described["max_value"] == catalogue.DATASETS["digits"].max_value
    assert len(described["classes"]) == 10
