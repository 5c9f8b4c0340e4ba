import subprocess
from importlib.metadata import version

from actbench import provenance


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_commit_and_uncommitted_changes(tmp_path):
    assert provenance.commit(tmp_path) == "unknown"
    git(tmp_path, "init")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "first")
    clean = provenance.commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "a").write_text("2")
    assert provenance.commit(tmp_path) == f"{clean}+changes"


def test_description_names_versions_and_hardware(tmp_path):
    described = provenance.describe(tmp_path, "cpu")
    assert described["versions"]["torch"] == version("torch")
    assert described["device"].endswith("cores") and "host" not in described
