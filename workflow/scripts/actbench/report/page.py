"""Self-contained HTML pages from templates: every value escaped, every file embedded."""

import base64
import hashlib
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import jinja2
from jinja2.utils import Namespace

from actbench.figures import shown
from actbench.report import numbers

IN_DATA = " !$()*+,-./:;=?@_~"  # what may stand as it is in the `data:` address of an attribute
MEDIA = {".svg": "image/svg+xml", ".png": "image/png", ".csv": "text/csv"}
TEXT = "text/plain;charset=utf-8"


def render(template: str | Path, context: Mapping) -> str:
    """Fill a template; every value is escaped, a missing one is an error."""
    template = Path(template)
    filled = environment(template.parent).get_template(template.name)
    return filled.render({"counter": counter(), **context})


def environment(folder: str | Path) -> jinja2.Environment:
    """What the templates of a folder are filled in by."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["disagreeing"] = numbers.disagrees
    made.filters |= {
        "percent": numbers.percent,
        "points": numbers.points,
        "sentence": numbers.sentence,
    }
    made.globals |= {name: getattr(numbers, name) for name in ("change", "interval", "spread", "verdict")}
    made.globals["layers"] = shown.layers
    return made


def counter() -> Namespace:
    """The numbers of a page's last figure and table so far; the macros `figure` and `caption` count on."""
    return Namespace(figure=0, table=0)


def data_uri(path: str | Path) -> str:
    """A file as a `data:` address, so that the page needs no other file.

    SVG stays text, which takes a quarter less room than base64.
    """
    kind = Path(path).suffix
    if kind == ".svg":
        text = Path(path).read_text(encoding="utf-8").replace("\n", " ")
        return f"data:{MEDIA[kind]},{urllib.parse.quote(text, safe=IN_DATA)}"
    return embedded(Path(path).read_bytes(), MEDIA[kind])


def embedded(content: bytes | str, media: str = TEXT) -> str:
    """Content as a `data:` address."""
    content = content.encode() if isinstance(content, str) else content
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def script(folder: str | Path) -> dict[str, str]:
    """The one script of a page: its `code`, and the `digest` by which the page's policy lets it run."""
    code = Path(folder, "sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
    return {"code": code, "digest": f"sha256-{digest}"}


def stylesheet(folder: str | Path) -> str:
    """The stylesheet that all pages share."""
    return Path(folder, "page.css").read_text(encoding="utf-8")
