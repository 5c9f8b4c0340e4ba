"""The page of a network that somebody else trained: its sentences and cells, from rows that are known."""

import re

import opened_pages
import pandas as pd
import pytest
from actbench.report import checkpoint, page
from conftest import ROOT

UNITS = {"n_neurons": 8, "n_zero_gradient": 0, "n_dormant": 0, "n_dormant_centred": 0, "n_saturated": 0}


def tables(dead=(0, 0), rms=(2e-4, 1e-4, 4e-4)):
    signals = [
        (layer, s)
        for layer in range(3)
        for s in ("preactivation", "activation")
        if (layer, s) != (2, "activation")
    ]
    return {
        "dead_neurons": pd.DataFrame([{"layer": i, "n_dead": n} | UNITS for i, n in enumerate(dead)]),
        "distributions": pd.DataFrame([{"layer": i, "signal": s, "mean": i, "std": 1.0} for i, s in signals]),
        "gradients": pd.DataFrame(
            [{"layer": i, "tensor": "preactivation", "rms": r} for i, r in enumerate(rms)]
        ),
    }


MADE = {"scores": {"test": {"n": 2000, "accuracy": 0.876, "loss": 0.4}}}


@pytest.mark.parametrize(
    ("dead", "words"),
    [
        ((0, 0), "Of its 16 hidden units, none is dead."),
        ((0, 1), "Of its 16 hidden units, 1 is dead (1 in layer 1)."),
        ((3, 8), "Of its 16 hidden units, 11 are dead (3 in layer 0 and 8 in layer 1)."),
    ],
)
def test_findings(dead, words):
    said = dict(checkpoint.findings(tables(dead), MADE))
    assert said["Units"] == words and list(said) == ["Units", "Gradients"]
    assert said["Gradients"].startswith("The gradient of its first layer is 0.5 times that of its logits")


def test_the_headline_is_what_it_scores():
    said = checkpoint.headline("w.pt", MADE)
    assert said == "w.pt classifies 87.6\N{NO-BREAK SPACE}% of the 2,000 test images right"
    assert checkpoint.headline("w.pt", MADE, "examples").endswith("of the 2,000 test examples right")


def test_what_it_scores_elsewhere():
    scores = {"training": {"n": 8000, "accuracy": 0.9}, "validation": {"n": 500, "accuracy": 0.8}}
    (name, said), *_ = checkpoint.findings(tables(), {"scores": MADE["scores"] | scores})
    assert name == "Elsewhere" and said == (
        "It classifies 90.0\N{NO-BREAK SPACE}% of the 8,000 training and 80.0\N{NO-BREAK SPACE}% of the 500 validation "
        "images right; which of all it was trained on is not known."
    )


@pytest.mark.parametrize("rms", [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (float("nan"), 1.0, 1.0)])
def test_no_ratio_of_gradients_that_are_0_or_not_finite(rms):
    assert [name for name, _ in checkpoint.findings(tables(rms=rms), MADE)] == ["Units"]
    assert "gradients" not in checkpoint.finding_by_layer(tables(rms=rms))


def test_the_finding_by_layer():
    assert checkpoint.finding_by_layer(tables((3, 5))) == (
        "Most units are dead in layer 1: 5 of 8; gradients lie between 0.0001 (layer 1) and 0.0004 (layer 2)."
    )
    assert checkpoint.finding_by_layer(tables()).startswith(
        "No unit is dead in any of the 2 hidden layers; gradients"
    )


def test_rows_by_layer():
    rows = checkpoint.by_layer(tables((0, 2)))
    assert [row["layer"] for row in rows] == [0, 1, 2]
    assert rows[1]["units"]["n_dead"] == 2 and rows[1]["z"]["mean"] == rows[1]["h"]["mean"] == 1
    assert rows[2]["units"] is None and rows[2]["h"] is None and rows[2]["weight"] is None
    assert rows[2]["preactivation"] == 4e-4


def of_page(dataset, folds):
    """The page without figures and downloads."""
    found = tables()
    found["gradients"] = pd.concat([found["gradients"], found["gradients"].assign(tensor="weight")])
    made = {
        "scores": dict.fromkeys(checkpoint.SUBSETS, MADE["scores"]["test"]),
        "network": {"sizes": [40, 8, 8, 10], "norm": "none", "bias": True},
        "params": {"digest": "0"},
        "data": "1",
        "provenance": {"device": "cpu", "python": "3.12", "versions": {"torch": "2"}, "commit": None},
    }
    config = {"study": "tiny", "dataset": dataset, "normalisation": "none", "evaluation": {"folds": folds}}
    config |= {"probe_gradients": {"images": 256}, "probe_distributions": {"images": 1024}}
    config |= {"probe_dead_neurons": {"dormant_threshold": 0.025}}
    template = ROOT / "workflow" / "report" / "checkpoint.html"
    shown = checkpoint.context("w.pt", "ReLU", config, found, made)
    shown |= {"css": page.stylesheet(template.parent), "script": page.script(template.parent)}
    shown |= {"csvs": {}, "figures": dict.fromkeys(checkpoint.TABLES, "data:,")}
    return page.render(template, shown)


def test_the_page_calls_data_what_they_are_and_names_the_fold():
    of_images, of_examples = of_page("mnist", None), of_page("mnist1d", 5)
    seen = re.sub(r"<(style|script).*?</\1>", "", of_images, flags=re.DOTALL)
    assert "Images of the study’s split." in " ".join(seen.split()) and " fold " not in seen
    assert "Examples of fold 0 of the study’s 5 folds; the others are not used here. Nothing" in of_examples
    assert "the 2,000 test images right" in of_images and "the 2,000 test examples right" in of_examples
    texts = (
        re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL) for text in (of_examples, of_images)
    )
    assert ["images" in text for text in texts] == [False, True]


def test_in_a_browser(browser, tmp_path):
    path = tmp_path / "checkpoint.html"
    path.write_text(of_page("mnist", None), encoding="utf-8")
    opened_pages.check(browser, path)
