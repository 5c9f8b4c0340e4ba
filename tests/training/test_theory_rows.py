"""Rows of theory: what each is of, one network by hand, and reasons where there is nothing."""

import math

import numpy as np
import own_activations
import pytest
import torch
from actbench.data import prepared
from actbench.networks import family
from actbench.runtime import seeds
from actbench.storage import parquet, theory_tables
from actbench.theory import expectation
from actbench.training import theory_rows
from conftest import NETWORK
from own_activations import own

IMAGES = theory_rows.Images(mean_square=0.8, mean=-0.5, cosines=[0.3, 0.6])
RELU = {"import": None, "name": "relu", "parameters": {}}


def setting(hidden=((20, 20),), images=IMAGES, **network):
    network = NETWORK | {"hidden_sizes": [list(sizes) for sizes in hidden]} | network
    return theory_rows.Setting(network, images, 64, 10, 256)


def rows(spec, **given):
    if isinstance(spec, str):
        spec = {"import": None, "name": spec, "parameters": {}}
    return theory_rows.of_setting(theory_rows.Function(spec), setting(**given))


def test_a_network_by_hand():
    """He ReLU: each q is twice the images' mean square, and a hidden layer changes gradients by the widths."""
    found = rows("relu", initialisation="he", hidden=[(30, 20)])
    first, second, last = found["predictions"]
    assert [row["q"] for row in (first, second, last)] == pytest.approx([1.6, 1.6, 1.6])
    assert [row["width"] for row in (first, second, last)] == [30, 20, 10]
    assert first["chi"] == pytest.approx(1.0) and first["activation_mean"] == pytest.approx(
        0.8**0.5 / math.pi**0.5
    )
    assert last["mean_cosine"] is None and last["activation_std"] is None
    (expected,) = found["expectations"]
    assert expected["log10_first_last"] == pytest.approx(0.5 * math.log10(10 / 30))
    assert expected["expected_to_train"] is True and expected["depth"] == 2 and expected["reason"] is None
    (described,) = found["theory"]
    assert (described["weight_std"], described["bias_std"]) == pytest.approx((2**0.5, 0))
    assert (
        described["chi"] == pytest.approx(1) and described["stable"] is None and described["xi_c"] == math.inf
    )
    assert described["edge_weight_std"] == pytest.approx(2**0.5) and described["edge_q"] is None
    after = {row["correlation"]: row["next_correlation"] for row in found["correlations"]}
    assert (
        len(after) == 41
        and after[0.0] == pytest.approx(1 / math.pi, abs=1e-6)
        and after[1.0] == pytest.approx(1)
    )


def test_layers_are_those_that_are_drawn():
    """Against the weights of many networks, also where inputs are added."""
    network = NETWORK | {"initialisation": "xavier", "residual": True}
    found = theory_rows.layers(theory_rows.Function(RELU), setting(**network), [64, 64, 20])
    assert [layer.shortcut for layer in found] == [True, True, False, False]
    drawn = [
        family.build(
            family.Recipe(
                [64, 64, 64, 20, 10], "relu", settings={k: v for k, v in network.items() if k != "family"}
            ),
            seeds.generator(seed, "weights"),
        )
        for seed in range(20)
    ]
    for number, layer in enumerate(found):
        weights = torch.stack([one.linears[number].weight for one in drawn])
        assert weights.var().item() * layer.n_in == pytest.approx(layer.weight_variance, rel=0.05)
        assert (layer.n_out, layer.n_in) == weights[0].shape


def test_critical_begins_at_its_fixed_point():
    found = rows("tanh", initialisation="critical", hidden=[(20, 20, 20)])
    (described,) = found["theory"]
    assert [row["q"] for row in found["predictions"][:3]] == pytest.approx([described["q"]] * 3, rel=1e-6)
    assert described["weight_std"] == pytest.approx(1.30415, abs=1e-5)
    assert (described["stable"], described["edge_stable"]) == (True, True)
    assert described["edge_q"] == pytest.approx(described["q"], rel=1e-6)


class Breaking(torch.nn.Module):
    def __init__(self):
        super().__init__()
        raise RuntimeError("not today")


class Sign(torch.nn.Module):
    def forward(self, x):
        return torch.sign(x)


REASONS = [
    ("softplus", {"initialisation": "critical"}, "no edge of chaos with network.bias_std 0.2"),
    (
        "relu",
        {"family": "dropout_family"},
        "networks of the family dropout_family, whose layers theory does not know",
    ),
    ("relu", {"norm": "batch"}, "batch normalisation"),
    (own(own_activations.AlwaysNoisy), {}, "draws at random"),
    ({"import": f"{__name__}:Breaking", "name": "mine", "parameters": {}}, {}, "not today"),
]


@pytest.mark.parametrize(
    ("spec", "network", "words"), REASONS, ids=["softplus", "family", "batch", "noisy", "broken"]
)
def test_what_is_not_predicted_has_rows_with_a_reason(spec, network, words):
    found = rows(spec, **network)
    assert len(found["predictions"]) == 3 and [row["layer"] for row in found["predictions"]] == [0, 1, 2]
    for row in (*found["predictions"], *found["expectations"]):
        assert words in row["reason"]
        assert row.get("log10_rms") is None and row.get("log10_first_last") is None
    assert found["expectations"][0]["expected_to_train"] is None
    assert len(found["correlations"]) == 41 and found["theory"][0]["reason"]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"hidden": [(20,)]}, theory_rows.NO_LAYER),
        ({"norm": "layer"}, theory_tables.NO_MAP),
        ({"residual": True}, theory_tables.NO_MAP),
    ],
)
def test_a_map_without_a_fixed_point_says_why(network, words):
    """Of a network that is predicted all the same."""
    found = rows("relu", **network)
    assert found["theory"][0]["reason"] == words and found["theory"][0]["q"] is None
    assert found["expectations"][0]["log10_first_last"] is not None
    assert {row["next_correlation"] for row in found["correlations"]} == {None}


def test_homogeneous_functions_need_no_fixed_point():
    """ReLU, lecun: each layer halves mean squares and gradients, and correlations are those of any q."""
    found, he = rows("relu", initialisation="lecun"), rows("relu", initialisation="he")
    (row,) = found["theory"]
    assert (row["q"], row["stable"], row["reason"]) == (None, None, theory_tables.NO_POINT)
    assert (row["slope"], row["chi"]) == pytest.approx((0.5, 0.5))
    assert (row["xi_q"], row["xi_c"]) == pytest.approx([1 / math.log(2)] * 2)
    after, expected = ([row["next_correlation"] for row in one["correlations"]] for one in (found, he))
    assert after == pytest.approx(expected)


@pytest.mark.parametrize(
    ("spec", "images", "network", "known", "words"),
    [
        ({"import": f"{__name__}:Sign", "name": "mine", "parameters": {}}, IMAGES, {}, True, "the function has jumps"),
        (own(own_activations.AlwaysNoisy), IMAGES, {}, False, "the function draws at random"),
        ("tanh", theory_rows.Images(0.0, 0.0, []), {"initialisation": "he"}, False, "the first layer, where pre-activations have the mean square 0, which is outside of 10⁻⁶ to 10⁶"),
        ("relu", theory_rows.Images(0.0, 0.0, []), {"initialisation": "he"}, False, "the mean square 0, which is outside of"),
        (own(own_activations.Exp), theory_rows.Images(400.0, 0.0, [0.5]), {"initialisation": "he"}, False, "mean square 800: E f² is 0, infinite or not known to 8 digits"),
    ],
    ids=["jumps", "random", "no image", "no image, homogeneous", "infinite"],
)  # fmt: skip
def test_a_map_that_is_not_known_says_what_is_not(spec, images, network, known, words):
    (row,) = rows(spec, images=images, **network)["theory"]
    assert words in row["reason"] and row["chi"] is None and row["xi_c"] is None
    assert (row["q"] is not None) == known == (row["slope"] is not None)
    assert not any(isinstance(value, float) and math.isnan(value) for value in row.values())


def test_of_gradients_that_grow_nothing_is_expected():
    """Tanh with a gain of 4, 20 layers."""
    found = rows("tanh", initialisation="orthogonal", gain=4.0, hidden=[(64,) * 4, (64,) * 20])
    (row,) = [row for row in found["expectations"] if row["depth"] == 20]
    assert row["log10_first_last"] > 2 and row["expected_to_train"] is None
    assert row["reason"] == expectation.GROWN
    assert {row["reason"] for row in found["predictions"]} == {None}


def test_images_have_their_mean_square_mean_and_cosines():
    x = torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 0.0]])
    found = theory_rows.of_images(x)
    own = (x.double() ** 2).mean(1).numpy()
    assert found.spread == pytest.approx(np.std(own) / np.mean(own))
    assert theory_rows.of_images(torch.tensor([[1.0, 0.0], [0.0, 3.0]])).spread == pytest.approx(0.8)
    assert theory_rows.of_images(torch.zeros(2, 2)).spread is None
    assert (found.mean_square, found.mean) == pytest.approx((15 / 8, 7 / 8))
    assert sorted(found.cosines) == pytest.approx([0, 0.5**0.5, 0.5**0.5])  # none with the image of zeros
    many = theory_rows.of_images(torch.randn(300, 5, generator=torch.Generator().manual_seed(0)) + 0.5)
    assert len(many.cosines) == theory_rows.QUANTILES
    unit = torch.nn.functional.normalize(
        (torch.randn(300, 5, generator=torch.Generator().manual_seed(0)) + 0.5)[:256].double(), dim=1
    )
    pairs = (unit @ unit.T)[tuple(torch.triu_indices(256, 256, offset=1))]
    assert np.mean(many.cosines) == pytest.approx(pairs.mean().item(), abs=1e-4)


def test_rows_of_a_study_fit_their_schemas():
    """Also those of a user's activation that cannot be made, and of a function without an edge of chaos."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 17, (200, 8, 8)).astype(np.uint8)
    labels = (np.arange(200) % 10).astype(np.uint8)
    stored = prepared.Prepared("digits", images, labels, np.zeros(200, np.uint8), 16, tuple("0123456789"))
    networks = {"default": NETWORK, "critical": NETWORK | {"initialisation": "critical"}}
    params = {
        "activations": {
            "tanh": {"import": None, "name": "tanh", "parameters": {}},
            "softplus": {"import": None, "name": "softplus", "parameters": {}},
            "mine": {"import": "nowhere_at_all:Mine", "name": "mine", "parameters": {}},
        },
        "dataset": "digits",
        "evaluation": {"folds": None, "validation": 50, "split_seed": 42, "training": None},
        "images": 64,
        "settings": {
            name: {"network": network | {"hidden_sizes": [[16], [16, 16]]}, "normalisation": "standard"}
            for name, network in networks.items()
        },
    }
    found = theory_rows.of_study(params, stored)
    tables = {
        name: parquet.table(found[name], schema, theory_tables.ORDER[name])
        for name, schema in theory_tables.SCHEMAS.items()
    }
    counts = {"theory": 6, "edges": 42, "correlations": 6 * 41, "predictions": 3 * 2 * 5, "expectations": 12}
    assert {name: table.num_rows for name, table in tables.items()} == counts
    for name, order in theory_tables.ORDER.items():
        places = [tuple(row.values()) for row in tables[name].select(order).to_pylist()]
        assert len(set(places)) == len(places), name
    expected = tables["expectations"].to_pandas().set_index(["activation", "setting"])
    assert expected.loc[("tanh", "default"), "log10_first_last"].notna().all()
    assert expected.loc[("mine", "default"), "log10_first_last"].isna().all()
    assert "nowhere_at_all" in expected.loc[("mine", "critical"), "reason"].iloc[0]
