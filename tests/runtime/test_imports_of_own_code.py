"""A job runs the code that was planned, or says which file is another one."""

import os
import py_compile
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest
from actbench.runtime import imports, sources

pytestmark = pytest.mark.fault(
    "own code from elsewhere",
    "stale bytecode, PYTHONPATH, modules of the same name, relative and computed imports, edits while a job runs, data files",
    "the planned files run, or one sentence that names the file",
)

SCRIPTS = imports.SCRIPTS
ACTIVATION = "from torch import nn\nclass Mine(nn.Module):\n    def forward(self, x):\n        return x\n"
# As a rule's script begins, then what a job does with a user's activation. torch itself is left out: slow.
# The standard library comes first, with its bytecode: compiling it takes half a second.
JOB = """
import csv, importlib.metadata, inspect, logging, platform, secrets, typing
import sys
sys.path.insert(0, {scripts!r})
sys.pycache_prefix = "/dev/null"
import builtins, functools
import actbench.runtime.jobs as jobs
from actbench.runtime import imports, provenance, streams
jobs.begin()
jobs.start("log", {code!r})
print = functools.partial(builtins.print, file=streams.standard("stdout"))
{do}
print("before the check", flush=True)
imports.check()
print("done", flush=True)
jobs.finish()
"""


def planned(target="mine:SCALE", scripts=SCRIPTS, script="train"):
    """What common.smk digests: a script, what it imports, a user's module and what that imports."""
    own = sources.of_module(target.split(":")[0], ".")
    return {file: imports.version(Path(file).read_bytes()) for file in [*of_script(scripts, script), *own]}


@cache
def of_script(scripts, script):
    """A script and what it imports of the package, which no test edits once it has asked."""
    path = scripts / f"{script}.py"
    return [str(path), *sources.imported(path, [scripts])]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory, in which modules can be written."""
    monkeypatch.chdir(tmp_path)
    sources._direct.cache_clear()
    sources._files.cache_clear()

    def write(**modules):
        for name, text in modules.items():
            path = tmp_path / f"{name.replace('__', '/')}.py".replace("//", "__")
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text))

    return write


def run(do, code=None, scripts=SCRIPTS, **environment):
    text = JOB.format(scripts=str(scripts), code=planned() if code is None else code, do=textwrap.dedent(do))
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | environment
    script = Path(".snakemake/scripts/job.py")
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=env)
    return done.returncode, done.stdout, done.stderr


LOAD = 'print("scale", imports.user_attribute("mine:SCALE"))'


def test_a_module_of_the_working_directory_is_loaded(here):
    here(mine="SCALE = 1\n")
    assert run(LOAD) == (0, "scale 1\nbefore the check\ndone\n", "")


def test_pythonpath_does_not_change_what_is_loaded(here, tmp_path):
    here(mine="SCALE = 1\n", old__mine="SCALE = 2\n", old__actbench="raise SystemExit('another checkout')\n")
    (tmp_path / "old" / "sitecustomize.py").write_text("import mine\n")
    code = planned()
    for folder in ("old", str(tmp_path / "old")):
        status, out, err = run(LOAD, code, PYTHONPATH=folder)
        assert (status, out.splitlines()[0], err) == (0, "scale 1", "")


def test_what_is_installed_does_not_change_what_is_loaded(here, tmp_path):
    """As `pip install` of another checkout would: a folder at the end of sys.path, and one before all."""
    here(mine="SCALE = 1\n", other__mine="SCALE = 2\n")
    for where in ("sys.path.append", "sys.path.insert(0, *"):
        call = (
            f"{where}({str(tmp_path / 'other')!r})"
            if "append" in where
            else f"sys.path.insert(0, {str(tmp_path / 'other')!r})"
        )
        status, out, _ = run(f"{call}\n{LOAD}")
        assert (status, out.splitlines()[0]) == (0, "scale 1")


def test_a_file_that_is_a_circle_of_links_fails_as_it_does_elsewhere(here, tmp_path):
    """Watching what own code opens must not raise by itself."""
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    here(mine="try:\n    open('circle')\nexcept OSError:\n    SCALE = 2\n")
    status, out, err = run(LOAD)
    assert (status, out.splitlines()[0]) == (0, "scale 2"), err


@pytest.mark.parametrize("stale", ["mine", "helper", "pack"])
def test_stale_bytecode_is_not_read_and_none_is_written(here, tmp_path, stale):
    """The same size and second as the source, which is all that Python compares."""
    texts = {
        "mine": "import helper, pack\nSCALE = helper.A + pack.B\n",
        "helper": "A = 1\n",
        "pack": "B = 1\n",
    }
    here(mine=texts["mine"], helper=texts["helper"])
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text(texts["pack"])
    path = tmp_path / ("pack/__init__.py" if stale == "pack" else f"{stale}.py")
    good = path.read_text()
    path.write_text(good.replace("+", "-") if stale == "mine" else good.replace("1", "5"))
    os.utime(path, (10**9, 10**9))
    py_compile.compile(str(path))
    path.write_text(good)
    os.utime(path, (10**9, 10**9))
    subprocess.run([sys.executable, "-c", "import mine; assert mine.SCALE != 2"], cwd=tmp_path, check=True)
    before = sorted(tmp_path.rglob("*.pyc"))
    status, out, err = run(LOAD)
    assert (status, out.splitlines()[0]) == (0, "scale 2"), err
    assert sorted(tmp_path.rglob("*.pyc")) == before


@pytest.mark.parametrize("name", ["runtime/seeds", "runtime/jobs", "runtime/imports", "errors", "__init__"])
def test_stale_bytecode_of_the_package_is_not_read(here, tmp_path, name):
    here(mine="SCALE = 1\n")
    scripts = tmp_path / "project" / "scripts"
    scripts.parent.mkdir()
    subprocess.run(["cp", "-r", str(SCRIPTS), str(scripts)], check=True)
    for folder in scripts.rglob("__pycache__"):
        subprocess.run(["rm", "-r", str(folder)], check=True)
    path = scripts / "actbench" / f"{name}.py"
    good = path.read_text()
    bad = "raise SystemExit(9)\n"
    path.write_text(bad + "#" * (len(good.encode()) - len(bad)))
    os.utime(path, (10**9, 10**9))
    py_compile.compile(str(path))
    path.write_text(good)
    os.utime(path, (10**9, 10**9))
    code = planned(scripts=scripts, script="probe_gradients")
    status, out, err = run("import actbench.runtime.seeds", code, scripts)
    assert (status, out) == (0, "before the check\ndone\n"), err
    assert len(list(scripts.rglob("*.pyc"))) == 1


def test_a_package_goes_before_a_module_of_the_same_name(here, tmp_path):
    here(mine="SCALE = 1\n", mine__helper="")
    assert [Path(p).name for p in sources.of_module("mine", ".")] == [
        "mine.py"
    ]  # a folder alone is no package
    assert run(LOAD)[1].startswith("scale 1")
    (tmp_path / "mine/__init__.py").write_text("SCALE = 2\n")
    assert sources.of_module("mine", ".") == ["mine/__init__.py"]
    assert run(LOAD)[1].startswith("scale 2")


RELATIVE = {
    "pack/__init__.py": "",
    "pack/act.py": "from .shape import SCALE\n",
    "pack/shape.py": "SCALE = 1\n",
}


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("pack.act:SCALE", RELATIVE),
        (
            "pack:SCALE",
            {
                "pack/__init__.py": "from pack.deep import *\n",
                "pack/deep/__init__.py": "from ..a import SCALE\n",
                "pack/a.py": "SCALE = 1\n",
            },
        ),
        ("space.act:SCALE", {"space/act.py": "from . import b\nSCALE = b.B\n", "space/b.py": "B = 1\n"}),
        (
            "pack:SCALE",
            {
                "pack/__init__.py": "__all__ = ['sub']\nfrom importlib import import_module\nSCALE = import_module('.sub', 'pack').B\n",
                "pack/sub.py": "B = 1\n",
            },
        ),
        (
            "mine:SCALE",
            {
                "mine.py": "def late():\n    import late_one\n    return late_one.B\nSCALE = late()\n",
                "late_one.py": "B = 1\n",
            },
        ),
        (
            "mine:SCALE",
            {"mine.py": "\ufeff# coding: utf-8\nfrom random import random\nSCALE = 1\n", "unused.py": ""},
        ),
    ],
)
def test_all_files_that_python_loads_are_planned(here, tmp_path, target, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = sources.of_module(target.split(":")[0], ".")
    assert sorted(found) == sorted(set(files) - {"unused.py"})
    status, out, err = run(f"print(imports.user_attribute({target!r}))", planned(target))
    assert (status, out) == (0, "1\nbefore the check\ndone\n"), err
    for name in found:  # each of them is compared
        code = planned(target)
        (tmp_path / name).write_text(files[name] + "\n# edited\n", encoding="utf-8")
        status, out, err = run(f"imports.user_attribute({target!r})", code)
        (tmp_path / name).write_text(files[name], encoding="utf-8")
        assert (status, out) == (1, "before the check\n")
        assert (
            err
            == f"Error: {name} is not the version that was planned: it was edited while the study ran. Run again.\n"
        )


def test_an_edit_that_is_taken_back_is_seen(here, tmp_path):
    here(mine="SCALE = 1\n")
    edit = """
    from pathlib import Path
    Path("mine.py").write_text("SCALE = 2\\n")
    imports.user_attribute("mine:SCALE")
    Path("mine.py").write_text("SCALE = 1\\n")
    """
    status, _, err = run(edit)
    assert status == 1 and err.startswith("Error: mine.py is not the version that was planned")


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nhidden = importlib.import_module('hid' + 'den')\n",
        "import sys\nsys.path.insert(0, 'lib')\nimport elsewhere\n",
        "from runpy import run_path\nimport importlib.util as u\ns = u.spec_from_file_location('h', 'hidden.py')\nm = u.module_from_spec(s)\nimport sys\nsys.modules['h'] = m\ns.loader.exec_module(m)\n",
        "import pkgutil, pack\nfor m in pkgutil.iter_modules(pack.__path__):\n    __import__('pack.' + m.name)\n",
    ],
)
def test_what_no_import_statement_names_is_refused(here, tmp_path, text):
    here(mine=text + "SCALE = 1\n", hidden="", lib__elsewhere="", pack__inner="")
    (tmp_path / "pack/__init__.py").write_text("")
    status, out, err = run(LOAD)
    assert (status, out.splitlines()[-1]) == (1, "before the check"), err
    assert "was imported, but no import statement that can be read beforehand names it" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "open('data.txt').read()",
        "__import__('numpy').fromfile('data.txt')",
        "__import__('json').load(open('data.txt'))",
    ],
)
def test_a_data_file_that_a_module_reads_is_refused(here, tmp_path, text):
    (tmp_path / "data.txt").write_text("123456789")
    here(mine=f"SCALE = str({text})[:1]\n")
    status, out, err = run(LOAD)
    assert (status, out.splitlines()[-1]) == (1, "before the check"), err
    assert err.startswith(
        "Error: data.txt is read by an activation's module, and an edit of it would not be seen"
    )


def test_installed_packages_and_the_standard_library_are_nobodys_own(here):
    """A file named as a standard module is not in its way, here or in the plan."""
    here(
        mine="import colorsys, decimal, yaml\nSCALE = len(colorsys.__doc__) > 9\n",
        colorsys="raise SystemExit(9)\n",
    )
    assert "colorsys.py" not in planned()
    assert run(LOAD)[:2] == (0, "scale True\nbefore the check\ndone\n")


@pytest.mark.parametrize("name", ["train", "report", "jobs", "seeds"])
def test_a_module_may_have_the_name_of_a_script_or_of_a_module_of_the_package(here, name):
    here(**{name: "from actbench.runtime import seeds\nSCALE = (__name__, seeds.__name__)\n"})
    status, out, err = run(f'print(imports.user_attribute("{name}:SCALE"))', planned(f"{name}:SCALE"))
    assert (status, out) == (0, f"('{name}', 'actbench.runtime.seeds')\nbefore the check\ndone\n"), err


def test_a_module_of_the_package_that_is_not_planned_is_refused(here):
    here(mine="SCALE = 1\n")
    code = {path: digest for path, digest in planned().items() if not path.endswith("seeds.py")}
    status, out, err = run("import actbench.runtime.seeds", code)
    assert (status, out) == (
        1,
        "before the check\n",
    ) and "actbench/runtime/seeds.py was imported, but no import" in err


def test_a_plan_of_another_version_of_the_package_is_refused(here):
    here(mine="SCALE = 1\n")
    code = {path: "0" * 16 if path.endswith("jobs.py") else digest for path, digest in planned().items()}
    status, _, err = run("", code)
    assert status == 1 and "jobs.py is not the version that was planned" in err


@pytest.mark.parametrize(
    "text",
    [
        "import logging\nlogging.basicConfig(filename='mine.log')\nlogging.warning('hello')\n",
        "with open('out.txt', 'w') as f:\n    f.write('1')\nopen('out.txt').read()\n",
        "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n    f.write('1'), f.seek(0), f.read()\n",
        "import platform, mimetypes\nmimetypes.guess_type('a.html')\n",
        "from actbench.runtime import seeds\n",
        "import functools, enum, typing\n",
    ],
)
def test_what_writes_or_reads_elsewhere_is_not_refused(here, text):
    here(mine=text + "SCALE = 1\n")
    status, out, err = run(LOAD)
    assert (status, out) == (0, "scale 1\nbefore the check\ndone\n"), err


def test_a_module_that_changes_the_working_directory_is_refused(here, tmp_path):
    (tmp_path / "sub").mkdir()
    here(mine="import os\nos.chdir('sub')\nSCALE = 1\n")
    status, _, err = run(LOAD)
    assert status == 1 and err.startswith("Error: mine changes the working directory while it is imported")
