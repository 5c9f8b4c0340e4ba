"""What the tables of one study were made by."""

import pyarrow as pa
import pytest
from actbench.analysis import lineage
from actbench.data import catalogue
from actbench.storage import files, manifest, parquet

CONFIG = {"study": "mine", "dataset": "digits"}


def record(**changes):
    base = {
        "code": {"train.py": "a", "actbench/storage/files.py": "b"},
        "device": "EPYC",
        "versions": {"torch": "2.14.1"},
    }
    return base | changes


def gather(tmp_path, trained, probed):
    """The lineage of jobs with these records."""
    folders, tables = [], []
    for number, described in enumerate(trained):
        folders.append(tmp_path / f"block{number}")
        for name in manifest.WRITTEN:
            files.write_text(name, folders[-1] / name)
        manifest.write(folders[-1], {}, [2, 2], "images", described, "tested", seconds=4.0)
    for number, described in enumerate(probed):
        tables.append(tmp_path / f"{number}.parquet")
        parquet.write(pa.table({"x": [1]}), tables[-1], {"provenance": described, "seconds": 2.5})
    jobs = lineage.of_jobs(folders, {"probe_gradients": tables})
    return lineage.gather(CONFIG, jobs, {"report": {"provenance": record(), "seconds": 1.5}})


def test_equal_descriptions_are_counted(tmp_path):
    other = record(commit="c")
    found = gather(tmp_path, [record(), other, record()], [record()])
    assert [(stage, [r["jobs"] for r in records]) for stage, records in found["stages"].items()] == [
        ("train", [2, 1]),
        ("probe_gradients", [1]),
        ("report", [1]),
    ]
    assert found["stages"]["train"][1] == other | {"jobs": 1}
    assert found["mixed"] == {"torch": [], "device": []}


def test_seconds_are_summed_over_jobs(tmp_path):
    found = gather(tmp_path, [record(), record()], [record(), record(), record()])
    assert found["stage_seconds"] == {"train": 8.0, "probe_gradients": 7.5, "report": 1.5}


def test_data_and_config_have_their_checksums(tmp_path):
    found = gather(tmp_path, [record()], [record()])
    assert (found["data"]["sha256"], found["data"]["evaluated"]) == (["images"], ["tested"])
    assert found["data"]["source_md5"] == catalogue.DATASETS["digits"].checksums
    assert found["config"] == files.digest_of({"dataset": "digits", "study": "mine"})


def test_own_data_are_described_instead():
    described = record() | {"device": "cpu"}
    jobs = {"data": ["images"], "evaluated": ["tested"], "stages": {"train": [described]}, "seconds": {}}
    config = {"study": "mine", "dataset": {"name": "own", "file": "own.npz", "label": None}}
    found = lineage.gather(config, jobs, {}, {"sha256": "0"})["data"]
    assert found == {
        "dataset": "own",
        "own_data": {"sha256": "0"},
        "sha256": ["images"],
        "evaluated": ["tested"],
    }


@pytest.mark.parametrize(
    ("trained", "probed", "expected"),
    [
        ([record()], [record(versions={"torch": "2.13.0"})], {"torch": ["2.13.0", "2.14.1"]}),
        ([record(), record(device="H100")], [], {"device": ["EPYC", "H100"]}),
        ([record(device="H100")], [record()], {}),  # trained on a GPU, probed on a processor: as it should be
    ],
)
def test_what_differs_is_named(tmp_path, trained, probed, expected):
    assert gather(tmp_path, trained, probed)["mixed"] == {"torch": [], "device": []} | expected
