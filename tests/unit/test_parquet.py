import pyarrow as pa
import pytest
from actbench import parquet

SCHEMA = pa.schema(
    [
        *parquet.KEYS,
        ("value", pa.float64()),
        ("counts", pa.list_(pa.int32())),
    ]
)


def row(activation, seed, value, counts=None):
    return {"activation": activation, "depth": 2, "seed": seed, "fold": 0, "value": value, "counts": counts}


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


@pytest.mark.parametrize("change", [{"extra": 1}, {"seed": None}])
def test_rows_that_do_not_fit_the_schema_are_refused(change):
    with pytest.raises((ValueError, pa.ArrowInvalid)):
        parquet.table([ROWS[0] | change], SCHEMA, ORDER)


def test_missing_column_is_refused():
    rows = [{key: value for key, value in ROWS[0].items() if key != "value"}]
    with pytest.raises(ValueError, match="value"):
        parquet.table(rows, SCHEMA, ORDER)


def test_concat_of_blocks_is_the_table_of_all_rows():
    parts = [parquet.table([r], SCHEMA, ORDER) for r in ROWS]
    assert parquet.concat(parts, ORDER).equals(parquet.table(ROWS, SCHEMA, ORDER))


def test_csv_has_a_header_and_empty_fields_for_null(tmp_path):
    table = parquet.table(ROWS, SCHEMA, ORDER).drop_columns(["counts"])
    parquet.write_csv(table, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].replace('"', "") == "activation,depth,seed,fold,value"
    assert lines[2].endswith(",")
