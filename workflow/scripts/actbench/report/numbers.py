"""Numbers, intervals, verdicts and lists of names as text."""

import decimal
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from actbench.data.catalogue import Dataset

NBSP = "\N{NO-BREAK SPACE}"
ALPHA = 0.05  # above it no p is small
# What `verdict` reads.
VERDICT_COLUMNS = ["verdict", "n_pairs", "difference", "difference_low", "difference_high"]
FEWEST = 3  # seeds of which a t interval is shown
FINEST = 3  # digits of an end of an interval
NAMED = 3  # that are named where there are more than one more
# Classes of characters that run from left to right, or as what is around them does.
PLAIN = {"L", "EN", "ES", "ET", "CS", "NSM", "ON", "WS", "S", "B", "BN", ""}
PRIVATE = 0xE000  # the first character that has no meaning of its own
NOISE = 1e-8  # below it an average over a normal number is rounding
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def examples(*datasets: Dataset) -> str:
    """What examples of these data sets are called: `images` where all of them are, else `examples`."""
    return "images" if all(dataset.are_images for dataset in datasets) else "examples"


def fixed(value: float, digits: int = 1, form: str = "") -> str:
    """With so many digits after the point, halves away from 0: of the decimal that twelve digits show.

    Args:
        value: any number; that 6.05 is a little less in binary is not seen.
        digits: after the point.
        form: what stands before them in a format of Python's: `+` for a sign, `,` for thousands.

    >>> fixed(6.05), fixed(13.05), fixed(-0.125, 2, "+")
    ('6.1', '13.1', '-0.13')
    """
    with decimal.localcontext(rounding=decimal.ROUND_HALF_UP):
        return format(decimal.Decimal(f"{value:.12g}"), f"{form}.{digits}f")


def significant(value: float, digits: int = 2) -> str:
    """With so many digits that count, halves as in `fixed`, and no zero at the end.

    >>> significant(0.0625), significant(0.625), significant(0.5), significant(0.00001)
    ('0.063', '0.63', '0.5', '1e-05')
    """
    with decimal.localcontext(rounding=decimal.ROUND_HALF_UP):
        return f"{float(format(decimal.Decimal(f'{value:.12g}'), f'.{digits - 1}e')):.{digits}g}"


def written(value: float, digits: int = 2) -> str:
    """`significant` as a page has it: with a true minus and powers of ten, `1.1 × 10⁻⁵`.

    >>> written(0.0625), written(0.0000112), written(-2.5e6)
    ('0.063', '1.1\xa0×\xa010⁻⁵', '−2.5\xa0×\xa010⁶')
    """
    mantissa, _, exponent = significant(value, digits).partition("e")
    power = f"{NBSP}×{NBSP}10{str(int(exponent)).translate(RAISED)}" if exponent else ""
    return mantissa.replace("-", "−") + power


def average(value: float, digits: int = 3) -> str:
    """An average of a function as `written`; rounding that is left of one that is 0 is 0."""
    return written(0.0 if abs(value) < NOISE else value, digits)


def percent(value: float | None, digits: int = 1) -> str:
    """A share as text, `97.3 %`; a dash where there is none."""
    return "–" if pd.isna(value) else f"{fixed(100 * value, digits)}{NBSP}%"


def points(value: float | None, digits: int = 2) -> str:
    """A difference of shares in percentage points with its sign, a true minus, and none before a zero.

    >>> points(0.005), points(-0.005), points(0.00001)
    ('+0.50', '−0.50', '0.00')
    """
    if pd.isna(value):
        return "–"
    text = fixed(100 * value, digits, "+")
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval of shares: `96.9–97.7 %`; a dash where there is none.

    An end inside of 0 and 1 has so many digits, up to three more, that it does not read as one of these.
    """
    if pd.isna(low) or pd.isna(high):
        return "–"
    ends = (fixed(100 * end, digits) for end in (low, high) if 0 < end < 1)
    if digits < FINEST and any(float(end) in (0, 100) for end in ends):
        return interval(low, high, digits + 1)
    return f"{fixed(100 * low, digits)}–{percent(high, digits)}"


def ends(low: float, high: float, digits: int = 1) -> str:
    """From one share to another: `71.4 to 98.1 %`; one number where both read the same."""
    if percent(low, digits) == percent(high, digits):
        return percent(high, digits)
    return interval(low, high, digits).replace("–", " to ")


def spread(cell: Mapping, digits: int = 1) -> str:
    """The interval of a cell's mean, or where there is none the range of its runs: `runs 92.0–94.3 %`.

    A dash below two trained runs.
    """
    if pd.notna(cell["ci_low"]):
        return interval(cell["ci_low"], cell["ci_high"], digits)
    return "–" if cell["n_trained"] < 2 else f"runs {interval(cell['min'], cell['max'], digits)}"


def change(
    low: float | None, high: float | None, digits: int = 2, bound: float = 1, n: int | None = None
) -> str:
    """An interval of differences of shares in percentage points: `−1.23 to +0.50`.

    A dash where there is none, or it would reach beyond ±`bound`: a difference of shares lies within ±1, the
    change of one within ±2. With `n`, the seeds it is from, also below three: a t interval of two reaches 13
    standard errors to either side.
    """
    if pd.isna(low) or pd.isna(high) or low < -bound or high > bound:
        return "–"
    if n is not None and n < FEWEST:
        return "–"
    return f"{points(low, digits)} to {points(high, digits)}"


def interval_of(row: Mapping, digits: int = 2) -> str:
    """The interval of a comparison's difference, wherever one is written; see `change` for when a dash is.

    Args:
        row: with `verdict`, `n_pairs`, `difference_low` and `difference_high`. An open verdict on two pairs
            has no interval.
        digits: after the decimal point.
    """
    open_n = row["n_pairs"] if row["verdict"] == "inconclusive" else None
    return change(row["difference_low"], row["difference_high"], digits, n=open_n)


def leaning(row: Mapping) -> str:
    """`better` or `worse` of an open verdict whose interval leaves out 0; empty of any other.

    Args:
        row: as in `interval_of`.
    """
    if row["verdict"] != "inconclusive" or row["n_pairs"] < FEWEST or interval_of(row) == "–":
        return ""
    return "better" if row["difference_low"] > 0 else "worse" if row["difference_high"] < 0 else ""


def verdict(row: Mapping) -> str:
    """The verdict on a comparison as tables show it, by what leaves it open.

    A dash where fewer than two seeds trained in both, `runs disagree` where a mean does not describe
    them, `better?` or `worse?` where the interval leaves out 0 but not the margin.

    Args:
        row: as in `interval_of`, with `difference`.
    """
    if row["verdict"] != "inconclusive":
        return row["verdict"]
    if row["n_pairs"] < 2:
        return "–"
    if pd.isna(row["difference"]):
        return "runs disagree"
    return f"{leaning(row)}?" if leaning(row) else "inconclusive"


def verdicts(rows: pd.DataFrame) -> Counter[str]:
    """How many of these comparisons have which `verdict`."""
    return Counter(map(verdict, rows.filter(VERDICT_COLUMNS).to_dict("records")))


def disagrees(row: Mapping) -> bool:
    """Whether an interval leaves out 0 without a small adjusted p, or holds it with one.

    Args:
        row: as in `interval_of`, with `p_holm`; equivalent fits with any p.
    """
    if row["n_pairs"] < 2 or row["verdict"] in ("equivalent", "baseline"):
        return False
    return bool(row["verdict"] in ("better", "worse") or leaning(row)) != (row["p_holm"] <= ALPHA)


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def quoted(names: Iterable[str]) -> str:
    """Names in quotation marks.

    >>> quoted(["he", "norm"])
    '“he” and “norm”'
    """
    return listed([f"“{name}”" for name in names])


def isolated(label: str) -> str:
    """A label that is written from right to left, or holds marks of direction, within U+2068 and U+2069.

    So that it cannot change the order of the numbers and words around it in a sentence.
    """
    odd = any(unicodedata.bidirectional(one) not in PLAIN for one in label)
    return f"\N{FIRST STRONG ISOLATE}{label}\N{POP DIRECTIONAL ISOLATE}" if odd else label


def sentence(text: str, names: Collection[str] = ()) -> str:
    """The text with a capital first letter, unless it begins with one of these names.

    >>> sentence("prelu is worse; nobody trained", ["prelu"])
    'prelu is worse; nobody trained'
    """
    return text if _opens(text, names) else text[:1].upper() + text[1:]


def clause(text: str, names: Collection[str] = ()) -> str:
    """A sentence as part of another: with a small first letter, unless it begins with one of these names.

    >>> clause("Only tanh trained", ["tanh"]), clause("ReLU is first", ["ReLU"])
    ('only tanh trained', 'ReLU is first')
    """
    return text if _opens(text, names) else text[:1].lower() + text[1:]


def _opens(text: str, names: Collection[str]) -> bool:
    """Whether the text begins with one of these names, as a word."""
    return any(text.startswith(name) and not text[len(name) : len(name) + 1].isalnum() for name in names)


def paragraphs(text: str, most: int = 60, names: Collection[str] = ()) -> list[str]:
    """The text cut after sentences, or where one is too long after a semicolon, into parts of `most` words.

    A clause that is longer by itself stays whole; so do these `names`, which keep their case at a start.

    >>> paragraphs("One two. Three four; five six seven.", most=3)
    ['One two.', 'Three four.', 'Five six seven.']
    """
    kept = {chr(PRIVATE + place): name for place, name in enumerate(sorted({*names}, key=len, reverse=True))}
    for mark, name in kept.items():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", mark, text) if name else text
    return [
        re.sub(f"[{''.join(kept)}]", lambda found: kept[found[0]], part) if kept else part
        for part in _parts(text, most)
    ]


def _parts(text: str, most: int) -> list[str]:
    """What `paragraphs` cuts a text without names into."""
    parts = []
    for whole in re.split(r"(?<=[.!?]) (?=[^a-z0-9])", text) if text else ():
        short = len(whole.split()) <= most
        clauses = [whole] if short else [clause.rstrip(".") + "." for clause in whole.split("; ")]
        for piece in clauses:
            if parts and len(f"{parts[-1]} {piece}".split()) <= most:
                parts[-1] += f" {sentence(piece)}"
            else:
                parts.append(sentence(piece))
    return parts


def some(names: Iterable[str]) -> str:
    """All of them, or the first ones and how many more there are."""
    names = list(names)
    return listed([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED + 1 else names)


def count(n: int, word: str) -> str:
    """`1 cell`, `1,200 cells`."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def span(values: Iterable[float], joint: str = "to") -> str:
    """`5`, or from the least to the most of these counts `3 to 5`; by another `joint`, two are `3 or 5`."""
    found = sorted({int(value) for value in values})
    if len(found) == 1:
        return f"{found[0]:,}"
    return f"{found[0]:,} {joint if len(found) == 2 else 'to'} {found[-1]:,}"


def networks(n: int, folds: int = 1) -> str:
    """`90 networks`, or with cross-validation `90 sets of 5 folds`."""
    return count(n, "network") if folds == 1 else f"{count(n, 'set')} of {folds} folds"


def n_points(share: float) -> str:
    """A difference's size: `1 point`, `0.25 points`."""
    text = f"{100 * share:g}"
    return f"{text} point{'' if text == '1' else 's'}"


def be(n: int) -> str:
    return "is" if n == 1 else "are"


def have(n: int) -> str:
    return "has" if n == 1 else "have"


def signed(value: float, digits: int = 2) -> str:
    """With a true minus, and none before a zero."""
    text = fixed(value, digits)
    return text.replace("-", "" if float(text) == 0 else "−")


def of_log10(value: float) -> str:
    """The number of which this is log10, to two digits: `6.1 × 10⁻⁸`, from 0.01 to 99 plain."""
    exponent = math.floor(value)
    mantissa = fixed(10 ** (value - exponent))
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    if -2 <= exponent <= 1:
        return f"{float(f'{mantissa}e{exponent}'):.{1 - exponent}f}"
    return f"{mantissa}{NBSP}×{NBSP}10{str(exponent).translate(RAISED)}"
