"""Nothing is lost by saying: whatever becomes of the terminal, and in whichever encoding it is."""

import os
import subprocess
from pathlib import Path

import pytest

LOCALES = {"zh_CN": "GBK", "de_DE": "ISO-8859-1", "ja_JP": "EUC-JP"}


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """Give the environment of a locale whose encoding is not UTF-8, and no help from Python."""
    folder = tmp_path_factory.mktemp("locales")

    def made(name: str) -> dict[str, str]:
        plain = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
        if name == "C":
            return plain | {"LC_ALL": "C"}
        full = f"{name}.{LOCALES[name]}"
        try:
            command = ["localedef", "-i", name, "-f", LOCALES[name], str(folder / full)]
            subprocess.run(command, capture_output=True)
        except FileNotFoundError:
            pass
        if not (folder / full).is_dir():
            pytest.skip(f"localedef cannot make {full} here")
        return plain | {"LC_ALL": full, "LOCPATH": str(folder)}

    return made


def gone(process: subprocess.Popen) -> None:
    """As `| head -1` leaves it."""
    assert process.stdout.readline()
    process.stdout.close()


def whole(project, tiny, process) -> None:
    assert process.wait() == 0
    assert (project.folder / "reports" / "tiny.html").is_file()
    assert project.tables() == tiny.tables()


GONE = "standard output and error into a pipe that closes after a line, into a full device, closed from the start"
FOREIGN = (
    "a study with a label of letters from four scripts, under C without coercion, ISO-8859-1, GBK and EUC-JP, with its "
    "output in that encoding"
)
WHOLE = "the study goes on to its report, and every table has its bytes"


@pytest.mark.fault("the terminal goes away", GONE, WHOLE)
def test_a_pipe_that_closes(tiny, tmp_path, locales, only_chaos):
    """In an encoding that has no dash, as the lines of progress have."""
    project = tiny.fresh(tmp_path / "actbench")
    process = project.start("--until", "aggregate", environment=locales("C"), errors="replace")
    gone(process)
    assert process.wait() == 0
    assert project.tables() == tiny.tables()


@pytest.mark.fault("the terminal goes away", GONE, WHOLE)
@pytest.mark.parametrize("where", ["a full device", "closed"])
def test_output_that_goes_nowhere(tiny, tmp_path, where, only_chaos):
    project = tiny.fresh(tmp_path / "actbench")
    if where == "closed":
        process = project.start(stdout=None, stderr=None, preexec_fn=lambda: os.closerange(1, 3))
    else:
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            process = project.start(stdout=full, stderr=subprocess.DEVNULL)
    whole(project, tiny, process)


@pytest.mark.fault("another encoding", FOREIGN, WHOLE)
@pytest.mark.parametrize("name", ["zh_CN", "de_DE", "ja_JP", "C"])
def test_a_study_in_another_encoding(tiny, tmp_path, locales, name, only_chaos):
    project = tiny.fresh(tmp_path / "actbench")
    study = project.folder / "studies" / "tiny.yaml"
    text = study.read_text(encoding="utf-8").replace("relu", "{name: relu, label: ReLU – é漢ñ}", 1)
    study.write_text(text, encoding="utf-8")
    process = project.start(environment=locales(name), encoding="utf-8", errors="replace")
    output = process.communicate()[0]
    assert "Traceback" not in output and "Logging error" not in output, output
    whole(project, tiny, process)
    page = project.page()
    assert "ReLU – é漢ñ" in page
