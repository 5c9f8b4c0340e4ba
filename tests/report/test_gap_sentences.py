"""Sentences on the gaps between theory and measurement, with cells of which they must say something, and must not."""

import math

import pandas as pd
from actbench.report import gap_sentences as sentences
from actbench.report.numbers import NBSP
from made_up_theory import LABELS, cell, cells


def test_the_largest_gap_has_its_cell_and_its_size():
    frame = cells(cell(), cell("tanh", predicted=-2.4, measured=-2.1, std=0.3), cell("elu", predicted=None))
    assert sentences.agreement(frame, LABELS, "network") == (
        "Over 2 cells of new networks, log10 of the first gradient over the last differs from its prediction by at "
        "most 0.30, in tanh with 8 hidden layers: predicted −2.40, measured −2.10, n = 5; 1 of 2 lie within 0.1. "
        "The networks of a cell scatter with a standard deviation of up to 0.30."
    )
    assert sentences.agreement(cells(cell(std=None)), LABELS, "network") == (
        "Of new networks, log10 of the first gradient over the last differs from its prediction by 0.03, in sigmoid "
        "with 8 hidden layers: predicted −6.90, measured −6.93, n = 5."
    )
    assert sentences.agreement(cells(cell(measured=None)), LABELS, "network") == ""


def test_after_training_nothing_is_predicted():
    frame = cells(cell(), cell("tanh", predicted=-2.4, after=-2.35), cell("elu", after=None))
    assert sentences.after_training(frame, LABELS) == (
        "Gradients after training (of networks that did not diverge, trained or not) are not predicted: there the same number lies up to 5.90 from what was predicted "
        "of the new network (sigmoid with 8 hidden layers: −6.90, after training −1.00, n = 5), and within 0.1 in 1 "
        "of 2 cells."
    )
    assert sentences.after_training(frame[2:], LABELS) == ""


def test_signals_are_compared_by_ratio():
    keys = {"activation": "tanh", "depth": 2, "setting": "default", "n": 5}
    gaps = pd.DataFrame([keys | {"layer": 0, "ratio": 1.2}, keys | {"layer": 1, "ratio": 0.75}])
    assert sentences.signals(gaps, LABELS) == (
        f"The standard deviation of a hidden layer's activations is within 10{NBSP}% of its prediction in 0 of 2 "
        f"layers; it is farthest in layer 1 of tanh with 2 hidden layers, 25{NBSP}% below it (n = 5)."
    )
    assert sentences.signals(gaps.assign(ratio=math.nan), LABELS) == ""
    many_times = sentences.signals(gaps.assign(ratio=[1.0, 610.0]), LABELS)
    assert many_times.endswith("with 2 hidden layers, 610 times as large (n = 5).")
    huge = sentences.signals(gaps.assign(ratio=[1.0, 3.2e7]), LABELS)
    assert huge.endswith(f"3.2{NBSP}×{NBSP}10⁷ times as large (n = 5).")


def test_that_theory_is_of_the_average_example_and_how_much_these_scatter():
    end = ". Where a function is 0 or nearly 0 around 0, the images with the largest ones decide: there"
    one, two = (pd.DataFrame({"spread": spreads}) for spreads in ([0.4652, 0.4652, None], [0.4652, 0.123]))
    far, near = (pd.DataFrame({"ratio": ratios}) for ratios in ([1.0, 610.0], [0.3, 1.9]))
    assert sentences.average(one, far).startswith(
        "Theory takes all images at the average of their mean squares; here these scatter about their average with a "
        f"relative standard deviation of 47{NBSP}%{end}"
    )
    assert f"deviation of 12{NBSP}% to 47{NBSP}%, by the normalisation{end}" in sentences.average(two, far)
    assert f"at the average of their mean squares{end}" in sentences.average(one[2:], far)
    plain = "Theory takes all examples at the average of their mean squares."
    assert sentences.average(one[2:], near, "examples") == plain


def test_with_folds_seeds_scatter():
    text = sentences.agreement(cells(cell(std=0.3), cell("tanh")), LABELS, "seed")
    assert text.endswith(
        "The seeds (means over folds) of a cell scatter with a standard deviation of up to 0.30."
    )


def test_the_narrowest_hidden_layer_is_named_and_the_scatter_of_the_deepest_network():
    """5 (1/64 + 1/16) = 0.625² and 5/40 = 0.354²; e^0.3125 = 1.37."""
    keys = {"activation": "tanh", "setting": "default"}
    deep = pd.DataFrame({"depth": 2, "layer": [0, 1, 2], "width": [64, 16, 10], **keys})
    table = pd.concat([pd.DataFrame({"depth": 1, "layer": [0, 1], "width": [40, 10], **keys}), deep])
    assert sentences.widths(table) == (
        "Theory takes layers as infinitely wide; the narrowest hidden layer here has 16 units. The narrower and deeper "
        "a network, the farther it may lie off: with 2 hidden layers as wide as here, ReLU, He's initialisation and no "
        "biases, ln of the squared norm of the last activations scatters from network to network with a standard "
        "deviation of about √(5 Σ 1/n) = 0.63. In one such network activations are commonly 1.4 times larger or smaller than predicted."
    )
    assert "with 2 hidden layers as wide" in sentences.widths(table.astype({"activation": "category"}))
    assert sentences.widths(deep[2:]) == ""


def saturated(frame, *shares):
    keys = ["activation", "depth", "setting"]
    return sentences.saturated(frame, frame[keys].assign(share=shares), LABELS).replace(NBSP, " ")


def test_the_gap_is_said_where_most_is_saturated():
    frame = cells(cell(), cell("tanh", predicted=-2.4, measured=-2.1), cell("elu", predicted=None))
    assert saturated(frame, 0.52, 0.06, 0.9) == (
        "In 2 of the 2 predicted cells more than 5 % of pre-activations are saturated at initialisation; there the gap is "
        "at most 0.30. Of predicted cells the share is largest, 52 %, in sigmoid with 8 hidden layers: predicted −6.90, measured −6.93, n = 5."
    )
    same = cells(cell(measured=-6.901), cell("tanh", predicted=-2.4, measured=-2.4))
    assert "the gap is below 0.005. Of predicted cells the share" in saturated(same, 0.5, 0.4)
    assert saturated(frame, 0.0, 0.06, 0.9) == (
        "In one of the 2 predicted cells more than 5 % of pre-activations are saturated at initialisation, in tanh with 8 hidden layers "
        "(6 %): predicted −2.40, measured −2.10, n = 5."
    )
    assert saturated(frame, 0.05, math.nan, 0.9) == ""


def test_cells_of_several_settings_name_theirs():
    frame = cells(cell(n_trained=5), cell(setting="he", predicted=-1, measured=-1.5, n_trained=5))
    assert "in sigmoid with 8 hidden layers and “he”: predicted −1.00" in sentences.agreement(
        frame, LABELS, "network"
    )
