"""The order of activations that the first screen's table and figure share."""

import pandas as pd

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
