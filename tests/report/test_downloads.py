"""What the page gives to take away as CSV: a number a column, and what the tables show."""

import base64
import io
import re
from itertools import product

import made_up
import pandas as pd
import pytest
from actbench.analysis import trends
from actbench.analysis.tables import of_setting
from actbench.report import contents
from actbench.report.section import Study
from actbench.report.sections import answer, dead_neurons, depths
from conftest import ROOT

TEMPLATE = ROOT / "workflow" / "report" / "report.html"
LINK = re.compile(
    r'href="data:text/csv;base64,([^"]*)"\s+(?:data-table="\w+"\s+)?download="made-up-(\w+)\.csv"'
)


@pytest.fixture(scope="module")
def csvs():
    config = made_up.config() | {"probe_dead_neurons": {"dormant_threshold": 0.025}}
    every = made_up.tables(config)
    tables, labels = of_setting(every, "default"), made_up.LABELS
    places = list(product(labels, config["depths"], config["seeds"], ("init", "trained")))
    columns = ["activation", "depth", "seed", "checkpoint"]
    units = pd.DataFrame(
        [(*place, layer) for place in places for layer in range(place[1])], columns=[*columns, "layer"]
    )
    units = units.assign(setting="default", fold=0, n_neurons=64, n_dead=units["layer"], n_dormant=0)
    tables["dead_neurons"] = units.assign(n_saturated=0)
    tables["over_depths"] = pd.DataFrame(trends.over_depths(tables["runs"], units, made_up.N_IMAGES))
    figures = dict.fromkeys(("overview", "dead_neurons"), "data:,")
    study = Study(config, tables, figures, {}, {"mixed": {"torch": [], "device": []}}, every)
    sections = [answer.SECTION, depths.SECTION, dead_neurons.SECTION]
    page = contents.render(study, TEMPLATE, sections)
    return {name: base64.b64decode(text).decode() for text, name in LINK.findall(page)}


def test_no_csv_holds_lists_or_types_of_python(csvs):
    expected = {"ranking", "networks", "dead_units", *(f"dead_by_layer_d{depth}" for depth in (2, 4, 8))}
    assert csvs.keys() == expected
    for name, text in csvs.items():
        assert not re.search(r"[\[\](){}]|np\.|None|nan", text), (name, text[:200])
        table = pd.read_csv(io.StringIO(text))
        words = table.select_dtypes(exclude="number").columns
        assert {re.sub(r"_d\d+$", "", word) for word in words} <= {
            "activation",
            "label",
            "checkpoint",
            "verdict",
            "key",
        }


def test_networks_and_dead_units_have_a_row_a_layer(csvs):
    networks = pd.read_csv(io.StringIO(csvs["networks"]))
    assert list(networks) == ["depth", "layer", "units", "parameters_low", "parameters_high"]
    assert len(networks) == 2 + 4 + 8 and set(networks["units"]) == {64}
    assert set(networks.loc[networks["depth"] == 4, "parameters_low"]) == {25000}
    dead = pd.read_csv(io.StringIO(csvs["dead_by_layer_d4"]))
    assert list(dead) == ["activation", "checkpoint", "n", "layer", "dead", "units"]
    assert len(dead) == 6 * 2 * 4 and (dead["dead"] == dead["layer"]).all()


def test_the_ranking_has_what_its_table_shows(csvs):
    ranking = pd.read_csv(io.StringIO(csvs["ranking"])).set_index("activation")
    assert ranking.index[0] == ranking["rank"].idxmin() and len(ranking) == 6
    assert ranking.loc["sigmoid", ["n_trained", "n_runs", "n_trained_d2", "n_trained_d8"]].tolist() == [
        5,
        15,
        5,
        0,
    ]
    assert pd.isna(ranking.loc["sigmoid", "accuracy_d8"]) and ranking.loc["relu", "verdict_d2"] == "baseline"
    assert 0.9 < ranking.loc["tanh", "accuracy_d2"] < 1 and pd.isna(ranking.loc["tanh", "accuracy_low_d2"])
    apart = ranking.loc["elu", ["accuracy_low_d4", "accuracy_high_d4"]]
    assert apart.iloc[1] - apart.iloc[0] > 0.25 and pd.isna(ranking.loc["elu", "accuracy_d4"])
    first = ranking.iloc[0]
    assert first["rank_low"] < first["rank"] < first["rank_high"]


def test_one_seed_has_no_verdicts_and_ranks():
    config = made_up.config(("default",), n_seeds=1)
    tables = made_up.tables(config)
    none = pd.DataFrame(columns=["activation", "measure", "mean", "ci_low", "ci_high"])
    none.loc[0] = ["relu", "rank", 1.0, None, None]
    rows = answer.ranking(tables["comparison"][tables["comparison"]["activation"] == "relu"], none, (2,))
    found = answer.as_table(rows, made_up.LABELS, paired=False)
    assert not any(name.startswith(("rank", "verdict")) for name in found)
    assert list(found["label"]) == ["ReLU"] and found["accuracy_d2"].notna().all()
