"""The order of activations that the first screen's table and figure share."""

from collections.abc import Sequence

import pandas as pd

FIRST, FAILED = 3, 3  # of the ranking, and of those that failed, if they are no more
DIGITS = 9  # of means that differ by rounding errors only


def ranked(comparison: pd.DataFrame, over_depths: pd.DataFrame) -> list[str]:
    """Ids, best average rank first; of equal ones those that trained more often, then the more accurate.

    Args:
        comparison: the table of that name, of one setting.
        over_depths: the same of that table; ranks are the rows of that measure, none of which may be known.
    """
    cells = comparison.assign(level=comparison["mean"].fillna(comparison["median"]).astype(float))
    cells = cells.groupby(cells["activation"].astype(str))[["n_trained", "level"]].sum()
    ranks = over_depths[over_depths["measure"] == "rank"]
    mean = pd.Series(ranks["mean"].astype(float).to_numpy(), ranks["activation"].astype(str))
    cells["rank"] = mean.reindex(cells.index).fillna(0).round(DIGITS)
    by = ["rank", "n_trained", "level"]
    return cells.sort_values(by, ascending=[True, False, False], kind="stable").index.to_list()


def foremost(comparison: pd.DataFrame, ranked: Sequence[str]) -> list[str]:
    """Ids of those that have a colour among many, each once: see `drawing.Style`.

    They are the baseline, the first three of `ranked`, the last one that trained, and those of which some
    network did not train, if these are at most three.

    Args:
        comparison: the table of that name, of one setting.
        ranked: see the function of that name.
    """
    by_activation = comparison.groupby(comparison["activation"].astype(str))[["n_trained", "n_seeds"]].sum()
    trained = [key for key in ranked if by_activation["n_trained"][key] > 0]
    failed = [key for key in ranked if by_activation["n_trained"][key] < by_activation["n_seeds"][key]]
    baseline = comparison["baseline"].astype(str).unique()
    return list(
        dict.fromkeys([*baseline, *ranked[:FIRST], *trained[-1:], *(failed if len(failed) <= FAILED else [])])
    )
