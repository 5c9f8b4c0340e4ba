"""How figures look: one look per activation, the size of panels, and how a figure becomes a file."""

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from actbench.figures import looks, shown, svg
from actbench.figures.plotting import (
    Artist,
    Axes,
    Figure,
    FigureCanvasSVG,
    Line2D,
    fonts,
    matplotlib,
    plt,
    sns,
    ticks_once,
)
from actbench.storage import files

CHECKPOINTS = {"init": "at initialisation", "trained": "after training"}
COLUMNS = 6
SPREAD = (0.05, 0.95)
WHOLE = 8.4  # inches of panels beside each other
NARROWEST = 5.75  # inches: a page stretches what is narrower
FONTS = ["DejaVu Sans", "sans-serif"]
LETTER, LEGEND_LINE, LEGEND_ROW = 0.065, 0.6, 0.18  # inches: a letter of a legend, its line and gaps, a row
TITLE_LETTERS, TICK_LETTERS = 18, 24
SMALL = 8.5  # points: the smallest type, which a phone still shows
SMALLEST_ERROR = 1e-4
# Accuracies that are written at an axis, those before others that are rounder.
ROUND = [0, 0.5, 0.9, 0.99, 0.999, 0.8, 0.95, 0.98, 0.995, 0.998, 0.7, 0.6, 0.3, 0.1, 0.2, 0.4, 0.85, 0.97]
FINER = [i / n for n in (20, 50, 100, 200) for i in range(1, n)]
FEWEST, TICKS = 4, 7  # of an axis of accuracies: below `FEWEST` round ones there are finer ones too
PLACES = re.compile(r'\b(d|x|y)="[^"]*"')
DECIMALS = re.compile(r"(\.\d\d)\d+")


@dataclass(frozen=True)
class Style:
    """One colour, dash pattern and marker for each activation, the same in every figure, see `looks.of`.

    `every`: ids of all activations of the study where `labels` are of some; these settle whose look is whose.
    `summarised`: whether runs are too many to be drawn one by one, see `shown.summarised`.
    `of_activations`: whether the labels are of activations, and not of what one network has several of.
    `foremost`: ids whose lines have a colour where there are more than `shown.LINES`; without any, the first.
    """

    labels: Mapping[str, str]
    summarised: bool = False
    of_activations: bool = True
    every: Sequence[str] = ()
    foremost: Sequence[str] = ()

    def __post_init__(self):
        object.__setattr__(self, "labels", {key: plain(text) for key, text in self.labels.items()})
        made = looks.of if self.of_activations else looks.in_order
        found = made([*self.labels, *(key for key in self.every if key not in self.labels)])
        object.__setattr__(self, "looks", {key: found[key] for key in self.labels})

    @property
    def coloured(self) -> list[str]:
        """Ids of those whose lines have a colour: all if they are few, else `foremost`."""
        if len(self.labels) <= shown.LINES:
            return list(self.labels)
        found = [key for key in self.foremost if key in self.labels] or list(self.labels)
        return found[: shown.LINES]

    def line(self, key: str, **options: object) -> dict:
        """Arguments of an activation's line: its colour and dashes with `options`, or `looks.BEHIND`."""
        if key not in self.coloured:
            return dict(looks.BEHIND)
        return {**options, **{name: self.looks[key][name] for name in ("color", "linestyle")}}

    def marked(self, key: str, **options: object) -> dict:
        """The same with the activation's marker at each point, where it has a colour."""
        return self.line(key, marker=self.looks[key]["marker"], **options)

    def legend(
        self,
        figure: Figure,
        others: Mapping[str, Line2D] | None = None,
        without: Collection[str] = (),
        every: bool = False,
    ) -> None:
        """One legend above the panels, in as many columns as its labels leave room for.

        Args:
            figure: to which it is added.
            others: what else it explains, by its text.
            without: ids of what is not drawn.
            every: whether it names all activations, and not those alone whose lines have a colour.
        """
        drawn = [key for key in self.labels if key not in without]
        own = drawn if every else [key for key in self.coloured if key in drawn]
        behind = len(own) < len(drawn)
        handles = [Line2D([], [], **self.looks[key], markersize=4) for key in own]
        labels = [self.labels[key] for key in own]
        if behind:
            handles.append(Line2D([], [], **looks.BEHIND))
            labels.append("others")
        labels += others or {}
        if not labels:
            return
        handles += (others or {}).values()
        room = figure.get_size_inches()[0] / (LEGEND_LINE + LETTER * max(map(len, labels)))
        ncols = max(1, min(len(labels), COLUMNS, int(room)))
        n_rows = -(-len(labels) // ncols)
        ncols = -(-len(labels) // n_rows)  # no row of one or two
        if n_rows > 2:
            width, height = figure.get_size_inches()
            figure.set_size_inches(width, height + LEGEND_ROW * (n_rows - 2))
        legend = figure.legend(
            handles, labels, loc="outside upper center", ncols=ncols, frameon=False, handlelength=3
        )
        if self.of_activations:
            of_activations(legend.get_texts(), own)
        for artist in (legend.get_lines()[len(own)], legend.get_texts()[len(own)]) if behind else ():
            artist.set_gid(svg.note(["others"]))

    def title(self, key: str) -> str:
        """The label of a panel, broken into lines that fit it."""
        return "\n".join(textwrap.wrap(self.labels[key], TITLE_LETTERS)) or self.labels[key]


def cut(text: str, letters: int = TICK_LETTERS) -> str:
    """A label that fits beside an axis, with `…` where it is cut."""
    return text if len(text) <= letters else text[: letters - 1].rstrip("\\") + "…"


def say(
    artist: Artist,
    *texts: str,
    activation: str = "",
    depth: int | Iterable[int] | None = None,
    setting: str = "",
) -> None:
    """What an artist says on hover in a page: one text, or one for each of its marks.

    It is hidden by the page's switch for its activation, depth, or any of several depths, or setting.
    """
    artist.set_gid(svg.note(_classes(activation, depth, setting), texts))


def _classes(activation: str, depth: int | Iterable[int] | None, setting: str) -> list[str]:
    depths = () if depth is None else (depth,) if not isinstance(depth, Iterable) else depth
    parts = [("a", activation), *(("d", str(one)) for one in depths), ("s", setting)]
    return [looks.css_class(key, kind) for kind, key in parts if key]


def of_panel(
    axis: Axes, activation: str = "", depth: int | None = None, setting: str = "", words: str = ""
) -> None:
    """Have a panel hidden by a page's switch for its activation, depth or setting.

    What is in it names its depth and `words`, what else tells it from the others.
    """
    whose = _classes(activation, depth, setting)
    said = [shown.layers(depth)] if depth is not None else []
    said += [words] if words else []
    axis.set_gid(svg.note(whose, [", ".join(said)], svg.PANEL) if said else svg.note(whose))


def of_activations(texts: Iterable[Artist], keys: Iterable[str]) -> None:
    """Have each text, of a legend or an axis, hidden by the switch of its activation."""
    for text, key in zip(texts, keys, strict=False):
        text.set_gid(svg.note([looks.css_class(key)]))


def plain(text: str) -> str:
    """Text that matplotlib shows as it stands instead of reading mathematics between dollar signs."""
    return text.replace("$", r"\$")


def use_style() -> None:
    """Settings of every figure; the same data give the same SVG bytes, whatever a matplotlibrc says."""
    matplotlib.use("agg")
    set_style()


def set_style() -> None:
    """The same without another way of showing figures, nor other colours behind letters such as `b`."""
    matplotlib.rcdefaults()
    sns.set_theme(context="paper", style="ticks", font_scale=1.0, color_codes=False)
    matplotlib.rcParams |= {
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "figure.constrained_layout.use": True,
        "font.family": FONTS,
        "font.sans-serif": FONTS[:1],
        "grid.color": "#e6e6e6",
        "grid.linewidth": 0.6,
        "pdf.fonttype": 42,  # TrueType: editors and journals refuse Type 3
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "actbench",
    }


@ticks_once()
def lay_out(figure: Figure) -> None:
    """Settle where all of it is, as in an SVG; matplotlib by itself would draw it once more for that."""
    canvas, dpi = figure.canvas, figure.dpi
    FigureCanvasSVG(figure)
    if figure.axes:
        figure.get_layout_engine().execute(figure)
    figure.set_canvas(canvas)
    figure.set_dpi(dpi)


def save(figure: Figure, *paths: str | Path) -> None:
    """Write SVG, PDF or PNG, as each ending says, whole or not at all and without a date."""
    laid_out = {"figure.constrained_layout.use": False}
    with fonts(), matplotlib.rc_context(laid_out):
        lay_out(figure)
        figure.set_layout_engine(None)
        for path in paths:
            _write(figure, path)
    plt.close(figure)


@ticks_once()
def _write(figure: Figure, path: str | Path) -> None:
    kind = Path(path).suffix.removeprefix(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[kind]
    with files.atomic(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata, dpi=160)
        if kind == "svg":
            written = _coarser(temporary.read_text(encoding="utf-8"))
            temporary.write_text(svg.noted(written), encoding="utf-8")


def _coarser(svg: str) -> str:
    """An SVG whose places have two decimals (hundredths of a point) instead of six: a third fewer bytes."""
    return PLACES.sub(lambda place: DECIMALS.sub(r"\1", place[0]), svg)


def panel_width(columns: int) -> float:
    """Inches: panels share the width of the page, but none is narrow or needlessly wide."""
    return min(max(WHOLE / columns, 2.6), 4.2)


def width_for(style: Style, columns: int) -> float:
    """The same for lines of many activations, which take the whole width."""
    many = len(style.labels) > shown.BESIDE
    return WHOLE / columns if many and columns <= 2 else panel_width(columns)


def panels(
    rows: int, columns: int, height: float, width: float = 0.0, sharey: str = "row", sharex: str = "col"
) -> tuple[Figure, np.ndarray]:
    """A grid of panels that all have numbers at their left: a page's switch may hide the first ones."""
    size = (max((width or panel_width(columns)) * columns + 0.5, NARROWEST), height * rows + 0.6)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=sharex, sharey=sharey, squeeze=False)
    for axis in axes.flat:
        axis.tick_params(labelleft=True)
    return figure, axes


def wrapped(n: int, columns: int, **options: float | str) -> tuple[Figure, np.ndarray]:
    """`n` panels in rows of `columns`, labelled at the lowest of each column; places left over stay empty.

    `options`: see `panels`.
    """
    figure, axes = panels(-(-n // columns), columns, **options)
    for number, axis in enumerate(axes.flat):
        axis.set_visible(number < n)
        axis.tick_params(labelbottom=number + columns >= n)
    return figure, axes


def whole_numbers(axis: Axes) -> None:
    """Ticks at whole numbers only: layers and epochs have no fractions."""
    low, high = axis.get_xlim()
    if high - low < 1:
        axis.set_xlim((low + high) / 2 - 0.5, (low + high) / 2 + 0.5)
    axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, min_n_ticks=1))


def stretch(accuracies: pd.Series) -> np.ndarray:
    """Minus log10 of the error, which is at least `SMALLEST_ERROR`."""
    return -np.log10(np.clip(1 - np.asarray(accuracies, dtype=float), SMALLEST_ERROR, None))


def unstretch(heights: np.ndarray) -> np.ndarray:
    return 1 - 10.0 ** (-np.asarray(heights, dtype=float))


def levels(bottom: float, top: float, most: int = TICKS) -> list[float]:
    """At most so many round accuracies from `bottom` to `top`, apart from each other as `stretch` has it."""
    low, high = stretch([bottom, top])
    apart, found = 0.9 * (high - low) / most, {}
    for number, level in enumerate([*ROUND, *FINER]):
        place = stretch([level])[0]
        if number >= len(ROUND) and len(found) >= FEWEST:
            break
        inside = low - 1e-9 <= place <= high + 1e-9
        if inside and all(abs(place - other) >= apart for other in found.values()):
            found[level] = place
    return sorted(found)


def stretched(
    axes: Iterable[Axes], accuracies: pd.Series, lowest: float = 0.0, along: str = "y", most: int = TICKS
) -> None:
    """An accuracy axis on which equal steps are equal ratios of errors, so that 97 % and 98 % differ.

    From 0, or from a little below `lowest`, to a little above the best of `accuracies`. `along`: x or y;
    `most`: ticks.
    """
    bottom = max(0.0, 1 - (1 - lowest) * 1.15) if lowest > 0 else 0.0
    best = min(accuracies.max() if accuracies.notna().any() else 0.9, 1 - SMALLEST_ERROR)
    top = 1 - (1 - max(best, bottom)) * (0.7 if best >= 0.9 else 0.9)
    ticks = levels(bottom, top, most)
    for axis in axes:
        labels = [f"{100 * tick:g} %" for tick in ticks]
        getattr(axis, f"set_{along}scale")("function", functions=(stretch, unstretch))
        getattr(axis, f"set_{along}lim")(bottom, top)
        getattr(axis, f"set_{along}ticks")(ticks, labels, minor=False)
        getattr(axis, f"set_{along}ticks")([], minor=True)


def log_scale(axes: Iterable[Axes], values: pd.Series, plain: float = 10) -> None:
    """A log scale, where there is anything to show on it.

    Its numbers are plain where the largest value is less than `plain` times the smallest.
    """
    for axis in axes if (values > 0).any() else ():
        axis.set_yscale("log")
        if values[values > 0].max() < plain * values[values > 0].min() < plain * 1e3:
            axis.yaxis.set_major_formatter(_Plain())
            axis.yaxis.set_minor_formatter(_Plain())


class _Plain(matplotlib.ticker.LogFormatterSciNotation):
    """Labels the ticks that its base class would, as plain numbers: 2.3 for 2.3 × 10⁰."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def lines(
    axis: Axes, table: pd.DataFrame, x: str, y: str, look: Mapping, summarised: bool, which: str = ""
) -> None:
    """A thin line a run or, of many, a band of 90 % of them; the median thick; behind others it alone, thin.

    `which`: what the runs of one activation have in common, where `look` has another colour than its own.
    """
    key = str(table["activation"].iloc[0]) if len(table) else ""
    of_which = f"{which}, " if which else ""
    table = table.dropna(subset=y)
    by_x = table.groupby(x)[y]
    median = by_x.median()
    if looks.is_behind(look):
        pass
    elif summarised:
        low, high = (by_x.quantile(share) for share in SPREAD)
        band = axis.fill_between(median.index, low, high, color=look["color"], alpha=0.12, linewidth=0)
        if which:
            say(band, which, activation=key)
    else:
        thin = {"color": look["color"], "linewidth": 0.6, "alpha": 0.35}
        for (seed, fold), run in table.groupby(["seed", "fold"]):
            (line,) = axis.plot(run[x], run[y], **thin)
            fold_too = f", fold {fold}" if table["fold"].nunique() > 1 else ""
            end = f", {run[y].iloc[-1]:.3g} at the right end"
            say(line, f"{of_which}seed {seed}{fold_too}{end}", activation=key)
    (line,) = axis.plot(median.index, median, **{"linewidth": 1.5, **look})
    if len(median):
        n = len(table[["seed", "fold"]].drop_duplicates())
        ending = f"median of n = {n}, {median.iloc[-1]:.3g} at the right end"
        say(line, f"{of_which}{ending}", activation=key)


def percent(axes: Iterable[Axes]) -> None:
    """Shares as percentages, from just below 0 to at least 10 %."""
    for axis in axes:
        top = max(0.1, axis.get_ylim()[1])
        axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=0, symbol=" %"))
        axis.set_ylim(-0.03 * top, top)
