import pytest
from actbench import files


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text("old", path)
    with pytest.raises(RuntimeError), files.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_sorted_and_refuses_nan(tmp_path):
    path = tmp_path / "new" / "a.json"
    files.write_json({"b": 1, "a": [2]}, path)
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    assert files.read_json(path) == {"a": [2], "b": 1}
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json({"a": float("nan")}, path)
