"""No false sentence: kinds that were found on earlier pages, each with the data that it was false of.

Random small studies go through every sentence on results: each number that is said is one of the tables.
"""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import comparisons, endings, shares, statistics, trends
from actbench.report import (
    findings,
    headline,
    numbers,
    page,
    search_sentences,
    sentences,
    share_sentences,
    verdict_sentences,
)
from conftest import ROOT
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.fault(
    "no false sentence",
    "random small studies, and those of which an earlier page said what was not so: a run at 19.7 % that never left "
    "chance, a trend that is none, a clipped interval, a t interval of two seeds",
    "every number that is said is one of the tables, and no such sentence appears",
)

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
N_IMAGES = 300
FORBIDDEN = re.compile(
    r"\bnever\b|\bsurely\b|\bis sure\b|each layer|with depth|the deeper|"
    r"\bgrows?\b|\bincreases?\b|monoton|(?-i:\bNone\b(?! of ))|\bnan\b|\binf\b",
    re.IGNORECASE,
)
MACROS = page.environment(ROOT / "workflow/report").get_template("macros.html").module


def test_a_run_that_reached_19_7_percent_did_not_stay_at_chance():
    """Guessing among ten classes on 250 images, 40 epochs: 19.7 % is beyond what 95 % of such runs reach."""
    epochs = pd.DataFrame({"epoch": range(1, 41), "val_accuracy": 0.1, "train_accuracy": 0.1})
    epochs.loc[20, "val_accuracy"] = 0.197
    keys = {"activation": "relu", "depth": 8, "setting": "default", "seed": 0, "fold": 0}
    history = epochs.assign(**keys)
    runs = pd.DataFrame([keys | {"status": "ok", "trained": False, "best_epoch": 21}])
    (found,) = endings.counts(runs, history, {"default": 40}, 0.1, 250).values()
    assert found == {"n_at_chance": 0, "n_improving": 0}
    cells = pd.DataFrame([keys | found | {"n_seeds": 1, "n_trained": 0}])
    assert share_sentences.ended(cells, LABELS) == ""


@pytest.mark.parametrize(
    ("verdict", "n_pairs", "text"),
    [
        ("inconclusive", 2, "–"),
        ("inconclusive", 3, "−1.00 to +2.00"),
        ("better", 2, "−1.00 to +2.00"),
    ],
)
def test_two_pairs_that_decide_nothing_have_no_interval(verdict, n_pairs, text):
    row = {"difference": 0.01, "difference_low": -0.01, "difference_high": 0.02}
    assert f"<td>{text}</td>" in MACROS.difference(row | {"verdict": verdict, "n_pairs": n_pairs})


def test_an_interval_from_minus_70_to_119_points_is_none():
    row = {"difference": 0.24, "difference_low": -0.6994, "difference_high": 1.1878, "n_pairs": 3}
    assert "118" not in MACROS.difference(row | {"verdict": "inconclusive"})


def test_a_p_of_0_94_beside_worse_is_marked():
    row = {"verdict": "worse", "n_pairs": 5, "p_holm": 0.94, "difference_low": -0.2, "difference_high": 0.1}
    assert MACROS.p_value(0.94, row, marked=True).strip() == "<td>0.94†</td>"
    assert "†" not in MACROS.p_value(0.94, row | {"verdict": "inconclusive"}, marked=True)


@given(st.lists(st.integers(1, N_IMAGES - 1), min_size=3, max_size=6))
@settings(max_examples=60, deadline=None)
def test_an_interval_is_inside_what_an_accuracy_can_be_uncut(counts):
    """38.2 to 108.5 % is not shown as 38.2 to 100.0 %: the ends lie inside, and read so."""
    values = np.array(counts) / N_IMAGES
    found = statistics.bounded_interval(values, N_IMAGES)
    if found is not None:
        low, high = found
        assert 0 < low < values.mean() < high < 1
        text = numbers.interval(low, high)
        if low > 1e-5 and high < 1 - 1e-5:
            assert all(0 < float(end) < 100 for end in text.removesuffix(f"{numbers.NBSP}%").split("–"))


OUTCOMES = st.one_of(st.none(), st.just(0.1), st.integers(120, N_IMAGES).map(lambda n: n / N_IMAGES))


@st.composite
def studies(draw):
    """Runs of three activations at two depths: None has diverged, 0.1 has not trained; how many improved."""
    n_seeds = draw(st.integers(1, 6))
    rows = []
    for activation in LABELS:
        for depth in (2, 8):
            for seed, value in enumerate(draw(st.lists(OUTCOMES, min_size=n_seeds, max_size=n_seeds))):
                rows.append(
                    {
                        "activation": activation,
                        "depth": depth,
                        "setting": "default",
                        "seed": seed,
                        "fold": 0,
                        "status": "diverged" if value is None else "ok",
                        "best_epoch": 20,
                        "trained": value is not None and value > 0.325,
                        "test_accuracy": np.nan if value is None else value,
                    }
                )
    return pd.DataFrame(rows), draw(st.integers(0, n_seeds))


def said(runs, n_improving):
    """Every sentence on the results, and the tables that they are made from."""
    compared = pd.DataFrame(comparisons.comparison(runs, "relu", 0.01, N_IMAGES))
    compared["n_improving"] = compared["n_trained"].clip(upper=n_improving)
    compared["n_at_chance"] = compared["n_seeds"] - compared["n_trained"] - compared["n_diverged"]
    shared = pd.DataFrame(shares.shares(runs, "relu", N_IMAGES, 0.1))
    dead = runs[["activation", "depth", "seed", "fold", "setting"]].assign(n_dead=runs["seed"], n_neurons=10)
    dead = pd.concat([dead.assign(checkpoint=name) for name in ("init", "trained")])
    over_depths = pd.DataFrame(trends.over_depths(runs, dead, N_IMAGES)).astype(
        {"mean": float, "ci_low": float}
    )
    family = int((compared["verdict"] != "baseline").sum())
    history = runs[["activation", "depth", "seed", "fold"]].assign(val_accuracy=0.2)
    texts = [
        *opening(runs, compared, over_depths, history),
        sentences.smallest_p(int(compared["n_seeds"].max()), family),
        *sentences.depth_effect(over_depths, LABELS, [2, 8]).values(),
        share_sentences.decided(shared, LABELS, len(shared)),
        verdict_sentences.beside_p(compared.to_dict("records"), LABELS, family),
    ]
    for _, cells in compared.groupby("depth"):
        texts += [
            sentences.outcome(cells, LABELS),
            sentences.verdicts(cells, LABELS),
            sentences.required_seeds(cells, LABELS),
            share_sentences.ended(cells, LABELS),
            share_sentences.apart(share_sentences.of_runs(cells, runs), LABELS),
            verdict_sentences.unfinished(cells, LABELS),
        ]
    searches = rates(runs)
    texts.append(search_sentences.diverged(later(runs, searches), LABELS))
    return [text for text in texts if text], [compared, shared, over_depths, runs, history, searches]


RECIPE = {
    "training": {"learning_rate": "tuned", "max_epochs": 40},
    "tuning": {"learning_rate": [0.01, 0.1], "seeds": 3, "max_epochs": 20},
}


def rates(runs):
    """A choice a cell, which trained in tuning but for tanh."""
    cells = runs[["activation", "depth", "setting", "fold"]].drop_duplicates()
    return cells.assign(learning_rate=0.1, at_edge=True, n_trained=3 * (cells["activation"] != "tanh"))


def later(runs, searches):
    return search_sentences.later(runs.assign(epochs_run=33), searches, {"default": RECIPE})


@given(studies())
@settings(max_examples=30, deadline=None, phases=[Phase.generate])
def test_every_network_that_diverged_with_a_rate_that_trained_is_counted_once(study):
    runs, _ = study
    found = later(runs, rates(runs))
    lost = runs[(runs["status"] == "diverged") & (runs["activation"] != "tanh")]
    counts = lost.groupby(["activation", "depth", "setting"]).size().to_dict()
    assert {place: one.n_diverged for place, one in found.items()} == counts
    text = search_sentences.diverged(found, LABELS)
    assert all((label in text) is any(key == place[0] for place in found) for key, label in LABELS.items())
    assert ("nothing of other rates" in text) is bool(found)


def opening(runs, compared, over_depths, history):
    """The sentences of the first screen, and those that sections open with."""
    n_seeds = int(compared["n_seeds"].max())
    pairs = pd.DataFrame(comparisons.pairs(runs, 0.01, N_IMAGES))
    differences = pd.concat([compared.rename(columns={"baseline": "other"}), pairs])
    leading = [key for key, leads in trends.leading(runs, differences).items() if leads]
    claim, basis = headline.headline(runs, LABELS, leading)
    fixed = {"training": {"learning_rate": 0.05}, "tuning": {"learning_rate": [0.05]}}
    config = {"network": {}, "seeds": range(n_seeds), "settings": {"default": fixed, "he": fixed}}
    config["evaluation"] = {"folds": None}
    return [
        f"{claim} ({basis}).",
        headline.trained(compared, LABELS, 1, history),
        headline.accuracy(compared, LABELS),
        headline.recipe(compared, None, {"default": fixed}, LABELS),
        headline.limits(config, compared),
        findings.comparison(compared, LABELS, 0.01),
        findings.pairs(pairs, 0.01, n_seeds),
        findings.depths(compared, over_depths, n_seeds),
        findings.learning(runs, compared, 40),
    ]


def in_the_tables(tables):
    """All numbers of the tables as they may be written: plain, in percent and points, to 0 to 4 digits."""
    values = np.concatenate([frame.select_dtypes("number").to_numpy(float).ravel() for frame in tables])
    values = np.abs(values[np.isfinite(values)])
    return {
        numbers.fixed(scale * value, digits) for value in values for scale in (1, 100) for digits in range(5)
    }


# Confidence, what an interval leaves out, the limit of p or a rate, the most epochs.
CONSTANT = {"95", "0", "0.05", "100", "40", "0.1"}


@given(studies())
@settings(max_examples=10, deadline=None, phases=[Phase.generate])
def test_what_is_said_of_a_random_study_is_so(study):
    texts, tables = said(*study)
    stated(texts, tables)
    claimed(texts, tables[0])
    counted_alike(tables[0])
    told_apart(study[0], tables[0])


def stated(texts, tables):
    """Every number that is said is one of the tables."""
    known = in_the_tables(tables) | CONSTANT
    known |= {numbers.significant(comparisons.smallest_p(n) * k) for n in range(2, 7) for k in (1, 2, 4)}
    known |= {str(n) for n in range(37)} | {"1000"}  # counts of networks, comparisons and seeds
    for text in texts:
        plain = text.replace(",000", "000").replace("Clopper–Pearson", "")
        unknown = [found for found in re.findall(r"\d+(?:\.\d+)?", plain) if found not in known]
        assert not unknown, (unknown, text)


def claimed(texts, compared):
    """No sentence claims what no test says, and all are sentences."""
    for text in texts:
        assert not FORBIDDEN.search(text), text
        assert text.strip() == text and text.endswith((".", "it.")) and "  " not in text and " ." not in text
        assert not text[0].islower() or text.startswith(tuple(LABELS.values())), text
    joined = " ".join(texts)
    words = {numbers.verdict(row).rstrip("?") for row in compared.to_dict("records")}
    for word in ("better", "worse", "equivalent"):
        if word not in words:
            assert f"{word} than" not in joined and f"is {word}" not in joined
    apart = compared[[numbers.disagrees(row) for row in compared.to_dict("records")]]
    assert ("†" in joined) is (len(apart) > 0)


def words_of(rows):
    """How often each word of `numbers.verdict` stands in a table, better and worse by less than surely as one."""
    words = [numbers.verdict(row) for row in rows.to_dict("records")]
    return Counter("slight" if word in ("better?", "worse?") else word for word in words)


SAID = {
    "better": r"(\d+) (?:is |are )?better(?!\?)",
    "worse": r"(\d+) (?:is |are )?worse(?!\?)",
    "equivalent": r"(\d+) (?:is |are )?equivalent",
    "inconclusive": r"(\d+) (?:is |are )?inconclusive",
    "slight": r"(\d+) (?:differs?, but not surely|better\?|worse\?)",
    "runs disagree": r"(\d+) (?:has |have )no mean",
    "–": r"(\d+) cannot be made",
}


def counted_alike(compared):
    """The first screen, the section and the table count the same verdicts; every sign is in the legend."""
    others = compared[compared["verdict"] != "baseline"]
    if compared["n_seeds"].max() == 1:
        return
    counts = words_of(others)
    for text in (
        headline.accuracy(compared, LABELS).partition("gainst ReLU:")[2],
        findings.comparison(compared, LABELS, 0.01).partition("comparisons with")[2],
    ):
        if not text:
            continue
        if "not comparable" in text:
            n = counts["runs disagree"] + counts["–"]
            assert int(re.search(r"(\d+) not comparable", text)[1]) == n
        for word, pattern in SAID.items():
            if word in ("runs disagree", "–") and "not comparable" in text:
                continue
            assert sum(map(int, re.findall(pattern, text))) == counts[word], (word, text)
    words = {numbers.verdict(row) for row in others.to_dict("records")} - {"–"}
    legend = verdict_sentences.legend(words, 0.01)
    signs = {sign for part in legend.split(", ") for sign in part.split() if not sign.isalnum()}
    assert {verdict_sentences.SIGNS[word] for word in words} <= signs


def told_apart(runs, compared):
    """Of those that are not told apart from the first no table says that they differ."""
    by_seed = statistics.per_seed(runs)
    always = by_seed.groupby("activation")["trained"].all()
    chosen = runs[runs["activation"].isin(always.index[always])]
    if chosen["activation"].nunique() < 2:
        return
    pairs = pd.DataFrame(comparisons.pairs(runs, 0.01, N_IMAGES))
    differences = pd.concat([compared.rename(columns={"baseline": "other"}), pairs])
    first, *others = trends.leaders(chosen, differences)
    differ = {
        frozenset((row["activation"], row["other"]))
        for row in differences.to_dict("records")
        if numbers.verdict(row).rstrip("?") in ("better", "worse")
    }
    for other in others:
        assert {first, other} not in differ
    for other in set(trends.leaders(chosen)) - {first, *others}:
        assert {first, other} in differ or _within(differences, first, other)


def _within(differences, first, other):
    """Whether the two are equivalent at some depth by an interval without 0."""
    rows = differences[differences["verdict"] == "equivalent"]
    rows = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)]
    return any({row.activation, row.other} == {first, other} for row in rows.itertuples())
