"""docs/reliability.md lists every fault that is tried, and each of them as the tests state it."""

import re

from conftest import ROOT

MARKER = re.compile(r"pytest\.mark\.fault\(\s*((?:\"(?:[^\"\\]|\\.)*\"\s*,?\s*|[A-Z_]+\s*,?\s*)+)\)")
TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")


def stated() -> set[str]:
    """The names of all faults in the tests: the first text of each marker."""
    return {
        TEXT.search(found[1])[1]
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.name != "test_reliability.py"
        for found in MARKER.finditer(path.read_text())
    }


def listed() -> dict[str, list[str]]:
    """The rows of the fault table, by name."""
    text = (ROOT / "docs" / "reliability.md").read_text()
    table = text.split("| fault | how it is produced |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}


def test_every_fault_is_in_the_table_and_was_tried():
    rows = listed()
    assert rows.keys() == stated()
    for name, (_, _, seen, times) in rows.items():
        assert int(times) > 0 and "failed" not in seen and "not tried" not in seen, name
    assert int(rows["SIGKILL of Snakemake"][3]) >= 20 and int(rows["any config"][3]) >= 2000
