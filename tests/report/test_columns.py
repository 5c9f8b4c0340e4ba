"""Every column of every table is explained: heads are written by macros, which look their names up."""

import re
from itertools import product

import jinja2
import pytest
from actbench.report import columns, page
from conftest import ROOT
from jinja2 import nodes

FOLDER = ROOT / "workflow" / "report"
TEMPLATES = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.html"))
ENVIRONMENT = page.environment(FOLDER)
# What a loop or a macro's argument stands for where a head is made of it.
KNOWN = {
    "text": [
        "σ_w",
        "q*",
        "Edge σ_b",
        "Max |f′|",
        "Activation",
        "Stable",
        "χ",
        "ξ_q",
        "ξ_c",
        "Edge σ_w",
        "σ_b",
    ],
    "words": ["Accuracy", "Dead units, initially", "Dead units, after training"],
    "measure": ["Dead", "Dormant", "Saturated"],
    "tensor": ["Weights", "Pre-activations"],
    "when": ["initially", "after training"],
    "baseline": ["ReLU", "a [b] * c"],
    "examples": ["images", "examples"],
    "depth": ["2"],
    "name": ["split0_test_score", "rank_test_score", "mean_test_score", "std_test_score"],
    "kinds": ["lecun"],
}


def texts(node):
    """What an expression of a template may be, as lists of names."""
    if isinstance(node, nodes.Const):
        return [str(node.value)]
    if isinstance(node, nodes.List):
        return [text for item in node.items for text in texts(item)]
    if isinstance(node, (nodes.Concat, nodes.Add)):
        parts = node.nodes if isinstance(node, nodes.Concat) else [node.left, node.right]
        if isinstance(node, nodes.Add):
            return [text for part in parts for text in texts(part)]
        return ["".join(chosen) for chosen in product(*map(texts, parts))]
    if isinstance(node, nodes.CondExpr):
        return texts(node.expr1) + texts(node.expr2)
    if isinstance(node, nodes.Name):
        return KNOWN[node.name]
    if isinstance(node, nodes.Getattr):
        return ["another study"]
    if isinstance(node, nodes.Filter):
        found = texts(node.node)
        if node.name == "capitalize":
            return [text.capitalize() for text in found]
        assert node.name == "format"
        return [re.sub(r"%[ds]", "3", text) for text in found]
    assert isinstance(node, nodes.Call), node
    called = node.node.attr if isinstance(node.node, nodes.Getattr) else node.node.name
    return {"layers": ["1 hidden layer", "8 hidden layers"], "count": ["1 layer", "8 layers"]}[called]


def caption_name(node):
    """Of the macro that the table of settings is made by, and of a name with a depth, one."""
    if isinstance(node, nodes.Filter):
        return node.node.value % 8
    return node.value if isinstance(node, nodes.Const) else "attribution"


def heads(template):
    """Table and name of every head that a template writes, in its order."""
    tree = ENVIRONMENT.parse((FOLDER / template).read_text(encoding="utf-8"))
    table = ""
    for node in tree.find_all((nodes.Call, nodes.Assign)):
        if isinstance(node, nodes.Assign):
            if isinstance(node.target, nodes.NSRef) and node.target.attr == "name":
                table = node.node.value
            continue
        called = getattr(node.node, "attr", getattr(node.node, "name", ""))
        if called == "caption":
            table = caption_name(node.args[0])
        elif called in ("heads", "head"):
            yield from ((table, text) for text in texts(node.args[0]))


FOUND = [
    (template, *found)
    for template in TEMPLATES
    if template.name != "macros.html"
    for found in heads(template)
]


def test_the_walk_finds_heads_of_every_kind():
    names = {(table, name) for _, table, name in FOUND}
    assert {
        ("comparison", "Difference to ReLU"),
        ("shares", "Only it"),
        ("published", "Tolerance from"),
    } <= names
    assert {
        ("ranking", "8 layers"),
        ("dead_by_layer_d8", "layer 3 (of 3)"),
        ("settings", "Overrides"),
    } <= names
    assert len(names) > 150


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_every_head_is_explained(template):
    without = [found for path, *found in FOUND if path == template and columns.of(*found) is None]
    assert without == [], "an entry of report/columns.py is missing"


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_heads_are_written_by_the_macro(template):
    if template.name != "macros.html":
        assert not re.search(
            r"<th\b[^>]*scope=\"col(group)?\"", (FOLDER / template).read_text(encoding="utf-8")
        )


def test_explanations_are_single_plain_sentences():
    entries = [entry for known in (columns.COMMON, *columns.TABLES.values()) for entry in known.values()]
    for column in entries:
        assert re.fullmatch(r"[A-Z\d][^<>&]+\.", column.text) and len(column.text) < 170, column.text


def test_no_explanation_is_left_over():
    """Of a table's entries each is the answer for a head of some template."""
    used = {(table.partition("_d8")[0], id(columns.of(table, name))) for _, table, name in FOUND}
    used |= {(columns.SAME[table], answer) for table, answer in used if table in columns.SAME}
    idle = [
        (table, head)
        for table, known in columns.TABLES.items()
        for head, column in known.items()
        if (table, id(column)) not in used
    ]
    assert idle == []


def test_a_word_comes_before_a_star_and_a_table_before_any():
    assert columns.of("shares", "Only it") is columns.TABLES["shares"]["Only it"]
    assert columns.of("shares", "Only GELU") is columns.TABLES["shares"]["Only *"]
    assert columns.of("matrix", "Activation") is columns.ACTIVATION
    assert columns.of("shares", "n") is columns.N
    assert columns.of("dead_by_layer_d16", "n") is columns.TABLES["dead_by_layer"]["n"]
    assert columns.of("shares", "no such head") is None


def written(text):
    environment = page.environment(FOLDER)
    environment.loader = jinja2.ChoiceLoader([jinja2.DictLoader({"one": text}), environment.loader])
    return environment.get_template("one").render(counter=page.counter())


def test_a_head_says_what_it_means_and_which_end_comes_first():
    text = written(
        '{% import "macros.html" as shared with context %}'
        '{% call shared.caption("comparison") %}x{% endcall %}{{ shared.heads(["SD", "Mean", "<i>"]) }}'
    )
    heads = re.findall(r"<th.*?</th>", text, re.DOTALL)
    assert "data-first" not in heads[0] and 'data-first="descending"' in heads[1]
    assert (
        'aria-describedby="head-2">Mean</span>' in heads[1]
        and 'role="tooltip" id="head-2">Mean test' in heads[1]
    )
    assert heads[2] == '<th scope="col">&lt;i&gt;</th>'
