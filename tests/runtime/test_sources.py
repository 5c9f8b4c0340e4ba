from pathlib import Path

import pytest
from actbench.runtime import sources

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "pack").mkdir()
    for name, text in {
        "script.py": "from pack import a\nimport os\n",
        "pack/__init__.py": "",
        "pack/a.py": "import pack.b\n",
        "pack/b.py": "def f():\n    from pack.c import thing\n",
        "pack/c.py": "from pack import a\nthing = 1\n",
        "pack/unused.py": "",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_direct_indirect_late_and_circular_imports_are_found(tree):
    found = sources.imported(tree / "script.py", [tree])
    assert [Path(path).name for path in found] == ["__init__.py", "a.py", "b.py", "c.py"]


def test_nothing_outside_the_roots(tree):
    assert sources.imported(tree / "script.py", [tree / "pack"]) == []


def test_every_script_imports_what_it_uses_and_training_does_not_see_the_report():
    train = {Path(p).stem for p in sources.imported(SCRIPTS / "train.py", [SCRIPTS])}
    assert {"fitting", "family", "splits", "seeds", "registry", "optimizers"} <= train
    assert not train & {
        "mlp",
        "contents",
        "results",
        "statistics",
        "aggregation",
        "config",
        "acquire",
        "gradients",
    }
    figures = {Path(p).stem for p in sources.imported(SCRIPTS / "figures.py", [SCRIPTS])}
    assert not figures & {"fitting", "modes", "properties"}


@pytest.mark.parametrize("name", ["train", "report", "figures", "seeds", "contract"])
def test_a_users_module_may_have_the_name_of_a_script(tmp_path, monkeypatch, name):
    """It imports what lies beside it, and no script."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}.py").write_text("import aggregate, verify\nfrom actbench import errors\n")
    (tmp_path / "verify.py").write_text("")
    found = [Path(path) for path in sources.of_module(name, ".")]
    assert {path.name for path in found} == {f"{name}.py", "verify.py", "errors.py", "__init__.py"}
    assert {path.resolve().parent for path in found} == {tmp_path, SCRIPTS / "actbench"}


def test_scripts_are_thin():
    for path in SCRIPTS.glob("*.py"):
        assert len(path.read_text().splitlines()) <= 20, path.name


@pytest.mark.parametrize(
    "text",
    [
        "if x:\n    pass\nelif y:\n    pass\nelse:\n    import a",
        "while x:\n    import a",
        "for x in y:\n    pass\nelse:\n    import a",
        "with x:\n    import a",
        "async def f():\n    async with x:\n        async for y in z:\n            import a",
        "class A:\n    def f(self):\n        import a",
        "try:\n    import a\nfinally:\n    pass",
        "try:\n    pass\nexcept E:\n    import a",
        "try:\n    pass\nexcept* E:\n    import a",
        "try:\n    pass\nexcept E:\n    pass\nelse:\n    import a",
        "try:\n    pass\nfinally:\n    import a",
        "match x:\n    case 1:\n        import a",
        "f = lambda: [importlib.import_module('a') for _ in range(3)]",
        "@__import__('a').decorator\ndef f():\n    pass",
        "f(x=(y or importlib.ｉmport_module('a')))",
    ],
)
def test_an_import_is_found_wherever_it_stands(tmp_path, text):
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    (tmp_path / "a.py").touch()
    assert sources.imported(tmp_path / "script.py", [tmp_path]) == [str(tmp_path / "a.py")]
