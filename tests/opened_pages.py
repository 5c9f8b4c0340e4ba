"""What holds for every page that is opened in a browser, whatever it is of."""

import re
from pathlib import Path

from conftest import HANG

# How many seeds, networks or rounds a sentence is from.
N = re.compile(r"\bn\s=\s\d|\d tuning seeds?\b|\bOne seed\b")
PAPER = 703  # CSS pixels of an A4 page less its margins
# The words of each paragraph and caption above the method that is not folded away, less what is, or shown on hover.
WORDS = """() => [...document.querySelectorAll('main :is(p, caption, figcaption)')]
    .filter(one => !one.parentElement.closest('details:not([open]), #method, #method ~ section'))
    .map(one => {
        const copy = one.cloneNode(true);
        copy.querySelectorAll('details:not([open]), .tools, .tip, .readout').forEach(part => part.remove());
        return copy.textContent.trim().split(/\\s+/).join(' ');
    })"""
# Heads of columns that nothing explains.
PLAIN = """() => [...document.querySelectorAll('thead th')].filter(head => {
        const named = head.querySelector('.head'), tip = document.getElementById(named?.getAttribute('aria-describedby'));
        return head.textContent.trim() && !(named?.tabIndex === 0 && tip?.textContent.trim().endsWith('.'));
    }).map(head => head.textContent.trim())"""


def long_texts(page, most=60):
    """The paragraphs and captions of a page with more words than that."""
    texts = page.evaluate(WORDS)
    assert len(texts) > 3
    return [text for text in texts if len(text.split()) > most]


def faults(page):
    """What axe finds that is more than minor."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] != "minor"]


def check(browser, path: Path):
    """A page says nothing in the console, fits three screens and paper, and is for everybody, also without a script."""
    for width, scheme in ((375, "dark"), (1280, "light"), (1920, "light")):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        said = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.goto(path.as_uri())
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heights = page.locator("svg.drawing").evaluate_all("all => all.map(one => one.clientHeight)")
        assert min(heights, default=100) > 50
        if width < 1920:
            assert faults(page) == []
        if width == 1280:
            assert page.evaluate(PLAIN) == []
            page.evaluate("document.querySelectorAll('.tools').forEach(one => one.remove())")
            text = page.inner_text("main").split()
            page.set_viewport_size({"width": PAPER, "height": 1016})
            page.emulate_media(media="print")
            widths = page.locator("main, main .scroll").evaluate_all("all => all.map(one => one.scrollWidth)")
            assert max(widths) <= PAPER
        page.close()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(HANG * 1000)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.inner_text("main").split() == text and len(text) > 100
    context.close()
