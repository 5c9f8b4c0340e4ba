"""Every section but the answer and the claims opens with its finding, and says the rest in short paragraphs."""

import html
import re

import made_up
import made_up_theory
import pandas as pd
import pytest
from actbench.analysis.tables import of_setting
from actbench.report import contents, numbers, page, share_sentences
from actbench.report.section import Study
from actbench.report.sections import comparison, dead_neurons, depths, distributions, recipe, why
from conftest import ROOT

TEMPLATE = ROOT / "workflow" / "report" / "report.html"
WITHOUT = {"answer", "claims"}
MOST = 60


@pytest.mark.parametrize("section", [s for s in contents.SECTIONS if s.id not in WITHOUT], ids=lambda s: s.id)
def test_a_template_has_its_finding_straight_after_its_title(section):
    text = (TEMPLATE.parent / "sections" / section.template).read_text("utf-8")
    assert re.search(
        r"<h2>.*?</h2>\n<p class=\"finding\">({{ parts.badge\(finding\) }})?{{ finding.*? }}</p>\n", text
    )


def study(*settings, folds=None, **changes):
    config = made_up.config(settings, **changes)
    config["evaluation"]["folds"] = folds
    every = made_up.tables(config) | made_up_theory.tables(config)
    named = [*comparison.SECTION.figures, *recipe.SECTION.figures, *why.SECTION.figures, "sensitivity"]
    return Study(config, of_setting(every, settings[0]), dict.fromkeys(named, "data:,"), {}, {}, every)


def words(text, tag):
    found = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.DOTALL)
    return [html.unescape(re.sub("<[^>]*>", "", part)).split() for part in found]


@pytest.mark.parametrize(
    "made",
    [
        {"settings": ("default",)},
        {"settings": ("default", "critical", "layer", "adam", "residual"), "depths": (2, 8)},
        {"settings": ("default", "critical"), "n_seeds": 1},
    ],
    ids=["one setting", "five settings", "one seed"],
)
def test_no_paragraph_of_a_full_section_has_more_than_sixty_words(made):
    made_study = study(*made.pop("settings"), **made)
    text = contents.render(made_study, TEMPLATE, [comparison.SECTION, recipe.SECTION, why.SECTION])
    counts = [len(paragraph) for paragraph in words(text, "p")]
    assert len(counts) > 20 and max(counts) <= MOST
    found = re.findall(r'<h2>.*?</h2>\s*<p class="finding">(.+?)</p>', text)
    assert len(found) == 3 and all(re.search(r"\d", finding) for finding in found)


def test_a_text_is_cut_after_sentences_and_where_one_is_long_at_its_semicolons():
    assert numbers.paragraphs("", 3) == []
    assert numbers.paragraphs("One two. Three four; five six seven.", 3) == [
        "One two.",
        "Three four.",
        "Five six seven.",
    ]
    assert numbers.paragraphs("Up to 5. 6 more of e.g. relu.", 3) == ["Up to 5. 6 more of e.g. relu."]
    assert numbers.paragraphs("A b. C d.", 4) == ["A b. C d."]
    assert numbers.paragraphs("A; b. C.", 9) == ["A; b. C."]


def test_a_name_is_not_cut_and_keeps_its_case():
    names = ["prelu", "x; y", "mine. Best", "re"]
    text = "No difference is known; prelu cannot be compared; x; y beats mine. Best."
    assert numbers.paragraphs(text, 4, names) == [
        "No difference is known.",
        "prelu cannot be compared.",
        "x; y beats mine. Best.",
    ]
    assert numbers.paragraphs("A is b; prelus are c.", 3, names) == ["A is b.", "Prelus are c."]
    assert numbers.paragraphs(text, 60, names) == [text]


def test_a_page_knows_its_labels(monkeypatch):
    template = page.environment(TEMPLATE.parent).from_string(
        "{% for t in text | paragraphs %}[{{ t }}]{% endfor %}"
    )
    text = f"{'word ' * 40}end; my. Label {'word ' * 40}end."
    assert "[my. Label word" in template.render(text=text, labels={"a": "my. Label"})
    assert "[Label word" in template.render(text=text)


def dead_study(**counts):
    row = {
        "activation": "relu",
        "depth": 2,
        "setting": "default",
        "seed": 0,
        "fold": 0,
        "layer": 0,
        "n_neurons": 4,
    }
    nothing = {"n_dead": 0, "n_dormant": 0, "n_saturated": 0}
    rows = [row | nothing | {"checkpoint": "init"}, row | nothing | counts | {"checkpoint": "trained"}]
    over = pd.DataFrame(columns=["activation", "measure", "n", "mean", "ci_low", "ci_high"])
    config = made_up.config(("default",), depths=(2,), n_seeds=1, keys=("relu",))
    config["probe_dead_neurons"] = {"dormant_threshold": 0.025}
    tables = {"dead_neurons": pd.DataFrame(rows), "over_depths": over}
    return Study(config, tables, {"dead_neurons": "data:,"}, {}, {}, tables)


def parts(study, section):
    return re.findall(r'id="((?:table|figure)-\w+)"', contents.render(study, TEMPLATE, [section]))


def test_without_dead_dormant_or_saturated_units_there_is_no_table_and_no_figure():
    made = dead_study()
    assert parts(made, dead_neurons.SECTION) == []
    text = " ".join(contents.render(made, TEMPLATE, [dead_neurons.SECTION]).split())
    assert "No unit is dead" in text and "None is dormant or saturated" in text


def test_the_table_of_units_has_what_occurs_and_the_figure_is_shown_where_units_are_dead():
    assert parts(dead_study(n_dormant=1), dead_neurons.SECTION) == ["table-dead_units"]
    text = contents.render(dead_study(n_dormant=1), TEMPLATE, [dead_neurons.SECTION])
    assert (
        "Dormant, initially" in text and "Dead, initially" not in text and "Saturated, initially" not in text
    )
    dead = dead_study(n_dead=1)
    assert parts(dead, dead_neurons.SECTION) == [
        "figure-dead_neurons",
        "table-dead_units",
        "table-dead_by_layer_d2",
    ]


def test_dead_units_over_depths_are_columns_only_where_there_are_any():
    rows = [
        ("accuracy_first", 0.9),
        ("dead_init_first", 0.0),
        ("dead_init_change", 0.0),
        ("dead_trained_first", 0.0),
    ]
    table = pd.DataFrame(rows, columns=["measure", "mean"])
    assert depths.changing(table) == []
    assert depths.changing(
        pd.concat([table, pd.DataFrame({"measure": ["dead_trained_last"], "mean": 0.1})])
    ) == [2]


def test_who_trained_is_a_sentence_where_it_does_not_differ():
    shares = pd.DataFrame({"baseline": ["relu"] * 2, "n_seeds": 5, "n_only": 0, "n_only_baseline": 0})
    assert share_sentences.alike(shares, {"relu": "ReLU"}) == (
        "In 2 comparisons of who trained, each of the n = 5 seeds did with both ReLU and the other activation, or with "
        "neither."
    )
    other = shares.assign(n_only_baseline=[0, 1])
    assert (
        share_sentences.differ(other)
        and share_sentences.alike(other, {}) == share_sentences.alike(shares[:0], {}) == ""
    )


def signals(share, *settings):
    """A study of one network, of whose hidden layer this share of pre-activations is saturated."""
    place = {"activation": "relu", "depth": 2, "setting": settings[0], "seed": 0, "fold": 0, "layer": 0}
    values = {"mean": 0.0, "std": 1.0, "mean_cosine": 0.5, "saturated_fraction": share}
    rows = [
        place | values | {"checkpoint": when, "signal": signal}
        for when in ("init", "trained")
        for signal in ("activation", "preactivation")
    ]
    config = made_up.config(settings, depths=(2,), n_seeds=1, keys=("relu",))
    config["probe_distributions"] = {"images": 9}
    tables = {"distributions": pd.DataFrame(rows)}
    figures = dict.fromkeys(("saturation", "heat_activations", "distributions_d2"), "data:,")
    return Study(config, tables, figures, {}, {}, tables)


def opening(made):
    """The finding of the section on distributions as HTML, as plain text, and the text for its figure."""
    text = contents.render(made, TEMPLATE, [distributions.SECTION])
    found = re.search(r'<p class="finding">(.*?)</p>', text, re.DOTALL)[1]
    alt = re.search(r'alt="(Heat map.*?)"', text, re.DOTALL)[1]
    return found, *(html.unescape(re.sub("<[^>]*>", "", part)) for part in (found, alt))


def test_a_badge_names_the_setting_where_there_are_several():
    found, text, alt = opening(signals(0.25, "<he>", "layer"))
    assert found.startswith(
        '<span class="badge"><span class="hidden">Setting </span>&lt;he&gt;<span class="hidden">:</span></span> '
    )
    assert text.startswith("Setting <he>: At initialisation")
    sentence = text.removeprefix("Setting <he>: ")
    one, same, _ = opening(signals(0.25, "<he>"))
    assert "<" not in one and same == sentence
    assert alt.endswith(f"one column for each depth. Setting “<he>”: {sentence}")


def test_where_there_is_no_finding_there_is_no_badge():
    made = page.environment(TEMPLATE.parent).from_string(
        '{% import "parts.html" as parts with context %}{{ parts.badge(finding) }}'
    )
    assert made.render(finding="", settings=["a", "b"], counter=page.counter()) == ""


@pytest.mark.parametrize(("share", "shown"), [(0.0, False), (0.25, True)])
def test_saturation_is_drawn_where_there_is_any(share, shown):
    made = signals(share, "default")
    expected = ["figure-heat_activations", "figure-distributions_d2"] + ["figure-saturation"] * shown
    assert parts(made, distributions.SECTION) == expected
    text = contents.render(made, TEMPLATE, [distributions.SECTION])
    text = text[text.index("<section") :]
    assert (
        text.index("figure-heat_activations")
        < text.index("<details>")
        < text.index("figure-distributions_d2")
    )
    assert ("No pre-activation is saturated." in text) is not shown


def test_folded_figures_are_numbered_where_they_are_opened():
    page_ = contents.render(signals(0.25, "default"), TEMPLATE, [distributions.SECTION])
    opened = re.search(r"<summary>Histograms of the activations of one network each(.*?)</summary>", page_)[1]
    number = re.search(r'href="#figure-distributions_d2">Figure (\d+)\.', page_)[1]
    assert opened == f" (Figure {number})"


def test_of_many_activations_some_are_named():
    cells = pd.DataFrame(
        {"activation": [f"a{n}" for n in range(9)], "n_at_chance": 0, "n_improving": 1, "n_trained": 5}
    )
    text = share_sentences.ended(cells.assign(n_seeds=5), {f"a{n}": f"A{n}" for n in range(9)})
    assert text.endswith("epochs: A0 (1 of 5), A1 (1 of 5), A2 (1 of 5) and 6 more.")


def test_activations_without_a_dead_unit_are_left_out_over_depths():
    ends = {"first": 0.9, "last": 0.8, "mean": -0.1, "n": 5, "ci_low": -0.2, "ci_high": -0.05}
    none = ends | {"first": 0.0, "last": 0.0, "mean": 0.0}
    made = [{"key": "relu", "parts": [ends, none, ends]}, {"key": "tanh", "parts": [ends, none, none]}]
    assert [row["key"] for row in depths.dying(made)] == ["relu"]
