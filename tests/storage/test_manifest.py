import pytest
from actbench.errors import DamagedError, UnreadableError
from actbench.storage import files, manifest


@pytest.fixture
def folder(tmp_path):
    for name in manifest.WRITTEN:
        files.write_text(name, tmp_path / name)
    manifest.write(tmp_path, {"seeds": [1], "rate": 0.1}, [2, 3, 2], "images", {"commit": None})
    return tmp_path


def test_reads_what_was_written(folder):
    found = manifest.read(folder, manifest.WRITTEN)
    assert found["params"] == {"seeds": [1], "rate": 0.1}
    assert (found["sizes"], found["data"], found["provenance"]) == ([2, 3, 2], "images", {"commit": None})


@pytest.mark.parametrize("name", manifest.WRITTEN)
def test_only_the_files_used_must_be_whole(folder, name):
    files.write_text("of another job", folder / name)
    manifest.read(folder, set(manifest.WRITTEN) - {name})
    with pytest.raises(DamagedError, match=f"{name} is damaged .it is not the file that .*config.json was"):
        manifest.read(folder, manifest.WRITTEN)
    (folder / name).unlink()
    with pytest.raises(UnreadableError, match=f"{name} cannot be read: No such file"):
        manifest.read(folder, [name])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "config.json is damaged"),
        ("{", "config.json is damaged"),
        ("[]", "it holds no JSON object"),
        ("\x00\x01", "config.json is damaged"),
    ],
)
def test_what_is_no_manifest_is_named(folder, content, words):
    (folder / "config.json").write_text(content)
    with pytest.raises(DamagedError, match=words):
        manifest.read(folder)


def test_an_edit_by_hand_is_named(folder):
    path = folder / "config.json"
    path.write_text(path.read_text().replace("0.1", "0.2"))
    with pytest.raises(DamagedError, match="its content is not what its checksum was taken of"):
        manifest.read(folder)


def test_a_manifest_that_lacks_a_part_is_named(folder):
    files.write_json({"sizes": [2, 2]}, folder / "config.json")
    with pytest.raises(
        DamagedError, match="it lacks chosen, data, evaluated, files, params, provenance, seconds"
    ):
        manifest.read(folder)


@pytest.mark.parametrize("key", ["files", "params", "provenance"])
def test_parts_of_the_wrong_kind_are_named(folder, key):
    files.write_json(files.read_json(folder / "config.json") | {key: [1]}, folder / "config.json")
    with pytest.raises(DamagedError, match=f"its {key} are no JSON object"):
        manifest.read(folder)
