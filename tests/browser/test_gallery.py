"""Pictures of the pages for docs/gallery.md; `make gallery` keeps those of the default study, or of a named report."""

import re
from pathlib import Path

import pytest
from actbench.storage import yaml_files
from conftest import ROOT

# A page by the end of its name, beside the report; where the picture begins, how wide it is, and the scheme.
SHOWN = {
    "first-screen": ("", "body", 1280, "light"),
    "dark": ("", "body", 1280, "dark"),
    "phone": ("", "body", 375, "light"),
    "comparison": ("", "#comparison", 1280, "light"),
    "gradients": ("", "#gradients", 1280, "light"),
    "prediction": ("_prediction", "body", 1280, "light"),
    "verification": ("verification", "body", 1280, "light"),
}


@pytest.fixture(scope="module")
def pictured(request):
    """The report that the pictures are of, and the folder they are kept in; of the tiny study they are not kept."""
    given = request.config.getoption("--gallery")
    if given is None:
        return request.getfixturevalue("tiny").folder / "reports" / "tiny.html", None
    return Path(given).resolve(), ROOT / "docs" / "gallery"


@pytest.mark.parametrize("name", SHOWN)
def test_picture(browser, pictured, tmp_path, name):
    report, folder = pictured
    page_name, section, width, scheme = SHOWN[name]
    stem = page_name if page_name and not page_name.startswith("_") else report.stem + page_name
    shown = report.with_stem(stem)
    if not shown.is_file():
        pytest.skip(f"{shown.name} is not beside the report")
    still = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = browser.new_page(viewport={"width": width, "height": 800}, **still)
    page.goto(shown.as_uri())
    page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    page.evaluate(f"document.querySelector('{section}').scrollIntoView()")
    path = (folder or tmp_path) / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    page.screenshot(path=path, animations="disabled")
    page.close()
    assert 20_000 < path.stat().st_size < 600_000  # neither blank nor too large to be committed


def test_the_report_stays_small(pictured):
    """6 MB for the study that `make` runs without a name, 10 MB for any."""
    report, _ = pictured
    default = yaml_files.read(ROOT / "config.yaml")["study"]
    assert report.stat().st_size < (6e6 if report.stem == default else 10e6)


def test_the_docs_show_every_picture():
    text = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(gallery/(.*?)\.png\)", text) == list(SHOWN)
    assert {path.stem for path in (ROOT / "docs/gallery").iterdir()} == set(SHOWN)
