import copy
import re

import numpy as np
import opened_pages
import pandas as pd
import pyarrow as pa
import pytest
from actbench.analysis import comparisons
from actbench.data import catalogue
from actbench.errors import UserError
from actbench.figures import drawing, results
from actbench.report import page, side_by_side
from actbench.report.side_by_side import Study
from actbench.storage import files, parquet, records, yaml_files
from conftest import ROOT

ACCURACIES = {"relu": [0.90, 0.91, 0.92], "tanh": [0.80, 0.82, 0.20]}


def study(
    name="a",
    shift=0.0,
    activations=("relu", "tanh"),
    depths=(2,),
    seeds=(0, 1, 2),
    evaluated=("images",),
    **changes,
):
    config = {
        "study": name,
        "studies": [],
        "dataset": "digits",
        "activations": [{"id": key, "label": key.upper()} for key in activations],
        "depths": list(depths),
        "seeds": list(seeds),
        "evaluation": {"folds": None, "validation": 250},
        "network": {"width": 64},
        "training": {"learning_rate": 0.1},
        "report": {"equivalence": 0.01},
    }
    rows = [
        {
            "activation": key,
            "depth": depth,
            "setting": "default",
            "seed": seed,
            "fold": 0,
            "status": "ok",
            "test_accuracy": value,
        }
        for key in activations
        for depth in depths
        for seed, value in zip(seeds, np.array(ACCURACIES[key]) + shift, strict=False)
    ]
    runs = pd.DataFrame(rows)
    runs = runs.assign(trained=runs["test_accuracy"] > 0.5)
    compared = pd.DataFrame(comparisons.comparison(runs, activations[0], 0.01, 300))
    compared = compared.assign(n_at_chance=0, n_improving=0)
    lineage = {"config": "0" * 64, "stages": {"train": [{}]}, "data": {"evaluated": evaluated}}
    return Study(config | changes, runs, compared, lineage)


def test_settings_that_differ_are_named_with_both_values():
    other = study("b", training={"learning_rate": 0.2, "momentum": 0.9}, device="cuda")
    assert side_by_side.settings(study(), other) == [
        ("training.learning_rate", "0.1", "0.2"),
        ("training.momentum", "–", "0.9"),
    ]
    assert side_by_side.settings(study(), study("b")) == []
    assert side_by_side.settings(study(), study("b", activations=("tanh",))) == [
        ("activations", "RELU, TANH", "TANH")
    ]


def test_differences_are_paired_over_the_seeds_that_both_trained():
    """Second less first; the third seed of tanh trained in neither."""
    relu, tanh = side_by_side.cells(study(), study("b", shift=0.05))
    assert (relu["activation"], relu["n_pairs"], tanh["n_pairs"]) == ("relu", 3, 2)
    assert relu["difference"] == pytest.approx(0.05) and relu["verdict"] == "better"
    assert relu["first"]["mean"] == pytest.approx(0.91) and relu["second"]["mean"] == pytest.approx(0.96)
    assert relu["p_holm"] == pytest.approx(0.5)  # 2 / 2^3, twice


def test_only_shared_seeds_are_paired():
    (row,) = side_by_side.cells(
        study(activations=("relu",)), study("b", activations=("relu",), seeds=(2, 3, 4))
    )
    assert (row["n_pairs"], row["difference"]) == (1, pytest.approx(0.90 - 0.92))
    assert row["verdict"] == "inconclusive"


def test_cells_that_one_study_lacks_are_left_out_and_named():
    first, second = study(depths=(2, 4)), study("b", activations=("relu",), depths=(4, 8))
    rows = side_by_side.cells(first, second)
    assert [(row["activation"], row["depth"]) for row in rows] == [("relu", 4)]
    assert side_by_side._only(first, second) == "TANH and depth 2"
    assert side_by_side._only(second, first) == "depth 8"


@pytest.mark.parametrize("evaluated", [("other",), ("images", "other"), ()])
def test_accuracies_on_other_images_are_not_paired(evaluated):
    first, second = study(), study("b", shift=0.05, evaluated=evaluated)
    rows = side_by_side.cells(first, second)
    assert not side_by_side.comparable(first, second)
    assert {(row["n_pairs"], row["verdict"]) for row in rows} == {(0, "inconclusive")}
    assert rows[0]["second"]["mean"] == pytest.approx(0.96)


def with_settings(name, *settings):
    """A study of relu and tanh in which each setting is five points better than the one before it."""
    parts = [study(name, shift=0.05 * place) for place in range(len(settings))]
    runs, compared = (
        pd.concat(
            [getattr(part, table).assign(setting=key) for part, key in zip(parts, settings, strict=True)]
        )
        for table in ("runs", "comparison")
    )
    return Study(
        parts[0].config | {"settings": {key: {} for key in settings}}, runs, compared, parts[0].lineage
    )


def test_settings_of_both_studies_are_compared_each_with_itself():
    first, second = with_settings("a", "default", "adam"), with_settings("b", "layer", "adam", "default")
    rows = side_by_side.cells(first, second)
    places = [(row["setting"], row["activation"]) for row in rows]
    assert places == [("default", "relu"), ("default", "tanh"), ("adam", "relu"), ("adam", "tanh")]
    assert [row["difference"] for row in rows] == pytest.approx([0.1, 0.1, 0, 0])
    assert set(side_by_side.table(rows)["setting"]) == {"default", "adam"}
    titles = [block["title"] for block in side_by_side.blocks(rows)]
    assert titles == ["2 hidden layers, default", "2 hidden layers, adam"]
    assert [len(block["rows"]) for block in side_by_side.blocks(rows)] == [2, 2]
    assert (side_by_side._only(first, second), side_by_side._only(second, first)) == ("", "setting layer")
    assert "setting" not in side_by_side.table(side_by_side.cells(study(), study("b")))
    (block,) = side_by_side.blocks(side_by_side.cells(study(), study("b")))
    assert block["title"] == "2 hidden layers"


def test_the_table_is_flat():
    table = side_by_side.table(side_by_side.cells(study(), study("b", shift=0.05)))
    assert {"activation", "depth", "first_mean", "second_n_trained", "difference", "verdict"} <= set(table)
    assert not {"first", "second"} & set(table)


def test_figure_has_a_panel_a_depth_and_two_marks_an_activation():
    drawing.use_style()
    first, second = study(depths=(2, 4)), study("b", depths=(2, 4), shift=0.05)
    axes = results.two_studies(side_by_side.cells(first, second), ["a", "b"], first.labels).axes
    assert [axis.get_title() for axis in axes] == ["2 hidden layers", "4 hidden layers"]
    marks = [line for line in axes[0].lines if line.get_marker() not in (None, "None", "")]
    assert len(marks) == 4 and {line.get_markerfacecolor() == "white" for line in marks} == {True, False}


def test_nothing_shared_can_be_drawn():
    drawing.use_style()
    assert side_by_side.cells(study(depths=(2,)), study("b", depths=(4,))) == []
    results.two_studies([], ["a", "b"], {"relu": "relu"})


@pytest.fixture
def stored(tmp_path):
    """Write the four files of a finished study, its config or record with a key left out, and read them.

    Of another data set, with what its config and record say of it.
    """

    def read(without=(), record_without=(), dataset="digits", data=()):
        whole, folder = study("a", dataset=dataset), tmp_path / "results" / "a"
        values = copy.deepcopy(dict(whole.config))
        content = {"data": {"evaluated": ["images"], **dict(data)}}
        for tree, keys in ((values, without), (content, record_without)):
            for key in keys:
                *sections, last = key.split(".")
                for section in sections:
                    tree = tree[section]
                del tree[last]
        paths = [folder / name for name in ("config.yaml", "runs.parquet", "comparison.parquet")]
        files.write_text(yaml_files.dump(values), paths[0])
        for path, table, schema in (
            (paths[1], whole.runs, None),
            (paths[2], whole.comparison, comparisons.COMPARISON),
        ):
            parquet.write(pa.Table.from_pandas(table, schema, preserve_index=False), path)
        plan = records.Plan(params={}, code={})
        provenance = folder / "provenance.json"
        records.write(provenance, plan, paths[1:], paths[:1], {"code": {}}, 1.0, **content)
        return side_by_side.read(str(provenance), *map(str, paths))

    return read


def test_own_data_are_known_by_the_record(stored):
    own_data = {"n_images": 60, "n_test": 12, "shape": [5], "smallest_class": 10, "largest_class": 30}
    own_data |= {"classes": ["a", "b", "c"]}
    named = {"name": "mine", "file": "moved.npz", "label": None}
    found = stored(dataset=named, data={"dataset": "mine", "own_data": own_data})
    assert found.config["dataset"] == "mine"
    assert catalogue.image_counts(found.config)["tested"] == catalogue.of(found.config).n_test == 12
    assert len(side_by_side.cells(found, study("b"))) == 2


def test_a_stored_study_is_read(stored):
    assert stored().labels == {"relu": "RELU", "tanh": "TANH"}


@pytest.mark.parametrize(
    "key", [*(key for key in side_by_side.KEYS if key != "study"), "dataset", "report", "evaluation"]
)
def test_a_config_of_another_version_is_refused_with_the_key_that_it_lacks(stored, key):
    lacking = next((name for name in side_by_side.KEYS if name.startswith(f"{key}.")), key)
    with pytest.raises(
        UserError, match=rf"config.yaml is of another version of actbench \({lacking} is missing"
    ):
        stored([key])


def test_a_record_of_another_version_is_refused(stored):
    with pytest.raises(UserError, match=r"another version of actbench \(data.evaluated is missing"):
        stored(record_without=["data.evaluated"])


PLACE = {"device": "cpu", "python": "3.12", "versions": {"torch": "2"}, "commit": None}


def page_of(*studies):
    """The page, as the job writes it."""
    drawing.use_style()
    for one in studies:
        one.lineage["stages"] = {"train": [PLACE]}
    template = ROOT / "workflow" / "report" / "compare.html"
    return page.render(template, side_by_side.context(studies, template.parent))


def test_the_page_of_two_studies_has_pairs_and_the_profile():
    text = page_of(study("a", depths=(2, 4)), study("b", depths=(2, 4), shift=0.05, dataset="mnist"))
    assert (
        "two studies side by side" in text
        and text.count('class="drawing"') == 2
        and text.count("<table") == 3
    )
    for words in (
        "<h1>Compared with a, b is better in 2 of 4 cells; 2 cannot be told apart <",
        "b less a in percentage points",
        "<h2>Over all cells</h2>",
        "RELU comes within 1 point",
    ):
        assert words in text
    assert text.count('<p class="finding">') == 3
    assert "<h2>Cell by cell</h2>" not in text


def test_the_page_of_three_studies_has_the_profile_and_every_cell():
    """Of three data sets; the last study has one activation that the others have, and another margin."""
    third = study(
        "c", activations=("tanh", "relu"), dataset="mnist", depths=(8,), report={"equivalence": 0.02}
    )
    text = page_of(study("a"), study("b", dataset="fashion_mnist", training={"learning_rate": 0.2}), third)
    assert "3 studies side by side: a, b and c" in text and "<h1>By mean accuracies" in text
    assert text.count('class="drawing"') == 1 and text.count("<table") == 3
    for words in ("a: digits, 2 hidden layers", "b: fashion_mnist, 2", "c: mnist, 8 hidden layers"):
        assert words in text
    assert "Margins differ (a 1, b 1 and c 2 points): that of a counts here." in text
    assert "<code>training.learning_rate</code>" in text and "paired by the seeds" not in text
    assert "RELU has the highest mean accuracy in" in text and "which of them made a difference" in text
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)


def test_activations_that_share_an_id_only_are_kept_apart_on_the_page():
    """The code of own activations counts, and that of actbench, of which studies may have versions, does not."""
    entry = {"id": "mine", "label": "Mine", "name": "mine", "import": "mine:F"}
    given = []
    for name, digest in (("a", "0"), ("b", "1")):
        one = study(name, activations=("relu", "tanh"))
        one.runs["activation"] = one.runs["activation"].replace("tanh", "mine")
        one.comparison["activation"] = one.comparison["activation"].replace("tanh", "mine")
        one.config["activations"][1:] = [entry]
        one.lineage["code"] = {"mine.py": digest, "actbench/errors.py": digest, "train.py": digest}
        given.append(one)
    assert given[0].own_code == {"mine.py": "0"}
    text = page_of(*given)
    assert "mine is not the same activation in a and b, by name, class, parameters or code" in text
    for words in ('"row">Mine (a)<', '"row">Mine (b)<', '"row">Mine<', '"row">RELU<'):
        assert words in text
    given[1].lineage["code"]["mine.py"] = "0"
    assert "is not the same activation" not in page_of(*given)


@pytest.mark.parametrize(("dataset", "things"), [("mnist", "images"), ("mnist1d", "examples")])
def test_the_page_calls_data_that_are_no_images_examples(dataset, things):
    text = " ".join(page_of(study("a"), study("b", dataset=dataset, evaluated=("other",))).split())
    assert f"tested on different {things}, so nothing" in text and f"on the same {things} and train" in text


def test_the_page_of_studies_in_which_nothing_meets():
    text = page_of(*(study(name, activations=(key,)) for name, key in (("a", "relu"), ("b", "relu"))))
    assert "there is no profile" in text and text.count('class="drawing"') == 1


@pytest.mark.parametrize("n_studies", [2, 3])
def test_in_a_browser(browser, tmp_path, n_studies):
    given = [
        study(name, depths=(2, 4), dataset=dataset) for name, dataset in [("a", "digits"), ("b", "mnist")]
    ]
    given += [study("c", activations=("tanh", "relu"), dataset="mnist1d")][: n_studies - 2]
    path = tmp_path / "compare.html"
    path.write_text(page_of(*given), encoding="utf-8")
    opened_pages.check(browser, path)
