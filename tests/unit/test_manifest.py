import json

import pytest
from actbench import files, manifest
from actbench.errors import DamagedError


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
    with pytest.raises(DamagedError, match=f"{name} is damaged"):
        manifest.read(folder, [name])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "config.json is damaged"),
        ("{", "config.json is damaged"),
        ("[]", "it holds no JSON object"),
        ("{}", "it lacks data, files, params, provenance, sizes"),
        ("\x00\x01", "config.json is damaged"),
    ],
)
def test_what_is_no_manifest_is_named(folder, content, words):
    (folder / "config.json").write_text(content)
    with pytest.raises(DamagedError, match=words):
        manifest.read(folder)


@pytest.mark.parametrize("key", ["files", "params", "provenance"])
def test_parts_of_the_wrong_kind_are_named(folder, key):
    content = json.loads((folder / "config.json").read_text()) | {key: [1]}
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(DamagedError, match=f"its {key} are no JSON object"):
        manifest.read(folder)
