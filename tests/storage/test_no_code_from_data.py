"""Data is never code: no pickle, no eval, no unsafe YAML anywhere in what the workflow reads with."""

import ast

import pytest
from conftest import ROOT

SOURCES = sorted(ROOT.glob("workflow/scripts/**/*.py"))
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {
    ("np", "load"),
    ("numpy", "load"),
    ("pd", "read_pickle"),
    ("yaml", "unsafe_load"),
}


def names(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, node.func


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_nothing_that_runs_what_it_reads(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not names(node) & MODULES
    for call, function in calls(tree):
        if isinstance(function, ast.Name):
            assert function.id not in CALLS
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            called = (function.value.id, function.attr)
            if called == ("torch", "load"):
                words = {word.arg: word.value for word in call.keywords}
                assert ast.literal_eval(words["weights_only"]) is True
                continue
            assert called not in ATTRIBUTES
            if called == ("yaml", "load"):  # with a loader of ours, which is a SafeLoader
                assert [word.arg for word in call.keywords] == ["Loader"]


def test_our_yaml_loader_is_a_safe_one():
    import yaml
    from actbench.storage import yaml_files

    assert issubclass(yaml_files._Loader, yaml.SafeLoader)
    with pytest.raises(yaml.constructor.ConstructorError):
        yaml.load("!!python/object/apply:os.getcwd []", Loader=yaml_files._Loader)  # noqa: S506
