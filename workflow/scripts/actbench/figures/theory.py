"""What mean field theory predicts of new networks, beside what was measured of them."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.figures import drawing, labels, looks, shown
from actbench.figures.plotting import Artist, Axes, Figure, Line2D, plt
from actbench.storage import theory_tables

SETTING_MARKS = ("*", "P", "X", "D", "s", "p", "h", "d")
INK, SOFT = "#222222", "#888888"
FAINT, UNSTABLE = 0.4, "edge of chaos, unstable"
WEIGHT_TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
HIDES, AROUND, OUTLINE = 4.0, 3.5, 1.4  # points: marks so close hide each other; one is larger; its line
SAID_CORRELATIONS = (0.2, 0.5, 0.8)


def gradients(
    measured: pd.DataFrame,
    predictions: pd.DataFrame,
    names: Sequence[str],
    depths: Sequence[int],
    style: drawing.Style,
) -> Figure:
    """Root mean square of dL/dz by layer of new networks, and the line that theory predicts.

    A row of panels a setting, a column a depth. A point a network, or where they are many a bar from the
    lowest to the highest, and a point for the mean.

    Args:
        measured, predictions: rows of the tables `gradients` and `predictions`.
        names: settings in their order, of which the first `shown.THEORY_SETTINGS` are drawn.
        depths, style: what is shown.
    """
    chosen = (measured["tensor"] == "preactivation") & (measured["checkpoint"] == "init")
    points = measured[chosen & (measured["rms"] > 0)]
    lines = predictions.assign(rms=10.0 ** predictions["log10_rms"].astype(float))
    return _by_layer(
        points, lines, ("rms", "rms"), names, depths, style, "RMS gradient of the pre-activations"
    )


def activations(
    measured: pd.DataFrame,
    predictions: pd.DataFrame,
    names: Sequence[str],
    depths: Sequence[int],
    style: drawing.Style,
) -> Figure:
    """The standard deviation of each hidden layer's activations, as `gradients`.

    Args:
        measured: rows of the table `distributions`.
        predictions, names, depths, style: see `gradients`.
    """
    chosen = (measured["signal"] == "activation") & (measured["checkpoint"] == "init")
    points = measured[chosen & (measured["std"] > 0)]
    lines = predictions[predictions["activation_std"] > 0]
    columns = ("std", "activation_std")
    return _by_layer(points, lines, columns, names, depths, style, "standard deviation of activations")


def edge_of_chaos(
    edges: pd.DataFrame, theory: pd.DataFrame, names: Sequence[str], style: drawing.Style
) -> Figure:
    """The plane of σ_b and σ_w: each activation's edge of chaos, faint where unstable, and the settings.

    A homogeneous function has its edge at one point, a filled mark. A setting's mark is open: in black where
    it is the same for all activations, else in the colour of each. Marks that would hide each other are
    open ones around each other. Networks that are normalised or residual have another map, and no mark.

    Args:
        edges, theory: rows of the tables of these names.
        names: settings in their order, of which the first `shown.MARKED_SETTINGS` are drawn.
        style: what is shown.
    """
    figure, axis = plt.subplots(figsize=(5.9, 4.3))
    theory = theory[theory["reason"] != theory_tables.NO_MAP]
    _plane(axis, edges, theory)
    marks = []
    for key, look in style.looks.items():
        curve = edges[edges["activation"] == key].dropna(subset="weight_std").sort_values("bias_std")
        if len(curve) == 1:
            place = tuple(curve[["bias_std", "weight_std"]].iloc[0].round(6))
            marks.append((key, "", place, looks.mark(look) | {"markersize": 6}))
            continue
        stable = ~_unstable(curve)
        if not stable.all():
            look = {"alpha": FAINT, **style.line(key, linewidth=1.2)}
            drawing.say(*axis.plot(curve["bias_std"], curve["weight_std"], **look), UNSTABLE, activation=key)
        look = style.line(key, linewidth=1.8)
        (line,) = axis.plot(curve["bias_std"], curve["weight_std"].where(stable), **look)
        drawing.say(line, "edge of chaos", activation=key)
    handles = {}
    for name, marker in zip(names[: shown.MARKED_SETTINGS], SETTING_MARKS, strict=False):
        open_mark = {"marker": marker, "markersize": 9, "markerfacecolor": "none", "markeredgewidth": OUTLINE}
        places = _places(theory[theory["setting"] == name], style)
        for key, place in places.items():
            colour = style.line(key)["color"] if key else INK
            marks.append((key, name, place, open_mark | {"markeredgecolor": colour}))
        text = f"setting {drawing.plain(name)}" if len(names) > 1 else "this study"
        if places:
            handles[text] = Line2D([], [], color=INK, linestyle="", **open_mark | {"markeredgewidth": 1})
    _nested(axis, marks)
    if _unstable(edges).any() and len(style.coloured) == len(style.labels):
        handles["unstable (faint)"] = Line2D([], [], color=INK, alpha=FAINT)
    axis.set_xlabel("standard deviation of biases, $σ_b$")
    axis.set_ylabel("standard deviation of weights × √inputs, $σ_w$")
    seen = {key for key, *_ in marks} | set(edges.dropna(subset="weight_std")["activation"])
    style.legend(figure, handles, without=set(style.labels) - seen)
    return figure


def correlation_map(
    table: pd.DataFrame, names: Sequence[str], style: drawing.Style, examples: str = "images"
) -> Figure:
    """The correlation of two examples' pre-activations in the next layer against that in this one.

    A panel a setting. Below the diagonal examples are driven apart, above it they become alike.

    Args:
        table: rows of the table `correlations`.
        names: settings in their order, of which the first `shown.THEORY_SETTINGS` with a map are drawn.
        style: what is shown.
        examples: what they are called.
    """
    known = set(table.loc[table["next_correlation"].notna(), "setting"])
    names = [name for name in names if name in known][: shown.THEORY_SETTINGS] or list(names[:1])
    figure, axes = drawing.panels(1, len(names), height=3.1, width=3.4, sharey="all", sharex="all")
    for axis, name in zip(axes.flat, names, strict=True):
        axis.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=":")
        part = table[table["setting"] == name]
        for key in style.labels:
            line = (
                part[part["activation"] == key].dropna(subset="next_correlation").sort_values("correlation")
            )
            look = style.line(key, linewidth=1.6)
            (drawn,) = axis.plot(line["correlation"], line["next_correlation"], **look)
            drawing.say(drawn, *_next_ones(line), activation=key)
        axis.set_title(drawing.plain(name) if len(names) > 1 else "")
        drawing.of_panel(axis, setting=name, words=name if len(names) > 1 else "")
        axis.set_aspect("equal")
        axis.set_xlim(0, 1.02)
        axis.set_ylim(0, 1.02)
    figure.supxlabel(f"correlation of two {examples}' pre-activations in layer l", fontsize="medium")
    axes[0][0].set_ylabel("the same in layer l + 1")
    seen = table.loc[table["setting"].isin(names) & table["next_correlation"].notna(), "activation"]
    no_change = Line2D([], [], color=SOFT, linestyle=":")
    style.legend(figure, {"no change": no_change}, without=set(style.labels) - set(seen))
    return figure


def _next_ones(line: pd.DataFrame) -> list[str]:
    """What correlations a few become, for who points at the line."""
    if line.empty:
        return []
    rows = [line.iloc[(line["correlation"] - at).abs().argmin()] for at in SAID_CORRELATIONS]
    return [", ".join(f"{row['correlation']:.2g} → {row['next_correlation']:.3g}" for row in rows)]


def _ends_of(table: pd.DataFrame, column: str, what: str) -> list[str]:
    """What lies at the first and the last layer, for who points at it; of several its lowest and highest."""
    found = []
    for layer in sorted({table["layer"].min(), table["layer"].max()}) if len(table) else ():
        values = table.loc[table["layer"] == layer, column]
        low, high = f"{values.min():.3g}", f"{values.max():.3g}"
        found.append(f"{low if low == high else f'{low} to {high}'} in layer {layer:g}")
    return [f"{what} {', '.join(found)}"] if found else []


def _by_layer(
    points: pd.DataFrame,
    lines: pd.DataFrame,
    columns: tuple[str, str],
    names: Sequence[str],
    depths: Sequence[int],
    style: drawing.Style,
    label: str,
) -> Figure:
    """Panels of measured points and predicted lines, `columns` of each, on a log scale."""
    measured, predicted = columns
    names = list(names[: shown.THEORY_SETTINGS])
    width = drawing.width_for(style, len(depths))
    figure, axes = drawing.panels(len(names), len(depths), height=2.5, width=width, sharey="all")
    for (row, name), (column, depth) in product(enumerate(names), enumerate(depths)):
        axis = axes[row][column]
        here = [table[(table["setting"] == name) & (table["depth"] == depth)] for table in (points, lines)]
        for key, look in style.looks.items():
            of_networks, of_theory = (table[table["activation"] == key] for table in here)
            line = of_theory.dropna(subset=predicted).sort_values("layer")
            of_line = style.line(key, linewidth=1.3)
            (drawn,) = axis.plot(line["layer"], line[predicted], **of_line)
            drawing.say(drawn, *_ends_of(line, predicted, "predicted"), activation=key)
            for points_of in _points(axis, of_networks, measured, look | of_line, style.summarised):
                drawing.say(points_of, *_ends_of(of_networks, measured, "measured"), activation=key)
        axis.set_title(shown.layers(depth) if row == 0 else "")
        drawing.of_panel(axis, depth=depth, setting=name, words=name if len(names) > 1 else "")
        axis.set_xlabel("layer" if row == len(names) - 1 else "")
        axis.set_ylabel(drawing.plain(name) if len(names) > 1 else "")
        drawing.whole_numbers(axis)
    drawn_points = points["setting"].isin(names) & points["depth"].isin(depths)
    drawing.log_scale(axes.flat, points.loc[drawn_points, measured], plain=100)
    figure.supylabel(label, fontsize="medium")
    plain_mark = {"marker": "o", "markersize": 3, "markeredgewidth": 0, "linestyle": ""}
    measured_text = "measured (lowest to highest)" if style.summarised else "measured, a network"
    handles = {
        "predicted": Line2D([], [], color=INK, linewidth=1.3),
        measured_text: Line2D([], [], color=INK, **plain_mark),
    }
    style.legend(figure, handles)
    labels.of_lines(axes[:, -1], style)
    return figure


def _points(axis: Axes, networks: pd.DataFrame, column: str, look: Mapping, summarised: bool) -> list[Artist]:
    """Those of one activation in one panel."""
    mark = looks.mark(look) | {"linestyle": "", "zorder": look.get("zorder", 3)}
    if not summarised:
        return axis.plot(networks["layer"], networks[column], markersize=3, alpha=0.55, **mark)
    by_layer = networks.groupby("layer")[column]
    means = by_layer.mean()
    bars = axis.vlines(means.index, by_layer.min(), by_layer.max(), color=look["color"], linewidth=0.9)
    return [bars, *axis.plot(means.index, means, markersize=3.5, **mark)]


def _nested(axis: Axes, marks: Sequence[tuple[str, str, tuple[float, float], Mapping]]) -> None:
    """Marks of (activation, setting, place, look), each at its place; the setting "" is an edge.

    One that would hide others, or be hidden by them, is an open mark around them.
    """
    figure = axis.get_figure()
    inches = axis.transData + figure.dpi_scale_trans.inverted()
    drawing.lay_out(figure)  # settles how large the panel is
    drawn: list[tuple[np.ndarray, float]] = []
    for key, name, (x, y), look in marks:
        place = 72 * inches.transform((x, y))
        inside = [size for spot, size in drawn if np.abs(spot - place).max() < HIDES]
        size = max([look["markersize"], *(one + AROUND for one in inside)])
        drawn.append((place, size))
        if inside:
            line = {"markeredgecolor": look.get("markeredgecolor") or look["color"]}
            look = {**look, **line, "markersize": size, "markerfacecolor": "none", "markeredgewidth": 1.1}
        (mark,) = axis.plot(x, y, **look, linestyle="", clip_on=False, zorder=4 - size / 1000)
        what = f"setting {name}" if name else "edge of chaos"
        drawing.say(mark, f"{what}: σ_b = {x:.3g}, σ_w = {y:.3g}", activation=key, setting=name)


def _places(theory: pd.DataFrame, style: drawing.Style) -> dict[str, tuple[float, float]]:
    """σ_b and σ_w of a setting's marks by activation; by "" where it is the same for all of them."""
    known = theory.dropna(subset=["weight_std", "bias_std"])
    found = {
        row.activation: (round(row.bias_std, 6), round(row.weight_std, 6))
        for row in known.itertuples()
        if row.activation in style.looks
    }
    if len(set(found.values())) == 1:
        return {"": next(iter(found.values()))}
    return found


def _unstable(edges: pd.DataFrame) -> pd.Series:
    """Of points with a fixed point of their own, from which other mean squares move away."""
    return edges["q"].notna() & edges["stable"].eq(False)


def _plane(axis: Axes, edges: pd.DataFrame, theory: pd.DataFrame) -> None:
    """From σ_b = 0 on, and σ_w on a log scale, to a little beyond what is marked.

    Curves leave it beyond the last of `WEIGHT_TICKS`: that of softshrink goes to 10¹⁴.
    """
    biases = pd.concat([edges["bias_std"], theory["bias_std"]]).dropna()
    inside = pd.concat([edges["weight_std"].clip(upper=WEIGHT_TICKS[-1]), theory["weight_std"]])
    weights = inside[inside > 0]
    axis.set_yscale("log")
    axis.set_yticks(WEIGHT_TICKS, [f"{tick:g}" for tick in WEIGHT_TICKS])
    axis.set_yticks([], minor=True)
    if len(weights):
        axis.set_ylim(0.7 * weights.min(), 1.4 * weights.max())
    axis.set_xlim(0, 1.05 * (biases.max() or 1.0) if len(biases) else 1.0)
