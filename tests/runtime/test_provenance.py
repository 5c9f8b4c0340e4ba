import shutil
import subprocess
from importlib.metadata import version

import pytest
from actbench.runtime import provenance


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def scripts(tmp_path):
    """The scripts' folder of a project in which everything is committed."""
    folder = tmp_path / "workflow" / "scripts"
    folder.mkdir(parents=True)
    for path in (tmp_path / "Snakefile", tmp_path / "config.yaml", folder / "train.py"):
        path.write_text("1")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return folder


def test_commit_and_uncommitted_changes_of_the_code(scripts):
    clean = provenance.commit(scripts)
    assert len(clean["commit"]) == 40 and clean["uncommitted_changes"] is False
    project = scripts.parent.parent
    (project / "config.yaml").write_text("2")
    (project / "mine.py").write_text("2")
    assert provenance.commit(scripts) == clean
    for path in (scripts / "train.py", project / "Snakefile"):
        path.write_text("2")
        assert provenance.commit(scripts) == {**clean, "uncommitted_changes": True}
        path.write_text("1")


def test_outside_of_git_there_is_no_commit(tmp_path):
    assert provenance.commit(tmp_path) == {"commit": None, "uncommitted_changes": None}


def test_description_names_versions_hardware_and_code(scripts):
    own = scripts.parent.parent / "mine.py"
    own.write_text("1")
    code = {str(path): provenance.file_version(path) for path in (scripts / "train.py", own)}
    described = provenance.describe(code, "cpu")
    assert described["versions"]["torch"] == version("torch")
    assert described["device"].endswith("cores") and "host" not in described
    assert list(described["code"]) == ["train.py", str(own)]
    assert len(set(described["code"].values())) == 1  # both files say 1


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_git_variables_of_another_repository_do_not_matter(scripts, tmp_path, monkeypatch, variable):
    mine = provenance.commit(scripts)
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere" / ".git"))
    assert provenance.commit(scripts) == mine


@pytest.mark.parametrize("inside", ["copy", "vendor/actbench", "a/b/c"])
def test_a_copy_inside_of_another_repository_has_no_commit(scripts, inside):
    copy = scripts.parents[1] / inside
    shutil.copytree(scripts.parent, copy / "workflow")
    assert provenance.commit(copy / "workflow" / "scripts") == {"commit": None, "uncommitted_changes": None}
    git(scripts.parents[1], "add", ".")
    git(scripts.parents[1], "commit", "-m", "with a copy")
    assert provenance.commit(copy / "workflow" / "scripts")["commit"] is None


def test_a_module_that_git_does_not_know_is_an_uncommitted_change(scripts):
    (scripts / "new.py").write_text("1")
    assert provenance.commit(scripts)["uncommitted_changes"] is True
