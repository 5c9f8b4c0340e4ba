"""Sentences on theory, each with data of which it must say something, and of which it must not."""

import math

import pandas as pd
import pytest
from actbench.report import theory_sentences as sentences
from actbench.report.numbers import NBSP
from actbench.theory.predictions import Images
from made_up_theory import LABELS, cell, cells, reason

pytestmark = pytest.mark.fault(
    "sentences on theory",
    "predictions of which a sentence would be false: none, of one cell, of networks without a measured gradient, one "
    "seed, all of one class, an exact half that trained",
    "it does not appear, or says what holds",
)


def theory(*rows):
    names = ("activation", "chi", "weight_std", "edge_weight_std", "edge_q", "edge_stable")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    return table.assign(setting="default", q=0.5, reason=None).astype(
        {"chi": float, "edge_weight_std": float, "edge_q": float}
    )


SIGMOID = ("sigmoid", 0.02, math.sqrt(1 / 3), 10.2, 56.0, True)
TANH = ("tanh", 0.33, math.sqrt(1 / 3), 1.3, 0.6, True)


@pytest.mark.parametrize(
    ("largest", "words"),
    [
        ({"tanh": 1.0}, "The largest |f′| is 1 for tanh."),
        (
            {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "swish": 1.09984},
            "The largest |f′| is 0.25 for sigmoid, 1 for tanh and ReLU and 1.1 for swish.",
        ),
        (
            {"sigmoid": 0.25, "tanh": 1.0, "relu": 2.0, "elu": 3.0, "swish": 4.0},
            "The largest |f′| lies between 0.25 (sigmoid) and 4 (swish).",
        ),
        (
            {"tanh": 1.0, "elu": math.inf, "relu": None},
            "The largest |f′| is 1 for tanh; |f′| has no bound for ELU.",
        ),
        ({"elu": math.inf}, "|f′| has no bound for ELU."),
        ({"relu": None}, ""),
    ],
)
def test_how_steep_activations_are(largest, words):
    assert sentences.derivatives(largest, LABELS) == words


def test_what_one_layer_does_is_said_by_chi():
    rows = theory(TANH, SIGMOID, ("relu", 1.002, 1.4, 1.4, None, False), ("elu", 1.2, 1.5, 1.2, 1.0, True))
    assert sentences.one_layer(rows, LABELS, "this") == (
        "With this, χ at the fixed point is 0.02 for sigmoid, 0.33 for tanh, 1 for ReLU and 1.2 for ELU. It is below "
        "1 for sigmoid and tanh, so that gradients shrink towards the input and images become alike; it is 1 for "
        "ReLU, so that gradients keep their size; it is above 1 for ELU, so that gradients grow towards the input "
        "and alike images part."
    )
    called = sentences.one_layer(rows, LABELS, "this", "examples")
    assert "and examples become alike" in called and called.endswith("and alike examples part.")


def test_of_many_activations_the_ends_are_named_and_of_unknown_ones_nothing():
    chis = zip(LABELS, (0.02, 0.3, 0.2, 0.1, 0.4), strict=True)
    rows = theory(*((key, chi, 0.6, 1.0, 1.0, True) for key, chi in chis))
    text = sentences.one_layer(rows, LABELS, "this")
    assert "is between 0.02 (sigmoid) and 0.4 (swish). It is below 1 for all 5 activations," in text
    more = LABELS | {"softplus": "softplus"}
    assert "below 1 for all 5 for which it is known," in sentences.one_layer(rows, more, "this")
    assert sentences.one_layer(rows.assign(chi=math.nan), LABELS, "this") == ""


def test_factors_that_read_alike_are_one():
    rows = theory(*((key, 1 + 1e-9, 1.4, 1.4, 1.0, True) for key in LABELS))
    assert sentences.one_layer(rows, LABELS, "this") == (
        "With this, χ at the fixed point is 1 for all 5 activations. It is 1 for all 5 activations, so that gradients "
        "keep their size."
    )


EXP = {"name": "exp", "import": "own_activations:Exp", "parameters": {}}
NO_POINT = reason("tanh", initialisation="lecun")


def test_where_mean_squares_never_rest_that_is_said():
    rows = theory(("relu", 0.5, 1, 1.4, None, None), TANH, ("swish", None, 1, 1.7, 0.7, False))
    rows = rows.assign(reason=["", "", NO_POINT])
    end = " Mean squares of swish go to no fixed point from 10⁻⁶ to 10⁶."
    assert sentences.one_layer(rows, LABELS, "this").endswith("become alike." + end)
    assert sentences.one_layer(rows[2:], LABELS, "this") == end.strip()
    rows = rows.assign(reason=NO_POINT, q=[None, 0.5, None])
    assert sentences.one_layer(rows, LABELS, "this").startswith(
        "With this, χ at the fixed point is 0.33 for tanh and 0.5 for ReLU; ReLU has it at every mean square. It is "
        "below 1 for"
    )
    assert sentences.one_layer(rows[:1], LABELS, "this") == (
        "With this, χ is 0.5 for ReLU. It is below 1 for ReLU, so that gradients shrink towards the input and images "
        "become alike. Mean squares of ReLU go to no fixed point from 10⁻⁶ to 10⁶."
    )


def test_where_the_map_is_not_known_it_is_not_said_that_there_is_no_fixed_point():
    """exp: its averages at the images' first mean square, and on the way up from it, leave float64."""
    for mean_square, place in ((400.0, "the first layer"), (10.0, "on the way to a fixed point")):
        why = reason("exp", spec=EXP, initialisation="he", images=Images(mean_square, 0.0, [0.5]))
        assert why.startswith(f"{place}, where pre-activations have the mean square ")
        rows = theory(TANH, ("swish", None, 1, 1.7, None, None)).assign(reason=["", why])
        assert sentences.one_layer(rows, LABELS, "this").endswith(
            "become alike. It is not known for swish (E f² is 0, infinite or not known to 8 digits)."
        )
    jumps = theory(TANH, ("swish", None, 1, 1.7, 0.003, True)).assign(reason=["", reason("threshold")])
    text = sentences.one_layer(jumps, LABELS, "this")
    assert text.endswith("It is not known for swish (the function has jumps, and no derivative there).")


def test_normalised_and_residual_networks_have_another_map():
    rest = (
        " are normalised or residual: the map, χ and the edge below are those of plain layers; the predictions by "
        "layer take both into account."
    )
    assert sentences.not_plain(["a"], several=False) == f"These networks{rest}"
    assert sentences.not_plain(["a", "b"], several=True) == f"Networks with “a” and “b”{rest}"
    assert sentences.not_plain([], several=True) == ""


def test_unstable_points_and_missing_ones_are_said_and_homogeneous_ones_are_neither():
    rows = theory(
        TANH,
        ("relu", 0.2, 0.6, 1.41, None, False),
        ("swish", 0.1, 0.6, 1.68, 0.69, False),
        ("elu", 0.1, 0.6, None, None, None),
    )
    assert sentences.edge(rows, LABELS) == (
        "For swish the point is unstable: signals a little off it need not come back; no such point is "
        "known for ELU."
    )
    assert sentences.edge(rows[:2], LABELS) == ""


def story(row, chi=0.02, q=0.09, largest=0.25, unit="network"):
    of_layer = {"chi": chi, "q": q, "weight_std": math.sqrt(1 / 3)}
    text = sentences.story(row, "sigmoid", of_layer, largest, "PyTorch's initialisation", unit)
    return text.replace(NBSP, " ")


def test_one_chain_from_the_derivative_to_who_trained():
    assert story(cell()) == (
        "The derivative of sigmoid is at most 0.25 in size, so with PyTorch's initialisation a layer multiplies a "
        "gradient's mean square by at most σ_w² · 0.25² = 0.0208, at the fixed point by χ = 0.02; with 8 hidden "
        "layers theory predicts a first gradient 1.3 × 10⁻⁷ times the last, and 1.2 × 10⁻⁷ was measured (geometric mean, n = 5). None of "
        "its 5 networks trained."
    )


@pytest.mark.parametrize(
    ("row", "given", "start", "end"),
    [
        (cell(n_trained=3), {"unit": "seed"}, "The derivative of", "3 of its 5 seeds trained."),
        (cell(n_trained=1, n_seeds=1), {}, "The derivative of", "Its one network trained."),
        (cell(n_seeds=1), {}, "The derivative of", "Its one network did not train."),
        (cell(n_trained=2, n_seeds=2), {}, "The derivative of", "Both networks trained."),
        (
            cell(),
            {"largest": math.inf},
            "With PyTorch's initialisation a layer of sigmoid multiplies",
            "trained.",
        ),
        (
            cell(),
            {"largest": None},
            "With PyTorch's initialisation a layer of sigmoid multiplies",
            "trained.",
        ),
        (
            cell(),
            {"largest": None, "q": None},
            "With PyTorch's initialisation a layer of sigmoid multiplies a gradient's mean square by χ = 0.02 at "
            "every mean square; with 8",
            "trained.",
        ),
        (
            cell(depth=1, measured=None, predicted=0.04),
            {"chi": None},
            "For sigmoid with PyTorch's initialisation and 1 hidden layer theory predicts a first gradient 1.1 "
            "times the last. None",
            "trained.",
        ),
    ],
)
def test_a_story_says_only_what_is_known(row, given, start, end):
    text = story(row, **given)
    assert text.startswith(start) and text.endswith(end)


def told(frame, rows=None):
    rows = theory(SIGMOID, TANH) if rows is None else rows
    found = sentences.stories(frame, rows, {"sigmoid": 0.25, "tanh": 1.0}, LABELS, "“{}”".format, "network")
    return [text.replace(NBSP, " ") for text in found]


def test_stories_are_those_of_the_deepest_cells_with_the_least_and_most_gradient():
    tanh = cell("tanh", predicted=-2.4, measured=-2.4, n_trained=5)
    first, second = told(cells(cell(depth=2, predicted=-9), tanh, cell()))
    assert "1.3 × 10⁻⁷ times" in first and "of sigmoid" in first
    assert "4.0 × 10⁻³ times" in second and second.endswith("All 5 networks trained.")
    (only,) = told(cells(tanh))
    assert only == second
    assert told(cells(cell(predicted=None))) == []


def test_stories_are_those_of_the_first_setting_that_is_predicted():
    batch = cell(setting="batch", predicted=None)
    assert told(cells(batch, cell())) == told(cells(cell()))


def test_another_setting_that_changes_the_worst_case_is_told():
    other = cell(setting="critical", predicted=-0.4, measured=-0.42, n_trained=5)
    rows = pd.concat([theory(SIGMOID), theory(SIGMOID).assign(setting="critical")])
    _, change = told(cells(cell(), other), rows)
    assert change == (
        "With “critical” instead theory predicts 0.40 times the last gradient for sigmoid, and 0.38 was measured (geometric mean, n = 5). All 5 networks trained."
    )
    assert len(told(cells(cell(), other | {"predicted": -6.0}), rows)) == 1


def test_hits_and_misses_are_counted_by_class_and_named():
    frame = cells(
        cell(n_trained=1),
        cell("swish", predicted=-4.0, n_trained=3),
        cell("tanh", predicted=-2.4, n_trained=5),
        cell("relu", predicted=-3.4, n_trained=2),
        cell("elu", predicted=None),
    )
    assert sentences.who_trains(frame, LABELS, "network") == (
        "A cell (an activation at one depth) is expected to train where the predicted log10 of first over last is "
        "above −3.7; it trained if more than half of its networks did. The expectation is right in 2 of 4 cells: 1 "
        "of 2 expected to train and 1 of 2 not expected to train. Wrong: swish with 8 hidden layers (3 of 5 trained) "
        "and ReLU with 8 hidden layers (2 of 5 trained). In 3 cells only some networks trained, which no such limit "
        "can say. Saying the same of every cell would be right in 2 of 4, so on this study the limit does no better "
        "than saying that all train."
    )


@pytest.mark.parametrize(
    ("predicted", "trained", "end"),
    [
        ((-1, -1, -9), (5, 5, 0), "right in 2 of 3."),
        ((-1, -1, -9), (5, 5, 5), "right in 3 of 3, so on this study the limit does worse than saying that all train."),
        ((-1, -9, -9), (0, 0, 0), "right in 3 of 3, so on this study the limit does worse than saying that none trains."),
        ((-9, -9), (0, 0), "right in 2 of 2, so on this study the limit does no better than saying that none trains."),
    ],
)  # fmt: skip
def test_whether_the_limit_does_better_than_one_answer_for_all(predicted, trained, end):
    rows = zip(LABELS, predicted, trained, strict=False)
    frame = cells(*(cell(key, predicted=ratio, n_trained=n) for key, ratio, n in rows))
    assert sentences.who_trains(frame, LABELS, "network").endswith(end)


@pytest.mark.parametrize(
    ("chosen_on", "words"),
    [
        ([True, True, True], "on these very cells: 1 of 2 is a fit, not a test."),
        ([True, False, True], "on another study (digits), which had 1 of these 2 cells: for that one the count is a fit, for the rest a test."),
        ([False, False, True], "on another study (digits), so these counts are a test of it."),
    ],
)  # fmt: skip
def test_whether_the_count_is_a_test_of_the_limit_or_a_fit(chosen_on, words):
    """The third cell, of which nothing is expected, is none of the count's."""
    frame = cells(cell(), cell("tanh", n_trained=5), cell("elu", predicted=None))
    assert sentences.chosen(frame, pd.Series(chosen_on)) == f"The limit was chosen {words}"
    assert sentences.chosen(frame[2:], pd.Series(chosen_on)[2:]) == ""


def test_an_exact_half_has_not_trained():
    text = sentences.who_trains(cells(cell(n_seeds=4, n_trained=2), cell(n_seeds=4)), LABELS, "network")
    assert "right in 2 of 2 cells, all not expected to train." in text


def test_one_cell_of_one_seed():
    text = sentences.who_trains(cells(cell("tanh", predicted=-1, n_seeds=1, n_trained=1)), LABELS, "network")
    assert text.endswith(
        "it trained if its network did. The expectation is right in 1 of 1 cell, which was expected to train."
    )


def test_cells_of_several_settings_name_theirs():
    frame = cells(cell(n_trained=5), cell(setting="he", predicted=-1, measured=-1.5, n_trained=5))
    text = sentences.who_trains(frame, LABELS, "seed")
    assert "(an activation at one depth, with one setting)" in text and "half of its seeds did" in text
    assert "Wrong: sigmoid with 8 hidden layers and “default” (5 of 5 trained)." in text


def test_many_misses_are_counted():
    frame = cells(*(cell(key, predicted=-9, n_trained=5) for key in LABELS))
    assert "ReLU with 8 hidden layers (5 of 5 trained) and 2 more." in sentences.who_trains(
        frame, LABELS, "network"
    )


def test_without_expectations_nothing_is_said_of_who_trains():
    frame = cells(cell(predicted=None))
    assert sentences.who_trains(frame, LABELS, "network") == ""


GROWN = "the gradient is predicted to grow"


def test_of_growing_gradients_nothing_is_expected():
    grown = {"expected": None, "reason": GROWN}
    frame = cells(cell(), cell("swish", predicted=3.0, **grown), cell("elu", predicted=1.2, **grown))
    said = (
        f"Nothing is expected of 2 cells: swish with 8 hidden layers and ELU with 8 hidden layers ({GROWN})."
    )
    text = sentences.who_trains(frame, LABELS, "network")
    assert "right in 1 of 1 cell, which was not expected to train." in text and text.endswith(said)
    assert sentences.who_trains(frame[1:], LABELS, "network") == said
    assert sentences.not_predicted(frame, LABELS) == ""


def test_what_diverged_is_told_beside_what_did_not_train():
    lost = cell("tanh", predicted=-1, n_diverged=5)
    text = sentences.who_trains(cells(lost, cell(n_diverged=2)), LABELS, "network")
    assert "Wrong: tanh with 8 hidden layers (0 of 5 trained, all diverged)." in text
    assert story(lost).endswith("None of its 5 networks trained, all diverged.")
    assert story(cell(n_diverged=2)).endswith("None of its 5 networks trained, 2 diverged.")
    assert story(cell(n_seeds=1, n_diverged=1)).endswith("Its one network did not train, it diverged.")


def test_a_bound_is_not_rounded_below_what_it_bounds():
    """1.7581² / 3 = 1.03, which two digits would give as 1."""
    assert "σ_w² · 1.76² = 1.03, at" in story(cell(), largest=1.7581)


def test_small_factors_are_powers_of_ten():
    rows = theory(("tanh", 1.1e-5, 0.6, 1.0, 1.0, True))
    assert f"is 1.1{NBSP}×{NBSP}10⁻⁵ for tanh" in sentences.one_layer(rows, LABELS, "this")


def test_what_is_not_predicted_has_its_reason():
    lacking = [cell(key, setting="batch", predicted=None, reason="no recursion") for key in LABELS]
    assert sentences.not_predicted(cells(cell(), *lacking), LABELS) == (
        "Not predicted are 5 of 6 cells: all 5 activations with “batch” (no recursion)."
    )
    two = [
        cell(key, depth=depth, predicted=None, reason="jumps") for key in ("tanh", "elu") for depth in (2, 4)
    ]
    assert sentences.not_predicted(cells(cell(), *two), LABELS) == (
        "Not predicted are 4 of 5 cells: tanh and ELU (jumps)."
    )
    assert sentences.not_predicted(cells(*two), LABELS) == (
        "Nothing is predicted for this study: tanh and ELU (jumps)."
    )
    assert sentences.not_predicted(cells(cell()), LABELS) == ""


def test_reasons_that_differ_by_a_layer_or_a_number_are_one():
    place = "layer {}, where pre-activations have the mean square {}"
    whys = [
        place.format(2, "2.62e+06") + ", which is outside of 10⁻⁶ to 10⁶",
        place.format(31, "inf") + ", which is outside of 10⁻⁶ to 10⁶",
        place.format(0, "3.1") + ": E f² is 0, infinite or not known to 8 digits",
        None,
    ]
    lacking = [cell(key, predicted=None, reason=why) for key, why in zip(LABELS, whys, strict=False)]
    assert sentences.not_predicted(cells(*lacking), LABELS) == (
        "Nothing is predicted for this study: sigmoid and tanh (mean squares outside of 10⁻⁶ to 10⁶); ReLU (E f² is "
        "0, infinite or not known to 8 digits); ELU (no reason given)."
    )


def test_of_many_settings_and_reasons_a_few_are_said():
    lacking = [cell(setting=f"s{number}", predicted=None, reason="jumps") for number in range(6)]
    assert sentences.not_predicted(cells(cell(), *lacking), LABELS) == (
        "Not predicted are 6 of 7 cells: sigmoid with “s0” (jumps); sigmoid with “s1” (jumps); sigmoid with “s2” "
        "(jumps); 3 more cases in the table `expectations`."
    )
