import pytest
from actbench.data import acquire, catalogue, prepared, splits
from actbench.study import config
from conftest import SCHEMA


def resolve(**given):
    return config.resolve(given, SCHEMA)


@pytest.mark.parametrize(
    ("evaluation", "counts"),
    [
        ({}, (1247, 250, 300, 300)),
        ({"validation": 0}, (1497, 0, 300, 300)),
        ({"folds": 3}, (958, 240, 599, 1797)),
        ({"folds": 3, "validation": 0}, (1198, 0, 599, 1797)),
        ({"folds": 5}, (1149, 288, 360, 1797)),
        ({"training": 300}, (300, 250, 300, 300)),
        ({"training": 1247}, (1247, 250, 300, 300)),
        ({"folds": 3, "training": 300}, (300, 240, 599, 1797)),
    ],
)
def test_image_counts_are_those_of_the_split(evaluation, counts, tmp_path):
    keep = "last" if evaluation.get("validation") == 0 else "best"
    resolved = resolve(evaluation=evaluation, training=dict(keep=keep))
    assert tuple(catalogue.image_counts(resolved).values()) == counts
    acquire.prepare("digits", "nowhere", tmp_path / "digits.safetensors")
    data = splits.split(prepared.read(tmp_path / "digits.safetensors"), resolved["evaluation"], "symmetric")
    assert tuple(len(part.y) for part in (data.train, data.validation, data.test)) == counts[:3]
    assert catalogue.n_judged(resolved) == (counts[1] or counts[0])


def test_sizes_of_the_28x28_sets():
    assert catalogue.n_test(catalogue.DATASETS["mnist"]) == 10000
    assert catalogue.n_pool(catalogue.DATASETS["fashion_mnist"]) == 60000
    assert catalogue.sixth(60000) == 10000
