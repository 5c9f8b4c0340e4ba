"""Sentences on what all depths say together, and on gradients."""

import pandas as pd
import pytest
from actbench.report import sentences
from actbench.report.numbers import NBSP

pytestmark = pytest.mark.fault(
    "sentences over depths",
    "trends that are none, signals that grow",
    "it does not appear, or says what holds",
)

LABELS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "elu": "ELU",
    "sigmoid": "sigmoid",
    "swish": "swish",
    "gelu": "GELU",
}


def row(activation, measure, mean, low=None, high=None, n=5):
    names = ("activation", "measure", "n", "mean", "ci_low", "ci_high")
    return dict(zip(names, (activation, measure, n, mean, low, high), strict=True))


def ends(activation, measure, first, last, low, high, n=5):
    change = None if first is None else last - first
    return [
        row(activation, f"{measure}_first", first, n=n),
        row(activation, f"{measure}_last", last, n=n),
        row(activation, f"{measure}_change", change, low, high, n),
    ]


def depth_effect(*rows):
    table = pd.DataFrame([one for part in rows for one in part])
    return sentences.depth_effect(table, LABELS, [2, 4, 8])


def test_depth_effect_gives_both_ends_where_the_interval_leaves_out_0():
    """2.8 and 15.0 %, whatever lies between: nothing is said of each layer."""
    found = depth_effect(
        ends("relu", "accuracy", 0.97, 0.96, -0.02, -0.001),
        ends("tanh", "accuracy", 0.95, 0.952, 0.001, 0.003),
        ends("elu", "accuracy", 0.97, 0.96, -0.03, 0.01),
        ends("relu", "dead_trained", 0.028, 0.150, 0.09, 0.15),
        ends("tanh", "dead_trained", 0.04, 0.01, -0.04, -0.02),
    )
    assert found == {
        "accuracy": f"With 8 hidden layers instead of 2, test accuracy is lower for ReLU (96.00{NBSP}% instead of "
        f"97.00{NBSP}%, by 0.10 to 2.00 points, n = 5) and higher for tanh (95.20{NBSP}% instead of 95.00{NBSP}%, by "
        f"0.10 to 0.30 points, n = 5); 95{NBSP}% intervals, each by itself.",
        "dead_trained": "With 8 hidden layers instead of 2, the share of dead units after training (networks that did not diverge, trained or "
        f"not) is smaller for tanh (1.0{NBSP}% instead of 4.0{NBSP}%, by 2.0 to 4.0 points, n = 5) and larger for ReLU (15.0{NBSP}% instead of "
        f"2.8{NBSP}%, by 9.0 to 15.0 points, n = 5); 95{NBSP}% intervals, each by itself.",
    }
    assert not any(word in str(found) for word in ("each layer", "grows", "falls", "rises", "From 2 to 8"))


def test_a_change_is_not_said_to_be_more_than_a_share_can_change():
    found = depth_effect(ends("relu", "dead_trained", 0.02, 0.62, 0.05, 1.15, n=3))
    assert "by at least 5.0 points, n = 3" in found["dead_trained"] and "115" not in found["dead_trained"]


def test_two_seeds_give_no_interval_of_a_change():
    assert depth_effect(ends("relu", "accuracy", 0.97, 0.9, -0.09, -0.05, n=2)) == {}


def test_depth_effect_claims_no_more_than_the_intervals():
    found = depth_effect(
        ends("relu", "dead_trained", 0.028, 0.15, -0.01, 0.25), ends("elu", "accuracy", 0, 0, 0, 0)
    )
    assert found == {
        "accuracy": f"For no activation is test accuracy with 8 hidden layers told from that with 2: each 95{NBSP}% "
        "interval of the change includes 0.",
        "dead_trained": "For no activation is the share of dead units after training (networks that did not diverge, trained or not) with 8 hidden layers told from "
        f"that with 2: each 95{NBSP}% interval of the change includes 0.",
    }


def test_without_seeds_at_both_ends_or_a_second_depth_nothing_is_said():
    assert (
        depth_effect(
            ends("elu", "accuracy", None, None, None, None, 0),
            ends("relu", "accuracy", None, None, None, None, 1),
        )
        == {}
    )
    assert depth_effect([row("relu", "rank", 2.25, 1.5, 3.0)]) == {}
    assert depth_effect(ends("elu", "dead_trained", 0.0, 0.0, None, None)) == {}


def gradient_decay(*rows):
    names = ("activation", "depth", "checkpoint", "tensor", "measure", "mean")
    return sentences.gradient_decay(pd.DataFrame(rows, columns=names).assign(n=5), LABELS)


def slope(activation, mean, depth=8):
    return (activation, depth, "init", "preactivation", "slope", mean)


def test_gradient_decay_is_of_the_deepest_untrained_networks():
    """10^-.3 = .5, 10^-1 = .1."""
    assert gradient_decay(
        slope("relu", 0.30103),
        slope("sigmoid", 1.0),
        slope("elu", 3.0, depth=2),
        ("elu", 8, "trained", "preactivation", "slope", 3.0),
        ("elu", 8, "init", "weight", "slope", 3.0),
        ("elu", 8, "init", "preactivation", "log10_first_last", 3.0),
    ) == (
        "At initialisation, with 8 hidden layers, the back-propagated signal is multiplied, on average over the "
        "layers, by 0.1 (sigmoid) to 0.5 (ReLU) a layer towards the input (n = 5 seeds)."
    )


@pytest.mark.parametrize("slopes", [(-0.5, -0.2), (-0.5, 0.3), (0.0, -0.1)])
def test_a_signal_that_grows_is_not_said_to_shrink(slopes):
    text = gradient_decay(*map(slope, ("relu", "tanh"), slopes))
    assert "shrink" not in text and "fade" not in text
    assert f"to {10 ** -min(slopes):.2g} (" in text


def test_activations_without_a_slope_are_named():
    text = gradient_decay(slope("relu", 0.5), slope("tanh", 0.2), slope("sigmoid", None), slope("elu", None))
    assert text.endswith("; sigmoid and ELU are without a slope.")


def test_fewer_than_two_slopes_are_not_compared():
    assert gradient_decay(slope("relu", 0.5)) == gradient_decay(slope("relu", 0.5), slope("tanh", None)) == ""


def overflowing(*places, checkpoint="init"):
    """A row for each activation, depth and layer; its spread is null where the signal overflows."""
    rows = [
        (key, depth, layer, checkpoint, None if (key, depth, layer) in places else 1.0)
        for key in ("relu", "tanh")
        for depth in (2, 8)
        for layer in range(depth + 1)
    ]
    return pd.DataFrame(rows, columns=["activation", "depth", "layer", "checkpoint", "std"])


def test_what_overflows_is_named_with_its_layers():
    table = overflowing(("tanh", 2, 2), *(("relu", 8, layer) for layer in (3, 4, 5, 8)))
    table = pd.concat([table, overflowing(*(("tanh", 8, layer) for layer in (6, 7, 8)))])  # another seed
    text = sentences.overflows(table, LABELS)
    assert "with 2 hidden layers those of tanh in layer 2; with 8 hidden layers those of " in text
    assert "ReLU in layers 3, 4, 5 and 8" in text and "tanh in layers 6 to 8" in text
    assert text.startswith("At initialisation some signals overflow, from at least one seed: with 2")


def test_where_nothing_overflows_nothing_is_said():
    assert sentences.overflows(overflowing(), LABELS) == ""
    assert sentences.overflows(overflowing(("relu", 2, 1), checkpoint="trained"), LABELS) == ""
