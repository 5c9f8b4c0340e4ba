"""Figures as SVG: with classes and hover texts as matplotlib writes them, and as a page shows them.

An artist's `gid` becomes the id of its group; `note` makes one that holds classes and texts, and `noted`
turns it into these, so that the file is valid. `inlined` makes of a file what stands in a page.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote
from xml.etree import ElementTree

from actbench.figures import looks

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
PAPER = "#ffffff"
# Greys of axes, text and grids, by the share of the ink that they are.
INKS = {"#000000": 1, "#222222": 1, "#262626": 1, "#444444": 0.85, "#555555": 0.8, "#888888": 0.6}
INKS |= {"#cccccc": 0.25, "#e6e6e6": 0.13}
FONTS = "'DejaVu Sans',Verdana,sans-serif"
NOTE, PANEL = "note ", "panel "
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
PAINTS = ("fill", "stroke")
HOLDING = ("clip-path", "style")  # attributes with references; hatches are in styles
REFERENCE = "url(#"
USED = re.compile(r'(?:url\(|href=")#([^)"]+)')  # ids that something refers to
STEP = re.compile(r"([MLCQz])([^MLCQz]*)")  # of a path as matplotlib writes it
SPACED = re.compile(r"\s*([:;,])\s*")
FACES = {"italic": "font-style", "oblique": "font-style", "bold": "font-weight"}
DEFAULTS = {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # of every figure of matplotlib

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def note(classes: Iterable[str] = (), texts: Iterable[str] = (), kind: str = NOTE) -> str:
    """A `gid` for an artist of these classes that says `texts` on hover: one, or one for each mark.

    `kind`: `PANEL` if the text is to begin what all in the artist say.
    """
    escaped = (text.replace("%", "%25").replace("|", "%7C") for text in texts)
    return kind + "|".join([" ".join(classes), *escaped])


def noted(text: str) -> str:
    """A file of matplotlib with the notes of its groups as classes and `<title>` elements."""
    if f'"{NOTE}' not in text and f'"{PANEL}' not in text:
        return text
    root = _parsed(text)
    for group in reversed(list(root.iter(f"{{{SVG}}}g"))):  # a panel after what is in it
        name = group.get("id", "")
        if not name.startswith((NOTE, PANEL)):
            continue
        del group.attrib["id"]
        classes, *texts = map(unquote, name.removeprefix(NOTE).removeprefix(PANEL).split("|"))
        if classes:
            group.set("class", classes)
        if name.startswith(PANEL):
            for title in group.iter(f"{{{SVG}}}title"):
                title.text = f"{texts[0]}, {title.text}"
            continue
        marks = group.findall(f".//{{{SVG}}}use") or group.findall(f"./{{{SVG}}}path")
        if len(texts) == 1:
            _say(group, texts[0])
        elif len(texts) == len(marks):
            for mark, said in zip(marks, texts, strict=True):
                _say(mark, said)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode")


def inlined(text: str, name: str, labels: Mapping[str, str]) -> str:
    """What stands in a page for a file: an `<svg>` with ids of its own, in the page's colours.

    Args:
        text: the file, see `noted`.
        name: of the figure, with which its ids begin.
        labels: display text by activation; what is drawn in an activation's colour gets its class and says
            its label on hover.
    """
    root = _parsed(text)
    _without(root, {"metadata", "style"})
    colours = {colour: key for key, colour in looks.colours(labels).items()}
    used = set(USED.findall(text))
    for one in root.iter():
        has = one.attrib
        if "style" in has:
            has["style"] = _painted(has["style"])
        if "id" in has:
            if has["id"] in used:
                has["id"] = f"{name}-{has['id']}"
            else:
                del has["id"]
        if HREF in has:
            target = has.pop(HREF)
            has["href"] = f"#{name}-{target[1:]}" if target.startswith("#") else target
        for attribute in HOLDING:
            if REFERENCE in has.get(attribute, ""):
                has[attribute] = has[attribute].replace(REFERENCE, f"{REFERENCE}{name}-")
        if "d" in has:
            has["d"] = shortened(has["d"])
    _classed(root, colours, labels)
    _lifted(root, colours)
    _tidied(root)
    root.set("class", "drawing")
    width = f"{float(root.attrib.pop('width').removesuffix('pt')):.5g}pt"
    for attribute in ("height", "version"):
        root.attrib.pop(attribute, None)
    style = "".join(f"{key}:{value};" for key, value in DEFAULTS.items())
    root.set("style", f"--width:{width};{style}font-family:{FONTS}")
    written = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r"\s*\n\s*", "", written)


def inlined_files(paths: Iterable[str | Path], labels: Mapping[str, str]) -> dict[str, str]:
    """The SVG files among these as `inlined`, by their names without `.svg`, with which their ids begin."""
    drawings = (Path(path) for path in paths if Path(path).suffix == ".svg")
    return {path.stem: inlined(path.read_text(encoding="utf-8"), path.stem, labels) for path in drawings}


def described(text: str, alt: str) -> str:
    """An inlined figure as one picture of this text, which is escaped here."""
    quoted = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
    return text.replace("<svg ", f'<svg role="img" aria-label="{quoted}" ', 1)


def shortened(path: str) -> str:
    """A path of matplotlib with a decimal a number, and without what follows from the point before."""
    written, last = [], []
    for command, numbers in STEP.findall(path):
        values = [_short(value) for value in numbers.split()]
        if command == "L" and last:
            x, y = values
            if values == last:
                continue
            if x == last[0]:
                written.append(f"V{y}")
            elif y == last[1]:
                written.append(f"H{x}")
            else:
                written.append(f"L{x} {y}")
        else:
            written.append(command + " ".join(values))
        last = values[-2:]  # none after `z`, which leads back to where its part of the path began
    return "".join(written)


@functools.lru_cache(100_000)
def _short(value: str) -> str:
    return f"{float(value):.1f}".removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def _parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314, written by matplotlib, whose labels it escaped


def _kind(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(f"{{{SVG}}}")


def _say(element: ElementTree.Element, text: str) -> None:
    title = ElementTree.Element(f"{{{SVG}}}title")
    title.text = text
    element.insert(0, title)


def _without(root: ElementTree.Element, kinds: set[str]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            blank = _kind(child) == "g" and _is_paper(child)
            if _kind(child) in kinds or blank:
                parent.remove(child)


def _is_paper(group: ElementTree.Element) -> bool:
    """Whether it is the white ground of a figure or of its panels."""
    if not group.get("id", "").startswith("patch_") or len(group) != 1:
        return False
    style = _style(group[0])
    return style.get("fill") == PAPER and style.get("stroke", "none") == "none"


def _style(element: ElementTree.Element) -> Mapping[str, str]:
    return _declarations(element.get("style", ""))


@functools.lru_cache(10_000)
def _declarations(style: str) -> Mapping[str, str]:
    """Those of a `style`, which many elements of a figure share."""
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    return MappingProxyType({key.strip(): value.strip() for key, _, value in pairs})


@functools.lru_cache(10_000)
def _painted(text: str) -> str:
    """A `style` in which greys are the page's ink, white its paper."""
    style = dict(_declarations(text))
    for paint in PAINTS:
        colour = style.get(paint)
        if colour == PAPER:
            style[paint] = f"var(--paper,{PAPER})"
        elif colour in INKS:
            share = INKS[colour] * float(style.get(f"{paint}-opacity", 1))
            style[paint] = "currentColor"
            if share < 1:
                style[f"{paint}-opacity"] = f"{share:.3g}"
    if "font" in style:
        style["font"] = style["font"].partition("px")[0] + "px"
        *faces, size = style.pop("font").split()
        style |= {"font-size": size} | {FACES[face]: face for face in faces if face in FACES}
    for key, value in DEFAULTS.items():
        if style.get(key) == value:
            del style[key]
    written = ";".join(f"{key}:{value}" for key, value in style.items())
    return SPACED.sub(r"\1", written)


def _classed(root: ElementTree.Element, colours: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """The class of its activation on each largest group of one, and its label in what the group says."""
    owners, of_class = {}, {looks.css_class(key): key for key in labels}

    def owned(element: ElementTree.Element) -> set[str]:
        style = _style(element)
        found = {colours[style[paint]] for paint in PAINTS if style.get(paint) in colours}
        for child in element:
            found |= owned(child)
        owners[element] = found
        return found

    def visit(element: ElementTree.Element, inside: str) -> None:
        named = element.get("class", "")
        own = next((of_class[name] for name in named.split() if name in of_class), inside)
        found = not own and _is_artist(element) and len(owners[element]) == 1
        if found:
            (own,) = owners[element]
            element.set("class", f"{named} {looks.css_class(own)}".strip())
        if own and not inside:
            titles = element.findall(f".//{{{SVG}}}title")
            for title in titles:
                title.text = f"{labels[own]}: {title.text}"
            if found and not titles:
                _say(element, labels[own])
        for child in list(element):
            visit(child, own)

    owned(root)
    visit(root, "")


def _lifted(root: ElementTree.Element, colours: Mapping[str, str]) -> None:
    """The colour of an activation as a variable of the page, which has another value on dark paper.

    That of a line behind others is `--behind`, and where the page does not set it the activation's.
    """
    of_classes = {looks.css_class(key): colour for colour, key in colours.items()}

    def visit(one: ElementTree.Element, inside: str) -> None:
        if "class" in one.attrib:
            inside = next((name for name in one.get("class").split() if name in of_classes), inside)
        style, lifted = _style(one), {}
        for paint in PAINTS:
            old = style.get(paint)
            if old in colours:
                lifted[paint] = f"var(--{looks.css_class(colours[old])},{old})"
            elif old == looks.BEHIND["color"]:
                own = f"var(--{inside},{of_classes[inside]})" if inside else old
                lifted[paint] = f"var(--behind,{own})"
        if lifted:
            one.set("style", ";".join(f"{key}:{value}" for key, value in {**style, **lifted}.items()))
        for child in one:
            visit(child, inside)

    visit(root, "")


def _is_artist(element: ElementTree.Element) -> bool:
    """Whether it is a mark or a line with what belongs to it: no panel, axis or legend."""
    return _kind(element) in ("g", "path", "use", "text") and not any(
        _kind(child) == "g" and _holds_text(child) for child in element
    )


def _holds_text(element: ElementTree.Element) -> bool:
    return element.find(f".//{{{SVG}}}text") is not None


def _tidied(root: ElementTree.Element) -> None:
    """Without groups that say nothing, blanks between elements, and decimals of places that nobody sees."""
    for element in root.iter():
        kind = _kind(element)
        if kind not in ("text", "tspan", "title"):
            element.text = None
        if kind not in ("tspan",):
            element.tail = None
        for key in ("x", "y"):
            if key in element.attrib and kind in ("use", "text", "rect"):
                element.set(key, f"{float(element.get(key)):.2f}".rstrip("0").rstrip("."))
        if "transform" in element.attrib:
            short = element.get("transform").replace("rotate(-0 ", "rotate(0 ")
            if short.startswith("rotate(0 "):
                del element.attrib["transform"]
        if not element.get("style", "x"):
            del element.attrib["style"]
    _unwrapped(root)


def _unwrapped(element: ElementTree.Element) -> None:
    children: list[ElementTree.Element] = []
    for child in element:
        _unwrapped(child)
        bare = _kind(child) == "g" and not child.attrib
        children += list(child) if bare and not _has_title(child) else [child]
    element[:] = children


def _has_title(element: ElementTree.Element) -> bool:
    return len(element) > 0 and _kind(element[0]) == "title"
