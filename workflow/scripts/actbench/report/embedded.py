"""The long tables behind figures, for a page that was mailed."""

import gzip
import io

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench.report import page
from actbench.report.section import Study
from actbench.storage import parquet

NAMES = (  # the first ones first, where there is no room for all
    "correlations",
    "edges",
    "predictions",
    "activations",
    "dead_neurons_by_layer",
    "gradients_by_layer",
    "distributions_by_layer",
    "history",
    "gradients",
)
PAGE = 9_500_000  # letters that a page may have
TEXT = 2_000_000  # of these for its tables and sentences
LETTERS = 3.5  # that a value of these tables takes at most, packed
POWERS = np.array([float(f"1e{place}") for place in range(23)])  # those of ten that a float64 has exactly


def tables(study: Study) -> dict[str, str]:
    """Addresses of the tables that the page has room for, by name, compressed; rows of all settings."""
    return study.once(_made)


def left_out(study: Study) -> dict[str, int]:
    """How many values the others have, by name."""
    every = {**study.tables, **study.every}
    there = study.once(_made).keys() | study.csvs.keys()
    return {name: every[name].size for name in NAMES if name in every and name not in there}


def _made(study: Study) -> dict[str, str]:
    every = {**study.tables, **study.every}
    left = PAGE - TEXT - sum(map(len, (*study.figures.values(), *study.csvs.values())))
    found = {}
    for name in NAMES:
        if name in every and name not in study.csvs and every[name].size * LETTERS <= left:
            found[name] = compressed(every[name])
            left -= len(found[name])
    return found


def compressed(table: pd.DataFrame) -> str:
    """A table as the address of a gzip file of CSV, with six digits a number; the same bytes again."""
    rounded = {name: _six_digits(values) for name, values in table.select_dtypes("floating").items()}
    text = io.BytesIO()
    parquet.to_csv(pa.Table.from_pandas(table.assign(**rounded), preserve_index=False), text)
    # Level 9 takes seven times as long for 9 % less.
    return page.embedded(gzip.compress(text.getvalue(), 4, mtime=0), "application/gzip")


def _six_digits(values: pd.Series) -> np.ndarray:
    """Numbers of six digits, as float64, so that the shortest text that gives them back has no more."""
    found = values.to_numpy(float, copy=True)
    known = np.flatnonzero(np.isfinite(found) & (found != 0))
    exact = found[known]
    places = 5 - np.floor(np.log10(np.abs(exact))).astype(int)
    up, down = (POWERS[np.clip(sign * places, 0, len(POWERS) - 1)] for sign in (1, -1))
    whole = exact * up / down  # one of the two is 1
    rounded = np.round(whole) * down / up
    doubtful = (np.abs(places) >= len(POWERS)) | (np.abs(whole % 1 - 0.5) < 1e-6)
    for place in np.flatnonzero(doubtful):
        rounded[place] = float(f"{exact[place]:.6g}")
    found[known] = rounded
    return found
