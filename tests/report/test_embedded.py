"""Which long tables a page has room for."""

import gzip
from base64 import b64decode

import pandas as pd
import pytest
from actbench.report import embedded, page
from actbench.report.section import Study

HISTORY = pd.DataFrame({"epoch": range(1000), "train_loss": [1 / (3 + n) for n in range(1000)]})
TABLES = {"history": HISTORY, "gradients": HISTORY.assign(rms=0.1)}


def study(taken=0, tables=TABLES):
    return Study({}, tables, {"a": "x" * taken}, {}, {}, tables)


def test_a_table_is_packed_with_six_digits():
    address = embedded.tables(study())["history"]
    text = gzip.decompress(b64decode(address.partition(",")[2])).decode()
    assert text.splitlines()[:2] == ['"epoch","train_loss"', "0,0.333333"]
    assert len(address) <= 2 * embedded.LETTERS * HISTORY.size  # no two of its numbers are alike
    assert embedded.left_out(study()) == {}


@pytest.mark.parametrize(
    ("left", "taken"), [(10**6, {"history", "gradients"}), (7500, {"history"}), (5000, set())]
)
def test_those_for_which_there_is_no_room_are_not_packed_but_counted(monkeypatch, left, taken):
    packed = []
    monkeypatch.setattr(page, "compressed", lambda table: packed.append(len(table.columns)) or "x" * 100)
    made = study(embedded.PAGE - embedded.TEXT - left)
    assert set(embedded.tables(made)) == taken and len(packed) == len(taken)
    assert embedded.left_out(made) == {name: TABLES[name].size for name in TABLES.keys() - taken}
