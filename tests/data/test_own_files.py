"""Files of own data: what they hold, and one sentence for what they should not."""

import io
import pickle
import re
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from actbench.data import own, own_files
from actbench.errors import UserError

X = np.arange(24.0).reshape(12, 2)
Y = np.arange(12) % 3
TABLE = pd.DataFrame({"a": range(12), "b": np.linspace(0, 1, 12), "kind": list("uvw") * 4})


def arrays(folder, **given):
    path = folder / "mine.npz"
    np.savez(path, **given)
    return path


def table(folder, frame, suffix, **options):
    path = folder / f"mine.{suffix}"
    {"csv": frame.to_csv, "parquet": frame.to_parquet}[suffix](path, **({"index": False} | options))
    return path


def read(path, label=None):
    known = own.facts(str(path), label)
    return known, own.dataset("mine", known)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read(tmp_path, save):
    save(tmp_path / "mine.npz", x=X, y=Y)
    known, found = read(tmp_path / "mine.npz")
    assert (found.images == X).all() and (found.labels == Y).all() and not found.is_test.any()
    assert (known["shape"], known["n_images"], known["classes"]) == ([2], 12, ["0", "1", "2"])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_are_read(tmp_path, suffix):
    known, found = read(table(tmp_path, TABLE, suffix), "kind")
    assert (found.images == TABLE[["a", "b"]].to_numpy()).all()
    assert found.classes == ("u", "v", "w") and found.labels.tolist() == [0, 1, 2] * 4
    assert (known["shape"], known["n_images"], known["smallest_class"]) == ([2], 12, 4)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_more_columns_and_rows_than_are_read_at_once_keep_their_places(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(own_files, "BLOCK", 2000)
    monkeypatch.setattr(own_files, "COLUMNS", 3)
    values = np.random.default_rng(0).normal(size=(200, 10))
    frame = pd.DataFrame(values).rename(columns=str).assign(kind=np.arange(200) % 2)
    assert (read(table(tmp_path, frame, suffix), "kind")[1].images == values).all()


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("bool", "float32"),
        ("uint8", "uint8"),
        ("int8", "float32"),
        ("uint16", "float32"),
        ("int32", "float64"),
        ("uint64", "float64"),
        ("float16", "float32"),
        ("float32", "float32"),
        (">f4", "float32"),
        ("float64", "float64"),
        ("longdouble", "float64"),
    ],
)
def test_real_types_are_kept_where_no_number_changes(tmp_path, dtype, stored):
    x = (X % 2).astype(dtype)
    found = read(arrays(tmp_path, x=x, y=Y))[1]
    assert found.images.dtype == stored and found.images.dtype.isnative and (found.images == x).all()


def test_test_rows_are_marked_or_come_behind(tmp_path):
    mask = np.arange(12) % 4 == 1
    known, found = read(arrays(tmp_path, x=X, y=Y, test=mask))
    assert (found.is_test == mask).all() and known["n_test"] == 3
    known, found = read(arrays(tmp_path, x=X, y=Y, x_test=X[:2] + 0.5, y_test=Y[:2]))
    assert found.is_test.tolist() == [0] * 12 + [1] * 2 and found.images[-1].tolist() == [2.5, 3.5]
    assert (known["n_images"], known["n_test"], known["largest_class"], known["smallest_class"]) == (
        14,
        2,
        5,
        4,
    )


def test_an_index_that_pandas_wrote_is_no_feature(tmp_path):
    named = TABLE.set_index("a")
    known, found = read(table(tmp_path, named, "parquet", index=True), "kind")
    assert known["shape"] == [1] and (found.images[:, 0] == TABLE["b"]).all()


@pytest.mark.parametrize("kind", [["t", "f"], [True, False], pd.Categorical(["x", "y"]), [4, 9], [1.0, 2.0]])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labels_of_a_table_are_text_or_whole_numbers(tmp_path, suffix, kind):
    frame = pd.DataFrame({"a": range(8), "kind": list(kind) * 4})
    names = [str(value).lower() if value is True or value is False else f"{value}" for value in kind]
    found = read(table(tmp_path, frame, suffix), "kind")[1]
    classes = [name.lower() for name in found.classes]
    assert sorted(classes) == sorted(name.removesuffix(".0") for name in names)
    assert (found.labels[::2] == found.labels[0]).all() and (found.labels[1::2] == 1 - found.labels[0]).all()


OBJECTS = np.array([1, "a"] * 6, dtype=object)
WRONG_ARRAYS = {
    "no x": (dict(y=Y), "it holds no array x, but y; allowed: x, y, test, x_test, y_test, class_names."),
    "no y": (dict(x=X), "it holds no array y, but x; allowed: "),
    "a misspelt key": (dict(x=X, y=Y, tests=Y > 1), "it holds the array 'tests', did you mean 'test'?; allowed"),
    "no y_test": (dict(x=X, y=Y, x_test=X), "it holds no array y_test, but x, y, x_test; allowed: "),
    "no x_test": (dict(x=X, y=Y, y_test=Y), "it holds no array x_test, but x, y, y_test; allowed: "),
    "test twice": (
        dict(x=X, y=Y, test=Y > 1, x_test=X, y_test=Y),
        "it holds test and x_test; allowed: one of the two.",
    ),
    "objects": (dict(x=OBJECTS, y=Y), "x holds Python objects; allowed: real numbers, since no pickle is read."),
    "labels as objects": (dict(x=X, y=OBJECTS), "y holds Python objects; allowed: whole numbers or text, since no "),
    "names as objects": (
        dict(x=X, y=Y, class_names=OBJECTS[:3]),
        "class_names holds Python objects; allowed: text, since no pickle is read.",
    ),
    "bytes beside text": (
        dict(x=X, y=np.array([b"\xe9", b"a"] * 6), x_test=X, y_test=np.array(["b", "a"] * 6)),
        "y has bytes that are not UTF-8 (b'\\xe9'); allowed: text.",
    ),
    "large labels of two types": (
        dict(x=X, y=2**53 + Y, x_test=X, y_test=(2**53 + Y).astype("uint64")),
        "its labels have 9007199254740992.0 in row 0; allowed: text, integers of one type, or floats below 2**53",
    ),
    "complex": (dict(x=X + 1j, y=Y), "x holds complex128; allowed: real numbers."),
    "text": (dict(x=np.array(["a"] * 12), y=Y), "x holds str32; allowed: real numbers."),
    "dates": (dict(x=Y.astype("M8[s]"), y=Y), "x holds datetime64[s]; allowed: real numbers."),
    "records": (dict(x=np.zeros(12, dtype="i4, f4"), y=Y), "x holds void64; allowed: real numbers."),
    "nothing": (dict(x=X[:0], y=Y[:0]), "x has the shape [0, 2]; allowed: an example a row, "),
    "no feature": (dict(x=X[:, :0], y=Y), "x has the shape [12, 0]; allowed: an example a row, "),
    "one number": (dict(x=1.0, y=Y), "x has the shape []; allowed: an example a row, of one number or more."),
    "fewer labels": (dict(x=X, y=Y[1:]), "y has the shape [11] and x [12, 2]; allowed: a label for each row."),
    "one-hot labels": (dict(x=X, y=np.eye(3)[Y]), "y has the shape [12, 3] and x [12, 2]; allowed: "),
    "fewer test labels": (
        dict(x=X, y=Y, x_test=X, y_test=Y[:3]),
        "y_test has the shape [3] and x_test [12, 2]; allowed: ",
    ),
    "other test examples": (
        dict(x=X, y=Y, x_test=X[:, :1], y_test=Y),
        "x_test has examples of the shape [1]; allowed: that of x, [2].",
    ),
    "other test labels": (
        dict(x=X, y=Y, x_test=X, y_test=Y.astype(str)),
        "y_test and y are not alike; allowed: text in both, or numbers in both.",
    ),
    "a short mask": (
        dict(x=X, y=Y, test=[True]),
        "test has the shape [1] and the type bool; allowed: true or false for each of the 12 rows.",
    ),
    "a mask of numbers": (dict(x=X, y=Y, test=Y), "test has the shape [12] and the type int64; allowed: true or"),
    "all test": (dict(x=X, y=Y, test=Y >= 0), "test marks all rows; allowed: some, or to leave it out."),
    "none test": (dict(x=X, y=Y, test=Y < 0), "test marks no rows; allowed: some, or to leave it out."),
    "no NaN": (dict(x=np.where(X == 7, np.nan, X), y=Y), "x has nan in row 3; allowed: finite numbers."),
    "no infinity": (dict(x=np.where(X == 8, np.inf, X), y=Y), "x has inf in row 4; allowed: finite numbers."),
    "too large": (dict(x=X * 1e200, y=Y), "the largest number of x is 2.3e+201; allowed: from 1e-100 to 1e+100"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_ARRAYS)
def test_wrong_arrays_are_one_sentence(tmp_path, case):
    given, words = WRONG_ARRAYS[case]
    path = arrays(tmp_path, **given)
    refused(path, None, words)


def refused(path, label, words):
    with pytest.raises(UserError) as caught:
        read(path, label)
    sentence = str(caught.value)
    assert sentence.startswith(f"dataset.file is {str(path)!r}: {words}"), sentence
    assert sentence.endswith(".") and sentence.isprintable() and not sentence.endswith("..")


WRONG_TABLES = {
    "no such column": (
        TABLE,
        "king",
        "it has no column 'king' of labels, did you mean 'kind'?; it has 'a', 'b', 'k",
    ),
    "labels only": (TABLE[["kind"]], "kind", "it has no column but 'kind'; allowed: one of numbers or more."),
    "no rows": (TABLE[:0], "kind", "its labels are none; allowed: two classes or more."),
    "no label": (
        TABLE.assign(kind=[None, *"uvwuvwuvwuv"]),
        "kind",
        "its column 'kind' has no label in row 0; ",
    ),
    "no number": (
        TABLE.assign(b=[0.5, None] * 6),
        "kind",
        "its column 'b' has no number in row 1; allowed: one i",
    ),
    "a fraction as label": (TABLE[["a", "b"]], "b", "its labels have 0.09"),
    "one class": (TABLE.assign(kind="u"), "kind", "its labels are all 'u'; allowed: two classes or more."),
}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("case", WRONG_TABLES)
def test_wrong_tables_are_one_sentence(tmp_path, suffix, case):
    frame, label, words = WRONG_TABLES[case]
    refused(table(tmp_path, frame, suffix), label, words)


def test_large_labels_of_a_csv_are_never_merged(tmp_path):
    large = [2**63 + 1, 2**63 + 2]
    assert read(table(tmp_path, TABLE.assign(kind=large * 6), "csv"), "kind")[0]["classes"] == [
        str(n) for n in large
    ]
    beyond = TABLE.assign(kind=[str(2**64), str(2**64 + 1)] * 6)
    refused(
        table(tmp_path, beyond, "csv"),
        "kind",
        "its labels have 1.8446744073709552e+19 in row 0; allowed: text, ",
    )


def test_decimals_are_no_float32(tmp_path):
    decimals = pa.array([Decimal("1234567.89")] * 12, pa.decimal128(9, 2)).cast(pa.decimal32(9, 2))
    columns = pa.table({"a": decimals, "kind": list("uvw") * 4})
    pa.parquet.write_table(columns, tmp_path / "mine.parquet", store_decimal_as_integer=True)
    found = read(tmp_path / "mine.parquet", "kind")[1].images
    assert found.dtype == np.float64 and np.allclose(found, 1234567.89, rtol=1e-12, atol=0)


def test_columns_of_text_are_named(tmp_path):
    frame = TABLE.assign(city=["Oslo"] * 12)
    refused(table(tmp_path, frame, "parquet"), "kind", "its column 'city' holds ")
    refused(table(tmp_path, frame, "csv"), "kind", "it cannot be read (In CSV column #3: ")


def test_columns_without_a_name_of_their_own_are_refused(tmp_path):
    words = (
        "it has a column without a name; allowed: columns with a name of their own (an index is no feature)."
    )
    refused(table(tmp_path, TABLE, "csv", index=True), "kind", words)
    twice = table(tmp_path, pd.concat([TABLE, TABLE[["a"]]], axis=1), "csv")
    refused(twice, "kind", "it has the column 'a' 2 times; allowed: ")


class Opened:
    """Would be made by a pickle."""

    def __reduce__(self):
        return print, ("a pickle was read",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 and no more",
        b"\x93NUMPY",
        pickle.dumps(Opened()),
        "not|a\x00table\n".encode("utf-16"),
        b"a,kind\n1,u,3\n2,v\n",
    ],
    ids=["empty", "cut", "no archive", "a pickle", "utf-16", "ragged"],
)
@pytest.mark.parametrize(("suffix", "label"), [("npz", None), ("csv", "kind"), ("parquet", "kind")])
def test_files_of_another_kind_are_one_sentence(tmp_path, capsys, content, suffix, label):
    path = tmp_path / f"mine.{suffix}"
    path.write_bytes(content)
    refused(path, label, "it ")
    assert capsys.readouterr().out == ""


def test_a_damaged_header_of_an_array_is_one_sentence(tmp_path):
    """Wherever it is damaged; numpy reads it as Python's text."""
    path, member, n_refused = tmp_path / "mine.npz", io.BytesIO(), 0
    np.save(member, X)
    for place in range(80):
        for byte in b"{'(9#":
            content = bytearray(member.getvalue())
            content[place] = byte
            with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as stream:
                stream.write(content)
            with zipfile.ZipFile(path, "a") as archive, archive.open("y.npy", "w") as stream:
                np.save(stream, Y)
            try:
                read(path)
            except UserError as error:
                assert str(error).startswith(f"dataset.file is {str(path)!r}: ") and str(error).isprintable()
                n_refused += 1
    assert n_refused > 300


def test_an_encrypted_archive_is_one_sentence(tmp_path):
    """Its entries are marked as such, which zipfile looks at before it decrypts."""
    path = arrays(tmp_path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for place in [found.start() for found in re.finditer(re.escape(sign), bytes(content))]:
            content[place + flags] |= 1
    path.write_bytes(content)
    refused(path, None, "it cannot be read (File 'x.npy' is encrypted, password required for extraction).")


def test_no_pickle_inside_of_an_archive_is_read(tmp_path, capsys):
    """Neither as an array of objects nor as a member that is a pickle itself."""
    path, objects = tmp_path / "mine.npz", io.BytesIO()
    np.save(objects, np.array([Opened()] * 12), allow_pickle=True)
    for content, words in [
        (objects.getvalue(), "x holds Python objects; "),
        (pickle.dumps(Opened()), "it cannot be read ("),
    ]:
        np.savez(path, y=Y)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("x.npy", content)
        refused(path, None, words)
    assert capsys.readouterr().out == ""
