"""The page of published numbers beside ours: its sentences, figures and rows, source by source."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from actbench.figures import drawing
from actbench.figures import published as figures
from actbench.report import drawn, numbers, page

VERDICTS = ("agrees", "differs", "open")
WIDE = 0.02  # share of the published number; beyond it a tolerance hardly tests


def context(
    rows: Sequence[Mapping], names: Mapping[str, str], extent: str, skipped: str, pdf: str | Path
) -> dict:
    """What the template shows, but for stylesheet, script and where it was measured; writes the PDF.

    Args:
        rows: one for each published number, with the fields of `verification.checks.Comparison` and its
            verdict.
        names: short ones of sources; a source without one is named by itself.
        extent: quick or full.
        skipped: what was not compared, a sentence or empty.
        pdf: all figures, a page each.
    """
    drawing.use_style()
    rows = list(labelled(rows))
    sources = by_source(rows)
    short = {source: names.get(source, source) for source in sources}
    overview = figures.overview({short[source]: of_source(groups) for source, groups in sources.items()})
    own = [figures.numbers(groups) for groups in sources.values()]
    figures.save_pages([overview, *own], pdf)
    return {
        "answer": answer(rows),
        "findings": findings(rows, short, extent, skipped),
        "extent": extent,
        "table": page.embedded(pd.DataFrame(rows).to_csv(index=False), page.MEDIA[".csv"]),
        "overview": drawn.embedded(overview, "overview"),
        "sections": [
            {
                "name": short[source],
                "source": source,
                "finding": finding(of_source(groups)),
                "groups": groups,
                "n": len(of_source(groups)),
                "figure": drawn.embedded(figure, f"source-{number}"),
            }
            for number, ((source, groups), figure) in enumerate(zip(sources.items(), own, strict=True), 1)
        ],
    }


def answer(rows: Sequence[Mapping]) -> str:
    """How many agree, differ and stay open."""
    n = counted(rows)
    parts = [
        f"{n['agrees']} of {numbers.count(len(rows), 'published number')} "
        f"{'agrees' if n['agrees'] == 1 else 'agree'} with ours within tolerances fixed before the comparison"
    ]
    return "; ".join(parts + _others(n)) + "."


def findings(
    rows: Sequence[Mapping], names: Mapping[str, str], extent: str, skipped: str
) -> list[tuple[str, str]]:
    """What a reader must know beside `answer`: a name and a sentence each."""
    differ, found = [_both(row, names) for row in rows if row["verdict"] == "differs"], []
    if differ:
        found.append(("Differs", f"{numbers.sentence(numbers.some(differ))}."))
    exact = [row for row in rows if row["tolerance"] == 0 and row["verdict"] == "agrees"]
    if exact:
        one = len(exact) == 1
        text = (
            f"{numbers.count(len(exact), 'number')} may not differ at all, and {'does' if one else 'do'} not."
        )
        found.append(("Exact", text))
    within = [row for row in rows if row["verdict"] == "agrees" and figures.deviation(row)]
    if within:
        most = max(within, key=_distance)
        found.append(("Closest", f"Nearest to its limit is {_both(most, names)}: {_share(most)}."))
    wide = [row for row in rows if row["tolerance"] and row["tolerance"] > WIDE * abs(row["published"])]
    if wide:
        text = f"{numbers.count(len(wide), 'tolerance')} {'is' if len(wide) == 1 else 'are'} wider than "
        text += f"{100 * WIDE:g} % of the published number: agreement says little there."
        found.append(("Loose", text))
    n_open = counted(rows)["open"]
    if n_open:
        text = "fewer than two of our runs can be compared with the published one."
        found.append(("Open", f"{numbers.count(n_open, 'number')}: {text}"))
    left_out = [skipped] if skipped else []
    if extent == "quick":
        left_out.append("Test accuracies of trained networks are compared with verify=full only.")
    return found + [("Left out", " ".join(left_out))] * bool(left_out)


def finding(rows: Sequence[Mapping]) -> str:
    """How the numbers of one source compare."""
    n = counted(rows)
    agree = (
        f"All {len(rows)} agree" if n["agrees"] == len(rows) > 1 else f"{n['agrees']} of {len(rows)} agree"
    )
    text = "; ".join([agree, *_others(n)])
    known = [row for row in rows if row["verdict"] in figures.MARKS]
    if not known:
        return f"{text}."
    most = max(known, key=_distance)
    if not figures.deviation(most):
        return f"{text}; {'it is' if len(known) == 1 else 'all are'} the same to the last digit."
    where = f"{most['quantity'].split(',')[0]}, {most['label']}"
    return f"{text}; the largest deviation is {_share(most)} ({where})."


def by_source(rows: Iterable[Mapping]) -> dict[str, dict[str, list[Mapping]]]:
    """Rows by source and quantity, less what follows the quantity's comma, in the order of their first."""
    found: dict[str, dict[str, list[Mapping]]] = {}
    for row in rows:
        found.setdefault(row["source"], {}).setdefault(row["quantity"].split(",")[0], []).append(row)
    return found


def of_source(groups: Mapping[str, Sequence[Mapping]]) -> list[Mapping]:
    """The rows of all quantities."""
    return [row for group in groups.values() for row in group]


def labelled(rows: Sequence[Mapping]) -> Iterable[dict]:
    """The rows with a `label`: of setting and quantity, what sets it apart from others of its quantity."""
    for groups in by_source(rows).values():
        for group in groups.values():
            parts = [row["setting"].split(", ") for row in group]
            common = set.intersection(*map(set, parts)) if len(group) > 1 else set(parts[0][1:])
            texts = [", ".join(part for part in own if part not in common) for own in parts]
            ending = _common_ending(texts) if len(set(texts)) > 1 else 0
            for row, text in zip(group, texts, strict=True):
                kind = row["quantity"].partition(", ")[2]
                words = text.split(" ")
                label = " ".join(words[: len(words) - ending])
                yield dict(row) | {"label": ", ".join(filter(None, [label, kind])) or row["setting"]}


def counted(rows: Iterable[Mapping]) -> dict[str, int]:
    """How many rows have each verdict."""
    rows = list(rows)
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def _others(n: Mapping[str, int]) -> list[str]:
    found = [f"{n['differs']} {'differs' if n['differs'] == 1 else 'differ'}"] if n["differs"] else []
    return found + [f"{n['open']} {'stays' if n['open'] == 1 else 'stay'} open"] * bool(n["open"])


def _common_ending(texts: Sequence[str]) -> int:
    """How many last words all texts share; each keeps one."""
    words = [text.split(" ")[::-1] for text in texts]
    shortest = min(map(len, words))
    n = 0
    while n < shortest - 1 and len({own[n] for own in words}) == 1:
        n += 1
    return n


def _distance(row: Mapping) -> float:
    return abs(figures.deviation(row))


def _share(row: Mapping) -> str:
    """`27 % of the tolerance`, `2.3 times the tolerance`."""
    share = _distance(row)
    if share == math.inf:
        return "beyond a tolerance of 0"
    times = f"{share:,.0f}" if share >= 100 else numbers.significant(share)
    return f"{numbers.percent(share, 0)} of the tolerance" if share <= 1 else f"{times} times the tolerance"


def _both(row: Mapping, names: Mapping[str, str]) -> str:
    published, measured = figures.text(row["published"]), figures.text(row["measured"])
    quantity = row["quantity"].split(",")[0]
    return f"{quantity}, {row['label']} ({names[row['source']]}: published {published}, measured {measured})"
