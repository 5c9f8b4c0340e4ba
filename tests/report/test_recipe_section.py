"""The section on the recipe, from a made-up study: which parts it has, and what they say."""

import re

import made_up
import pandas as pd
import pytest
from actbench.report import contents
from actbench.report.numbers import NBSP
from actbench.report.section import Study
from actbench.report.sections import method, recipe
from conftest import ROOT

TEMPLATE = ROOT / "workflow" / "report" / "report.html"
OF_SETTINGS = ("comparison", "runs", "shares")


def study(lacking=(), figures=("sensitivity", "performance_profile"), **changes):
    config = made_up.config(**{"depths": (2, 4), "keys": ("sigmoid", "tanh", "relu"), **changes})
    every = {name: table for name, table in made_up.tables(config).items() if name not in lacking}
    first = next(iter(config["settings"]))
    tables = {
        name: table[table["setting"] == first] if name in OF_SETTINGS else table
        for name, table in every.items()
    }
    return Study(config, tables, dict.fromkeys(figures, "data:,"), {}, {}, every)


def page(study):
    return " ".join(contents.render(study, TEMPLATE, [recipe.SECTION]).split())


def parts(text):
    return re.findall(r'id="((?:table|figure)-\w+)"', text)


def test_settings_and_tuning_have_all_parts_in_their_order():
    assert parts(page(study())) == [
        "table-matrix",
        "table-attribution",
        "table-attribution_by_depth",
        "figure-sensitivity",
        "table-rates",
        "figure-performance_profile",
        "table-settings",
    ]


def test_what_is_folded_says_the_numbers_of_its_tables_and_figures():
    text = page(study())
    opened, inside = re.search(
        r"<summary>(The same at each depth.*?)</summary>(.*?)</details>", text
    ).groups()
    (number,) = re.findall(r">Table (\d+)\.</a>", inside)
    assert opened == f"The same at each depth (Table {number})"
    numbers = [int(n) for n in re.findall(r">Table (\d+)\.</a>", text)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"settings": ("default",)}, ["figure-sensitivity", "table-rates", "figure-performance_profile"]),
        (
            {"rate": 0.05},
            [
                "table-matrix",
                "table-attribution",
                "table-attribution_by_depth",
                "figure-performance_profile",
                "table-settings",
            ],
        ),
        ({"figures": (), "settings": ("default",)}, ["table-rates"]),
    ],
)
def test_each_part_is_there_with_its_table_or_figure(changes, expected):
    assert parts(page(study(**changes))) == expected


def test_one_setting_of_one_rate_has_no_such_section():
    assert not recipe.SECTION.is_shown(study(settings=("default",), rate=0.05))


def test_one_seed_and_one_activation_make_a_page():
    text = page(study(n_seeds=1))
    assert "One seed cannot say whether the difference to ReLU changes with the setting." in text
    assert re.search(r"sigmoid</th> <td[^>]*>1 of 1, 9\d\.\d.{0,40}</td> <td[^>]*>1 of 1", text)
    alone = study(keys=("relu",))
    assert "attribution" in alone.every and len(alone.every["attribution"]) == 0
    assert parts(page(alone)) == [
        "table-matrix",
        "figure-sensitivity",
        "table-rates",
        "figure-performance_profile",
        "table-settings",
    ]


def test_the_matrix_has_counts_accuracies_and_marks_in_the_order_of_the_settings():
    made = study()
    rows = recipe.matrix(made.every["comparison"], made.labels, ["critical", "default"], [4])[4]
    sigmoid = rows[0]["cells"]
    assert [row["key"] for row in rows] == ["sigmoid", "tanh", "relu"]
    assert [(cell["setting"], cell["n_trained"]) for cell in sigmoid] == [("critical", 5), ("default", 0)]
    text = page(made)
    assert re.search(r"sigmoid</th> <td[^>]*>0 of 5 .{0,40}</td> <td[^>]*>5 of 5, 9\d\.\d", text)


def test_attribution_is_by_setting_over_depths_and_then_at_each():
    rows = [
        ("tanh", "b", None, 5, -0.03, "inconclusive"),
        ("elu", "b", None, 5, 0.01, "inconclusive"),
        ("elu", "c", None, 5, 0.02, "setting"),
        ("tanh", "c", None, 1, None, "inconclusive"),
        ("tanh", "b", 8, 5, -0.03, "activation"),
        ("elu", "b", 2, 5, -0.03, "inconclusive"),
    ]
    names = ["activation", "setting", "depth", "n", "difference", "verdict"]
    table = pd.DataFrame(rows, columns=names).astype({"difference": float})
    first, second = recipe.attribution(table, {"elu": "ELU", "tanh": "tanh"}, ["a", "b", "c"], 0.01)
    assert [(row["activation"], row["open"]) for row in first["rows"]] == [("elu", False), ("tanh", True)]
    assert [(row["activation"], row["depth"]) for row in first["by_depth"]] == [("elu", 2), ("tanh", 8)]
    assert [(row["activation"], row["open"]) for row in second["rows"]] == [("elu", False), ("tanh", False)]
    assert [row["said"] for row in second["rows"]] == ["changes with the setting", "–"]
    assert [row["said"] for row in first["by_depth"]] == ["inconclusive", "does not change"]


def test_rates_have_a_choice_a_fold_and_their_marks():
    made = study(settings=("default",))
    rates = made.every["rates"]
    folded = pd.concat([rates.assign(fold=1, learning_rate=0.5, at_edge=True), rates])
    cells = recipe.chosen_rates(folded, made.labels, ["default"], [2])[2]
    assert [choice["fold"] for choice in cells[0]["cells"][0]] == [0, 1]
    text = page(made)
    n_edge = int(rates["at_edge"].sum())
    assert 0 < n_edge < len(rates)
    assert text.count('<b class="worse">edge</b>') == n_edge
    assert text.count("(–), trained 0 of 3") == int((rates["n_trained"] == 0).sum()) > 0


def test_overrides_are_keys_and_values():
    table = made_up.tables(made_up.config(("default", "adam", "residual")))["settings"]
    assert recipe.overrides(table.iloc[::-1]) == {
        "default": [],
        "adam": ["training.optimizer: adam", "tuning.learning_rate: [0.0001, 0.0003, 0.001, 0.003, 0.01]"],
        "residual": ["network.residual: true"],
    }
    table = pd.DataFrame({"setting": ["a"], "position": 0, "overrides": '{"normalisation": "standard"}'})
    assert recipe.overrides(table) == {"a": ["normalisation: standard"]}


def test_what_decides_is_said_by_every_kind_of_study():
    """Turned cells, attribution and tuning; with one recipe that it is one."""
    turned, attributed, left_out, tuned, untrained = recipe.decides(study())
    assert turned.startswith(
        "With “critical” instead of “default”, sigmoid (depth 4) trained from all 5 seeds"
    )
    assert "he difference to ReLU " in attributed and "tanh" in attributed
    assert left_out.startswith("Left out of the changes over depths: depth 4 of sigmoid")
    assert tuned.startswith("Learning rates are tuned")
    assert untrained.startswith("The search is shorter than training (20 of 40 epochs)")
    assert len(recipe.said(study())) == 6 and recipe.said(study())[0].startswith(
        "Of 30 networks in each setting"
    )
    (only,) = recipe.decides(study(settings=("default",), rate=0.05))
    assert only.startswith("All this holds for one recipe only")
    counts = recipe.decides(study(settings=("critical", "residual"), keys=("tanh", "relu")))[0]
    assert counts == (
        f"Of 20 networks in each setting (n{NBSP}={NBSP}5 seeds), 20 trained with “critical” and 20 with "
        "“residual”."
    )


def test_the_sensitivity_of_more_settings_than_are_drawn_says_so(monkeypatch):
    monkeypatch.setattr("actbench.figures.shown.PANELS", 2)
    text = page(study())
    assert "Drawn for the first 1 of the 2 settings." in text


def test_problems_in_which_nobody_trained_are_counted_under_the_profile():
    made = study()
    made.every["profile"]["n"] = 17
    assert "Left out: 3 of 20 problems, in which no network trained." in page(made)
    made.every["profile"]["n"] = 20
    assert "Left out" not in page(made).split("Performance profile")[1]


def test_a_change_of_more_than_a_hundred_points_has_its_interval():
    made = study()
    made.every["attribution"][["difference_low", "difference_high"]] = -1.415, 1.089
    assert "−141.50 to +108.90" in page(made)


def test_what_each_setting_changes_is_said():
    config = made_up.config(("default", "critical", "layer", "residual"))
    assert method.changes(config["settings"]) == [
        "With “critical”, network.initialisation is critical instead of default.",
        "With “layer”, network.norm is layer instead of none.",
        "With “residual”, network.residual is true instead of false.",
    ]
    assert method.changes(made_up.config(("default",))["settings"]) == []
    same = {"a": config["settings"]["default"], "b": config["settings"]["default"]}
    assert method.changes(same) == ["With “b”, nothing is changed."]
    other = config["settings"]["default"] | {"normalisation": "none"}
    assert method.changes({"a": config["settings"]["default"], "b": other}) == [
        "With “b”, normalisation is none instead of symmetric."
    ]
