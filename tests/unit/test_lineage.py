"""What the tables of one study were made by."""

import pyarrow as pa
import pytest
from actbench import catalogue, files, lineage, manifest, parquet
from actbench.errors import UserError

CONFIG = {"study": "mine", "dataset": "digits"}


def record(**changes):
    base = {
        "code": {"train.py": "a", "actbench/files.py": "b"},
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
        manifest.write(folders[-1], {}, [2, 2], "images", described)
    for number, described in enumerate(probed):
        tables.append(tmp_path / f"{number}.parquet")
        parquet.write(pa.table({"x": [1]}), tables[-1], {"provenance": described})
    jobs = lineage.of_jobs(folders, {"probe_gradients": tables})
    return lineage.gather(CONFIG, jobs, {"report": record()})


def test_equal_descriptions_are_counted(tmp_path):
    other = record(commit="c")
    found = gather(tmp_path, [record(), other, record()], [record()])
    assert [(stage, [r["jobs"] for r in records]) for stage, records in found["stages"].items()] == [
        ("train", [2, 1]),
        ("probe_gradients", [1]),
        ("report", [1]),
    ]
    assert found["stages"]["train"][1] == other | {"jobs": 1}
    assert found["mixed"] == {"code": [], "torch": [], "device": []}


def test_data_and_config_have_their_checksums(tmp_path):
    found = gather(tmp_path, [record()], [record()])
    assert found["data"]["sha256"] == ["images"]
    assert found["data"]["source_md5"] == catalogue.DATASETS["digits"].checksums
    assert found["config"] == files.digest_of({"dataset": "digits", "study": "mine"})


OTHER_CODE = {"train.py": "changed", "actbench/files.py": "b"}


@pytest.mark.parametrize(
    ("trained", "probed", "expected"),
    [
        ([record(), record(code=OTHER_CODE)], [], {"code": ["train.py"]}),
        ([record()], [record(code={"actbench/files.py": "old"})], {"code": ["actbench/files.py"]}),
        ([record()], [record(versions={"torch": "2.13.0"})], {"torch": ["2.13.0", "2.14.1"]}),
        ([record(), record(device="H100")], [], {"device": ["EPYC", "H100"]}),
        ([record(device="H100")], [record()], {}),  # trained on a GPU, probed on a processor: as it should be
    ],
)
def test_what_differs_is_named(tmp_path, trained, probed, expected):
    assert gather(tmp_path, trained, probed)["mixed"] == {"code": [], "torch": [], "device": []} | expected


@pytest.fixture
def recorded(tmp_path):
    """provenance.json of a study made by the code in `scripts`, which also used a module of the user's."""
    (tmp_path / "scripts").mkdir()
    own = tmp_path / "mine.py"
    for path in (tmp_path / "scripts" / "train.py", own):
        path.write_text("as it was")
    code = {name: files.digest(path)[:16] for name, path in (("train.py", own), (str(own), own))}
    found = gather(tmp_path, [record(code=code)], []) | {"config": files.digest_of(CONFIG)}
    found["stages"].pop("report")
    files.write_json(found, tmp_path / "provenance.json")
    return tmp_path


def test_the_same_config_and_code_pass(recorded):
    lineage.check(recorded / "provenance.json", CONFIG, recorded / "scripts")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "scripts" / "train.py").write_text("new"), "another version of train.py,"),
        (lambda folder: (folder / "mine.py").unlink(), "another version of .*mine.py,"),
        (
            lambda folder: [p.write_text("new") for p in folder.rglob("*.py")],
            "version of .* and 1 more",
        ),
    ],
)
def test_other_code_is_named(recorded, harm, words):
    harm(recorded)
    with pytest.raises(UserError, match=words):
        lineage.check(recorded / "provenance.json", CONFIG, recorded / "scripts")


def test_other_settings_are_named(recorded):
    with pytest.raises(UserError, match="it was made with other settings, and without its records"):
        lineage.check(recorded / "provenance.json", CONFIG | {"seeds": [1]}, recorded / "scripts")
