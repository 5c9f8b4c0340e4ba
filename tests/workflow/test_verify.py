"""`snakemake verify`: published numbers beside ours, and a status that says whether they agree."""

import pandas as pd
import pytest
from actbench.storage import files
from actbench.verification import published


def test_without_data_it_says_how_to_get_them(tiny):
    proxy = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = tiny.snakemake("verify", "--config", "data_dir=empty", **proxy, study=None)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Fashion-MNIST is not in empty/FashionMNIST/raw" in text
    assert "Traceback" not in text
    assert not (tiny.folder / "results" / "verification.csv").exists()


def test_full_verification_plans_its_own_studies_and_nothing_else(tiny):
    done = tiny.snakemake("verify", "-n", "--quiet", "host", "--config", "verify=full", study=None)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    for line in ("train                    14", "fit_mlp_classifier        2", "verify                    1"):
        assert line in text, text
    assert "report  " not in text and "aggregate" not in text


@pytest.fixture(scope="module")
def verified(tiny, data_dir):
    # One thread: several of one job wait for one another, busily, where other tests run beside it.
    given = ["--set-threads", "verification=1", "--config", f"data_dir={data_dir.resolve()}"]
    done = tiny.snakemake("verify", *given, study=None)
    yield tiny, done
    (tiny.folder / "results" / "verification.csv").unlink()


def test_every_quick_row_agrees(verified):
    tiny, done = verified
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert "weight gradient at initialisation: 40 of 40 agree" in text
    assert "Verification: reports/verification.html" in text and "Report:" not in text
    rows = pd.read_csv(tiny.folder / "results" / "verification.csv")
    assert (rows["verdict"] == "agrees").all() and len(rows) == 76
    page = tiny.page("verification")
    assert "76 of 76 published numbers agree" in page


def test_tolerances_are_those_of_exact_reproductions(verified):
    """Dead units of the notebook's own weights to the unit, gradients and loss of its first batch to five digits."""
    rows = pd.read_csv(verified[0].folder / "results" / "verification.csv")
    dead = rows[(rows["quantity"] == "dead units") & (rows["source"] == published.UVA_PYTORCH)]
    assert dead["measured"].tolist() == [0, 0, 3, 10] and set(dead["tolerance"]) == {0}
    first_batch = rows[rows["quantity"].str.contains("at initialisation")]
    assert len(first_batch) == 2 * (1 + 5 * 4)
    assert first_batch["tolerance"].tolist() == pytest.approx(1e-5 * first_batch["published"].abs())
    assert (rows["quantity"] == "pre-activation variance").sum() == 5


def test_a_row_that_differs_ends_with_status_1(verified):
    tiny, _ = verified
    path = tiny.folder / "results" / "verification.csv"
    record = tiny.folder / "results" / "verification" / "verification.json"
    before = {path: path.read_text(), record: record.read_text()}
    path.write_text(before[path].replace("agrees", "differs", 1))
    try:
        edited = tiny.snakemake("verify", "--allowed-rules", "verify", study=None)
        content = files.read_json(record)
        content["files"]["../verification.csv"] = files.digest(path)
        files.write_json(content, record)
        done = tiny.snakemake("verify", "--allowed-rules", "verify", study=None)
    finally:
        for file, text in before.items():
            file.write_text(text)
    assert edited.returncode == 1 and "Error: results/verification.csv is damaged" in edited.stdout
    assert done.returncode == 1
    assert "1 of 76 published numbers differ by more than their tolerance." in done.stdout + done.stderr
