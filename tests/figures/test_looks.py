"""Looks of activations: fixed by name, told apart by everybody, visible on both papers."""

from itertools import combinations

import numpy as np
import pytest
from actbench.activations.functions import REGISTRY
from actbench.figures import looks

DEFAULT_STUDY = ("sigmoid", "tanh", "relu", "leakyrelu", "elu", "swish")
PAPERS = ("#ffffff", "#14171b")
# Machado, Oliveira & Fernandes 2009, table 1 at severity 1.0; on linear RGB.
SEEN = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # sRGB, D65
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour):
    shares = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(colour, seen="normal"):
    ratios = TO_XYZ @ np.clip(np.array(SEEN[seen]) @ linear(colour), 0, 1) / WHITE
    x, y, z = np.where(ratios > 216 / 24389, np.cbrt(ratios), (24389 / 27 * ratios + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one, other):
    """Sharma, Wu & Dalal 2005, with all weights 1."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    a1, a2 = stretch * a1, stretch * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    level, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (h1 + turn / 2) % 360
    t = 1 + sum(
        w * np.cos(np.radians(n * h - at))
        for w, n, at in ((-0.17, 1, 30), (0.24, 2, 0), (0.32, 3, -6), (-0.2, 4, 63))
    )
    s_l = 1 + 0.015 * (level - 50) ** 2 / np.sqrt(20 + (level - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    turned = np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    r = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * turned
    parts = (l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h
    return np.sqrt(sum(part**2 for part in parts) + r * parts[1] * parts[2])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ],
)
def test_the_distance_is_ciede2000(one, other, expected):
    """Rows 1, 17, 23 and 24 of the test data of Sharma, Wu & Dalal 2005."""
    assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


def luminance(colour):
    return float(TO_XYZ[1] @ linear(colour))


@pytest.mark.parametrize("key", REGISTRY)
def test_lines_are_seen_on_white_and_on_dark_paper(key):
    """WCAG 2.2, 1.4.11: graphics have a contrast of at least 3:1."""
    own = luminance(looks.of([key])[key]["color"])
    for paper in map(luminance, PAPERS):
        low, high = sorted((own, paper))
        assert (high + 0.05) / (low + 0.05) >= 3


@pytest.mark.parametrize("seen", SEEN)
def test_hues_are_told_apart_by_everybody(seen):
    """In units of CIEDE2000, of which about 1 is just noticeable: 15 in the default study, 9 between any two."""
    colours = [lab(colour, seen) for colour in looks.colours(DEFAULT_STUDY).values()]
    assert min(ciede2000(*two) for two in combinations(colours, 2)) > 15
    assert min(ciede2000(*two) for two in combinations([lab(hue, seen) for hue in looks.HUES], 2)) > 8.5


def test_without_colour_the_default_study_differs_in_dashes_and_in_markers():
    found = looks.of(DEFAULT_STUDY).values()
    assert len({str(look["linestyle"]) for look in found}) == len({look["marker"] for look in found}) == 6


def differences(one, other):
    hue = one["color"][:5] != other["color"][:5]
    return hue + sum(one[part] != other[part] for part in ("linestyle", "marker"))


def test_looks_differ_in_two_of_hue_dashes_and_marker_with_own_activations_too():
    own = [f"own_{i}" for i in range(60 - len(REGISTRY))]
    found = looks.of([*REGISTRY, *own])
    assert min(differences(*two) for two in combinations(found.values(), 2)) >= 2
    assert len({look["color"] for look in found.values()}) == 60


def test_every_builtin_has_its_look_and_no_other_name_has():
    listed = [key for row in looks.BUILT_IN for key in row]
    assert sorted(listed) == sorted(REGISTRY)


def test_a_look_depends_on_no_other_activation():
    alone = looks.of(["mine"])["mine"]
    assert looks.of(["relu", "mine", "tanh"])["mine"] == alone
    assert looks.of(["tanh", "relu"])["relu"] == looks.of([*REGISTRY])["relu"]


def test_collisions_are_settled_the_same_way_in_any_order():
    keys = [f"own_{i}" for i in range(30)]
    assert looks.of(keys) == {key: looks.of(keys[::-1])[key] for key in keys}
    assert looks.of(keys) != {key: looks.of([key])[key] for key in keys}  # some did collide


def test_more_activations_than_looks_still_have_one():
    assert len(looks.of(f"own_{i}" for i in range(100))) == 100


@pytest.mark.parametrize(
    ("key", "kind", "expected"),
    [("relu", "a", "a-relu"), (8, "d", "d-8"), ("a b", "s", "s-a-20-b"), ("x-y", "a", "a-x-2d-y")],
)
def test_classes_are_safe_and_differ(key, kind, expected):
    assert looks.css_class(key, kind) == expected


def test_on_dark_paper_letters_in_a_colour_can_be_read():
    found = looks.on_dark(REGISTRY)
    for key, colour in found.items():
        assert (luminance(colour) + 0.05) / (luminance(PAPERS[1]) + 0.05) >= 4.5, key
    assert len(set(found.values())) > 0.9 * len(found)
