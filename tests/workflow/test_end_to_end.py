"""One tiny study from images to report."""

import json
import re
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from actbench.data import prepared, splits
from actbench.networks import checkpoints
from actbench.storage import files
from actbench.training import loop
from actbench.training.stack import Stack

TABLES = {
    "runs": 8,
    "history": 8 * 4,
    "gradients": 4 * 2 * 3 * (2 + 3),
    "distributions": 4 * 2 * (3 + 5),
    "dead_neurons": 4 * 2 * (1 + 2),
    "histograms": 4 * 2 * 3 * (2 + 3) + 4 * 2 * (3 + 5) + 8 * 4 * 2 * 2,
    "comparison": 4,
    "shares": 2,
    "properties": 2,
    "activations": 2 * 641,
    "theory": 2,
    "edges": 1 + 40,
    "correlations": 2 * 41,
    "predictions": 2 * (2 + 3),
    "expectations": 2 * 2,
}


def table(tiny, name):
    return tiny.folder / "results" / "tiny" / "tables" / f"{name}.parquet"


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_a_row_for_everything_planned(tiny, name):
    path = table(tiny, name)
    frame = pd.read_parquet(path)
    assert len(frame) == TABLES[name]
    assert duckdb.sql(f"select count(*) from '{path}'").fetchall() == [(len(frame),)]


def test_predictions_stand_beside_what_was_measured(tiny):
    """At initialisation; measured networks are 16 units wide."""
    decay = pd.read_parquet(table(tiny, "decay")).dropna(subset="predicted")
    assert len(decay) == 2 * 2 * 2 and set(decay["checkpoint"]) == {"init"}
    assert (decay["mean"] - decay["predicted"]).abs().max() < 0.15
    gradients = pd.read_parquet(table(tiny, "gradients_by_layer")).dropna(subset="predicted")
    assert len(gradients) == 2 * (2 + 3) and set(gradients["measure"]) == {"rms"}
    assert (gradients["mean"] / gradients["predicted"]).between(0.7, 1.4).all()
    signals = pd.read_parquet(table(tiny, "distributions_by_layer")).dropna(subset="predicted")
    assert {"std", "mean"} <= set(signals["measure"]) and len(signals) >= 2 * (2 + 3 + 2 * 3)


def test_keys_have_the_types_of_the_plan(tiny):
    frame = pd.read_parquet(table(tiny, "runs"))
    assert [str(frame[key].dtype) for key in ("activation", "setting")] == ["category"] * 2
    assert [str(frame[key].dtype) for key in ("depth", "seed", "fold")] == ["int16", "int32", "int16"]
    kinds = dict(row[:2] for row in duckdb.sql(f"describe select * from '{table(tiny, 'runs')}'").fetchall())
    assert kinds["activation"].startswith(("VARCHAR", "ENUM")) and kinds["trained"] == "BOOLEAN"


def test_csv_says_the_same_as_parquet(tiny):
    """But for the setting, which is not shown where there is the default only."""
    for name in ("comparison", "runs", "decay"):
        path = table(tiny, name)
        csv, parquet = pd.read_csv(path.with_suffix(".csv")), pd.read_parquet(path)
        assert set(parquet.pop("setting")) == {"default"}
        parquet["activation"] = parquet["activation"].astype(str)
        pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)


def test_networks_learn_and_their_weights_score_what_the_table_says(tiny, monkeypatch):
    monkeypatch.chdir(tiny.folder)
    runs = pd.read_parquet(table(tiny, "runs"))
    assert runs["test_accuracy"].min() > 0.7
    data = splits.split(
        prepared.read("results/data/digits.safetensors"),
        {"folds": None, "validation": 250, "split_seed": 42},
        "symmetric",
    )
    for row in runs.itertuples():
        folder = f"results/tiny/runs/{row.activation}/d{row.depth}/default/seeds0-1"
        network = checkpoints.load(folder, seed=row.seed)
        assert loop.evaluate(Stack([network]), data.test)[0] == (row.test_loss, row.test_accuracy)


def test_runs_record_where_they_come_from_and_tables_do_not(tiny):
    config = json.loads((tiny.folder / "results/tiny/runs/relu/d1/default/seeds0-1/config.json").read_text())
    assert config["params"]["seeds"] == [0, 1]
    assert {"commit", "device", "versions", "python"} <= config["provenance"].keys()
    assert (tiny.folder / "results/tiny/config.yaml").read_text().startswith("study: tiny")


def test_first_run_tells_a_line_a_block_and_where_the_report_is(tiny):
    text = tiny.first_run
    lines = re.findall(r"^\[\d/4\] \w+, depth \d, seeds 0-1: test accuracy .* of 2 trained, .*$", text, re.M)
    assert len(lines) == 4 and lines[-1].startswith("[4/4]") and lines[-1].endswith("training done")
    assert "Report: reports/tiny.html" in text
    assert "Reason:" not in text


def test_report_is_one_file_with_every_section(tiny):
    page = tiny.page()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    for section in (
        "answer",
        "comparison",
        "why",
        "depth",
        "learning",
        "gradients",
        "activations",
        "units",
        "the-functions",
        "cost",
        "next",
        "method",
        "run",
        "downloads",
    ):
        assert f'id="{section}"' in page
    assert page.count("<figure") == 13 + 2 + 3 * 2 + 1
    assert (
        "#cross-validation" not in page and "#pairs" not in page and "<mfrac>" not in page and "<math" in page
    )
    assert "8 networks: 4 cells (2 activations × 2 depths) × 2 seeds" in " ".join(page.split())


SECTION = """
from actbench.report.section import Section


def context(study):
    return {"steepest": study.tables["gradients_by_layer"]["mean"].max()}


SECTION = Section(
    id="steepest", title="Steepest", template="steepest.html", tables=("gradients_by_layer",), context=context
)
"""


def test_a_section_more_is_a_module_a_template_and_its_place_in_the_list(tiny, tmp_path):
    """Made from a table that no other section reads."""
    project = tiny.copy(tmp_path / "actbench")
    package = project.folder / "workflow/scripts/actbench/report"
    (package / "sections/steepest.py").write_text(SECTION)
    template = project.folder / "workflow/report/sections/steepest.html"
    template.write_text('<section id="steepest">{{ "%.17g" | format(steepest) }}</section>')
    listed = package / "contents.py"
    text = listed.read_text().replace("    provenance,\n", "    provenance,\n    steepest,\n", 1)
    listed.write_text(
        text.replace("    downloads.SECTION,\n", "    steepest.SECTION,\n    downloads.SECTION,\n")
    )
    assert project.planned() == Counter({"report": 1})
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    page = project.page()
    steepest = pd.read_parquet(table(project, "gradients_by_layer"))["mean"].max()
    assert f'<section id="steepest">{steepest:.17g}</section>' in page
    assert '<a href="#steepest">Steepest</a>' in page
    template.write_text("")
    assert project.planned() == Counter({"report": 1})


def test_every_log_is_there_and_says_what_the_job_took(tiny):
    study = tiny.folder / "results" / "tiny"
    ends = [path.read_text().splitlines()[-1] for path in study.glob("logs/*/*.log")]
    spent = r".*CPU seconds: imports \d+\.\d+, work \d+\.\d+; at most [1-9]\d* MiB of memory"
    assert len(ends) == 4 * 4 and all(re.fullmatch(spent, line) for line in ends)
    log = (study / "logs/train/relu-d1-default-seeds0-1.log").read_text()
    assert log.count("epoch ") == 2 * 4


def test_status_is_told_also_while_another_snakemake_has_the_lock(tiny):
    locks = tiny.folder / ".snakemake" / "locks"
    complete = tiny.snakemake("--", "status")
    assert complete.returncode == 0 and "Study tiny is complete\n" in complete.stdout
    assert "  train   4 of  4\n" in complete.stdout and "The last run: test accuracy " in complete.stdout
    (locks / "0.output.lock").write_text("results/tiny/provenance.json\n", encoding="utf-8")
    try:
        running = tiny.snakemake("--", "status")
        assert running.returncode == 0 and "Study tiny runs (last sign " in running.stdout
    finally:
        (locks / "0.output.lock").unlink()


def test_second_run_does_nothing(tiny):
    again = tiny.snakemake("--resources", "gpu=1")
    assert again.returncode == 0 and "Nothing to be done" in again.stdout + again.stderr


def test_snakemakes_archive_holds_figures_tables_and_captions(tiny, tmp_path):
    study = tiny.folder / "results" / "tiny"
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = tiny.snakemake("--report", str(tmp_path / "archive.zip"), **nowhere)
    assert done.returncode == 0 and "Report created" in done.stdout, done.stdout
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*")} == before
    assert tiny.planned() == Counter()

    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        names = [Path(name).name for name in archive.namelist()]
        page = archive.read("archive/report.html").decode()
    drawn = [path for path in study.glob("figures/*") if path.suffix != ".pdf"]
    shown = [*drawn, *study.glob("tables/*.csv"), tiny.folder / "reports" / "tiny.html"]
    assert sorted(names) == sorted([path.name for path in shown] + ["report.html"])
    kinds = ("results", "categories", "workflow_desc")
    results, categories, about = (json.loads(re.search(rf"var {k} = ([{{\"].*);", page)[1]) for k in kinds)
    named = [
        "Report",
        "Comparison",
        "Learning",
        "Gradients",
        "Activations",
        "Theory",
        "Functions and data",
        "Tables",
    ]
    assert sorted(categories) == [f"{number}. {name}" for number, name in enumerate(named, 1)]
    assert "how sure can one be?" in about and "system-message" not in about
    found = {Path(path).stem: result for path, result in results.items()}
    assert found["gradient_histograms_d2"]["labels"] == {
        "figure": "distribution of weight gradients",
        "depth": "   2",
    }
    assert found["accuracy"]["job_properties"]["rule"] == "figures"
    assert "Thin lines are single runs (n = 2)" in found["learning_curves"]["caption"]
    for name, result in found.items():
        assert result["caption"] and "system-message" not in result["caption"], name
        params = result["job_properties"]["params"]
        assert "files, see results/tiny/provenance.json" in params
        assert len(re.findall(r"\b[0-9a-f]{16,64}\b", params)) <= 1, name  # that of the data


def test_two_studies_side_by_side(tiny, tmp_path):
    """The tiny study and a copy of it under another name and setting."""
    project = tiny.copy(tmp_path / "actbench")
    results = project.folder / "results"
    shutil.copytree(results / "tiny", results / "other")
    path = results / "other" / "config.yaml"
    path.write_text(
        path.read_text().replace("study: tiny", "study: other").replace("momentum: 0.9", "momentum: 0.8")
    )
    record = path.with_name("provenance.json")
    content = files.read_json(record)
    content["files"]["config.yaml"] = files.digest(path)
    files.write_json(content, record)
    done = project.snakemake("--config", "studies=[tiny, other]", "--", "compare")
    assert done.returncode == 0, done.stdout
    page = project.page("compared/tiny+other")
    assert "training.momentum" in page and page.count('class="drawing"') == 2 and page.count("<img") == 0
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    again = project.snakemake("--config", "studies=[tiny, other]", "--", "compare")
    assert "Nothing to be done" in again.stdout
    shutil.copytree(results / "other", results / "third")
    path = results / "third" / "config.yaml"
    path.write_text(path.read_text().replace("study: other", "study: third"))
    record = path.with_name("provenance.json")
    content["files"]["config.yaml"] = files.digest(path)
    files.write_json(content, record)
    done = project.snakemake("--config", "studies=[tiny, other, third]", "--", "compare")
    assert done.returncode == 0, done.stdout
    page = project.page("compared/tiny+other+third")
    assert "other and third: digits, 1 hidden layer" in page and "tiny: digits, 1 hidden layer" in page


@pytest.mark.parametrize(
    ("studies", "words"),
    [
        ("[]", "compare needs two studies or more"),
        ("[tiny]", "compare needs two studies or more"),
        ("[tiny, tiny]", "every entry is allowed once"),
        ("[tiny, missing]", "missing has no results/missing"),
    ],
)
def test_studies_that_cannot_be_compared_are_a_sentence(tiny, studies, words):
    done = tiny.snakemake("--config", f"studies={studies}", "--", "compare")
    assert done.returncode == 1 and words in done.stdout and "Traceback" not in done.stdout


def test_every_caption_is_that_of_a_figure_or_table(tiny):
    study = tiny.folder / "results" / "tiny"
    shown = {re.sub(r"_d\d$", "", path.stem) for path in study.glob("figures/*")}
    shown |= {path.stem for path in study.glob("tables/*.csv")}
    captions = {path.stem for path in tiny.folder.glob("workflow/report/captions/*")}
    of_others = {"cross_validation", "pairs", "attribution", "tuning", "rates", "sensitivity"}
    of_others |= {"performance_profile", "while_training", "jacobian_over_seeds", "claims"}
    assert captions == shown | of_others | {"page", "workflow", "by_layer"}


def test_provenance_names_code_versions_hardware_data_and_config(tiny):
    study = tiny.folder / "results" / "tiny"
    found = json.loads((study / "provenance.json").read_text())
    assert found["study"] == "tiny" and len(found["config"]) == 64
    assert found["data"]["dataset"] == "digits" and len(found["data"]["sha256"]) == 1
    assert found["mixed"] == {"torch": [], "device": []}
    jobs = {stage: sum(record["jobs"] for record in records) for stage, records in found["stages"].items()}
    probes = dict.fromkeys(["probe_gradients", "probe_distributions", "probe_dead_neurons"], 4)
    assert jobs == {
        "train": 4,
        **probes,
        "describe_activations": 1,
        "theory": 1,
        "time_activations": 1,
        "aggregate": 1,
        "figures": 1,
        "histogram_figures": 1,
        "report": 1,
    }
    (trained,) = found["stages"]["train"]
    assert {"commit", "uncommitted_changes", "device", "platform", "python"} < trained.keys()
    assert trained["versions"]["torch"] and "actbench/training/fitting.py" in trained["code"]
    page = tiny.page()
    assert found["config"] in page and found["data"]["sha256"][0] in page and "Mixed origins" not in page


def test_tensorboard_reads_the_tables_numbers(tiny):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = tiny.snakemake("--quiet", "all", "--", "tensorboard")
    assert done.returncode == 0 and "tensorboard --logdir results/tiny/tensorboard" in done.stdout
    history, histograms = (pd.read_parquet(table(tiny, name)) for name in ("history", "histograms"))
    folders = sorted((tiny.folder / "results/tiny/tensorboard").glob("*-fold0"))
    assert len(folders) == 8
    events = EventAccumulator(str(folders[0]), size_guidance={"scalars": 0, "histograms": 0}).Reload()
    assert folders[0].name == "relu-d1-default-seed0-fold0"
    run = "activation == 'relu' and depth == 1 and seed == 0"
    found = [event.value for event in events.Scalars("accuracy/validation")]
    assert found == pytest.approx(history.query(run)["val_accuracy"].tolist(), rel=1e-6)
    rows = histograms.query(f"{run} and source == 'gradient_epoch' and layer == 1").sort_values("epoch")
    stored = events.Histograms("gradients/layer1")
    assert [event.step for event in stored] == rows["epoch"].tolist()
    for event, counts in zip(stored, rows["counts"], strict=True):
        assert event.histogram_value.num == sum(counts)


def test_hiplot_page_is_written_from_the_tables(tiny):
    done = tiny.snakemake("--quiet", "all", "--", "hiplot")
    assert done.returncode == 0 and "reports/tiny_hiplot.html" in done.stdout
    assert "Report:" not in done.stdout
