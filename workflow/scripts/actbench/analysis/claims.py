"""What a study says of claims on two of its activations, by the tests of its other tables."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy  # see `statistics`

from actbench.analysis import comparisons, shares, statistics
from actbench.storage import parquet
from actbench.study.relations import TRAINS

HOLDS, FAILS, OPEN = "holds", "does not hold", "inconclusive"
# By what is claimed, the verdicts of the test that decide it.
DECIDED = {
    ">": {"better": HOLDS, "worse": FAILS, "equivalent": FAILS},
    "<": {"worse": HOLDS, "better": FAILS, "equivalent": FAILS},
    "=": {"equivalent": HOLDS, "better": FAILS, "worse": FAILS},
    TRAINS: {"more": HOLDS, "fewer": FAILS},
}
MIRRORED = {"better": "worse", "worse": "better", "more": "fewer", "fewer": "more"}
SCHEMA = pa.schema(
    [
        pa.field("claim", pa.int16(), nullable=False),
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("relation", pa.string(), nullable=False),
        pa.field("other", parquet.NAME, nullable=False),
        *parquet.CELL_KEYS[1:],
        pa.field("claimed", pa.bool_(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("family", pa.int32(), nullable=False),
        *(
            pa.field(name, pa.int32(), nullable=False)
            for name in ("n_seeds", "n_pairs", "wins", "ties", "losses")
        ),
        *(
            pa.field(f"{name}{side}", pa.int32(), nullable=False)
            for name in ("n_trained", "n_improving")
            for side in ("", "_other")
        ),
        pa.field("runs_disagree", pa.bool_(), nullable=False),
        *(
            (name, pa.float64())
            for name in ("difference", "difference_low", "difference_high", "p", "p_holm")
        ),
        ("required_low", pa.int32()),
        ("required_high", pa.int32()),
        ("test_error", pa.float64()),
        ("test_error_other", pa.float64()),
        ("n_rates", pa.int32()),
        ("rates_as_claimed", pa.string()),
    ]
)
ORDER = ["claim", "setting"]
PAIR = ["activation", "other", "depth", "setting"]


def claims(
    claimed: Sequence[Mapping],
    tables: Mapping[str, pd.DataFrame],
    baseline: str,
    margin: float,
    n_images: int,
    chance: float,
) -> list[dict]:
    """One row a claim and setting, columns as in `SCHEMA`; `claimed` where the claim is of this setting.

    `verdict` is that of the test: of accuracies `comparisons.paired`, of who trains `shares.verdict`.
    `answer` is what it says of the claim. `difference` is the activation's less the other's. The family is
    that of the table which has the pair: `comparison` or `shares` where one of the two is the baseline, else
    all pairs.

    Args:
        claimed: `study.claims.values`.
        tables: `runs`, `comparison`, `shares`, and where learning rates were searched `tuning`.
        baseline, margin, n_images, chance: see `comparisons.comparison` and `shares.shares`.
    """
    study = _Study(tables, baseline, margin, n_images, chance)
    settings = sorted(set(map(str, tables["comparison"]["setting"])))
    return [
        {"claim": number, "claimed": setting == claim["setting"]}
        | {key: claim[key] for key in ("activation", "relation", "other", "depth")}
        | {"setting": setting}
        | study.answer(claim, setting)
        for number, claim in enumerate(claimed, 1)
        for setting in settings
    ]


def answer(relation: str, row: Mapping, margin: float) -> str:
    """What a comparison says of a claim: `HOLDS`, `FAILS` or `OPEN`.

    Where the verdict is open, `>` fails still if the whole interval lies at or below the margin, and `<` if
    it lies at or above its negative.

    Args:
        relation: what is claimed.
        row: of the two, with `verdict`, `difference_low` and `difference_high`.
        margin: differences up to it count as none.
    """
    found = DECIDED[relation].get(row["verdict"], OPEN)
    if found == OPEN and relation in ("<", ">") and pd.notna(row["difference_low"]):
        most = row["difference_high"] if relation == ">" else 0 - row["difference_low"]
        return FAILS if most <= margin + statistics.NOISE else OPEN
    return found


def required(differences: Sequence[float], rule: comparisons.Rule) -> tuple[int | None, int | None]:
    """`comparisons.required_seeds` at both ends of the 95 % interval of the differences' standard deviation.

    The interval is that of normal values, from the quantiles of χ² with n - 1 degrees of freedom; the mean is
    taken as measured. None for more than 1,000 seeds, twice for fewer than two differences.
    """
    values = np.asarray(differences, dtype=float)
    df = len(values) - 1
    if df < 1:
        return None, None
    tail = (1 - statistics.CONFIDENCE) / 2
    stds = values.std(ddof=1) * np.sqrt(df / scipy.stats.chi2.ppf([1 - tail, tail], df))
    low, high = (
        comparisons.required_seeds(float(values.mean()), max(float(std), rule.least_std), rule)
        for std in stds
    )
    return low, high


def rates(
    trials: pd.DataFrame, activation: str, relation: str, other: str, margin: float
) -> tuple[list[float], int]:
    """The learning rates at which mean scores are as claimed, and how many there are; no test.

    Args:
        trials: of one depth and setting, rows of the table `tuning`.
        activation, relation, other: see `study.claims.Claim`.
        margin: differences up to it count as none.
    """
    names = trials["activation"].astype(str)
    scores = trials["score"].groupby([trials["learning_rate"], names]).mean().unstack()
    if not {activation, other} <= set(scores.columns):
        return [], 0
    difference = (scores[activation] - scores[other]).dropna()
    found = difference.map(lambda value: comparisons.verdict(value, value, margin))
    return [float(rate) for rate in found.index[found.map(DECIDED[relation].get) == HOLDS]], len(found)


class _Study:
    """The tables of a study, in which a pair is looked up; all pairs are compared only when asked for."""

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        baseline: str,
        margin: float,
        n_images: int,
        chance: float,
    ) -> None:
        self.tables, self.baseline = tables, baseline
        self.margin, self.n_images, self.chance = margin, n_images, chance
        self.runs = tables["runs"].astype({"activation": str, "setting": str})
        self.cells = comparisons.by_cell(self.runs)
        self.comparison = _by_place(tables["comparison"].to_dict("records"), parquet.CELL)
        self.shares = _by_place(tables["shares"].to_dict("records"), parquet.CELL)

    @cached_property
    def pairs(self) -> dict[tuple, dict]:
        return _by_place(comparisons.pairs(self.runs, self.margin, self.n_images), PAIR)

    @cached_property
    def share_pairs(self) -> dict[tuple, dict]:
        return _by_place(shares.pairs(self.runs, self.n_images, self.chance), PAIR)

    def answer(self, claim: Mapping, setting: str) -> dict:
        """The columns of `SCHEMA` from `answer` on."""
        relation, first, other = claim["relation"], claim["activation"], claim["other"]
        place = (claim["depth"], setting)
        accuracy, n_accuracy = self._pair(first, other, place, self.comparison, "pairs")
        share, n_shares = self._pair(first, other, place, self.shares, "share_pairs")
        trains = relation == TRAINS
        row, family = (share, n_shares) if trains else (accuracy, n_accuracy)
        own, others = (self.comparison[name, *place] for name in (first, other))
        found = {
            "answer": answer(relation, row, self.margin),
            "verdict": row["verdict"],
            "family": family,
            "n_seeds": share["n_seeds"],
            "n_pairs": share["n_seeds"] if trains else accuracy["n_pairs"],
            **{name: share[name] for name in ("wins", "ties", "losses")},
            "runs_disagree": bool(own["runs_disagree"] or others["runs_disagree"]),
            **{name: row[name] for name in ("difference", "difference_low", "difference_high", "p_holm")},
            "p": row["p_mcnemar" if trains else "p_sign_flip"],
        }
        for side, cell in (("", own), ("_other", others)):
            found |= {f"{name}{side}": cell[name] for name in ("n_trained", "n_improving")}
            found[f"test_error{side}"] = _test_error(cell["mean"], self.n_images)
        found |= self._required(claim, place, row, family, found["answer"])
        return found | self._rates(claim, place)

    def _pair(
        self, first: str, other: str, place: tuple, against: Mapping[tuple, dict], every: str
    ) -> tuple[dict, int]:
        """The row that compares the two, `first` less `other`, and the size of its family."""
        if self.baseline in (first, other):
            family = sum(activation != self.baseline for activation, *_ in against)
            row = against[(other if first == self.baseline else first), *place]
            return (_mirrored(row) if first == self.baseline else row), family
        rows = getattr(self, every)
        if (first, other, *place) in rows:
            return rows[first, other, *place], len(rows)
        return _mirrored(rows[other, first, *place]), len(rows)

    def _required(self, claim: Mapping, place: tuple, row: Mapping, family: int, answer: str) -> dict:
        low = high = None
        if claim["relation"] == TRAINS:
            low = row["required_n"] if row["verdict"] == "cannot decide" else None
        elif answer == OPEN and pd.notna(row["difference_low"]):
            n_folds = self.runs["fold"].nunique()
            rule = comparisons.Rule(self.margin, self.n_images, family, n_folds)
            cells = (self.cells[claim[name], *place] for name in ("activation", "other"))
            low, high = required(comparisons.differences(*cells), rule)
        return {"required_low": low, "required_high": high}

    def _rates(self, claim: Mapping, place: tuple) -> dict:
        trials = self.tables.get("tuning")
        if trials is None or claim["relation"] == TRAINS:
            return {"n_rates": None, "rates_as_claimed": None}
        own = trials[(trials["depth"] == place[0]) & (trials["setting"].astype(str) == place[1])]
        found, n = rates(own, claim["activation"], claim["relation"], claim["other"], self.margin)
        named = " ".join(f"{rate:g}" for rate in found) if n else None
        return {"n_rates": n or None, "rates_as_claimed": named}


def _by_place(rows: Sequence[Mapping], keys: Sequence[str]) -> dict[tuple, dict]:
    return {tuple(int(row[key]) if key == "depth" else str(row[key]) for key in keys): row for row in rows}


def _mirrored(row: Mapping) -> dict:
    """The same comparison the other way round."""
    found = dict(row) | {"verdict": MIRRORED.get(row["verdict"], row["verdict"])}
    if row["difference"] is not None:
        found["difference"] = 0 - row["difference"]
    if row["difference_low"] is not None:
        found |= {"difference_low": 0 - row["difference_high"], "difference_high": 0 - row["difference_low"]}
    if "wins" in row:
        found |= {"wins": row["losses"], "losses": row["wins"]}
    return found


def _test_error(mean: float | None, n_images: int) -> float | None:
    """Standard error of a mean accuracy that comes from testing on so many images only."""
    return None if mean is None or pd.isna(mean) else math.sqrt(mean * (1 - mean) / n_images)
