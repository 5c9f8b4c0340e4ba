"""What sections on layers, functions and cost open with: known answers, and studies with little to say."""

from itertools import product

import pandas as pd
import pytest
from actbench.report import layer_findings

LABELS = {"relu": "ReLU", "tanh": "tanh"}
NBSP = "\N{NO-BREAK SPACE}"


def runs(lost=()):
    rows = [
        {"activation": key, "depth": 2, "setting": "default", "seed": seed, "fold": 0}
        for key, seed in product(LABELS, (0, 1, 2))
    ]
    return pd.DataFrame(row | {"trained": (row["activation"], row["seed"]) not in lost} for row in rows)


def gradients(first=None, **changes):
    """10⁻³ of the last layer's gradient in relu's first layer, a half in tanh's; after training as much as the last's."""
    shares = first or {"relu": 1e-3, "tanh": 0.5}
    rows = [
        run
        | {"checkpoint": when, "tensor": "preactivation", "layer": layer}
        | {"rms": 1.0 if layer == 2 or when == "trained" else shares[run["activation"]]}
        for run, when, layer in product(
            runs().drop(columns="trained").to_dict("records"), ("init", "trained"), (0, 1, 2)
        )
    ]
    return pd.DataFrame(rows).assign(**changes)


def test_gradients_have_the_ends_of_first_over_last_and_who_trained():
    assert layer_findings.gradients(gradients(), runs(lost={("relu", 0)}), LABELS) == (
        "With 2 hidden layers, the first layer's gradient of the pre-activations is "
        f"1.0{NBSP}×{NBSP}10⁻³ (ReLU) to 0.50 (tanh) times the last's at initialisation, and 1.0 (all 2) times after "
        "training in those that trained (medians over n = 3 and 2 to 3 networks an activation)."
    )


def test_gradients_of_one_activation_of_one_seed_where_nothing_trained():
    one = gradients()[lambda rows: (rows["activation"] == "tanh") & (rows["seed"] == 0)]
    assert layer_findings.gradients(one, runs(lost={("tanh", 0)}), LABELS) == (
        "With 2 hidden layers, the first layer's gradient of the pre-activations is 0.50 (tanh) times the last's at "
        "initialisation (medians over n = 1 network an activation)."
    )


def test_gradients_that_are_zero_have_no_ratio():
    assert layer_findings.gradients(gradients(rms=0.0), runs(), LABELS) == (
        "With 2 hidden layers, the first layer's gradient of the pre-activations over the last's is known of no network: "
        "some layer's is zero or not finite."
    )


def test_networks_without_a_ratio_are_named_where_others_have_one():
    rows = gradients()
    lost = (rows["activation"] == "tanh") & (rows["seed"] == 1) & (rows["checkpoint"] == "init")
    rows.loc[lost & (rows["layer"] == 0), "rms"] = 0.0
    text = layer_findings.gradients(rows, runs(), LABELS)
    assert text.endswith(
        "(medians over n = 2 to 3 and 3 networks an activation; left out, zero or not finite: 1 of tanh at initialisation)."
    )


def signals(std=4.0, saturated=0.0):
    rows = [
        run
        | {
            "checkpoint": when,
            "layer": layer,
            "signal": signal,
            "mean": 3.0,
            "std": std,
            "saturated_fraction": None,
        }
        for run, when, layer, signal in product(
            runs().to_dict("records"), ("init", "trained"), (0, 1), ("activation", "preactivation")
        )
    ]
    rows += [
        row | {"layer": 2, "mean": 9.0}
        for row in rows
        if row["signal"] == "preactivation" and row["layer"] == 1
    ]
    table = pd.DataFrame(rows)
    own = (table["signal"] == "preactivation") & (table["activation"] == "relu")
    table.loc[own, "saturated_fraction"] = 0.0
    table.loc[own & (table["checkpoint"] == "trained") & (table["layer"] == 0), "saturated_fraction"] = (
        saturated
    )
    return table


def test_distributions_have_the_last_hidden_layer_and_the_largest_share_of_saturation():
    assert layer_findings.distributions(signals(saturated=0.6), LABELS) == (
        "At initialisation with 2 hidden layers the last hidden layer's activations have a root mean square of 5 (all 2), "
        f"medians over n = 3 networks. Saturated pre-activations: none at initialisation and at most 20.0{NBSP}% after training "
        "(ReLU, 2 hidden layers), means of networks that did not diverge."
    )


def test_distributions_without_saturation_or_finite_values():
    text = layer_findings.distributions(signals(std=None), LABELS)
    assert text == (
        "At initialisation with 2 hidden layers the last hidden layer's activations have no finite root mean square. "
        "No pre-activation is saturated."
    )


def shares(**changes):
    row = {"key": "relu", "depth": 2, "dead_init": 0.0, "n_init": 5, "dead_trained": 0.0, "n_trained": 4}
    return [row | changes, row | {"key": "tanh"}]


def test_dead_units_have_their_largest_shares_and_who_has_none():
    assert layer_findings.dead(shares(dead_trained=0.25), LABELS) == (
        f"Of a network's hidden units none at initialisation and at most 25.0{NBSP}% after training in networks that trained (ReLU, 2 hidden layers) "
        "are dead, means over n = 4 to 5 networks an activation and depth. 1 of 2 activations has none."
    )
    few = layer_findings.dead(shares(dead_init=1e-5)[:1], LABELS)
    assert few == (
        f"Of a network's hidden units less than 0.1{NBSP}% at initialisation (ReLU, 2 hidden layers) and none after training in "
        "networks that trained are dead, means over n = 4 to 5 networks an activation and depth."
    )


def test_where_no_unit_is_dead_one_sentence_says_so():
    assert layer_findings.dead(shares(), LABELS) == (
        "No unit is dead at initialisation or after training in networks that trained (n = 4 to 5 networks an activation and depth)."
    )
    diverged = [{"key": "relu", "depth": 2, "dead_init": 0.0, "n_init": 1}]
    assert layer_findings.dead(diverged, LABELS) == (
        "No unit is dead at initialisation (n = 1 network an activation and depth)."
    )


def test_functions_are_counted_by_what_they_are():
    rows = [("relu", True, False, True, True), ("tanh", True, True, None, True)]
    names = ["activation", "bounded_below", "bounded_above", "can_die", "monotone"]
    table = pd.DataFrame(rows, columns=names)
    assert layer_findings.functions(table, LABELS) == (
        "Of 2 functions, 1 is bounded on both sides (tanh), 1 is flat over an interval, where a unit stops learning (ReLU) and 2 "
        "are monotone."
    )
    assert "none are bounded on both sides" in layer_findings.functions(table[:1], LABELS)


def test_cost_has_the_ends_of_the_functions_and_of_training():
    training = {2: [{"key": "relu", "n": 1, "seconds": 1.0}, {"key": "tanh", "n": 1, "seconds": 2.5}]}
    relu, tanh = ({"ratio": value, "ratio_low": value, "ratio_high": 4.0, "n": 15} for value in (1.0, 3.04))
    functions = {"relu": relu | {"ratio_high": 1.0}, "tanh": tanh}
    assert layer_findings.cost(training, functions, LABELS, "ReLU") == (
        "Timed alone, forward and backward, the functions take 1.0 to 3.0 times as long as ReLU (medians of "
        "n = 15 rounds); tanh took longer in three of four, none less. In 2 jobs training took 1.00 s (ReLU, 2 hidden layers) to 2.50 s (tanh, 2 hidden layers) a "
        "network; other jobs ran beside."
    )
    one = layer_findings.cost({2: training[2][:1]}, {"relu": functions["relu"]}, LABELS, "ReLU")
    assert one.startswith("In 1 job training took 1.00 s (ReLU, 2 hidden layers) a network;")
    scattered = functions | {"tanh": tanh | {"ratio_low": 0.99}}
    assert "; none took longer in three of four, none less." in layer_findings.cost(
        training, scattered, LABELS, "ReLU"
    )
    placed = layer_findings.cost(training, functions, LABELS, "ReLU", "he")
    assert "In 2 jobs with “he” training took" in placed


@pytest.mark.parametrize(
    ("validation", "more", "expected"),
    [
        (
            250,
            {},
            "24 networks (6 activations × 1 depth × 4 seeds), trained for at most 40 epochs on 1,000 images, with 250",
        ),
        (
            0,
            {"setting": 2, "fold": 5},
            "240 networks (6 activations × 1 depth × 4 seeds × 2 settings × 5 folds), trained",
        ),
    ],
)
def test_method_multiplies_what_was_combined(validation, more, expected):
    sizes = {"activation": 6, "depth": 1, "seed": 4, "setting": 1, "fold": 1} | more
    images = {"training": 1000, "validation": validation, "test": 300}
    text = layer_findings.method(sizes, images, "images", 40)
    assert text.startswith(expected) and text.endswith(" for validation and 300 for the test.")
    assert ("with none for validation" in text) is not validation


def test_provenance_sums_jobs_and_time():
    stages = [{"jobs": 3, "seconds": 60.0}, {"jobs": 1, "seconds": 30.0}]
    assert (
        layer_findings.provenance(stages, 9, 0)
        == "4 jobs of 2 stages took 1.5 minutes in all; none of 9 networks diverged."
    )
    assert "took 2.5 hours in all; 2 of 9" in layer_findings.provenance(
        [{"jobs": 1, "seconds": 9000.0}], 9, 2
    )


def test_downloads_are_counted():
    assert layer_findings.downloads(1, 3) == (
        "This page holds 1 table as CSV and 3 files for papers, and opens without any other file."
    )
