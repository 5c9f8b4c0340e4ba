"""A study whose networks are measured after single epochs too, beside the same study without."""

import zipfile

import actbench
import pandas as pd
import pytest
from actbench.data import prepared, splits
from actbench.probes import dead_neurons

GIVEN = ("study=watched", "depths=[1]", "probe_epochs=[1, 2]")
BETWEEN = ["epoch1", "epoch2"]
KEYS = ["activation", "depth", "seed", "fold"]


@pytest.fixture(scope="module")
def watched(tiny):
    done = tiny.snakemake("--quiet", "all", "--config", *GIVEN)
    assert done.returncode == 0, done.stdout + done.stderr
    return tiny.folder / "results" / "watched"


def table(folder, name):
    return pd.read_parquet(folder / "tables" / f"{name}.parquet")


def test_each_probe_measures_each_network_after_each_epoch(watched):
    runs = table(watched, "runs")
    for name in ("gradients", "distributions", "dead_neurons"):
        rows = table(watched, name).groupby(["checkpoint", *KEYS], observed=True).size()
        assert set(rows.index.get_level_values("checkpoint")) == {"init", *BETWEEN, "trained"}
        assert len(rows) == 4 * len(runs) and rows.nunique() == 1
        assert set(BETWEEN) < set(table(watched, f"{name}_by_layer")["checkpoint"])
    assert set(BETWEEN) < set(table(watched, "decay")["checkpoint"])


@pytest.mark.parametrize(
    "name", ["runs", "history", "gradients", "distributions", "dead_neurons", "histograms", "decay"]
)
def test_all_other_numbers_are_those_of_the_study_without(tiny, watched, name):
    """Histograms of single epochs stay in the blocks' tables."""
    before, found = table(tiny.folder / "results" / "tiny", name), table(watched, name)
    before = before[before["depth"] == 1].reset_index(drop=True)
    if "checkpoint" in found and name != "histograms":
        found = found[~found["checkpoint"].isin(BETWEEN)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, before, check_exact=True)


def test_a_network_of_an_epoch_is_loaded_and_is_the_one_that_was_measured(tiny, watched):
    network = actbench.load(watched / "runs/relu/d1/default/seeds0-1", seed=1, checkpoint="epoch2")
    images = prepared.read(tiny.folder / "results/data/digits.safetensors")
    data = splits.split(images, {"folds": None, "validation": 250, "split_seed": 42}, "symmetric")
    (row,) = dead_neurons.measure(network, data.train.x, 0.025)
    where = "activation == 'relu' and seed == 1 and checkpoint == 'epoch2'"
    (stored,) = table(watched, "dead_neurons").query(where).to_dict("records")
    assert row.items() <= stored.items()
    with pytest.raises(KeyError, match="allowed: init, trained"):
        actbench.load(tiny.folder / "results/tiny/runs/relu/d1/default/seeds0-1", 1, checkpoint="epoch2")


def test_the_figure_is_there_and_in_the_report_only_where_epochs_are_probed(tiny, watched):
    for kind in ("svg", "pdf"):
        assert (watched / "figures" / f"while_training.{kind}").stat().st_size > 0
        assert not (tiny.folder / "results/tiny/figures" / f"while_training.{kind}").exists()
    page = tiny.page("watched")
    assert 'id="figure-while_training"' in page and "initialisation (0), after epochs 1, 2, and" in page
    assert "epoch1" not in page and "while_training" not in tiny.page()
    assert "probe_epochs:" in (watched / "config.yaml").read_text()


def test_running_it_again_does_nothing(tiny, watched):
    assert not tiny.planned("--config", *GIVEN)


def test_the_archive_has_the_figure_with_its_caption(tiny, watched, tmp_path):
    archive = tmp_path / "archive.zip"
    done = tiny.snakemake("--config", *GIVEN, "--report", str(archive))
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(archive) as files:
        (page,) = (name for name in files.namelist() if name.endswith("report.html"))
        text = files.read(page).decode()
    assert "dead units and gradients by epoch" in text and "after epochs 1, 2, at equal distances" in text
