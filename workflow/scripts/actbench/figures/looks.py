"""Each activation's colour, dashes and marker: the same in every figure and page of a study.

A built-in activation has them in all studies. So has an own one, whose name fixes them, unless two of a study
name the same place: then one of these takes the next.

A look is a pair of a hue and a pattern of dashes, which also give the marker, so that two looks differ in at
least two of the three. The hues were searched for a large CIEDE2000 distance between any two, also as people
with protanopia, deuteranopia and tritanopia see them (Machado et al. 2009, doi:10.1109/TVCG.2009.113), among
those of at least 3:1 contrast (WCAG 2.2, 1.4.11) with white and with the pages' dark paper.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

HUES = (
    "#4b4bf0",
    "#c30078",
    "#96961e",
    "#5a96c3",
    "#00783c",
    "#b47878",
    "#d2001e",
    "#786996",
    "#9669ff",
    "#ff2d69",
)
DASHES = (
    "-",
    (0, (5, 1.5)),
    (0, (1.2, 1.2)),
    (0, (5, 1.5, 1.2, 1.5)),
    (0, (9, 2)),
    (0, (3, 1.2, 1.2, 1.2, 1.2, 1.2)),
    (0, (2.5, 2.5)),
)
MARKERS = "ov<>sPX*^D"
N = len(HUES) * len(DASHES)
# A line that is there for comparison only; on dark paper its colour is another, see `svg.inlined`.
BEHIND = {"color": "#bcbec1", "linestyle": "-", "linewidth": 0.8, "zorder": 1.8}
DARK_PAPER = "#14171b"  # of the pages
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
# Of the built-in activations, those of a line have one hue: the most used ones come first.
BUILT_IN = (
    ("relu", "hardtanh", "relu6", "identity"),
    ("tanh", "softsign", "gaussian", "logsigmoid"),
    ("sigmoid", "hardsigmoid", "sine", "hardswish"),
    ("leakyrelu", "prelu", "rrelu", "relu_autograd"),
    ("elu", "celu", "snake"),
    ("swish", "swish_beta", "swish_trainable"),
    ("gelu", "gelu_tanh", "tanhshrink"),
    ("selu", "squared_relu", "star_relu"),
    ("mish", "hardshrink", "softshrink"),
    ("softplus", "threshold"),
)
_PLACES = {
    key: len(DASHES) * row + (3 * row + column) % len(DASHES)
    for row, keys in enumerate(BUILT_IN)
    for column, key in enumerate(keys)
}


def of(keys: Iterable[str]) -> dict[str, dict]:
    """Arguments of matplotlib's artists by activation: `color`, `linestyle` and `marker`.

    A built-in activation has its own look. Another takes the place that the SHA-256 of its id names, or where
    that is taken in this study, the next free one; ids claim theirs in alphabetical order. No two of up to
    70 activations have the same colour: those of one hue differ in the last bits of blue, which nobody sees,
    so that a colour says whose it is.
    """
    keys = list(keys)
    places = {key: _PLACES[key] for key in keys if key in _PLACES}
    reserved, taken = set(_PLACES.values()), set(places.values())
    for key in sorted(set(keys) - places.keys()):
        first = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % N
        order = [(first + step) % N for step in range(N)]
        free = [place for place in order if place not in taken | reserved]
        free += [place for place in order if place not in taken]
        places[key] = (free or order)[0]
        taken.add(places[key])
    return {key: _look(places[key]) for key in keys}


def in_order(keys: Iterable[str]) -> dict[str, dict]:
    """The same for what is no activation: looks in their order, however they are called."""
    return {key: _look(len(DASHES) * (i % len(HUES)) + 3 * i % len(DASHES)) for i, key in enumerate(keys)}


def colours(keys: Iterable[str]) -> dict[str, str]:
    """The colours alone, as `#rrggbb`."""
    return {key: look["color"] for key, look in of(keys).items()}


def on_dark(keys: Iterable[str]) -> dict[str, str]:
    """The same, each mixed with as much white as letters of it need to be read on the pages' dark paper."""
    return {key: _lifted(colour) for key, colour in colours(keys).items()}


def is_behind(look: Mapping) -> bool:
    """Whether it is that of a line behind those that have a colour."""
    return look["color"] == BEHIND["color"]


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def css_class(key: str, kind: str = "a") -> str:
    """The class of what belongs to an activation (`a`), a setting (`s`) or a depth (`d`): `a-relu`.

    What is no letter, digit or `_` becomes its code, so that two keys never share a class.
    """
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9_]", lambda found: f"-{ord(found[0]):x}-", str(key))


def mark(look: Mapping) -> dict:
    """A filled mark in an activation's colour."""
    return {"color": look["color"], "marker": look["marker"], "markeredgewidth": 0}


def _lifted(colour: str) -> str:
    parts, needed = (
        [int(colour[i : i + 2], 16) for i in (1, 3, 5)],
        TEXT_CONTRAST * (luminance(DARK_PAPER) + 0.05),
    )
    mixes = (
        "#" + "".join(f"{part + (255 - part) * white // 50:02x}" for part in parts) for white in range(51)
    )
    return next(mixed for mixed in mixes if luminance(mixed) + 0.05 >= needed)


def _look(place: int) -> dict:
    hue, dash = divmod(place, len(DASHES))
    red_green, blue = HUES[hue][:-2], int(HUES[hue][-2:], 16)
    shade = blue + dash if blue + len(DASHES) < 256 else blue - dash
    marker = MARKERS[(hue + dash) % len(MARKERS)]
    return {"color": f"{red_green}{shade:02x}", "linestyle": DASHES[dash], "marker": marker}
