"""Stacking blocks, and refusing what does not fit the plan."""

import dataclasses

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from actbench.analysis import aggregation
from actbench.errors import UserError
from actbench.probes import registry
from actbench.probes import tables as probe_tables
from actbench.storage import files, histograms, manifest, parquet, snapshots
from actbench.training import cost, fitting

PROBES = {name: {"setting": 7} for name in registry.enabled({})}
WITH_OPTIONAL = PROBES | {"jacobian": {"enabled": True}}
PARAMS = {"seeds": [0, 1], "evaluation": {"folds": None}, "training": {"learning_rate": 0.1}}
CODE = {"train.py": "a", "actbench/storage/files.py": "b", "probe.py": "c"}
TRAINED_BY = {"code": {"train.py": "a", "actbench/storage/files.py": "b"}}
MEASURED_BY = {"code": {"probe.py": "c", "actbench/storage/files.py": "b"}}
STATS = dict.fromkeys(["l2_norm", "rms", "mean", "std", "min", "max", "zero_fraction"], 1.0)
SIGNAL = dict.fromkeys(registry.specs()["distributions"].columns, 0.5)
HISTOGRAM = {"low": 0.0, "high": 1.0, "counts": [1, 2]}


def write_block(folder, activation, statuses=("ok", "ok"), params=PARAMS, probes=PROBES):
    """A block of depth 1 as the train and probe rules write it."""
    rows = {name: [] for name in ("runs", "cost", "history", *WITH_OPTIONAL, "histograms")}
    for seed, status in enumerate(statuses):
        run = {"activation": activation, "depth": 1, "setting": "default", "seed": seed, "fold": 0}
        ok = status == "ok"
        scores = dict.fromkeys(fitting.RUNS.names[-6:], 0.9 + 0.01 * seed if ok else None)
        rows["runs"].append(
            run
            | {
                "status": status,
                "learning_rate": 0.1,
                "trained": ok,
                "n_parameters": 5,
                "epochs_run": 2,
                "best_epoch": 1,
            }
            | scores
        )
        rows["cost"].append(run | {"seconds": 1.0, "n_images": 100, "flops": 1000})
        for epoch in (1, 2):
            values = dict.fromkeys(fitting.HISTORY.names[6:-1], 0.5)
            rows["history"].append(run | {"epoch": epoch, "is_best": epoch == 1} | values)
        for checkpoint in snapshots.of_run(rows["runs"][-1], params.get("probe_epochs", [])):
            place = run | {"checkpoint": checkpoint}
            for layer in (0, 1):
                for tensor in ("weight", "bias", "preactivation"):
                    row = place | {"layer": layer, "tensor": tensor, "n": 3}
                    rows["gradients"].append(row | STATS | HISTOGRAM)
                for signal in ("preactivation", "activation")[: 2 - layer]:
                    row = place | {"layer": layer, "signal": signal}
                    rows["distributions"].append(row | SIGNAL | HISTOGRAM)
            counts = {
                "n_neurons": 4,
                "n_dead": 1,
                "n_zero_gradient": 1,
                "n_dormant": 2,
                "n_dormant_centred": 3,
            }
            counts["n_saturated"] = 0
            rows["dead_neurons"].append(place | {"layer": 0} | counts)
            for image in (0, 1, 2):
                values = {"mean_square": image + seed, "spread": 1.0, "largest": 2.0}
                condition = {"condition": None if image == seed == 1 else 5.0}
                rows["jacobian"].append(place | {"image": image} | values | condition)
    schemas = {
        "runs": fitting.RUNS,
        "cost": cost.SCHEMA,
        "history": fitting.HISTORY,
        **{name: probe_tables.schema(registry.specs()[name]) for name in probes},
        "histograms": histograms.SCHEMA,
    }
    files.write_text(f"weights of {activation}", folder / manifest.MODEL)
    record = {"model": files.digest(folder / manifest.MODEL), "provenance": MEASURED_BY}
    for name, schema in schemas.items():
        measured = record | {"params": probes[name]} if name in probes else None
        parquet.write(parquet.table(rows[name], schema, ["seed"]), folder / f"{name}.parquet", measured)
    manifest.write(folder, params, [2, 2], "images", TRAINED_BY)
    return aggregation.Block(folder, activation, 1, "default", params, probes)


@pytest.fixture
def blocks(tmp_path):
    return [write_block(tmp_path / name, name) for name in ("tanh", "relu")]


def change(block, name, edit=lambda table: table, **params):
    """Rewrite one of a block's tables, and all that vouches for it, as a faulty program would."""
    path = block.folder / f"{name}.parquet"
    record = parquet.record(path) if name in block.probes else None
    if params:
        record["params"] = params
    parquet.write(edit(parquet.read(path)), path, record)
    vouch(block)


def vouch(block, data="images", made_by=TRAINED_BY):
    """Write the manifest for the files as they are now."""
    manifest.write(block.folder, block.params, [2, 2], data, made_by)


def refused(blocks, words):
    with pytest.raises(UserError) as caught:
        aggregation.collect(blocks, CODE)
    message = str(caught.value)
    assert message.startswith("results do not fit the plan: ") and "\n" not in message
    assert words in message, message


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


@pytest.mark.parametrize("epochs", [[1], [1, 2, 3]])
def test_weights_of_other_epochs_than_planned_are_refused(tmp_path, epochs):
    block = write_block(tmp_path / "relu", "relu", params=PARAMS | {"probe_epochs": [1, 2]})
    planned = dataclasses.replace(block, params=PARAMS | {"probe_epochs": epochs})
    refused([planned], "config.json was trained with probe_epochs")


@pytest.mark.parametrize("checkpoint", ["epoch1", "trained"])
def test_an_epoch_without_its_rows_is_named(tmp_path, checkpoint):
    block = write_block(tmp_path / "relu", "relu", params=PARAMS | {"probe_epochs": [1]})
    change(block, "dead_neurons", lambda table: table.filter(pc.field("checkpoint") != checkpoint))
    refused([block], f"dead_neurons.parquet lacks row (relu, 1, default, 0, 0, {checkpoint}, 0)")


def test_a_block_trained_with_another_choice_is_refused(blocks, tmp_path):
    chosen = tmp_path / "chosen.json"
    files.write_json({"rates": []}, chosen)
    tuned = dataclasses.replace(blocks[0], chosen=chosen)
    refused([tuned], f"config.json was trained with other learning rates than {chosen}")
    own = (tuned.folder, PARAMS, [2, 2], "images", TRAINED_BY)
    manifest.write(*own, chosen=files.digest(chosen))
    assert aggregation.collect([tuned], CODE)["runs"].num_rows == 2
    refused([blocks[0]], "config.json was trained with other learning rates than those of the config")


def test_order_of_blocks_does_not_matter(blocks):
    forward, backward = aggregation.collect(blocks, CODE), aggregation.collect(blocks[::-1], CODE)
    assert all(forward[name].equals(backward[name]) for name in forward)


def summarise(tables, **changes):
    given = {"n_images": 300, "all_pairs": False, "reference": "default", "max_epochs": {"default": 2}}
    given |= {"chance": 0.1, "n_judged": 250} | changes
    return aggregation.summarise(tables, "relu", 0.01, **given)


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
    change(enabled[0], "jacobian", lambda table: table.filter(pa.compute.field("seed") == 0))
    refused(enabled, "tanh/jacobian.parquet lacks row (tanh, 1, default, 1, 0, init)")


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


@pytest.mark.fault(
    "rows missing or double",
    "a row of each of five tables of a block taken away, or there twice, with everything else in order",
    "aggregation refuses and names table and row",
)
@pytest.mark.parametrize("name", ["runs", "history", "gradients", "distributions", "dead_neurons"])
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.slice(1), "lacks row"),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "repeats row"),
    ],
    ids=["missing", "double"],
)
def test_missing_and_double_rows_are_refused(blocks, tried, name, edit, words):
    change(blocks[0], name, edit)
    with pytest.raises(UserError, match=f"tanh/{name}.parquet {words} .tanh, 1, default, 0"):
        aggregation.collect(blocks, CODE)
    tried(1, "as expected")


def test_a_file_of_another_run_is_refused(blocks):
    content = (blocks[1].folder / "runs.parquet").read_bytes()
    (blocks[0].folder / "runs.parquet").write_bytes(content)
    refused(blocks, "tanh/runs.parquet is damaged (it is not the file that")
    vouch(blocks[0])
    refused(blocks, "has the unplanned row (relu, 1, default, 0, 0)")


@pytest.mark.parametrize("name", ["runs", "history", "histograms", "cost"])
def test_another_training_of_the_same_run_is_refused(blocks, name):
    """The very rows planned, from networks other than those whose weights lie here."""
    path = blocks[0].folder / f"{name}.parquet"
    parquet.write(parquet.read(path).slice(0, 0), path)
    refused(blocks, f"tanh/{name}.parquet is damaged (it is not the file that")


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_of_other_weights_is_refused(blocks, name):
    files.write_text("other weights", blocks[0].folder / manifest.MODEL)
    vouch(blocks[0])
    refused(blocks, f"tanh/{name}.parquet was measured on other weights")


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_with_other_params_is_refused(blocks, name):
    change(blocks[0], name, setting=3)
    refused(blocks, f"tanh/{name}.parquet was measured with setting 3 instead of 7")


def test_a_probe_without_a_record_is_refused(blocks):
    path = blocks[0].folder / "gradients.parquet"
    parquet.write(parquet.read(path), path)
    with pytest.raises(
        UserError, match=r"tanh/gradients.parquet is damaged .it does not say what it was made"
    ):
        aggregation.collect(blocks, CODE)


@pytest.mark.parametrize("name", ["train.py", "actbench/storage/files.py", "mine.py"])
def test_networks_trained_by_other_code_are_refused(blocks, name):
    """Changed since, or no longer part of it: a mixture of both would be one table without a word."""
    vouch(blocks[0], made_by={"code": TRAINED_BY["code"] | {name: "old"}})
    refused(blocks, f"tanh/config.json was trained by another version of {name}")


@pytest.mark.parametrize("name", PROBES)
def test_probes_by_other_code_are_refused(blocks, name):
    path = blocks[0].folder / f"{name}.parquet"
    record = parquet.record(path) | {"provenance": {"code": {"probe.py": "old"}}}
    parquet.write(parquet.read(path), path, record)
    refused(blocks, f"tanh/{name}.parquet was measured by another version of probe.py")


def test_blocks_of_different_images_are_refused(blocks):
    vouch(blocks[0], data="other images")
    refused(blocks, "tanh and ")
    refused(blocks, "relu were trained on different images")


def test_other_columns_are_refused(blocks):
    change(blocks[1], "dead_neurons", lambda table: table.drop_columns(["n_dormant"]))
    refused(blocks, "relu/dead_neurons.parquet has other columns")
    change(blocks[1], "dead_neurons", lambda table: table.drop_columns(["layer"]))
    refused(blocks, "relu/dead_neurons.parquet lacks the column layer")


@pytest.mark.parametrize("name", ["config.json", "runs.parquet", "gradients.parquet", "dead_neurons.parquet"])
@pytest.mark.parametrize("harm", ["cut", "empty"])
def test_damaged_files_are_refused_by_name(blocks, name, harm):
    path = blocks[0].folder / name
    content = path.read_bytes()
    path.write_bytes(b"" if harm == "empty" else content[:-1])
    if name == "config.json" and harm == "cut":
        path.write_bytes(content[:-2])  # the last byte is a line end
    refused(blocks, f"tanh/{name} is damaged")


def test_every_problem_is_listed_up_to_ten(blocks):
    for block in blocks:
        change(block, "gradients", lambda table: table.slice(2))
    refused(blocks, "lacks row (tanh, 1, default, 0, 0, init, 0, bias) and 1 more; ")
    many = [dataclasses.replace(blocks[0], params=PARAMS | {f"key{n}": 1 for n in range(12)})]
    refused(many, "; and 3 more.")


def test_folders_that_are_not_planned_are_ignored(blocks, tmp_path):
    write_block(tmp_path / "of an earlier config", "elu")
    (tmp_path / "of an earlier config" / "runs.parquet").write_bytes(b"")
    assert set(aggregation.collect(blocks, CODE)["runs"]["activation"].to_pylist()) == {"relu", "tanh"}


CURVE = pa.schema([pa.field("activation", parquet.NAME, nullable=False), ("x", pa.float64())])


@pytest.fixture
def curves(tmp_path):
    """Two points of each of two activations, with the specs they were made from."""
    path, specs = (
        tmp_path / "curves.parquet",
        {name: {"name": name, "parameters": {}} for name in ("relu", "tanh")},
    )
    rows = [{"activation": name, "x": x} for name in specs for x in (0.0, 1.0)]
    parquet.write(
        parquet.table(rows, CURVE, ["activation", "x"]), path, {"params": specs, "provenance": MEASURED_BY}
    )
    return path, specs


def test_tables_of_the_planned_activations_are_taken(curves):
    table = aggregation.described(*curves, ["activation", "x"], CODE)
    assert table["activation"].to_pylist() == ["relu", "relu", "tanh", "tanh"]


def write_twice(path, specs):
    table = parquet.read(path)
    parquet.write(
        parquet.concat([table, table], ["activation", "x"]),
        path,
        {"params": specs, "provenance": MEASURED_BY},
    )


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path, specs: path.write_bytes(b""), "curves.parquet is damaged"),
        (
            lambda path, specs: specs["relu"].update(name="elu"),
            "was made with relu.name 'relu' instead of 'elu'",
        ),
        (lambda path, specs: specs.pop("tanh"), "was made with tanh.name 'tanh' instead of None"),
        (write_twice, "does not hold the rows of relu, tanh, each once"),
    ],
)
def test_tables_of_other_activations_are_refused(curves, harm, words):
    harm(*curves)
    with pytest.raises(UserError) as caught:
        aggregation.described(*curves, ["activation", "x"], CODE)
    assert words in str(caught.value)


def test_other_params_are_refused_by_key(blocks):
    planned = dataclasses.replace(blocks[0], params=PARAMS | {"training": {"learning_rate": 0.2}})
    with pytest.raises(
        UserError, match=r"config.json was trained with training.learning_rate 0.1 instead of 0.2"
    ):
        aggregation.collect([planned, blocks[1]], CODE)
