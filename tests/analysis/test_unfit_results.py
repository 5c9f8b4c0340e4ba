"""Aggregation refuses what does not fit the plan, and says what."""

import dataclasses

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from actbench.analysis import aggregation
from actbench.errors import UserError
from actbench.storage import files, manifest, parquet
from made_up_blocks import (
    CODE,
    MEASURED_BY,
    PARAMS,
    PROBES,
    TRAINED_BY,
    WITH_OPTIONAL,
    change,
    vouch,
    write_block,
)


@pytest.fixture
def blocks(tmp_path):
    return [write_block(tmp_path / name, name) for name in ("tanh", "relu")]


def refused(blocks, words):
    with pytest.raises(UserError) as caught:
        aggregation.collect(blocks, CODE)
    message = str(caught.value)
    assert message.startswith("results do not fit the plan: ") and "\n" not in message
    assert words in message, message


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


def test_rows_that_an_optional_probe_lacks_are_named(tmp_path):
    block = write_block(tmp_path / "tanh", "tanh", probes=WITH_OPTIONAL)
    change(block, "jacobian", lambda table: table.filter(pc.field("seed") == 0))
    refused([block], "tanh/jacobian.parquet lacks row (tanh, 1, default, 1, 0, init)")


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
