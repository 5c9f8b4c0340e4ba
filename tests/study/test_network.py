"""What normalised and residual networks need of a config."""

import pytest
from actbench.data import acquire, catalogue
from actbench.errors import UserError
from actbench.study import config, settings
from conftest import SCHEMA


def network(**given):
    return config.resolve(given, SCHEMA)["network"]


def test_plain_networks_are_the_default():
    assert (network()["norm"], network()["residual"]) == ("none", False)


REFUSED = {
    "a norm": (
        dict(network=dict(norm="lay")),
        "network.norm is 'lay' (text), did you mean layer?; allowed: ",
    ),
    "batches of one": (
        dict(network=dict(norm="batch"), training=dict(batch_size=1)),
        "training.batch_size is 1; allowed with network.norm: batch: a whole number from 2, since one image "
        "has no variance.",
    ),
    "batches of one in folds": (
        dict(network=dict(norm="batch"), training=dict(batch_size=1), evaluation=dict(folds=3)),
        "training.batch_size is 1; allowed with network.norm: batch: ",
    ),
    "a probe of one image": (
        dict(network=dict(norm="batch"), probe_gradients=dict(images=1)),
        "probe_gradients.images is 1; allowed with network.norm: batch: a whole number from 2, ",
    ),
    "residual as text": (dict(network=dict(residual="yes")), "network.residual is 'yes' (text); allowed: "),
    "widths that never agree": (
        dict(depths=None, network=dict(residual=True, width=None, hidden_sizes=[[32], [128, 100]])),
        "network.residual is true and network.hidden_sizes is [[32], [128, 100]]; allowed: a hidden layer as wide "
        "as its input, which is the 64 numbers of an image in the first, or residual: false.",
    ),
    "one layer of another width than the image": (
        dict(dataset="fashion_mnist", depths=[1], network=dict(residual=True)),
        "network.residual is true and network.hidden_sizes is [[64]]; allowed: a hidden layer as wide as its "
        "input, which is the 784 numbers of an image in the first, or ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        network(**given)
    assert str(caught.value).startswith(words) and str(caught.value).endswith(".")


def test_what_a_setting_overrides_is_checked_too():
    given = {
        "training": {"batch_size": 1},
        "settings": {"default": {}, "batch": {"network": {"norm": "batch"}}},
    }
    with pytest.raises(
        UserError, match=r"^settings\.batch: training\.batch_size is 1; allowed with network\.n"
    ):
        settings.resolve(given, SCHEMA)


@pytest.mark.parametrize(
    "given",
    [
        dict(network=dict(norm="layer"), training=dict(batch_size=1)),
        dict(network=dict(norm="batch"), training=dict(batch_size=2)),
        dict(network=dict(norm="batch"), probe_jacobian=dict(enabled=True, images=1)),
        dict(depths=[1], network=dict(residual=True)),  # 64 pixels, 64 units
        dict(dataset="mnist", depths=[1, 2], network=dict(residual=True)),
    ],
)
def test_allowed(given):
    assert given["network"].items() <= network(**given).items()


def test_pixels_are_those_of_the_images():
    images = acquire.dataset("digits", "nowhere").images
    assert images[0].size == catalogue.DATASETS["digits"].n_pixels
    assert all(catalogue.DATASETS[name].n_pixels == 28**2 for name in ("mnist", "fashion_mnist"))
