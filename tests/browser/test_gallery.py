"""Pictures of the report for docs/gallery.md; `make gallery` keeps those of the Fashion-MNIST study."""

from pathlib import Path

import pytest

SHOWN = {
    "first-screen": ("body", 1280, "light"),
    "dark": ("#comparison", 1280, "dark"),
    "gradients": ("#gradients", 1280, "light"),
    "phone": ("body", 375, "light"),
}


@pytest.fixture(scope="module")
def pictured(request):
    """The report that the pictures are of, and the folder they are kept in; of the tiny study they are not kept."""
    given = request.config.getoption("--gallery")
    if given is None:
        return request.getfixturevalue("tiny").folder / "reports" / "tiny.html", None
    return Path(given).resolve(), Path(__file__).parents[2] / "docs" / "gallery"


@pytest.mark.parametrize("name", SHOWN)
def test_picture(browser, pictured, tmp_path, name):
    report, folder = pictured
    section, width, scheme = SHOWN[name]
    still = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = browser.new_page(viewport={"width": width, "height": 800}, **still)
    page.goto(report.as_uri())
    page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    page.evaluate(f"document.querySelector('{section}').scrollIntoView()")
    path = (folder or tmp_path) / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    page.screenshot(path=path, animations="disabled")
    page.close()
    assert 20_000 < path.stat().st_size < 600_000  # neither blank nor too large to be committed
