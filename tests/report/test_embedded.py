"""Which long tables a page has room for, and how they are packed."""

import gzip
import io
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest
from actbench.report import embedded
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
    monkeypatch.setattr(embedded, "compressed", lambda table: packed.append(len(table.columns)) or "x" * 100)
    made = study(embedded.PAGE - embedded.TEXT - left)
    assert set(embedded.tables(made)) == taken and len(packed) == len(taken)
    assert embedded.left_out(made) == {name: TABLES[name].size for name in TABLES.keys() - taken}


def test_a_compressed_table_has_six_digits_and_the_same_bytes_again():
    table = pd.DataFrame({"n": [123456789], "x": [1 / 3], "text": ["a,b"]})
    address = embedded.compressed(table)
    kind, content = address.split(",", 1)
    assert kind == "data:application/gzip;base64" and embedded.compressed(table) == address
    text = gzip.decompress(b64decode(content)).decode()
    assert text == '"n","x","text"\n123456789,0.333333,"a,b"\n'


def test_a_compressed_table_reads_as_the_csv_of_pandas_does():
    values = [0.0, -0.0, 1 / 3, 1e-300, 123456789.5, 1e22, float("inf"), float("nan")]
    table = pd.DataFrame({"x": values, "kind": pd.Categorical(list("aabbccdd")), "yes": [True, False] * 4})
    table = table.assign(small=table["x"].clip(-1e30, 1e30).astype("float32"), none=None, n=range(8))
    table = table.assign(text=['a "b"', "c,d", "é", "", "1", None, "x\ny", "true"])
    content = gzip.decompress(b64decode(embedded.compressed(table).split(",", 1)[1])).decode()
    expected = table.to_csv(index=False, float_format="%.6g")
    assert pd.read_csv(io.StringIO(content)).equals(pd.read_csv(io.StringIO(expected)))


def test_six_digits_are_those_that_python_writes():
    random = np.random.default_rng(1)
    powers = 10.0 ** np.arange(-308, 309)
    spread = random.normal(size=5000) * 10.0 ** random.integers(-300, 300, 5000)
    ties = np.arange(0, 640_000, 37) / 640_000
    values = np.concatenate([random.normal(size=5000), spread, powers, -powers, powers / 3, ties, 1e7 * ties])
    content = embedded.compressed(pd.DataFrame({"x": values})).split(",", 1)[1]
    written = gzip.decompress(b64decode(content)).decode().split()[1:]
    assert [float(text) for text in written] == [float(f"{value:.6g}") for value in values]
