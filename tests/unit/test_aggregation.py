"""Stacking blocks, and refusing what does not fit the plan."""

import dataclasses

import pyarrow as pa
import pytest
from actbench import aggregation, dead_neurons, distributions, files, gradients, histograms, parquet, training
from actbench.errors import UserError

PARAMS = {"seeds": [0, 1], "evaluation": {"folds": None}, "training": {"learning_rate": 0.1}}
STATS = dict.fromkeys(["l2_norm", "rms", "mean", "std", "min", "max", "zero_fraction"], 1.0)
SIGNAL = dict.fromkeys(distributions.SCHEMA.names[-12:-3], 0.5)
HISTOGRAM = {"low": 0.0, "high": 1.0, "counts": [1, 2]}


def write_block(folder, activation, statuses=("ok", "ok")):
    """A block of depth 1 as the train and probe rules write it."""
    rows = {
        name: [] for name in ("runs", "history", "gradients", "distributions", "dead_neurons", "histograms")
    }
    for seed, status in enumerate(statuses):
        run = {"activation": activation, "depth": 1, "seed": seed, "fold": 0}
        ok = status == "ok"
        scores = dict.fromkeys(training.RUNS.names[-6:], 0.9 + 0.01 * seed if ok else None)
        rows["runs"].append(
            run
            | {"status": status, "trained": ok, "n_parameters": 5, "epochs_run": 2, "best_epoch": 1}
            | scores
        )
        for epoch in (1, 2):
            values = dict.fromkeys(training.HISTORY.names[5:-1], 0.5)
            rows["history"].append(run | {"epoch": epoch, "is_best": epoch == 1} | values)
        for checkpoint in ("init", "trained") if ok else ("init",):
            place = run | {"checkpoint": checkpoint}
            for layer in (0, 1):
                for tensor in ("weight", "bias", "preactivation"):
                    row = place | {"layer": layer, "tensor": tensor, "n": 3}
                    rows["gradients"].append(row | STATS | HISTOGRAM)
                for signal in ("preactivation", "activation")[: 2 - layer]:
                    row = place | {"layer": layer, "signal": signal}
                    rows["distributions"].append(row | SIGNAL | HISTOGRAM)
            counts = {"n_neurons": 4, "n_dead": 1, "n_zero_gradient": 1, "n_dormant": 2, "n_saturated": 0}
            rows["dead_neurons"].append(place | {"layer": 0} | counts)
    schemas = {
        "runs": training.RUNS,
        "history": training.HISTORY,
        "gradients": gradients.SCHEMA,
        "distributions": distributions.SCHEMA,
        "dead_neurons": dead_neurons.SCHEMA,
        "histograms": histograms.SCHEMA,
    }
    for name, schema in schemas.items():
        parquet.write(parquet.table(rows[name], schema, ["seed"]), folder / f"{name}.parquet")
    files.write_json({"params": PARAMS}, folder / "config.json")
    return aggregation.Block(folder, activation, 1, PARAMS)


@pytest.fixture
def blocks(tmp_path):
    return [write_block(tmp_path / name, name) for name in ("tanh", "relu")]


def change(block, name, edit):
    """Rewrite one of a block's tables."""
    path = block.folder / f"{name}.parquet"
    parquet.write(edit(parquet.read(path)), path)


def test_stacked_tables_are_sorted_and_split(blocks):
    tables = aggregation.collect(blocks)
    assert tables["runs"]["activation"].to_pylist() == ["relu", "relu", "tanh", "tanh"]
    assert "counts" not in tables["gradients"].column_names
    sources = tables["histograms"]["source"].to_pylist()
    assert sources.count("gradient") == 2 * 2 * 2 * 6 and sources.count("distribution") == 2 * 2 * 2 * 3


def test_order_of_blocks_does_not_matter(blocks):
    forward, backward = aggregation.collect(blocks), aggregation.collect(blocks[::-1])
    assert all(forward[name].equals(backward[name]) for name in forward)


def test_summaries_have_their_n(blocks):
    tables = aggregation.collect(blocks)
    summaries = aggregation.summarise(tables, "relu", 0.01)
    assert summaries["comparison"].num_rows == 2
    dead = {row["measure"]: row for row in summaries["dead_neurons_by_layer"].to_pylist()}
    assert dead["dead_fraction"]["mean"] == 0.25 and dead["dead_fraction"]["n"] == 2
    for name in ("gradients_by_layer", "distributions_by_layer", "decay"):
        assert set(summaries[name]["n"].to_pylist()) <= {0, 2}, name


def test_a_diverged_run_is_counted_and_has_no_trained_checkpoint(tmp_path):
    block = write_block(tmp_path / "relu", "relu", ("ok", "diverged"))
    tables = aggregation.collect([block])
    (row,) = aggregation.summarise(tables, "relu", 0.01)["comparison"].to_pylist()
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (2, 1, 1)


@pytest.mark.parametrize("name", ["runs", "history", "gradients", "distributions", "dead_neurons"])
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.slice(1), "lacks row"),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "repeats row"),
    ],
    ids=["missing", "double"],
)
def test_missing_and_double_rows_are_refused(blocks, name, edit, words):
    change(blocks[0], name, edit)
    with pytest.raises(UserError, match=f"tanh/{name}.parquet {words} .tanh, 1, 0"):
        aggregation.collect(blocks)


def test_a_file_of_another_run_is_refused(blocks):
    content = (blocks[1].folder / "runs.parquet").read_bytes()
    (blocks[0].folder / "runs.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"has the unplanned row .relu, 1, 0, 0"):
        aggregation.collect(blocks)


def test_other_params_are_refused_by_key(blocks):
    planned = dataclasses.replace(blocks[0], params=PARAMS | {"training": {"learning_rate": 0.2}})
    with pytest.raises(UserError, match=r"config.json was trained with training .*0\.1.* instead of .*0\.2"):
        aggregation.collect([planned, blocks[1]])
