import pytest
from actbench.analysis import cells
from actbench.figures import drawing
from actbench.report import pooled
from made_up_cells import study

LABELS = {"relu": "ReLU", "tanh": "Tanh", "gelu": "GELU", "elu": "ELU"}


def found(*studies, margin=0.01, margins=None):
    """What is said of them: the answer, and the notes."""
    whole = cells.pooled(studies)
    rows = cells.summary(whole, margin)
    margins = margins or {config["study"]: margin for config, *_ in studies}
    return pooled.answer(whole, rows, LABELS, margin), pooled.notes(whole, rows, margins)


def test_the_answer_names_who_is_in_all_cells_and_closest_most_often():
    first, second = study("a", relu=[0.9], tanh=[0.8]), study("b", "mnist", relu=[0.9], tanh=[0.9])
    assert found(first, second) == (
        "By mean accuracies ReLU comes within 1 point of the best in 2 of 2 cells, more often than any other; "
        "differences are not tested here.",
        [],
    )
    both = study("a", relu=[0.9], tanh=[0.9])
    assert found(both, second)[0] == (
        "By mean accuracies ReLU and Tanh come within 1 point of the best in 2 of 2 cells; differences are not "
        "tested here."
    )


def test_activations_of_some_cells_only():
    first, second = (
        study("a", relu=[0.8], tanh=[0.8], gelu=[0.9]),
        study("b", "mnist", relu=[0.9], tanh=[0.8]),
    )
    answer, notes = found(first, second)
    assert answer == (
        "By mean accuracies ReLU comes within 1 point of the best in 1 of 2 cells, more often than any other, "
        "of those that take part in all of them; differences are not tested here."
    )
    assert notes == ["Activations take part in different cells: shares with another n are of other problems."]


def test_studies_without_an_activation_in_common():
    answer, notes = found(study("a", relu=[0.8], tanh=[0.9]), study("b", "mnist", gelu=[0.9], elu=[0.8]))
    assert answer == "No activation takes part in both cells, so that shares are of different cells."
    third = study("c", "mnist1d", relu=[0.8], tanh=[0.9])
    answer, _ = found(study("a", relu=[0.8], tanh=[0.9]), study("b", "mnist", gelu=[0.9], elu=[0.8]), third)
    assert answer == "No activation takes part in all 3 cells, so that shares are of different cells."
    assert any("No activation takes part in cells of two studies" in note for note in notes)
    met = found(study("a", relu=[0.8]), study("b", tanh=[0.9]))
    assert met == (
        "By mean accuracies Tanh comes within 1 point of the best in the one cell, more often than any other; "
        "differences are not tested here.",
        [],
    )


def test_nothing_to_compare():
    answer, notes = found(study("a", relu=[0.8]), study("b", "mnist", tanh=[0.1], relu=[0.1]))
    assert answer == "In no cell did two activations take part of which one trained: there is no profile."
    assert notes[:1] == [
        "2 cells are left out, in which fewer than two activations took part or none trained."
    ]


def test_other_margins_are_said():
    given = study("a", relu=[0.8], tanh=[0.9]), study("b", "mnist", relu=[0.9], tanh=[0.9])
    _, notes = found(*given, margins={"a": 0.01, "b": 0.0025})
    assert notes == ["Margins differ (a 1 and b 0.25 points): that of a counts here."]


def test_unequal_numbers_of_seeds_and_cells_are_said():
    first, second = study("a", relu=[0.8, 0.8], tanh=[0.9] * 5), study("b", "mnist", relu=[0.9], tanh=[0.9])
    _, notes = found(first, second, study("c", "mnist", depth=3, relu=[0.1], tanh=[0.1]))
    assert notes[1:] == [
        "Each cell counts once, and studies have different numbers of them: a 1, b 1 and c 0.",
        "Means are of 1 to 5 seeds: those of few are less certain, and count alike.",
    ]


def test_cells_have_titles_and_a_flat_table():
    whole = cells.pooled(
        [
            study("a", relu=[0.8], tanh=[0.9]),
            study("b", gelu=[0.7]),
            study("c", "mnist", depth=1, relu=[0.9], tanh=[0.9]),
        ]
    )
    blocks = pooled.blocks(whole)
    assert [block["title"] for block in blocks] == [
        "a and b: digits, 2 hidden layers",
        "c: mnist, 1 hidden layer",
    ]
    assert [[row["activation"] for row in block["rows"]] for block in blocks] == [
        ["tanh", "relu", "gelu"],
        ["relu", "tanh"],
    ]
    table = pooled.table(whole)
    assert table["study"].tolist() == ["a+b"] * 3 + ["c"] * 2
    assert table["behind"].tolist() == pytest.approx([0, 0.1, 0.2, 0, 0])
    settings = cells.pooled([study(name, name, setting=name, relu=[0.8], tanh=[0.9]) for name in ("x", "y")])
    assert pooled.blocks(settings)[1]["title"] == "y: y, 2 hidden layers, y"


def test_the_figure_has_a_line_an_activation_and_says_n():
    drawing.use_style()
    whole = cells.pooled(
        [study("a", relu=[0.8], tanh=[0.9], gelu=[0.5]), study("c", "mnist", relu=[0.9], tanh=[0.9])]
    )
    figure = pooled.figure(whole, LABELS)
    (axis,) = [axis for axis in figure.axes if axis.lines]
    assert len(axis.lines) == 3 and axis.get_title() == "n = 2"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ReLU", "Tanh", "GELU (n = 1)"]
