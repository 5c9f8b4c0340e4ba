"""What the README says holds."""

import doctest
import re

import pytest
import torch
import yaml
from actbench.activations import registry
from actbench.study import activations, config
from conftest import ROOT, SCHEMA

TEXT = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(text for text in blocks if containing in text)


def test_it_names_every_activation():
    listed = re.search(r"Known names: (.*?)\.\s", TEXT, re.DOTALL)[1]
    words = set(re.findall(r"[a-z0-9_]+", listed))
    assert {*registry.REGISTRY, *registry.ALIASES} <= words


def test_its_config_is_accepted_and_its_class_works(tmp_path, monkeypatch):
    resolved = config.resolve(yaml.safe_load(block("yaml", "activations:")), SCHEMA)
    (tmp_path / "my_module.py").write_text(block("python", "class MyActivation"))
    monkeypatch.chdir(tmp_path)
    spec = resolved["activations"][-1]["spec"]
    assert activations.user_files(spec, ".") == ["my_module.py"]
    assert registry.create(spec)(torch.tensor(1.0)).item() == torch.sigmoid(torch.tensor(2.0)).item()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=lambda page: page.name
)
def test_links_and_figures_are_there(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def anchors(page):
    """Those that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    slugs = [
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*?)\s*$", text, re.MULTILINE)
    ]
    return {f"{slug}-{slugs[:n].count(slug)}".removesuffix("-0") for n, slug in enumerate(slugs)}


def test_anchors_are_those_of_headings(tmp_path):
    (tmp_path / "page.md").write_text("# A b-c\n```sh\n# no heading\n```\n## `x/y.py` (É, z_1)\n## A b-c\n")
    assert anchors(tmp_path / "page.md") == {"a-b-c", "xypy-é-z_1", "a-b-c-1"}
    links = [link for page in PAGES for link in linked(page)]
    assert len(links) > 5
    for page, target, anchor in links:
        assert anchor in anchors(target), f"{page.name}: {target.name}#{anchor}"


def linked(page):
    """Page, target and anchor of the links of a page that have one."""
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            yield page, page.parent / target if target else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_modules_that_a_page_names_are_there(page):
    paths = [
        path.relative_to(ROOT).as_posix()
        for kind in ("workflow", "tests")
        for path in (ROOT / kind).rglob("*.py")
    ]
    for name in set(re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8"))) - {"my_module.py"}:
        assert any(f"/{path}".endswith(f"/{name}") for path in paths), name


def test_it_names_every_study_but_that_of_the_tests():
    studies = {path.name for path in ROOT.glob("studies/*.yaml")} - {"tiny.yaml", "mlp_classifier.yaml"}
    assert all(f"studies/{study}" in TEXT for study in studies)


def test_the_python_page_runs(digits):
    """Its examples in their order, as one session."""
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page, re.DOTALL))
    assert examples.count(">>> ") == page.count(">>> ") > 30 and "```python" not in page
    session = doctest.DocTestParser().get_doctest(examples, {}, "docs/python.md", "docs/python.md", 0)
    assert doctest.DocTestRunner().run(session).failed == 0
