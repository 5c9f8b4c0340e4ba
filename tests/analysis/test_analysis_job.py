"""The tables of theory that aggregation takes: of the study's config and of the images that were trained on."""

import pytest
from actbench.analysis import job
from actbench.errors import UserError
from actbench.storage import files, manifest, parquet, theory_tables
from actbench.study import grid
from conftest import NETWORK

SPECS = {"relu": {"import": None, "name": "relu", "parameters": {}}}
PART = {"network": NETWORK | {"width": 16, "hidden_sizes": [[16]]}, "normalisation": "standard"}
CONFIG = {
    "activations": [{"id": "relu", "spec": SPECS["relu"]}],
    "dataset": "digits",
    "evaluation": {"folds": None},
    "probe_gradients": {"images": 64, "bins": 7},
    "settings": {"default": PART},
}
KEYS = {"activation": "relu", "setting": "default", "depth": 1, "layer": 0, "width": 16, "correlation": 0.5}


@pytest.fixture
def inputs(tmp_path):
    """A row of each table, made of the images of the block in `tmp_path`."""
    for name in manifest.WRITTEN:
        files.write_text(name, tmp_path / name)
    manifest.write(tmp_path, {}, [2, 2], "images", {"code": {}})
    record = {"params": grid.theory_params(CONFIG), "provenance": {"code": {}}, "data": "images"}
    for name, schema in theory_tables.SCHEMAS.items():
        row = dict.fromkeys(schema.names) | {key: KEYS[key] for key in KEYS if key in schema.names}
        parquet.write(parquet.table([row], schema, schema.names[:1]), tmp_path / f"{name}.parquet", record)
    return {name: tmp_path / f"{name}.parquet" for name in theory_tables.SCHEMAS}


def test_tables_of_this_study_are_taken(inputs, tmp_path):
    found = job._theory(inputs, CONFIG, SPECS, {}, tmp_path)
    assert found.keys() == theory_tables.SCHEMAS.keys()
    assert found["predictions"].to_pylist()[0]["layer"] == 0


def test_another_config_is_refused_by_its_key(inputs, tmp_path):
    other = CONFIG | {"probe_gradients": {"images": 65}}
    with pytest.raises(UserError, match=r"theory\.parquet was made with images 64 instead of 65"):
        job._theory(inputs, other, SPECS, {}, tmp_path)


def test_other_images_are_refused(inputs, tmp_path):
    manifest.write(tmp_path, {}, [2, 2], "others", {"code": {}})
    with pytest.raises(UserError, match=r"theory\.parquet was made of other images than .* was trained on"):
        job._theory(inputs, CONFIG, SPECS, {}, tmp_path)
