"""You changed X: these stages run, and no others (by dry run after a finished study).

Every config key, script, module and page must have its line in `reruns_of_keys` or `reruns_of_files`: a new one
without fails the test.
"""

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
import yaml
from actbench.runtime import sources
from conftest import ROOT, SCHEMA, Project
from reruns_of_files import FILES
from reruns_of_keys import CHANGES, COUNTS, KEYS, PROBES, stages

SCRIPTS = ROOT / "workflow" / "scripts"
PYTHON = [path for path in FILES if path.endswith(".py")]
PARTIALS = [path for path in FILES if path.startswith("workflow/report/sections/")]
# That are edited: of Python files the last one of each kind, which is a script where one has it to itself; one
# of the report's partial templates, which the rule finds in their folder.
PLANNED = {
    *(path for path in FILES if path not in PYTHON and path not in PARTIALS[1:]),
    *{repr(FILES[path]): path for path in PYTHON}.values(),
}


@cache
def code_of(script: str) -> set[str]:
    """The files of a rule's param `code`."""
    starts = [SCRIPTS / f"{script}.py"]
    if script in ("train", *PROBES):
        starts.append(SCRIPTS / "actbench" / "networks" / "families" / "mlp.py")
    found = {path for start in starts for path in (start, *sources.imported(start, [SCRIPTS]))}
    return {str(Path(path).relative_to(ROOT)) for path in found}


def leaves(schema, prefix=""):
    for key, part in schema["properties"].items():
        if "properties" in part:
            yield from leaves(part, f"{prefix}{key}.")
        else:
            yield prefix + key


def test_every_config_key_has_its_line():
    assert set(leaves(SCHEMA)) == KEYS.keys()


def test_every_file_of_the_workflow_has_its_line():
    kinds = (
        "scripts/*.py",
        "scripts/actbench/**/*.py",
        "report/*",
        "report/sections/*",
        "rules/*",
        "schemas/*",
    )
    found = [path for kind in kinds for path in ROOT.glob(f"workflow/{kind}") if path.is_file()]
    assert {str(path.relative_to(ROOT)) for path in found} == FILES.keys()


class Planner:
    """Dry runs after a change, or several at once, in a copy of the tiny project."""

    def __init__(self, tiny: Project, folder: Path):
        self.project = tiny.copy(folder)

    def changed(self, changes: Iterable[str]) -> Counter:
        return self.project.planned("--config", *(value for name in changes for value in given(name)))

    def edited(self, paths: Iterable[str]) -> Counter:
        comments = {".html": "\n<!-- edited -->\n", ".css": "\n/* edited */\n", ".js": "\n// edited\n"}
        with ExitStack() as edits:
            for path in paths:
                comment = comments.get(Path(path).suffix, "\n# edited\n")
                edits.enter_context(self.project.edited(path, comment))
            return self.project.planned()


def given(change: str) -> tuple[str, ...]:
    """What `--config` is given for it."""
    values = CHANGES[change][0]
    return (values,) if isinstance(values, str) else values


def together(changes: Iterable[str]) -> list[list[str]]:
    """Changes in groups of which none names a key twice."""
    groups: list[tuple[set[str], list[str]]] = []
    for change in changes:
        keys = {value.partition("=")[0] for value in given(change)}
        for named, group in groups:
            if not named & keys:
                named |= keys
                group.append(change)
                break
        else:
            groups.append((keys, [change]))
    return [group for _, group in groups]


@pytest.fixture(scope="module")
def plans(tiny, tmp_path_factory, request):
    """The plan after each change, by its name.

    Those that re-run nothing are made together: one that did would show. With --chaos each is by itself.
    """
    chaos = request.config.getoption("--chaos")
    planner = Planner(tiny, tmp_path_factory.mktemp("plans") / "actbench")
    files = [path for path in FILES if chaos or path in PLANNED]
    quiet = [change for change, (_, jobs) in CHANGES.items() if not jobs and not chaos]
    idle = [path for path in files if not FILES[path] and not chaos]
    changed = [*together(quiet), *([name] for name in CHANGES if name not in quiet)]
    edited = [group for group in [idle, *([path] for path in files if path not in idle)] if group]
    found = {}
    for plan, groups in ((planner.changed, changed), (planner.edited, edited)):
        for group in groups:
            found |= dict.fromkeys(group, plan(group))
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_changed_config(plans, change):
    assert plans[change] == Counter(CHANGES[change][1])


@pytest.mark.parametrize("path", FILES)
def test_edited_file(plans, path):
    if path in plans:
        assert plans[path] == Counter(FILES[path])


@pytest.mark.parametrize("path", PYTHON)
def test_a_file_counts_for_the_rules_whose_scripts_import_it(path):
    """As their param `code` names it; that a change of it re-runs the rule is tried with one file of a kind."""
    using = [name for name in COUNTS if path in code_of(name)]
    assert stages(*using) == FILES[path]


def test_one_file_of_each_kind_is_planned_with():
    assert {repr(FILES[path]) for path in PYTHON} == {repr(FILES[path]) for path in PLANNED if path in PYTHON}


def test_touch_and_a_formatter_that_changes_nothing_re_run_nothing(tiny, tmp_path):
    """Nor does an edit that was taken back."""
    project = tiny.copy(tmp_path / "actbench")
    for path in [*project.folder.glob("workflow/**/*"), project.folder / "config.yaml"]:
        if path.is_file():
            path.write_bytes(path.read_bytes())
        path.touch()
    assert project.planned() == Counter()


def test_edited_captions_of_the_archive_re_run_nothing(tiny):
    captions = sorted(tiny.folder.glob("workflow/report/captions/*"))
    assert captions
    with ExitStack() as edits:
        for path in captions:
            edits.enter_context(tiny.edited(path))
        assert tiny.planned() == Counter()


def test_keys_in_another_order_re_run_nothing(tiny):
    def reversed_keys(value):
        return {k: reversed_keys(v) for k, v in reversed(value.items())} if isinstance(value, dict) else value

    path = tiny.folder / "studies" / "tiny.yaml"
    reordered = yaml.safe_dump(reversed_keys(yaml.safe_load(path.read_text())), sort_keys=False)
    with tiny.replaced("studies/tiny.yaml", reordered):
        assert tiny.planned() == Counter()


def test_a_copy_elsewhere_re_runs_nothing(tiny, tmp_path):
    """Code, results and Snakemake's records copied together stay up to date."""
    copy = tiny.copy(tmp_path / "copy")
    for path in copy.folder.rglob("*"):
        os.utime(path)
    assert copy.planned() == Counter()
