import math
import re

import pytest
from actbench.figures import drawing, published


def row(published_number=1.0, measured=1.0, tolerance=0.1, verdict="agrees", label="relu"):
    return {
        "published": published_number,
        "measured": measured,
        "tolerance": tolerance,
        "verdict": verdict,
        "label": label,
    }


GROUPS = {
    "one": [row(), row(measured=1.05), row(measured=0.9, label="tanh")],
    "$two$": [
        row(measured=1.3, verdict="differs"),
        row(measured=None, verdict="open"),
        row(measured=2.0, tolerance=0.0, verdict="differs"),
    ],
}


@pytest.fixture(autouse=True)
def _styled():
    drawing.use_style()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((1.0, 1.05, 0.1), 0.5),
        ((-2.0, -2.3, 0.1), -3.0),
        ((3.0, 3.0, 0.0), 0.0),
        ((3.0, 2.0, 0.0), -math.inf),
        ((3.0, None, 0.1), math.nan),
        ((3.0, 3.0, None), math.nan),
        ((3.0, math.nan, 0.1), math.nan),
    ],
)
def test_deviations_are_in_units_of_the_tolerance(numbers, expected):
    assert published.deviation(row(*numbers)) == pytest.approx(expected, nan_ok=True)


def marks(figure):
    """Place, height and marker of every mark."""
    (axis,) = figure.axes
    drawn = [line for line in axis.lines if line.get_marker() in ("o", "x")]
    return [(line.get_xdata()[0], line.get_ydata()[0], line.get_marker()) for line in drawn]


def test_each_number_has_its_row_and_both_values():
    figure = published.numbers(GROUPS)
    (axis,) = figure.axes
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["one", "relu", "relu", "tanh", r"\$two\$", "relu", "relu", "relu"]
    edge = 0.97 * published.FARTHEST
    places = [(0, 1, "o"), (0.5, 2, "o"), (-1, 3, "o"), (3, 5, "x"), (edge, 7, "x")]
    assert marks(figure) == [(pytest.approx(x), y, marker) for x, y, marker in places]
    beside = [text.get_text() for text in axis.texts]
    assert beside[:4] == ["1", "1", "1", "1.05"] and "open" in beside and beside.count("–") == 1
    assert axis.get_xlim() == (-published.FARTHEST, published.FARTHEST)
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["agrees", "differs", "within the tolerance"]


def test_the_overview_has_a_row_a_group_and_hides_no_mark():
    figure = published.overview({"same": [row()] * 40, "none": [row(measured=None, verdict="open")]})
    (axis,) = figure.axes
    heights = [height for _, height, _ in marks(figure)]
    assert len(set(heights)) == 40 and -0.4 < min(heights) < 0 < max(heights) < 0.4
    assert [text.get_text() for text in axis.texts] == ["40 of 40", "0 of 1", "agree"]
    assert axis.get_xlim() == (-published.NARROW, published.NARROW)


def test_what_differs_is_seen_without_colour_and_no_text_is_cut(tmp_path):
    """Another marker, and bold numbers; all text lies within the figure."""
    figure = published.numbers(GROUPS)
    (axis,) = figure.axes
    bold = [text.get_text() for text in axis.texts if text.get_fontweight() == "bold"]
    assert bold == ["1", "1.3", "1", "2"]
    figure.canvas.draw()
    width, height = figure.bbox.size
    for text in (*axis.texts, *axis.get_yticklabels(), axis.xaxis.label):
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, text.get_text()
    published.save_pages([figure, published.overview(GROUPS)], tmp_path / "all.pdf")
    content = (tmp_path / "all.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) == 2 and b"CreationDate" not in content
    assert b"/Subtype /Type3" not in content
