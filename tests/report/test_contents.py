"""The report's page is made of a list of sections: each says what it needs, and is left out without it."""

import importlib.util
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest
from actbench.data import catalogue
from actbench.figures.shown import CLASSES
from actbench.report import contents, numbers
from actbench.report.section import Study
from actbench.report.sections import cross_validation, depths
from conftest import ROOT

PAGES = ROOT / "workflow" / "report"
CONFIG = {
    "study": "mine",
    "dataset": "digits",
    "activations": [{"id": "relu", "label": "ReLU"}],
    "depths": [2],
    "seeds": [0],
    "settings": {"default": {}},
    "evaluation": {"folds": 2, "validation": 250},
    "report": {"baseline": "relu"},
}
SCORES = pd.DataFrame(
    {
        "activation": ["relu"],
        "depth": 2,
        "seed": 0,
        "split0_test_score": 0.9,
        "split1_test_score": 0.8,
        "mean_test_score": 0.85,
        "std_test_score": 0.05,
        "rank_test_score": 1,
    }
)
MODULE = """
from actbench.report.section import Section


def context(study):
    rows = study.tables["sparsity"]
    return {"most": rows["share"].max(), "downloads": {"sparse": rows}}


SECTION = Section(
    id="sparsity", title="Sparsity", template="sparsity.html", tables=("sparsity",), context=context
)
"""
PARTIAL = """
{% import "parts.html" as parts with context %}
<section id="sparsity">
<h2>Sparsity</h2>
<table>{% call parts.caption("sparse") %}At most {{ most | percent }}.{% endcall %}</table>
</section>
"""


@pytest.fixture
def study():
    return Study(CONFIG, {}, {}, {}, {})


@pytest.fixture
def pages(tmp_path):
    """The folder of the templates with one section more, and that section."""
    folder = shutil.copytree(PAGES, tmp_path / "report")
    (folder / "sections" / "sparsity.html").write_text(PARTIAL)
    (tmp_path / "sparsity.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location("sparsity", tmp_path / "sparsity.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return folder / "report.html", module.SECTION


def test_every_section_has_its_module_and_its_template():
    modules = {path.stem for path in (ROOT / "workflow/scripts/actbench/report/sections").glob("[!_]*.py")}
    templates = {path.stem for path in (PAGES / "sections").iterdir()}
    assert modules == templates == {section.template.removesuffix(".html") for section in contents.SECTIONS}
    for section in contents.SECTIONS:
        assert f' id="{section.id}">' in (PAGES / "sections" / section.template).read_text(), section.id


def test_anchors_and_lines_of_the_contents_are_told_apart():
    for names in ([s.id for s in contents.SECTIONS], [s.title for s in contents.SECTIONS]):
        assert len(set(names)) == len(names) and all(names)


@pytest.mark.parametrize("section", contents.SECTIONS, ids=lambda section: section.id)
def test_a_section_is_left_out_without_any_one_thing_that_it_is_made_from(study, section):
    named = [*section.tables, *section.any_of[:1]]
    study = replace(study, config=CONFIG | {"depths": [2, 8]})
    whole = replace(study, tables=dict.fromkeys(named), figures=dict.fromkeys(section.figures, ""))
    assert section.is_shown(whole)
    for kind in ("tables", "figures"):
        for name in getattr(whole, kind):
            rest = {key: value for key, value in getattr(whole, kind).items() if key != name}
            assert not section.is_shown(replace(whole, **{kind: rest})), name


def test_one_depth_has_no_section_across_depths(study):
    whole = replace(study, tables=dict.fromkeys(depths.SECTION.tables))
    for values, shown in (([2], False), ([2, 8], True)):
        assert depths.SECTION.is_shown(replace(whole, config=CONFIG | {"depths": values})) is shown


def test_a_section_of_parts_needs_one_of_them(study):
    section = replace(cross_validation.SECTION, tables=("runs",), any_of=("rates", "attribution"))
    for names, shown in (
        ({"runs"}, False),
        ({"rates", "attribution"}, False),
        ({"runs", "rates"}, True),
        ({"runs", "attribution"}, True),
    ):
        assert section.is_shown(replace(study, tables=dict.fromkeys(names))) is shown
    assert contents.tables([replace(section, optional=("tuning",))]) == {
        "runs",
        "rates",
        "attribution",
        "tuning",
    }


def test_the_page_has_those_sections_whose_tables_are_there(study, pages):
    """One of ours, and one whose module and template were written for this test."""
    template, sparsity = pages
    sections = (cross_validation.SECTION, sparsity)
    tables = {"cross_validation": SCORES, "sparsity": pd.DataFrame({"share": [0.25, 0.5]})}
    for present in (set(), {"sparsity"}, {"cross_validation"}, {"cross_validation", "sparsity"}):
        some = replace(study, tables={name: tables[name] for name in present})
        page = contents.render(some, template, sections)
        shown = [section.id for section in sections if {*section.tables} <= present]
        assert re.findall(r'<section id="(.*?)">', page) == shown
        assert re.findall(r'<li><a href="#(.*?)">', page) == shown
        assert ("At most 50.0\N{NO-BREAK SPACE}%." in page) == ("sparsity" in present)
        assert ('download="mine-sparse.csv"' in page) == ("sparsity" in present)
    assert re.findall(r"Table (\d)\.", page) == ["1", "2"]
    assert contents.tables(sections) == tables.keys()


def test_templates_call_no_example_an_image():
    """But the one figure that is drawn of images only; the word is a variable everywhere else."""
    tags = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
    found = {
        path.name: re.findall(r"\bimages?\b.*", tags.sub("", path.read_text("utf-8")), re.IGNORECASE)
        for path in PAGES.rglob("*.html")
    }
    assert {name for name, words in found.items() if words} == {"method.html"}
    assert [words.strip() for words in found["method.html"]] == ["images of each class of , of the first"]
    assert f"first {CLASSES} classes" in (PAGES / "captions" / "images.rst").read_text("utf-8")


@pytest.mark.parametrize(("dataset", "words"), [("digits", "images"), ("mnist1d", "examples")])
def test_what_examples_are_called(study, dataset, words):
    called = replace(study, config=CONFIG | {"dataset": dataset}).shared()
    assert (called["examples"], called["example"]) == (words, words[:-1])
    assert numbers.examples(catalogue.DATASETS["mnist"], catalogue.DATASETS[dataset]) == words


def test_no_line_of_a_template_is_long():
    templates = list(PAGES.rglob("*.html"))
    assert len(templates) > len(contents.SECTIONS)
    for path in templates:
        long = [n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if len(line) > 140]
        assert not long, f"{path}: lines {long}"


WITHDRAWN = [
    "left chance",
    "not enough seeds",
    "with each layer",
    "further hidden layer",
    "narrowing stack",
    "is a vanishing gradient",
    "gradients have vanished",
    "it explodes",
    "over an interval can have any",
    "asks for this many",
]


@pytest.mark.parametrize("words", WITHDRAWN)
def test_claims_that_some_study_makes_false_are_made_nowhere(words):
    workflow = ROOT / "workflow"
    texts = [*workflow.glob("report/**/*.html"), *workflow.glob("report/**/*.rst"), *workflow.rglob("*.py")]
    assert len(texts) > 40
    assert [path.name for path in texts if words in " ".join(path.read_text("utf-8").split())] == []
