import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from actbench.errors import DamagedError, UserError
from actbench.storage import files

SCRIPTS = Path(files.__file__).parents[2]


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text("old", path)
    with pytest.raises(RuntimeError), files.atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_killed_writers_left_is_removed_and_what_living_ones_write_is_not(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    here = platform.node()
    names = (f"a.txt.{here}.{ended.pid}", f"a.txt.{here}.{os.getppid()}", f"b.txt.{here}.{ended.pid}")
    for name in names:
        (tmp_path / f".{name}.tmp").write_text("half")
    files.write_text("new", tmp_path / "a.txt")
    left = {"a.txt", *(f".{name}.tmp" for name in names[1:])}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_what_another_node_of_a_cluster_writes_is_not_removed_before_an_hour(tmp_path):
    for age, name in ((0, "node.7.4"), (3000, "node.8.5"), (4000, "node.9.6")):
        path = tmp_path / f".a.txt.{name}.tmp"
        path.write_text("half")
        os.utime(path, (time.time() - age,) * 2)
    files.write_text("new", tmp_path / "a.txt")
    left = {"a.txt", ".a.txt.node.7.4.tmp", ".a.txt.node.8.5.tmp"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_a_folder_is_whole_or_not_there(tmp_path):
    path = tmp_path / "events"
    with pytest.raises(RuntimeError), files.atomic_folder(path) as folder:
        (folder / "a").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with files.atomic_folder(path) as folder:
        (folder / "a").write_text("whole")
        assert not path.exists()
    assert (path / "a").read_text() == "whole" and list(tmp_path.iterdir()) == [path]
    refused = pytest.raises(UserError, match=r"events cannot be written: Directory not empty")
    with refused, files.atomic_folder(path) as folder:
        (folder / "a").write_text("again")


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path):
    """A limit on the size of files fails a write in the middle, as a full disk does."""
    path = tmp_path / "a.txt"
    files.write_text("old", path)
    code = f"from actbench.storage import files; files.write_text('x' * 10_000, {str(path)!r})"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=SCRIPTS, preexec_fn=limit, capture_output=True, text=True
    )
    assert f"UserError: {path} cannot be written: File too large. What was there" in done.stderr
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    files.write_text("", tmp_path / "a")
    with pytest.raises(UserError, match=r"a/b.txt cannot be written: (Not a directory|File exists)\."):
        files.write_text("", tmp_path / "a" / "b.txt")


def test_json_is_sorted_and_refuses_nan(tmp_path):
    path = tmp_path / "new" / "a.json"
    files.write_json({"b": 1, "a": [2]}, path)
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    assert files.read_json(path) == {"a": [2], "b": 1}
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json({"a": float("nan")}, path)


def test_every_changed_bit_of_a_json_file_is_noticed(tmp_path):
    path = tmp_path / "a.json"
    files.write_json({"a": [1.5, None, "text"], "b": {"c": True}}, path)
    content = path.read_bytes()
    for place in range(8 * len(content)):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedError, match=r"a.json is damaged"):
            files.read_json(path)


@pytest.mark.parametrize("planted", ["file", "folder/file"])
def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path, planted):
    """As someone could plant who may write into the same folder and guesses the number of the process."""
    target = tmp_path / "target"
    target.write_text("precious")
    path = tmp_path / planted
    path.parent.mkdir(exist_ok=True)
    path.with_name(f".{path.name}.{files.HOST}.{os.getpid()}.tmp").symlink_to(target)
    files.write_text("mine", path)
    assert (target.read_text(), path.read_text(), path.is_symlink()) == ("precious", "mine", False)


def test_a_lock_follows_no_link_and_keeps_what_is_there(tmp_path):
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        files.open_lock(tmp_path / "link")
    files.open_lock(tmp_path / "target").close()
    assert (tmp_path / "target").read_text() == "precious"


def test_what_an_earlier_config_left_is_removed_and_nothing_else(tmp_path):
    for name in ("a.csv", "b.csv", "mine.csv", "b.parquet"):
        (tmp_path / name).write_text("")
    files.remove_others(tmp_path, ["a.*", "b.*"], [str(tmp_path / "a.csv")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "mine.csv"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"a": 1', b'{"a": 1}', b"[" * 9999])
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DamagedError, match=r"a.json is damaged .*: delete it and run again\.$"):
        files.read_json(tmp_path / "a.json")


def test_digests(tmp_path):
    """Of the empty file, as everyone knows it; of values, whatever the order of their keys."""
    files.write_text("", tmp_path / "a")
    assert files.digest(tmp_path / "a").startswith("e3b0c44298fc1c149afbf4c8996fb924")
    assert files.digest_of({"a": 1, "b": [0.1, None]}) == files.digest_of({"b": [0.1, None], "a": 1})
    assert files.digest_of({"a": 1}) != files.digest_of({"a": 2})
