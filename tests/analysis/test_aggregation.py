"""Stacking blocks, and the tables that follow from them."""

import pyarrow as pa
import pytest
from actbench.analysis import aggregation, trends
from actbench.storage import parquet
from made_up_blocks import CODE, PARAMS, WITH_OPTIONAL, write_block


@pytest.fixture
def blocks(tmp_path):
    return [write_block(tmp_path / name, name) for name in ("tanh", "relu")]


def test_stacked_tables_are_sorted_and_split(blocks):
    tables = aggregation.collect(blocks, CODE)
    assert tables["runs"]["activation"].to_pylist() == ["relu", "relu", "tanh", "tanh"]
    assert "counts" not in tables["gradients"].column_names
    sources = tables["histograms"]["source"].to_pylist()
    assert sources.count("gradient") == 2 * 2 * 2 * 6 and sources.count("distribution") == 2 * 2 * 2 * 3


def test_weights_of_epochs_are_rows_of_tables_and_summaries_but_no_histograms(tmp_path):
    params = PARAMS | {"probe_epochs": [1, 2]}
    block = write_block(tmp_path / "relu", "relu", ("ok", "diverged"), params)
    tables = aggregation.collect([block], CODE)
    rows = tables["dead_neurons"].select(["seed", "checkpoint"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        *((0, name) for name in ("epoch1", "epoch2", "init", "trained")),
        *((1, name) for name in ("epoch1", "init")),
    ]
    assert set(tables["histograms"]["checkpoint"].to_pylist()) == {"init", "trained"}
    summaries = summarise(tables)
    for name in ("gradients_by_layer", "dead_neurons_by_layer", "decay"):
        n = {row["checkpoint"]: row["n"] for row in summaries[name].to_pylist() if row["measure"] != "slope"}
        assert n.keys() == {"init", "epoch1", "epoch2", "trained"}, name
    assert [n[name] for name in ("init", "epoch1", "epoch2", "trained")] == [2, 2, 1, 1]
    assert {row["measure"] for row in summaries["over_depths"].to_pylist()} == {"rank"}


def test_order_of_blocks_does_not_matter(blocks):
    forward, backward = aggregation.collect(blocks, CODE), aggregation.collect(blocks[::-1], CODE)
    assert all(forward[name].equals(backward[name]) for name in forward)


def summarise(tables, **changes):
    given = {"n_images": 300, "all_pairs": False, "reference": "default", "max_epochs": {"default": 2}}
    given |= {"chance": 0.1, "n_judged": 250} | changes
    return aggregation.summarise(tables, "relu", 0.01, **given)


@pytest.mark.parametrize("all_pairs", [False, True])
def test_who_leads_is_told_by_the_intervals_of_all_comparisons(blocks, monkeypatch, all_pairs):
    asked, over_depths = [], trends.over_depths
    monkeypatch.setattr(trends, "over_depths", lambda *given: asked.append(given[-1]) or over_depths(*given))
    summaries = summarise(aggregation.collect(blocks, CODE), all_pairs=all_pairs)
    compared, pairs = (
        summaries[name].to_pylist() if name in summaries else [] for name in ("comparison", "pairs")
    )
    expected = [(row["activation"], row["baseline"], row["difference_low"]) for row in compared]
    expected += [(row["activation"], row["other"], row["difference_low"]) for row in pairs]
    found = asked[0][["activation", "other", "difference_low"]].astype(object)
    assert list(found.where(found.notna(), None).itertuples(index=False, name=None)) == expected
    assert len(pairs) == all_pairs and len(compared) == 2


def test_summaries_have_their_n(blocks):
    tables = aggregation.collect(blocks, CODE)
    summaries = summarise(tables)
    assert summaries["comparison"].num_rows == 2
    dead = {row["measure"]: row for row in summaries["dead_neurons_by_layer"].to_pylist()}
    assert dead["dead_fraction"]["mean"] == 0.25 and dead["dead_fraction"]["n"] == 2
    for name in ("gradients_by_layer", "distributions_by_layer", "decay"):
        assert set(summaries[name]["n"].to_pylist()) <= {0, 2}, name


def test_an_optional_probe_has_tables_where_it_is_enabled(tmp_path, blocks):
    """Of rows that belong to networks, a network's is the mean of them, null where one is."""
    enabled = [write_block(tmp_path / "with" / name, name, probes=WITH_OPTIONAL) for name in ("tanh", "relu")]
    tables, without = aggregation.collect(enabled, CODE), aggregation.collect(blocks, CODE)
    assert {*tables} - {*without} == {"jacobian"} and all(
        tables[name].equals(without[name]) for name in without
    )
    assert "layer" not in tables["jacobian"].column_names
    summaries, fewer = summarise(tables), summarise(without)
    assert {*summaries} - {*fewer} == {"jacobian_over_seeds"}
    rows = summaries["jacobian_over_seeds"].to_pylist()
    found = {
        row["measure"]: row for row in rows if (row["activation"], row["checkpoint"]) == ("tanh", "init")
    }
    assert (found["mean_square"]["mean"], found["mean_square"]["n"]) == (1.5, 2)
    assert found["condition"]["n"] == 1 and len(rows) == 2 * 2 * 4


def test_a_diverged_run_is_counted_and_has_no_trained_checkpoint(tmp_path):
    block = write_block(tmp_path / "relu", "relu", ("ok", "diverged"))
    tables = aggregation.collect([block], CODE)
    (row,) = summarise(tables)["comparison"].to_pylist()
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (2, 1, 1)


def test_several_settings_have_an_attribution(blocks):
    """The same networks under another name: nothing changed."""
    tables = aggregation.collect(blocks, CODE)
    field = parquet.CELL_KEYS[2]
    twice = {}
    for name, table in tables.items():
        again = pa.array(["adam"] * len(table)).cast(field.type)
        twice[name] = pa.concat_tables([table, table.set_column(2, field, again)]).unify_dictionaries()
    summaries = summarise(twice, max_epochs={"default": 2, "adam": 20})
    assert {*summaries} - {*summarise(tables)} == {"attribution"}
    rows = summaries["attribution"].to_pylist()
    assert [(row["activation"], row["setting"], row["depth"]) for row in rows] == [
        ("tanh", "adam", 1),
        ("tanh", "adam", None),
    ]
    assert {row["difference"] for row in rows} == {0.0}
    assert len(summaries["shares"]) == 2 and {*summaries["profile"]["setting"].to_pylist()} == {
        "",
        "adam",
        "default",
    }


def test_the_names_of_all_summaries_are_known(blocks):
    """So that those of an earlier config are removed."""
    found = summarise(aggregation.collect(blocks, CODE), all_pairs=True)
    assert {*found, "attribution"} <= {*aggregation.NAMES}


def test_folders_that_are_not_planned_are_ignored(blocks, tmp_path):
    write_block(tmp_path / "of an earlier config", "elu")
    (tmp_path / "of an earlier config" / "runs.parquet").write_bytes(b"")
    assert set(aggregation.collect(blocks, CODE)["runs"]["activation"].to_pylist()) == {"relu", "tanh"}
