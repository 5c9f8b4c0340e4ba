"""Self-contained HTML pages from templates: every value escaped, every file embedded."""

import base64
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import jinja2

from actbench import sentences

IN_DATA = " !$()*+,-./:;=?@_~"  # what may stand as it is in the `data:` address of an attribute
MEDIA = {".svg": "image/svg+xml", ".png": "image/png", ".csv": "text/csv"}


def render(template: str | Path, context: Mapping) -> str:
    """Fill a template; every value is escaped, a missing one is an error."""
    template = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": sentences.percent,
        "points": sentences.points,
        "sentence": sentences.sentence,
    }
    environment.globals |= {"interval": sentences.interval, "layers": sentences.layers}
    return environment.get_template(template.name).render(context)


def data_uri(path: str | Path) -> str:
    """A file as a `data:` address, so that the page needs no other file.

    SVG stays text, which takes a quarter less room than base64.
    """
    kind = Path(path).suffix
    if kind == ".svg":
        text = Path(path).read_text(encoding="utf-8").replace("\n", " ")
        return f"data:{MEDIA[kind]},{urllib.parse.quote(text, safe=IN_DATA)}"
    encoded = base64.b64encode(Path(path).read_bytes()).decode("ascii")
    return f"data:{MEDIA[kind]};base64,{encoded}"


def stylesheet(folder: str | Path) -> str:
    """The stylesheet that all pages share."""
    return Path(folder, "page.css").read_text(encoding="utf-8")
