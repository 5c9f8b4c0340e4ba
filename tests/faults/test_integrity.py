"""No file reaches the page but as it was written, by the config and the code of today."""

import json
import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
from actbench.data import prepared
from actbench.errors import UserError
from actbench.storage import files, manifest, parquet, records

RATE = ["--config", "training={learning_rate: 0.3, max_epochs: 4, histograms: true}"]
STUDY = "results/tiny"


def delete_records(project):
    shutil.rmtree(project.folder / ".snakemake")


def delete_report(project):
    (project.folder / "reports/tiny.html").unlink()


def empty_records(project):
    for path in (project.folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


def copy_study(project):
    shutil.copytree(project.folder / STUDY, project.folder / "results/tiny2")


def edit_training(project):
    with open(
        project.folder / "workflow/scripts/actbench/training/fitting.py", "a", encoding="utf-8"
    ) as stream:
        stream.write("\n# edited\n")


def edit_a_probe(project):
    with open(
        project.folder / "workflow/scripts/actbench/probes/gradients.py", "a", encoding="utf-8"
    ) as stream:
        stream.write("\n# edited\n")


def edit_data(project):
    with open(project.folder / "workflow/scripts/actbench/data/acquire.py", "a", encoding="utf-8") as stream:
        stream.write("\n# edited\n")


OTHER_RATE = "with training.learning_rate 0.05 instead of 0.3"  # made so, or trained so
# what is done to a finished study, how Snakemake is called, and what it says
WAYS = {
    "records and report deleted": ([delete_records, delete_report], RATE, OTHER_RATE),
    "a copy under another name": ([copy_study], ["--config", "study=tiny2", RATE[1]], OTHER_RATE),
    "only the report allowed": ([], ["--allowed-rules", "all", "report", *RATE], OTHER_RATE),
    "the report forced, without records": ([delete_records], ["--forcerun", "report", *RATE], OTHER_RATE),
    "records emptied": ([empty_records, delete_report], RATE, OTHER_RATE),
    "dates only": ([delete_report], ["--rerun-triggers", "mtime", *RATE], OTHER_RATE),
    "other code": (
        [delete_records, delete_report, edit_training],
        [],
        "another version of actbench/training/fitting.py",
    ),
    "other code of a probe": (
        [delete_records, edit_a_probe],
        [],
        "another version of actbench/probes/gradients.py",
    ),
    "other code of the data": (
        [delete_records, delete_report, edit_data],
        [],
        "version of actbench/data/acquire.py",
    ),
    "another split": (
        [delete_records, delete_report],
        ["--config", "evaluation={split_seed: 7}"],
        "was made with evaluation.split_seed 42 instead of 7",
    ),
    "figures of other labels": (
        [delete_records, delete_report],
        ["--config", "activations=[relu, {name: tanh, label: Tangens}]"],
        "figures.json was made with labels.tanh 'tanh' instead of 'Tangens'",
    ),
    "touched": ([], ["--touch", *RATE], OTHER_RATE),
    "dates only, the report there": ([], ["--rerun-triggers", "mtime", *RATE], OTHER_RATE),
    "another target": ([delete_records], [*RATE, "--", "hiplot"], OTHER_RATE),
    "another probe's batch": (
        [delete_report],
        ["--rerun-triggers", "mtime", "--config", "probe_gradients={images: 99}"],
        "was made with probe_gradients.images 256 instead of 99",
    ),
}
IN_MAKE_TEST = ("records and report deleted", "a copy under another name", "other code")


@pytest.mark.fault(
    "another config or code over finished results",
    "a finished study whose records or report are deleted or emptied, or that is copied under another name; then "
    "another learning rate, split, label or probe, or edited code, with the calls that make Snakemake build the "
    "report only",
    "one sentence that names the difference, or the right rebuild; never a report",
)
@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_of_todays_config_and_code_or_is_not_made(tiny, tmp_path, chaos, tried, way):
    if not chaos and way not in IN_MAKE_TEST:
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    harms, given, words = WAYS[way]
    for harm in harms:
        harm(project)
    done = project.snakemake(*given)
    assert done.returncode == 1 and words in done.stdout and "Traceback" not in done.stdout, done.stdout
    if delete_report in harms:
        assert not (project.folder / "reports/tiny.html").exists()
    tried(1, "one sentence")


def reader(path: Path, study: Path):
    """How the stage that reads a file reads it; None if none of ours does."""
    place = path.relative_to(study).parts
    record = study / "made_by"
    if place[0] == "runs":
        if path.name in manifest.WRITTEN:
            return lambda: manifest.read(path.parent, [path.name])
        return lambda: (
            manifest.read(path.parent) if path.suffix == ".json" else parquet.read_with_record(path)
        )
    if place[0] == "tables" or path.name == "training.parquet":
        return lambda: records.read(record / "aggregate.json").verify([path])
    if place[0] == "figures":
        by_depth = "_d" in path.stem
        stage = "histogram_figures" if by_depth else "figures"
        return lambda: records.read(record / f"{stage}.json").verify([path])
    if place[0] == "page":
        return lambda: records.read(record / path.name).verify([path])
    if place[0] == "made_by" or path.name == "provenance.json":
        return lambda: records.read(path)
    if path.name == "config.yaml":
        return lambda: records.read(study / "provenance.json").verify([path])
    if place[0] in ("timings", "activations", "theory") and path.suffix == ".parquet":
        return lambda: parquet.record(path)
    return None


@pytest.mark.fault(
    "a flipped bit",
    "one bit of any file of a finished study, at random places: weights, records, probes' tables, the study's tables and "
    "CSVs, figures, times, the resolved config, prepared images",
    "whoever reads the file refuses it and names it",
)
def test_a_flipped_bit_is_refused_in_every_kind_of_file(tiny, tmp_path, chaos, tried):
    results = tmp_path / "results"
    shutil.copytree(tiny.folder / "results", results)
    study, dice, n = results / "tiny", random.Random(0), 0  # noqa: S311
    readers = {path: reader(path, study) for path in sorted(study.rglob("*")) if path.is_file()}
    ours = {
        path: read for path, read in readers.items() if "tensorboard" not in path.relative_to(study).parts
    }
    unread = [path for path, read in ours.items() if read is None]
    assert {path.relative_to(study).parts[0] for path in unread} <= {"logs", "timings", "activations"}
    assert {path.suffix for path in unread} <= {".log", ".txt"}
    images = results / "data" / "digits.safetensors"
    readers[images] = lambda: prepared.read(images)
    kinds = {}
    for path, read in readers.items():
        if read is not None:
            kinds.setdefault(
                (path.parent.name, path.name) if "runs" not in path.parts else path.name, (path, read)
            )
    for path, read in kinds.values():
        read()
        content = path.read_bytes()
        for _ in range(300 if chaos else 20):
            place = dice.randrange(8 * len(content))
            changed = bytearray(content)
            changed[place // 8] ^= 1 << place % 8
            path.write_bytes(changed)
            with pytest.raises(UserError) as refused:
                read()
            assert path.name in str(refused.value), path
            n += 1
        path.write_bytes(content)
    tried(n, f"all refused, in {len(kinds)} kinds of file")


def digit(text: str) -> str:
    """The text with its last digit changed."""
    place = max(text.rfind(figure) for figure in "0123456789")
    return text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]


EDITED = {
    "tables/comparison.csv": "report",
    "figures/accuracy.svg": "report",
    "figures/distributions_d2.svg": "report",
    "page/figures.json": "report",
    "made_by/aggregate.json": "report",
    "made_by/figures.json": "report",
    "tables/runs.parquet": "figures",
    "tables/gradients.parquet": "histogram_figures",
    "timings/training.parquet": "report",
    "timings/activations.parquet": "report",
    "tables/history.parquet": "tensorboard",
}


@pytest.mark.fault(
    "a digit changed by hand",
    "one digit of a CSV, a figure, a record or a table of a finished study; then the stage that reads it, by force",
    "an error that names the file",
)
@pytest.mark.parametrize("name", EDITED)
def test_an_edited_file_is_refused_by_the_stage_that_reads_it(tiny, tmp_path, chaos, tried, name):
    if not chaos and name not in ("tables/comparison.csv", "made_by/figures.json"):
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    path, stage = project.folder / STUDY / name, EDITED[name]
    path.write_bytes(digit(path.read_bytes().decode("latin-1")).encode("latin-1"))
    done = project.snakemake("--allowed-rules", stage, "--forcerun", stage, "--", stage)
    assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
    assert f"Error: {STUDY}/{name} is damaged" in done.stdout, done.stdout
    tried(1, "as expected")


@pytest.mark.fault(
    "an archive of changed files",
    "a figure, a table and the report changed by hand; then `snakemake --report`",
    "no archive; an error that names the file",
)
@pytest.mark.parametrize(
    "name", [f"{STUDY}/tables/comparison.csv", f"{STUDY}/figures/accuracy.svg", "reports/tiny.html"]
)
def test_the_archive_checks_what_it_shows(tiny, tmp_path, chaos, tried, name):
    if not chaos and name != "reports/tiny.html":
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    path = project.folder / name
    path.write_text(digit(path.read_text()))
    done = project.snakemake("--report", "reports/archive.zip")
    assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
    assert f"Error: {name} is damaged" in done.stdout, done.stdout
    assert not (project.folder / "reports/archive.zip").exists()
    tried(1, "as expected")


def split_differently(project):
    done = project.snakemake("--quiet", "all", "--config", "study=other", "evaluation={split_seed: 7}")
    assert done.returncode == 0, done.stdout


@pytest.mark.fault(
    "studies that are compared",
    "two studies tested on other images of the same data set; a study whose tables, config or record were changed, or whose "
    "tables are of a later run than its report",
    "nothing is paired; an error that names the file",
)
def test_compare_pairs_the_same_images_only_and_checks_both_studies(tiny, tmp_path, only_chaos, tried):
    project = tiny.copy(tmp_path / "actbench")
    split_differently(project)
    given = ["--config", "studies=[tiny, other]"]
    assert project.snakemake(*given, "--", "compare").returncode == 0
    page = project.page("compared/tiny+other")
    assert "The studies were tested on different images, so nothing is paired." in page
    other, n = project.folder / "results/other", 1
    for name in ("config.yaml", "tables/runs.parquet", "tables/comparison.parquet", "provenance.json"):
        path = other / name
        content = path.read_bytes()
        path.write_bytes(digit(content.decode("latin-1")).encode("latin-1"))
        done = project.snakemake("--forcerun", "compare", *given, "--", "compare")
        assert done.returncode == 1 and f"Error: results/other/{name} is damaged" in done.stdout, done.stdout
        path.write_bytes(content)
        n += 1
    for name in ("config.yaml", "tables/runs.parquet"):  # whole, and of another study
        content = (other / name).read_bytes()
        shutil.copy(project.folder / STUDY / name, other / name)
        done = project.snakemake("--forcerun", "compare", *given, "--", "compare")
        assert done.returncode == 1 and f"Error: results/other/{name} is damaged" in done.stdout, done.stdout
        (other / name).write_bytes(content)
        n += 1
    tried(n, "as expected")


@pytest.mark.fault(
    "tables of an earlier config",
    "a study with all pairs compared, with folds and with more depths; then without",
    "what the plan does not make is gone; a file of the user's own stays",
)
def test_what_an_earlier_config_made_is_gone(tiny, tmp_path, only_chaos, tried):
    project = tiny.copy(tmp_path / "actbench")
    more = "training={max_epochs: 4, histograms: true, keep: last}"
    given = ["--config", "study=many", "evaluation={folds: 2}", "report={pairs: all}", "depths=[1, 2]", more]
    assert project.snakemake("--quiet", "all", *given).returncode == 0
    study = project.folder / "results/many"
    (study / "tables/notes.csv").write_text("mine")
    early = {
        path.relative_to(study) for path in study.glob("*/*") if path.parent.name in ("tables", "figures")
    }
    less = ["--config", "study=many", "depths=[1]", "training={max_epochs: 4, histograms: false}"]
    assert project.snakemake("--quiet", "all", *less).returncode == 0
    now = {path.relative_to(study) for path in study.glob("*/*") if path.parent.name in ("tables", "figures")}
    gone = {path.name for path in early - now}
    assert {"pairs.csv", "pairs.parquet", "cross_validation.csv", "distributions_d2.svg"} <= gone
    assert "epoch_histograms_d1.pdf" in gone and Path("tables/notes.csv") in now
    stages = ("aggregate", "figures", "histogram_figures")
    made = {
        path.resolve() for stage in stages for path in records.read(study / f"made_by/{stage}.json").paths()
    }
    assert {(study / path).resolve() for path in now} - made == {(study / "tables/notes.csv").resolve()}
    tried(1, "as expected")


def test_records_name_files_wherever_the_study_lies(tiny, tmp_path):
    """A study's folder can be copied as a whole; the page lies elsewhere."""
    copy = tmp_path / "results" / "tiny"
    shutil.copytree(tiny.folder / STUDY, copy)
    record = records.read(copy / "made_by" / "aggregate.json")
    record.verify(record.paths())
    found = json.loads((copy / "provenance.json").read_text())
    assert {"config.yaml", "../../reports/tiny.html"} == set(found["files"])
    assert files.digest(copy / "tables/runs.csv") == found["inputs"]["tables/runs.csv"]
    assert len(pd.read_parquet(copy / "tables/runs.parquet")) == 8
