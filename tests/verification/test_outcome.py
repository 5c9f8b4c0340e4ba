from types import SimpleNamespace

import pandas as pd
import pytest
from actbench.errors import UserError
from actbench.storage import records
from actbench.verification import outcome

HEAD = {"quantity": "gain, exact", "setting": "relu", "source": "s", "n": 1, "tolerance_from": "t"}
AGREES = HEAD | {"published": 1.0, "measured": 1.05, "tolerance": 0.1, "verdict": "agrees"}
DIFFERS = HEAD | {"published": 1.0, "measured": 2.0, "tolerance": 0.1, "verdict": "differs"}


def test_told_names_what_differs_and_the_page():
    rows = [AGREES, DIFFERS]
    text = outcome.summary(rows, "reports/verification.html")
    assert text.splitlines()[0] == "gain: 1 of 2 agree"
    assert "differs: relu: published 1, measured 2, tolerance 0.1" in text
    assert text.endswith("Verification: reports/verification.html")
    assert outcome.count(rows) == {"agrees": 1, "differs": 1, "open": 0}


@pytest.fixture
def job(tmp_path):
    """What the rule's script hands over, for a table of these rows."""

    def of(rows):
        page, csv, record = (tmp_path / name for name in ("page.html", "rows.csv", "record.json"))
        page.write_text("")
        pd.DataFrame(rows).to_csv(csv, index=False)
        plan = {"params": {"extent": "quick"}, "code": {}}
        records.write(record, records.Plan(**plan), [], [page, csv], {}, 0.0)
        inputs = SimpleNamespace(page=page, csv=csv, record=record)
        return SimpleNamespace(input=inputs, params=SimpleNamespace(plan=plan))

    return of


def test_verify_fails_where_a_number_differs(job, capsys):
    outcome.verify(job([AGREES]))
    assert "gain: 1 of 1 agree" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"^1 of 2 published numbers differ by more than their tolerance"):
        outcome.verify(job([AGREES, DIFFERS]))
    assert "gain: 1 of 2 agree" in capsys.readouterr().out


def test_verify_takes_no_table_but_that_of_the_record(job):
    edited = job([AGREES, DIFFERS])
    edited.input.csv.write_text(edited.input.csv.read_text().replace("differs", "agrees"))
    with pytest.raises(UserError, match=r"rows\.csv is damaged"):
        outcome.verify(edited)
