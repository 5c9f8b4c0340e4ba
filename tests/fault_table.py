"""What is done to a study, noted for the fault table: `make chaos` tries everything, `make test` a part."""

from pathlib import Path

import pytest

TABLE, NOTED = pytest.StashKey[dict](), pytest.StashKey[bool]()
HEAD = "| fault | how it is produced | expected | seen | tried |\n| --- | --- | --- | --- | --- |"


@pytest.fixture
def chaos(request) -> bool:
    """Whether to try everything."""
    return request.config.getoption("--chaos")


@pytest.fixture
def only_chaos(chaos) -> None:
    """For a fault that `make test` leaves out."""
    if not chaos:
        pytest.skip("only with --chaos")


@pytest.fixture
def tried(request):
    """Note how often a fault was tried and what was seen; call it when all that was expected has held.

    A test that passes without a call has tried it once, as expected.
    """

    def tell(times: int, seen: str) -> None:
        note(request.node, times, seen)

    return tell


def note(item, times: int, seen: str) -> None:
    row = row_of(item)
    item.stash[NOTED] = True
    row["times"] += times
    if seen not in row["seen"]:
        row["seen"].append(seen)


def row_of(item) -> dict:
    name, how, expected = item.get_closest_marker("fault").args
    table = item.config.stash.setdefault(TABLE, {})
    return table.setdefault(
        name, {"how": how, "expected": expected, "seen": [], "times": 0, "failed": 0, "skipped": []}
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if item.get_closest_marker("fault") is None:
        return
    row = row_of(item)
    row["failed"] += report.failed
    if call.when == "call" and report.passed and not item.stash.get(NOTED, False):
        note(item, 1, "as expected")
    if report.skipped and isinstance(report.longrepr, tuple):
        row["skipped"].append(report.longrepr[2].removeprefix("Skipped: "))


def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption("--chaos"):
        return
    text = table(config.stash.get(TABLE, {}))
    terminalreporter.section("faults")
    terminalreporter.write_line(text)
    path = Path(config.rootpath, "reports", "faults.md")
    path.write_text(text + "\n", encoding="utf-8")
    terminalreporter.write_line(f"\nThe table: {path}")


def table(rows: dict) -> str:
    """The fault table in Markdown."""
    lines = [HEAD]
    for name, row in rows.items():
        seen = "; ".join(row["seen"] + [f"not tried: {why}" for why in sorted(set(row["skipped"]))])
        if row["failed"]:
            seen = f"**{row['failed']} failed**; {seen}"
        lines.append(f"| {name} | {row['how']} | {row['expected']} | {seen} | {row['times']} |")
    return "\n".join(lines)
