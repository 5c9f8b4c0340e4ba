"""The limit of the decay and its record: docs/expectations.csv, and what docs/theory.md says of it."""

import pandas as pd
import pytest
from actbench.analysis.statistics import share_interval
from actbench.data import acquire
from actbench.report.sections import why
from actbench.storage import yaml_files
from actbench.study import grid, settings
from actbench.theory import expectation
from actbench.training import theory_rows
from conftest import ROOT, SCHEMA

KEYS = ["activation", "depth", "setting"]
CHOSEN = "digits"  # the study that the limit was chosen on
CONFIGS = {"digits": "config.yaml", "unseen": "config.yaml", "fair": "studies/fair.yaml"}


@pytest.fixture(scope="module")
def cells():
    """One row a cell of each study: what was predicted, and how many of its networks trained."""
    found = pd.read_csv(ROOT / "docs/expectations.csv")
    return found.assign(trained=2 * found["n_trained"] > found["n_seeds"])


def test_the_limit_is_the_middle_of_the_gap_on_the_study_that_it_was_chosen_on(cells):
    chosen = cells[cells["study"] == CHOSEN]
    highest = chosen.loc[~chosen["trained"], "log10_first_last"].max()
    lowest = chosen.loc[chosen["trained"], "log10_first_last"].min()
    assert highest < lowest
    assert round((highest + lowest) / 2, 1) == expectation.LIMIT


@pytest.mark.parametrize("study", CONFIGS)
def test_the_cells_that_the_limit_was_chosen_on_are_told_from_others(cells, study):
    own = cells[cells["study"] == study]
    given = yaml_files.read(ROOT / CONFIGS[study])
    given |= {"activations": list(dict.fromkeys(own["activation"]))}
    config = settings.with_recipes(given, SCHEMA)
    found = why.chosen_on(config, own)
    assert len(own) and (found == (study == CHOSEN)).all()
    if study == CHOSEN:
        everywhere = expectation.CHOSEN_ON
        many = len(everywhere.activations) * len(everywhere.depths) * len(everywhere.initialisations)
        assert len(own) == many == 36
        for change in ({"width": 65}, {"norm": "layer"}, {"residual": True}, {"bias_std": 0.1}):
            other = settings.with_recipes(given | {"network": given["network"] | change}, SCHEMA)
            assert not why.chosen_on(other, own).all()
        (leaky,) = [entry for entry in config["activations"] if entry["id"] == "leakyrelu"]
        leaky["spec"]["parameters"] = {"negative_slope": 0.3}
        assert set(own.loc[~why.chosen_on(config, own), "activation"]) == {"leakyrelu"}


@pytest.mark.parametrize("study", CONFIGS)
def test_the_record_holds_what_theory_predicts(request, cells, study):
    own = cells[cells["study"] == study].set_index(KEYS).sort_index()
    given = yaml_files.read(ROOT / CONFIGS[study])
    given |= {"activations": list(dict.fromkeys(own.index.get_level_values("activation")))}
    config = settings.with_recipes(given, SCHEMA)
    folder = request.getfixturevalue("data_dir") if study == "fair" else ""
    images = acquire.dataset(config["dataset"], folder)
    rows = theory_rows.of_study(grid.theory_params(config), images)["expectations"]
    predicted = pd.DataFrame(rows).set_index(KEYS).sort_index()
    assert len(own) == len(predicted)
    found = own["log10_first_last"].to_numpy()
    assert found == pytest.approx(predicted["log10_first_last"].to_numpy(dtype=float), abs=1e-3)


@pytest.mark.parametrize("study", CONFIGS)
def test_the_page_counts_hits_and_misses(cells, study):
    page = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
    own = cells[cells["study"] == study]
    expected = own["log10_first_last"] > expectation.LIMIT
    for words, part, hit in (
        ("expected to train", own[expected], True),
        ("not expected to train", own[~expected], False),
    ):
        hits = int((part["trained"] == hit).sum())
        low, high = share_interval(hits, len(part))
        assert f"| `{study}` | {words} | {hits} of {len(part)} | {100 * low:.0f}–{100 * high:.0f} % |" in page
    most = max(own["trained"].sum(), (~own["trained"]).sum())
    right = int((expected == own["trained"]).sum())
    low, high = share_interval(right, len(own))
    assert f"| `{study}` | all | {right} of {len(own)} | {100 * low:.0f}–{100 * high:.0f} % |" in page
    assert f"{most} of {len(own)}" in page
