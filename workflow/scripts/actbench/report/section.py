"""What a section of the report is, and what it draws on: a study's config, tables, figures and lineage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import pandas as pd

from actbench.data import catalogue
from actbench.figures import shown
from actbench.report import numbers
from actbench.study import grid

T = TypeVar("T")
QUOTES = 40  # sentences to quote that are printed


@dataclass(frozen=True)
class Study:
    """What sections draw on; those that compare settings, on `every`.

    Args:
        config: the resolved config, with the recipe of the reference setting.
        tables: the study's tables by name, as far as it has them, with the rows of that setting; beside those
            of its folder `training_cost` (see `training.cost`), `function_cost` (see `activations.timing`)
            and, where learning rates were tuned, `tuning_cost` (see `training.tuning`).
        figures: the figures as `data:` addresses, by the stems of their files.
        csvs: the tables to embed for download, likewise.
        lineage: what the tables were made by, see `lineage.gather`.
        every: the tables with the rows of all settings.
        written: the config as it can be run again, see `settings.written`.
    """

    config: Mapping
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, str]
    csvs: Mapping[str, str]
    lineage: Mapping
    every: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    written: Mapping = field(default_factory=dict)
    _made: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, function: Callable[["Study"], T]) -> T:
        """What the function makes of this study, which it does only once."""
        if function not in self._made:
            self._made[function] = function(self)
        return self._made[function]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Id to display text, in the order of the config."""
        return {entry["id"]: numbers.isolated(entry["label"]) for entry in self.config["activations"]}

    @cached_property
    def images(self) -> dict[str, int]:
        return catalogue.image_counts(self.config)

    @cached_property
    def examples(self) -> str:
        """What the data set's examples are called, see `numbers.examples`."""
        return numbers.examples(catalogue.of(self.config))

    @cached_property
    def shown_depths(self) -> list[int]:
        """Those that have figures of their own."""
        return shown.depths(self.config)

    @cached_property
    def summarised(self) -> bool:
        """Whether the study has too many networks to show each of them."""
        return shown.summarised(self.config)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """The table of that name."""
        return self.tables["comparison"]

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The rows of `comparison` depth by depth, most reliably trained first, then highest."""
        return pd.concat(self.cells.values())

    @cached_property
    def cells(self) -> dict[int, pd.DataFrame]:
        """The rows of `ranked` by depth."""
        rows = _ranked(self.comparison)
        return {depth: rows[rows["depth"] == depth] for depth in self.config["depths"]}

    @cached_property
    def failures(self) -> dict[str, bool]:
        """Whether networks that are drawn did not train, or diverged; where no table says so, some may."""
        runs = self.tables.get("runs")
        if runs is None:
            return {"any_failed": True, "any_diverged": True}
        runs = runs[runs["depth"].isin(self.shown_depths)]
        diverged = runs["status"].eq("diverged")
        return {
            "any_failed": bool((~runs["trained"].astype(bool) & ~diverged).any()),
            "any_diverged": bool(diverged.any()),
        }

    def shared(self) -> dict:
        """What the template of every section is given; it needs no table."""
        config, labels, n_seeds = self.config, self.labels, len(self.config["seeds"])
        dataset = catalogue.of(config)
        return {
            "config": config,
            "labels": labels,
            "lineage": self.lineage,
            "figures": self.figures,
            "dataset": dataset.title,
            "n_classes": len(dataset.classes),
            "images": self.images,
            "examples": self.examples,
            "example": self.examples.removesuffix("s"),
            "depths": config["depths"],
            "n_seeds": n_seeds,
            "settings": list(config["settings"]),
            "settings_named": grid.is_named(config),
            "folds": config["evaluation"]["folds"] or 1,
            "paired": n_seeds > 1 and len(labels) > 1,
            "baseline": labels[config["report"]["baseline"]],
            "tables": f"results/{config['study']}/tables/",
            "summarised": self.summarised,
            "shown_depths": self.shown_depths,
            "limits": {
                "panels": shown.PANELS,
                "beside": shown.BESIDE,
                "lines": shown.LINES,
                "epochs": shown.EPOCHS,
                "layers": shown.LAYERS,
                "heat_layers": shown.HEAT_LAYERS,
                "classes": shown.CLASSES,
                "quotes": QUOTES,
            },
            **self.failures,
            "shown_activations": {
                "everywhere": shown.activations(config),
                "histograms": shown.activations(config, len(self.shown_depths)),
            },
        }


def nothing(study: Study) -> dict:
    """The context of a section that shows only what all do."""
    return {}


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Args:
        id: its anchor on the page.
        title: its line in the page's contents.
        template: its file in `workflow/report/sections`.
        context: what its template shows beside `Study.shared`. The key `downloads` is for tables that only
            the page holds, by name: a caption of that name and the section of downloads have them as CSV.
        tables, figures: what it is made from, by name; where one is missing, the section is left out. Further
            figures of its template, those of single depths, are left out by themselves.
        any_of: tables of its parts, of which one must be there; the template leaves out the other parts.
        optional: further tables that it shows where they are there.
        needed: whether it has anything to say of a study that has all of these.
        within: id of the section whose template shows it as one of `inner`, where the page has both.
    """

    id: str
    title: str
    template: str
    context: Callable[[Study], Mapping] = nothing
    tables: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    needed: Callable[[Study], bool] = bool
    within: str = ""

    def is_shown(self, study: Study) -> bool:
        """Whether all that it is made from is there, and it has anything to say."""
        whole = {*self.tables} <= study.tables.keys() and {*self.figures} <= study.figures.keys()
        there = whole and (not self.any_of or not study.tables.keys().isdisjoint(self.any_of))
        return there and self.needed(study)


def _ranked(cells: pd.DataFrame) -> pd.DataFrame:
    """Most reliably trained first, then highest mean (or median, where runs are too few for a mean)."""
    level = cells["mean"].fillna(cells["median"]).fillna(0)
    order = cells.assign(level=level).sort_values(["n_trained", "level"], ascending=False, kind="stable")
    return order.drop(columns="level")
