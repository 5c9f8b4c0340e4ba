"""Where the project lies, and what the user has set for other programs."""

import os
import pty
import shutil
import subprocess
import sys

import pytest
from conftest import HANG, ROOT, Project
from pypdf import PdfReader

ODD = ["it's", 'a "quoted" one', "100 %s of it", "$HOME", "naïve – 漢", "with  spaces #1", "-dash"]


FOLDERS = pytest.mark.fault(
    "odd folders",
    "a project in a folder with quotes, %s, $, #, spaces, letters of other scripts, a leading dash; with braces",
    "`make report` ends with the report's path; with braces, which Snakemake takes for wildcards, one sentence",
)


@FOLDERS
@pytest.mark.parametrize("name", ODD)
def test_make_report_ends_with_the_path(tmp_path, name):
    """With a Snakemake that does nothing; what is tried is what stands around it."""
    folder = tmp_path / name
    shutil.copytree(ROOT / "workflow", folder / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("Makefile", "config.yaml", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / file, folder)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "snakemake").symlink_to(shutil.which("true"))
    (programs / "pip").touch()
    (folder / ".venv" / ".installed").touch()
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    plain = usual | {"PYTHONPATH": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for environment in (plain, usual):
        done = subprocess.run(
            ["make", "report"],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].startswith("Report: /")
    assert done.stdout.splitlines()[-1] == f"Report: {folder}/reports/digits.html"


@FOLDERS
@pytest.mark.parametrize("name", ["a{b}", "{", "}x", "{{y}}"])
def test_braces_are_refused_before_anything_runs(tmp_path, name):
    project = Project(tmp_path / name)
    done = project.snakemake("--dry-run")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    folder = project.folder
    assert f"Error: the project's folder is {folder}; allowed: a path without {{ and }}." in done.stdout
    assert not (folder / "results").exists()


HOSTILE = """text.usetex: True
font.family: serif
savefig.dpi: 30
savefig.bbox: tight
svg.fonttype: none
pdf.fonttype: 3
axes.grid: False
lines.linewidth: 9
figure.facecolor: red
no.such.key: 1
"""


ALL_AT_ONCE = {
    "MATPLOTLIBRC": "/nowhere",
    "MPLBACKEND": "no.such",
    "OMP_DYNAMIC": "true",
    "OMP_MAX_ACTIVE_LEVELS": "0",
    "OMP_STACKSIZE": "16k",
    "OMP_THREAD_LIMIT": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSAFEPATH": "1",
    "PYTHONSTARTUP": "/nowhere",
    "PYTHONWARNINGS": "error",
}


@pytest.mark.fault(
    "the user's own settings",
    "a matplotlibrc in the folder and at home that asks for TeX and other fonts, a GUI's backend, two threads for a probe",
    "the same bytes in every table and figure",
)
def test_settings_of_other_programs_stay_out(tiny, tmp_path, only_chaos):
    """From the probes on: training is the recipe's own affair."""
    project = tiny.copy(tmp_path / "actbench")
    (project.folder / "matplotlibrc").write_text(HOSTILE, encoding="utf-8")
    home = tmp_path / "home" / ".config" / "matplotlib"
    home.mkdir(parents=True)
    (home / "matplotlibrc").write_text(HOSTILE, encoding="utf-8")
    before, figures = project.tables(), drawn(project)
    set_up = {"MPLBACKEND": "qtagg", "MPLSTYLE": "ggplot", "XDG_CONFIG_HOME": str(home.parent)}
    again = ("--forcerun", "probe_gradients", "--set-threads", "probe_gradients=2")
    done = project.snakemake(*again, **set_up)
    assert done.returncode == 0, done.stdout
    assert project.tables() == before
    assert drawn(project) == figures


@pytest.mark.fault(
    "the user's own settings, all at once",
    "a whole study with PYTHONWARNINGS=error, PYTHONOPTIMIZE, PYTHONDEVMODE, PYTHONSAFEPATH, PYTHONSTARTUP, OpenMP's limits and "
    "a stack that is too small, a matplotlibrc and a style that are not UTF-8, a backend that is not there; once more with "
    "PYTHONINSPECT at a terminal",
    "the same bytes in every table and figure",
)
@pytest.mark.parametrize("inspect", [False, True])
def test_a_whole_study_under_all_of_them(tiny, tmp_path, only_chaos, inspect):
    project = tiny.fresh(tmp_path / "actbench")
    home = tmp_path / "home"
    styles = home / "matplotlib" / "stylelib"
    styles.mkdir(parents=True)
    for path in (project.folder, styles.parent):
        (path / "matplotlibrc").write_bytes(b"axes.grid: \xff\n")
    (styles / "default.mplstyle").write_bytes(b"axes.grid: \xff\n")
    ours, terminal = pty.openpty()
    settings = ALL_AT_ONCE | {"XDG_CONFIG_HOME": str(home)} | ({"PYTHONINSPECT": "1"} if inspect else {})
    running = project.start(environment=settings, stdin=terminal)
    os.write(ours, b"exit(0)\n")  # for Snakemake's own prompt
    text, _ = running.communicate(timeout=HANG)
    os.close(ours)
    os.close(terminal)
    assert running.returncode == 0 and "Report: reports/tiny.html" in text, text
    assert project.tables() == tiny.tables()
    assert drawn(project) == drawn(tiny)


def drawn(project: Project) -> dict[str, bytes]:
    folder = project.folder / "results" / "tiny" / "figures"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_forced_instructions_are_part_of_the_processors_name(monkeypatch):
    from actbench.runtime import provenance

    plain = provenance.device_name("cpu")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert provenance.device_name("cpu") == f"{plain}, ATEN_CPU_CAPABILITY=default, MKL_CBWR=COMPATIBLE"
    monkeypatch.setenv("GLIBC_TUNABLES", "\udcff\n")  # bytes that are no UTF-8
    monkeypatch.delenv("MKL_CBWR")
    name = provenance.device_name("cpu")
    assert name == rf"{plain}, ATEN_CPU_CAPABILITY=default, GLIBC_TUNABLES=\udcff\n"


@pytest.mark.fault(
    "fonts that cannot be edited",
    "every PDF of a study",
    "TrueType fonts, none of Type 3",
)
def test_fonts_of_every_pdf_can_be_edited(tiny):
    """Type 3 fonts are refused by journals, and no editor knows them."""
    paths = sorted((tiny.folder / "results" / "tiny" / "figures").glob("*.pdf"))
    kinds = set()
    for path in paths:
        for page in PdfReader(path).pages:
            fonts = (page["/Resources"].get("/Font") or {}).values()
            kinds |= {str(font.get_object()["/Subtype"]) for font in fonts}
    assert len(paths) > 8 and kinds <= {"/Type0", "/TrueType"} and kinds
