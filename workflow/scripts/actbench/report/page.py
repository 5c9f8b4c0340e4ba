"""Self-contained HTML pages from templates: every value escaped, every file embedded."""

import base64
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2
from jinja2.runtime import Context
from jinja2.utils import Namespace
from markupsafe import Markup

from actbench.figures import looks, shown, svg
from actbench.report import columns, numbers, share_sentences, verdict_sentences

MEDIA = {".png": "image/png", ".csv": "text/csv"}
SCRIPTS = ("sort.js", "figures.js")
TEXT = "text/plain;charset=utf-8"


def render(template: str | Path, context: Mapping) -> str:
    """Fill a template; every value is escaped, a missing one is an error."""
    template = Path(template)
    filled = environment(template.parent).get_template(template.name)
    return filled.render({"counter": counter(), **context})


@functools.cache
def environment(folder: str | Path) -> jinja2.Environment:
    """What the templates of a folder are filled in by; it keeps what it has compiled."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        optimized=False,  # to fold constants takes longer than it saves on a page that is filled in once
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests |= {"disagreeing": numbers.disagrees, "parted": share_sentences.disagrees}
    made.filters |= {
        "paragraphs": paragraphs,
        "fixed": numbers.fixed,
        "significant": numbers.written,
        "average": numbers.average,
        "percent": numbers.percent,
        "points": numbers.points,
        "sentence": numbers.sentence,
        "picture": picture,
    }
    shared = ("change", "interval", "interval_of", "n_points", "spread", "verdict")
    made.globals |= {name: getattr(numbers, name) for name in shared}
    made.globals |= {"layers": shown.layers, "column_of": columns.of}
    made.globals |= {"signs": verdict_sentences.SIGNS, "in_words": verdict_sentences.in_words}
    made.globals |= {"row_class": looks.css_class, "sample": sample}
    return made


@jinja2.pass_context
def paragraphs(context: Context, text: str) -> list[str]:
    """`numbers.paragraphs` of a page, whose labels keep their first letter."""
    return numbers.paragraphs(text, names=list((context.get("labels") or {}).values()))


def counter() -> Namespace:
    """The numbers of a page's last figure, table and head so far, and that table's name; macros count on."""
    return Namespace(figure=0, table=0, head=0, name="")


def picture(source: str, alt: str) -> Markup:
    """A figure, `svg.inlined` or a `data:` address, as an element with text for those who cannot see it."""
    if source.startswith("<svg "):
        return Markup(svg.described(source, alt))  # noqa: S704, written by svg.inlined, `alt` escaped
    return Markup('<img src="{}" alt="{}">').format(source, alt)


def sample(look: Mapping, variable: str) -> Markup:
    """A short line in an activation's look, for what is no figure; `variable`: its colour on the page."""
    dashes = look["linestyle"]
    dashed = "" if dashes == "-" else " ".join(f"{1.5 * part:g}" for part in dashes[1])
    return Markup(
        '<svg class="sample" width="30" height="10" viewBox="0 0 30 10" aria-hidden="true">'
        '<path d="M1 5H29" fill="none" style="stroke:var(--{},{})" stroke-width="2" '
        'stroke-dasharray="{}"/></svg>'
    ).format(variable, look["color"], dashed or "none")


def data_uri(path: str | Path) -> str:
    """A file as a `data:` address, so that the page needs no other file."""
    return embedded(Path(path).read_bytes(), MEDIA[Path(path).suffix])


def embedded(content: bytes | str, media: str = TEXT) -> str:
    """Content as a `data:` address."""
    content = content.encode() if isinstance(content, str) else content
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def script(folder: str | Path) -> list[dict[str, str]]:
    """The scripts of a page: the `code` of each, and the `digest` by which the page's policy lets it run."""
    scripts = []
    for name in SCRIPTS:
        code = Path(folder, name).read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
        scripts.append({"code": code, "digest": f"sha256-{digest}"})
    return scripts


def stylesheet(folder: str | Path) -> str:
    """The stylesheet that all pages share."""
    return Path(folder, "page.css").read_text(encoding="utf-8")
