import pandas as pd
import pyarrow as pa
import pytest
from actbench.errors import DamagedError
from actbench.storage import parquet

SCHEMA = pa.schema(
    [
        *parquet.KEYS,
        ("value", pa.float64()),
        ("counts", pa.list_(pa.int32())),
    ]
)


def row(activation, seed, value, counts=None):
    return {
        "activation": activation,
        "depth": 2,
        "setting": "default",
        "seed": seed,
        "fold": 0,
        "value": value,
        "counts": counts,
    }


ROWS = [row("tanh", 1, 0.1 + 0.2, [1, 2]), row("relu", 0, 1e-300), row("relu", 1, float("inf"))]
ORDER = ["activation", "seed"]


def test_rows_come_out_sorted_and_exact():
    table = parquet.table(ROWS, SCHEMA, ORDER)
    assert table.schema == SCHEMA
    assert [(r["activation"], r["seed"]) for r in table.to_pylist()] == [
        ("relu", 0),
        ("relu", 1),
        ("tanh", 1),
    ]
    assert table["value"].to_pylist() == [1e-300, None, 0.1 + 0.2]
    assert table["counts"].to_pylist() == [None, None, [1, 2]]


def test_order_of_rows_does_not_change_the_bytes(tmp_path):
    for name, rows in (("a", ROWS), ("b", ROWS[::-1])):
        parquet.write(parquet.table(rows, SCHEMA, ORDER), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_rows_are_a_table_too(tmp_path):
    parquet.write(parquet.table([], SCHEMA, ORDER), tmp_path / "empty")
    assert parquet.read(tmp_path / "empty").num_rows == 0
    assert parquet.read(tmp_path / "empty").schema == SCHEMA


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1], ROWS[:1], []])
def test_a_data_frame_is_the_table_of_its_rows(tmp_path, rows):
    """Also where activations are categories, as Arrow gives them."""
    schema, rows = pa.schema(list(SCHEMA)[:-1]), [{k: v for k, v in r.items() if k != "counts"} for r in rows]
    frame = pd.DataFrame(rows, columns=schema.names).astype({"activation": "category"})
    made, expected = parquet.of_frame(frame, schema, ORDER), parquet.table(rows, schema, ORDER)
    for name, table in (("made", made), ("expected", expected)):
        parquet.write(table, tmp_path / name)
    assert made.schema == schema and (tmp_path / "made").read_bytes() == (tmp_path / "expected").read_bytes()


@pytest.mark.parametrize("change", [{"extra": 1}, {"seed": None}, {"setting": None}])
def test_a_data_frame_that_does_not_fit_the_schema_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        parquet.of_frame(pd.DataFrame([ROWS[0] | change]), SCHEMA, ORDER)


@pytest.mark.parametrize("change", [{"extra": 1}, {"seed": None}])
def test_rows_that_do_not_fit_the_schema_are_refused(change):
    with pytest.raises((ValueError, pa.ArrowInvalid)):
        parquet.table([ROWS[0] | change], SCHEMA, ORDER)


def test_missing_column_is_refused():
    rows = [{key: value for key, value in ROWS[0].items() if key != "value"}]
    with pytest.raises(ValueError, match="value"):
        parquet.table(rows, SCHEMA, ORDER)


@pytest.mark.parametrize("piece", [1, 2, parquet.PIECE])
def test_concat_of_blocks_is_the_table_of_all_rows(monkeypatch, tmp_path, piece):
    """Whatever the number of rows that are sorted at a time."""
    monkeypatch.setattr(parquet, "PIECE", piece)
    parts = [parquet.table([r], SCHEMA, ORDER) for r in ROWS]
    stacked, expected = parquet.concat(parts, ORDER), parquet.table(ROWS, SCHEMA, ORDER)
    assert stacked.equals(expected) and stacked.schema == SCHEMA
    assert len({tuple(chunk.dictionary.to_pylist()) for chunk in stacked["activation"].chunks}) == 1
    parquet.write(stacked, tmp_path / "stacked")
    frame = parquet.read(tmp_path / "stacked").to_pandas()
    pd.testing.assert_frame_equal(frame, expected.to_pandas())


def test_csv_has_a_header_and_empty_fields_for_null(tmp_path):
    table = parquet.table(ROWS, SCHEMA, ORDER).drop_columns(["counts"])
    parquet.write_csv(table, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].replace('"', "") == "activation,depth,setting,seed,fold,value"
    assert lines[2].endswith(",")
    parquet.write_csv(table, tmp_path / "a.csv", hidden=["setting"])
    assert (tmp_path / "a.csv").read_text() == "\n".join(
        line.replace(',"default"', "") for line in lines
    ).replace(',"setting"', "") + "\n"


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [row("relu", seed, seed / 7, [seed] * 50) for seed in range(100)]
    parquet.write(parquet.table(rows, SCHEMA, ORDER), path, {"params": {"bins": 3}})
    return path


def test_the_record_is_beside_the_table_not_in_it(stored):
    assert parquet.record(stored) == {"params": {"bins": 3}}
    assert parquet.read(stored).schema.metadata is None
    assert parquet.read(stored).schema == SCHEMA


def test_without_a_record_there_is_none(tmp_path):
    parquet.write(parquet.table(ROWS, SCHEMA, ORDER), tmp_path / "a.parquet")
    with pytest.raises(DamagedError, match=r"a.parquet is damaged .it does not say what it was made from"):
        parquet.record(tmp_path / "a.parquet")


@pytest.mark.parametrize("harm", [lambda c: c[:-1], lambda c: b"", lambda c: b"<html>", lambda c: c[:500]])
def test_damaged_files_are_named(stored, harm):
    stored.write_bytes(harm(stored.read_bytes()))
    for read in (parquet.read, parquet.record):
        with pytest.raises(DamagedError, match=r"a.parquet is damaged .*: delete it and run again"):
            read(stored)


def test_a_file_cut_at_its_beginning_is_named(stored):
    stored.write_bytes(stored.read_bytes()[1:])
    with pytest.raises(DamagedError, match=r"a.parquet is damaged"):
        parquet.read(stored)


def test_a_changed_bit_is_noticed_wherever_it_lies(stored):
    """In the pages, in the footer with its names, counts and statistics, in the record, and in the checksum."""
    content = stored.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for place in [*range(0, footer, 11), *range(footer, len(content))]:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        stored.write_bytes(changed)
        with pytest.raises(DamagedError, match=r"a.parquet is damaged"):
            parquet.read(stored)


def test_other_readers_read_what_we_write(stored):
    assert pd.read_parquet(stored)["value"].tolist() == [seed / 7 for seed in range(100)]


def test_a_table_of_somebody_else_is_not_one_of_ours(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DamagedError, match="it is no table of actbench"):
        parquet.read(tmp_path / "a.parquet")
