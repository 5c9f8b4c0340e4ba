"""The page of predictions: its sentences, and that all of it is said where nothing is predicted too."""

import opened_pages
import pandas as pd
import pytest
from actbench.analysis import recommendation
from actbench.figures import drawing
from actbench.figures import prediction as figures
from actbench.report import page, prediction
from actbench.report import prediction_sentences as sentences
from conftest import ROOT

LABELS = {"sigmoid": "sigmoid", "tanh": "Tanh", "mine": "<mine>"}
DECAYS = {
    ("sigmoid", "default"): (-2.0, -7.0),
    ("sigmoid", "he"): (-1.5, -4.4),
    ("tanh", "default"): (-0.9, -2.4),
    ("tanh", "he"): (-0.5, -0.4),
    ("mine", "default"): (None, None),
    ("mine", "he"): (None, None),
}
MADE = {
    "data": "abc",
    "limit": -3.5,
    "provenance": {"commit": None, "python": "3.11", "versions": {"torch": "2"}, "device": "a machine"},
}


def expectations(decays=DECAYS):
    rows = [
        {
            "activation": activation,
            "depth": depth,
            "setting": kind,
            "log10_first_last": decay,
            "expected_to_train": None if decay is None or decay > 1 else decay > -3.5,
            "reason": "it jumps" if decay is None else None,
        }
        for (activation, kind), both in decays.items()
        for depth, decay in zip((2, 8), both, strict=True)
    ]
    return pd.DataFrame(rows)


def row(**changes):
    edge = {"edge_gain": 1.304, "edge_bias_std": 0.2, "edge_stable": True}
    found = {"activation": "tanh", "depth": 8, "initialisation": "he", "gain": 2**0.5, "bias_std": 0.0} | edge
    found |= {"log10_first_last": -0.4, "expected_to_train": True, "q": 0.6, "first_q": 1.2, "stable": True}
    return dict.fromkeys(recommendation.SCHEMA.names) | found | {"error": 1e-8} | changes


MLP = {"family": "mlp", "initialisation": "default", "norm": "none", "residual": False, "bias_std": 0.2}
NOTHING = row(
    activation="mine", initialisation=None, expected_to_train=None, reason="it jumps", edge_gain=None
)
FAILING = row(activation="sigmoid", log10_first_last=-4.4, expected_to_train=False)


def said_of(*given):
    """What is said below the headline and in it, less how sure that is."""
    return [text for name, text in sentences.findings(*given) if name != "How sure"]


def test_the_answer_says_who_trains_and_with_what():
    assert said_of(expectations(), [FAILING, row(), NOTHING], LABELS, "default") == [
        "With PyTorch’s default initialisation, theory expects 3 of 4 networks to train: not sigmoid at 8 hidden layers.",
        "With PyTorch’s default initialisation, theory predicts nothing of <mine>: it jumps.",
        "At 8 hidden layers, the first layer’s gradient is closest in size to the last’s with “he” for sigmoid and Tanh; "
        "even so, sigmoid is not expected to train.",
    ]  # fmt: skip
    known = {key: both for key, both in DECAYS.items() if key[0] == "tanh"}
    assert said_of(expectations(known), [row()], LABELS, "he") == [
        "With “he”, theory expects all 2 networks to train.",
        "At 8 hidden layers, the first layer’s gradient is closest in size to the last’s with “he” for Tanh; so "
        "initialised, it is expected to train.",
    ]


@pytest.mark.parametrize(
    ("decays", "words"),
    [
        ([-1.0], "expects the one network to train."),
        ([-4.0], "does not expect the one network to train."),
        ([-1.0, -4.0], "expects 1 of 2 networks to train: not Tanh at 1 hidden layer."),
        ([-4.0, -5.0], "expects 0 of 2 networks to train: not sigmoid at 1 and Tanh at 1 hidden layer."),
    ],
)
def test_one_network_and_one_layer(decays, words):
    frame = expectations({(key, "he"): (decay, 0) for key, decay in zip(LABELS, decays, strict=False)})
    shallow = frame[frame["depth"] == 2].assign(depth=1)
    assert said_of(shallow, [], LABELS, "he") == [f"With “he”, theory {words}"]


def test_several_are():
    failing = [FAILING, row(expected_to_train=False)]
    assert said_of(expectations(), failing, LABELS, "he")[-1].endswith(
        "even so, sigmoid and Tanh are not expected to train."
    )
    both = [row(), row(activation="sigmoid")]
    assert said_of(expectations(), both, LABELS, "he")[-1].endswith("all are expected to train.")


def test_of_gradients_that_grow_nothing_is_expected():
    grown = DECAYS | {("tanh", "he"): (0.9, 3.3), ("sigmoid", "he"): (-1.5, 14.0)}
    frame = expectations(grown)
    said = sentences.growing(frame, LABELS)
    assert said == [
        "With “he”, the first layer’s gradient is predicted to be up to 10^14 times the last’s (sigmoid at 8 and Tanh at "
        "8 hidden layers); the limit was made of networks whose gradients shrink, and says nothing of these."
    ]
    told = said_of(frame, [row(expected_to_train=None), NOTHING], LABELS, "he")
    assert told == [
        "With “he”, theory expects all 2 networks to train.",
        "With “he”, theory predicts nothing of <mine>: it jumps.",
        *said,
    ]
    assert "gradient" not in " ".join(said_of(frame, [], LABELS, "default"))
    (one,) = sentences.growing(frame[frame["activation"] == "tanh"], LABELS)
    assert "predicted to be 2,000 times the last’s (Tanh at 8 hidden layers)" in one
    assert sentences.growing(expectations(), LABELS) == []


def test_where_nothing_is_predicted_the_answer_is_why():
    nothing = {key: both for key, both in DECAYS.items() if key[0] == "mine"}
    (said,) = said_of(expectations(nothing), [NOTHING], LABELS, "he")
    assert said == "With “he”, theory predicts nothing of <mine>: it jumps."
    assert sentences.advice(NOTHING, MLP) == ["Not predicted: it jumps."]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Surer: the images’ first mean square is 2 times the fixed point, q = 0.6, which is stable"),
        ({"first_q": 0.61}, "Surer: the images’ first mean square is at the fixed point, q = 0.6, which is stable"),
        ({"stable": False}, "Less sure: the images’ first mean square is 2 times the fixed point, q = 0.6, which is unstable"),
        ({"stable": None, "first_q": 0.6}, "Mean squares keep whatever size they have"),
        ({"stable": None}, "Less sure: the images’ first mean square is 2 times the fixed point, q = 0.6, where"),
        ({"q": None, "stable": None, "reason": "none is there"}, "There is no fixed point to tell how sure that is: none is there."),
        ({"error": 2e-6}, "Averages are known to a relative 2e-06 only."),
        ({}, "Edge of chaos: gain 1.3, biases of standard deviation 0.2, stable."),
        ({"edge_gain": None}, "No edge of chaos is known with biases of standard deviation 0.2."),
        ({}, "Use “he” (gain 1.41, biases 0): −0.40 decades at 8 hidden layers; such a network is expected to train."),
        ({"gain": None, "expected_to_train": False}, "Use “he”: −0.40 decades at 8 hidden layers; even so, such a network is not expected"),
        ({"log10_first_last": 2.0, "expected_to_train": None}, "+2.00 decades at 8 hidden layers; the limit says nothing of such"),
    ],
)  # fmt: skip
def test_advice_says_how_sure_one_can_be(changes, words):
    assert words in " ".join(sentences.advice(row(**changes), MLP))
    called = " ".join(sentences.advice(row(**changes), MLP, "examples"))
    assert words.replace("images", "examples") in called and "image" not in called


def test_findings_are_named_and_say_how_sure_they_are():
    found = sentences.findings(expectations(), [FAILING, row(stable=False), NOTHING], LABELS, "default")
    assert [name for name, _ in found] == ["Expected", "Unknown", "Better", "How sure"]
    assert found[-1][1].startswith(
        "Under 1 of 2 recommendations, mean squares return to a stable fixed point"
    )
    assert "How sure" not in dict(sentences.findings(expectations(), [NOTHING], LABELS, "default"))


def test_initialisations_are_counted_and_recommended():
    assert sentences.by_initialisation(expectations(), ["default", "he"]) == (
        "Not expected to train: 1 of 4 with PyTorch’s default initialisation and 1 of 4 with “he”."
    )
    nothing = {key: both for key, both in DECAYS.items() if key[0] == "mine"}
    assert sentences.by_initialisation(expectations(nothing), ["default", "he"]) == ""
    assert (
        sentences.recommendations([FAILING, row(), NOTHING], LABELS)
        == "Recommended: “he” for sigmoid and Tanh."
    )
    assert sentences.recommendations([NOTHING], LABELS).startswith("No initialisation can be recommended")


@pytest.mark.parametrize("network", [{"norm": "layer"}, {"norm": "batch"}, {"residual": True}])
def test_the_edge_is_not_that_of_other_maps(network):
    for changes in ({}, {"edge_gain": None}):
        said = " ".join(sentences.advice(row(**changes), MLP | network))
        assert "Use “he”" in said and "dge of chaos" not in said


def test_every_initialisation_has_its_column():
    known = {("tanh", kind): (-1.0, -2.0) for kind in ("mine", "critical", "default", "another", "he")}
    assert prediction.names(expectations(known)) == ["default", "he", "critical", "another", "mine"]


def test_reasons_name_the_initialisations_they_hold_for():
    some = expectations(DECAYS | {("tanh", "he"): (-0.5, None)})
    assert sentences.reasons(some, LABELS) == ["Tanh with he: it jumps", "<mine>: it jumps"]


@pytest.fixture
def written(tmp_path):
    """The page and its figure, from made-up tables."""
    evaluation = {"folds": None, "validation": 250, "training": None}
    config = {"study": "made-up", "dataset": "digits", "depths": [2, 8], "evaluation": evaluation}
    config |= {"settings": {"default": {"network": MLP}}, "report": {"baseline": "tanh"}}
    config["activations"] = [{"id": key, "label": label} for key, label in LABELS.items()]
    found = prediction.context(config, LABELS, expectations(), [FAILING, row(), NOTHING], MADE)
    found["figure"] = prediction.drawn(config, LABELS, expectations(), MADE["limit"])
    folder = ROOT / "workflow/report"
    found |= {"css": page.stylesheet(folder), "script": page.script(folder)}
    found["csvs"] = {"expectations": "data:text/csv,", "recommended": "data:text/csv,"}
    path = tmp_path / "prediction.html"
    path.write_text(page.render(folder / "prediction.html", found), encoding="utf-8")
    return path


def test_the_page_shows_every_cell(written):
    text = " ".join(written.read_text(encoding="utf-8").split())
    assert "<mine>" not in text and "&lt;mine&gt;" in text and "docs/theory.md" in text
    assert text.count('<td class="worse">') == 2 and text.count("−7.00 ✕") == 1
    assert text.count('<td class="none" title="it jumps">–</td>') == 4 and "at or below −3.5" in text
    assert 'id="figure-decay"' in text


def test_the_figure_ends_where_nothing_trains():
    drawing.use_style()
    deep = expectations({("tanh", "he"): (-1.0, -90.0), ("tanh", "default"): (0.5, 40.0)})
    figure = figures.decay(deep, ["default", "he"], drawing.Style({"tanh": "tanh"}), -3.5)
    assert figure.axes[0].get_ylim() == pytest.approx((-10.5, 10.5))
    assert [axis.get_title() for axis in figure.axes] == ["default", "he"]
    (line, limit) = figure.axes[1].lines
    assert list(line.get_ydata()) == [-1.0, -90.0] and list(limit.get_ydata()) == [-3.5, -3.5]


def test_in_a_browser(browser, written):
    opened_pages.check(browser, written)
