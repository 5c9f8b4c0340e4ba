"""Studies on one page: what was set otherwise, what that did to activations of two, and who wins over all."""

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd

from actbench.analysis import cells as analysed
from actbench.analysis import comparisons
from actbench.data import catalogue
from actbench.errors import UserError
from actbench.figures import drawing, results, shown
from actbench.report import compared_sentences, numbers, page, pooled
from actbench.report.drawn import embedded
from actbench.runtime import imports
from actbench.storage import files, parquet, records, yaml_files
from actbench.study import config as configuration
from actbench.study import grid

# What is read of a study's resolved config and runs; another version may lack any.
KEYS = ("study", "activations", "depths", "evaluation.folds", "evaluation.validation", "report.equivalence")
COLUMNS = (*parquet.RUN, "status", "trained", "test_accuracy")


@dataclass(frozen=True)
class Study:
    """What is compared of a study: its resolved config, tables `runs` and `comparison`, provenance."""

    config: Mapping
    runs: pd.DataFrame
    comparison: pd.DataFrame
    lineage: Mapping

    @property
    def name(self) -> str:
        return self.config["study"]

    @property
    def labels(self) -> dict[str, str]:
        return {entry["id"]: numbers.isolated(entry["label"]) for entry in self.config["activations"]}

    @property
    def own_code(self) -> dict[str, str]:
        """Digests of the files of own activations, and of what they import."""
        return {
            path: digest
            for path, digest in self.lineage.get("code", {}).items()
            if imports.PACKAGE not in Path(path).parts and not (imports.SCRIPTS / path).is_file()
        }

    @property
    def settings(self) -> list[str]:
        """Their names, the reference first."""
        return list(self.config.get("settings") or [grid.DEFAULT])


def run(job: object) -> None:
    """Write the page of two studies or more, as the job of its rule: `job` is the script's `snakemake`."""
    inputs, (output,) = job.input, job.output
    parts = zip(inputs.provenance, inputs.config, inputs.runs, inputs.comparison, strict=True)
    studies = [read(*paths) for paths in parts]
    drawing.use_style()
    template = Path(inputs.page[0])
    files.write_text(page.render(template, context(studies, template.parent)), output)


def read(provenance: str | Path, config: str | Path, runs: str | Path, comparison: str | Path) -> Study:
    """Read what is compared of a finished study, whose provenance.json has the digests of the other files.

    Raises:
        UserError: one of them is damaged, was not there when the study's report was made, or lacks what is
            compared, as those of other versions may.
    """
    record = records.read(provenance)
    record.verify([config])
    record.verify([runs, comparison], "inputs")
    values = yaml_files.read(config)
    _expect(config, records.flat(values), KEYS)
    if values["depths"] is None:
        values["depths"] = [len(widths) for widths in values["network"]["hidden_sizes"]]
    recorded = records.flat(record.content)
    own_data = record.content.get("data", {}).get("own_data")
    if own_data is not None:
        values |= {"dataset": record.content["data"]["dataset"], "own_data": own_data}
    elif values.get("dataset") not in list(catalogue.DATASETS):
        _expect(config, (), ["dataset"])
    for entry in values["activations"]:
        _expect(config, entry if isinstance(entry, Mapping) else {}, ("id", "label"))
    _expect(provenance, recorded, ("data.evaluated",))
    tables = {path: parquet.read(path).to_pandas() for path in (runs, comparison)}
    _expect(runs, tables[runs], COLUMNS)
    _expect(comparison, tables[comparison], comparisons.COMPARISON.names)
    study = Study(values, *tables.values(), record.content)
    if study.name != Path(config).parent.name:
        raise UserError(f"{config} is of the study {study.name}: a study is compared under its own name.")
    return study


def _expect(path: str | Path, found: Container, needed: Iterable[str]) -> None:
    for key in needed:
        if key not in found:
            raise UserError(
                f"{path} is of another version of actbench ({key} is missing); run its study again."
            )


def settings(*studies: Study) -> list[tuple[str, ...]]:
    """Keys of the config whose values differ, with all values as text; a key that one lacks has a dash."""
    flat = [records.flat(study.config) for study in studies]
    keys = [
        key
        for key in dict.fromkeys(itertools.chain(*flat))
        if key.split(".")[0] not in ("study", *configuration.PLACES)
    ]
    found = [(key, *(_shown(values.get(key)) for values in flat)) for key in keys]
    return [row for row in found if len(set(row[1:])) > 1]


def cells(first: Study, second: Study) -> list[dict]:
    """A row for each activation, depth and setting that both studies have, in the order of the first.

    `first` and `second` are the rows of their tables `comparison`. The other columns, from `n_pairs` on, are
    those of `comparisons.paired` for the second less the first, over the seeds that trained in both; the
    margin is the first study's. Studies on other images, or that test on other ones, are not paired.
    """
    tables = [study.comparison.set_index(parquet.CELL).to_dict("index") for study in (first, second)]
    shared = [
        place
        for place in product(first.labels, first.config["depths"], first.settings)
        if place in tables[0] and place in tables[1]
    ]
    shared.sort(key=lambda place: (first.settings.index(place[2]), first.config["depths"].index(place[1])))
    n_images = catalogue.image_counts(first.config)["tested"]
    n_folds = first.config["evaluation"]["folds"] or 1
    rule = comparisons.Rule(first.config["report"]["equivalence"], n_images, max(len(shared), 1), n_folds)
    by_cell = [comparisons.by_cell(study.runs) for study in (first, second)]
    alike = comparable(first, second)
    rows = []
    for place in shared:
        both = by_cell[1][place], by_cell[0][place]
        found = comparisons.compared(*both, rule) if alike else comparisons.paired([], rule)
        keys = dict(zip(parquet.CELL, place, strict=True))
        sides = {"first": tables[0][place], "second": tables[1][place]}
        rows.append(keys | sides | found)
    return comparisons.adjusted(rows, rule.family)


def comparable(first: Study, second: Study) -> bool:
    """Whether all networks of both were tested on the same images, so that seeds can be paired."""
    tested = [study.lineage["data"]["evaluated"] for study in (first, second)]
    return tested[0] == tested[1] and len(tested[0]) == 1


def context(studies: Sequence[Study], folder: str | Path) -> dict:
    """Everything the template shows; `folder` is where stylesheet and script lie."""
    found = over_all(studies) | (of_two(*studies) if len(studies) == 2 else {})
    return found | {"css": page.stylesheet(folder), "script": page.script(folder)}


def over_all(studies: Sequence[Study]) -> dict:
    """What the template shows of any number of studies: names, settings, and the profile over all cells."""
    names, labels = [study.name for study in studies], {}
    data = [catalogue.of(study.config) for study in studies]
    ids = analysed.apart((study.config, study.own_code) for study in studies)
    for study in studies:
        for key, label in study.labels.items():
            new = ids.get((study.name, key), key)
            labels.setdefault(key, label)
            labels.setdefault(new, label + new.removeprefix(key))
    found = analysed.pooled(
        (
            (
                study.config,
                study.runs,
                study.lineage["data"]["evaluated"],
                catalogue.chance(study.config),
            )
            for study in studies
        ),
        ids,
    )
    margins = {study.name: study.config["report"]["equivalence"] for study in studies}
    margin = margins[names[0]]
    summary = analysed.summary(found, margin)
    answer, otherwise = pooled.answer(found, summary, labels, margin), settings(*studies)
    best = compared_sentences.best(summary, labels, len(found.cells))
    return {
        "studies": studies,
        "datasets": [known.title for known in data],
        "examples": numbers.examples(*data),
        "title": numbers.listed(names),
        "file": "+".join(names) if len(names) == 2 else "studies",
        "settings": otherwise,
        "changed": compared_sentences.changed(otherwise),
        "labels": labels,
        "headline": answer.removesuffix("."),
        "basis": "",
        "findings": [("Set", compared_sentences.changed(otherwise)), *_named("Best", best)],
        "best": best,
        "profile_answer": answer,
        "only": [],
        "rows": None,
        "margin": margin,
        "profile": embedded(pooled.figure(found, labels), "profile", labels) if found.cells else None,
        "profile_rows": summary,
        "profile_csv": _csv(found.profile.drop(columns="setting")),
        "n_cells": len(found.cells),
        "notes": pooled.notes(found, summary, margins, ids),
        "cells": pooled.blocks(found),
        "cells_csv": _csv(pooled.table(found)),
    }


def of_two(first: Study, second: Study) -> dict:
    """What the template shows of two studies beside `over_all`, from the rows of `cells` on."""
    rows = cells(first, second)
    drawn = [row for row in rows if row["setting"] == rows[0]["setting"]]
    names = (first.name, second.name)
    headline, basis = compared_sentences.headline(rows, names)
    text = compared_sentences.changed(settings(first, second))
    return {
        "headline": headline,
        "basis": basis,
        "findings": [*compared_sentences.findings_of_two(rows, first.labels, names), ("Set", text)],
        "rows": rows,
        "blocks": blocks(rows),
        "several_settings": len({row["setting"] for row in rows}) > 1,
        "answer": compared_sentences.differing(rows, first.labels, names),
        "comparable": comparable(first, second),
        "only": [_only(first, second), _only(second, first)],
        "figure": embedded(results.two_studies(drawn, names, first.labels), "compared", first.labels),
        "csv": _csv(table(rows)),
    }


def _named(name: str, text: str) -> list[tuple[str, str]]:
    return [(name, text)] if text else []


def _csv(table: pd.DataFrame) -> str:
    """The table as a file for download."""
    return page.embedded(table.to_csv(index=False), page.MEDIA[".csv"])


def table(rows: Sequence[Mapping]) -> pd.DataFrame:
    """The rows of `cells` flat: columns of the two studies' cells are named first_… and second_….

    The setting is a column where there are others than the default.
    """
    names = ("n_seeds", "n_trained", "mean", "ci_low", "ci_high", "median", "min", "max")
    sides = ("first", "second")
    hidden = sides if names_settings(rows) else (*sides, "setting")
    flat = [
        {key: value for key, value in row.items() if key not in hidden}
        | {f"{side}_{name}": row[side][name] for side in sides for name in names}
        for row in rows
    ]
    return pd.DataFrame(flat)


def names_settings(rows: Sequence[Mapping]) -> bool:
    """Whether rows say their setting: not where all have the one of a study without settings."""
    return any(row["setting"] != grid.DEFAULT for row in rows)


def blocks(rows: Sequence[Mapping]) -> list[dict]:
    """The rows of `cells` a depth and setting each, with a line that says which."""
    found: dict[tuple, list] = {}
    for row in rows:
        found.setdefault((row["setting"], row["depth"]), []).append(row)
    said = {setting: f", {setting}" if names_settings(rows) else "" for setting, _ in found}
    return [
        {"title": f"{shown.layers(depth)}{said[setting]}", "rows": own}
        for (setting, depth), own in found.items()
    ]


def _only(study: Study, other: Study) -> str:
    """The activations, depths and settings that the other study lacks, as text; empty if there are none."""
    keys = [label for key, label in study.labels.items() if key not in other.labels]
    depths = [str(depth) for depth in study.config["depths"] if depth not in other.config["depths"]]
    settings = [setting for setting in study.settings if setting not in other.settings]
    parts = [numbers.listed(keys)] if keys else []
    parts += [f"depth {numbers.listed(depths)}"] if depths else []
    return numbers.listed(parts + ([f"setting {numbers.listed(settings)}"] if settings else []) or [""])


def _shown(value: object) -> str:
    """A value of the config as text; of activations the labels."""
    if isinstance(value, list) and all(isinstance(entry, Mapping) and "label" in entry for entry in value):
        return ", ".join(entry["label"] for entry in value)
    return "–" if value is None else str(value)
