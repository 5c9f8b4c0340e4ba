"""The line at the bottom of a terminal, on a pseudo-terminal and for made-up events."""

import contextlib
import fcntl
import logging
import os
import pty
import re
import struct
import sys
import termios

import pytest
from actbench.runtime import bottom_line, progress, waiting
from actbench.runtime.bottom_line import Course, Task


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


TASKS = {
    1: Task("train", "train relu", 1.0),
    2: Task("train", "train tanh", 3.0),
    3: Task("report", "report"),
}


@pytest.fixture
def course():
    return Course(TASKS, Clock())


def ran(course, number, seconds):
    course.start(number)
    course.clock.now += seconds
    course.finish(number)


def test_nothing_is_said_of_time_before_something_was_measured(course):
    course.start(1)
    course.clock.now = 5.0
    assert course.left() is None
    assert course.line() == "train 0/2, report 0/1 | train relu"


def test_time_left_goes_by_work_within_a_rule(course):
    ran(course, 1, 10)
    assert course.left() == (30, False)
    course.start(2)
    course.clock.now += 12
    assert course.left() == (pytest.approx(18), False)
    course.clock.now += 18
    course.finish(2)
    assert course.left() is None  # nothing is known of reports
    ran(course, 3, 1)
    assert course.left() == (0, True)
    assert course.line("seen") == "train 2/2, report 1/1 | seen"


def test_side_by_side_takes_half_as_long():
    course = Course({n: Task("train", str(n)) for n in range(8)}, Clock())
    for pair in ((0, 1), (2, 3)):
        for number in pair:
            course.start(number)
        course.clock.now += 10
        for number in pair:
            course.finish(number)
    assert course.left() == (pytest.approx(20), True)


def test_what_takes_longer_than_it_should_counts_as_nearly_done(course):
    ran(course, 1, 1)
    course.start(2)
    course.clock.now += 100
    assert course.left() is None or course.left().seconds == 0
    course.fail(2)
    assert course.left().seconds > 0
    assert course.line().endswith("left")


def test_unknown_and_repeated_events_change_nothing(course):
    for number in (7, 1, 1):
        course.finish(number)
        course.fail(number)
    ran(course, 1, 1)
    course.start(1)
    course.finish(1)
    assert course.line().startswith("train 1/2")


class Terminal:
    """A pseudo-terminal: its stream, what was written, and what is then seen of the last row."""

    def __init__(self):
        self.master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self.text = ""
        os.set_blocking(self.master, False)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self) -> str:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 10_000):
                self.text += data.decode()
        return self.text

    def rows(self) -> list[str]:
        """What is on the screen, wide enough for every line."""
        rows = [""]
        column = 0
        for part in re.findall(r"\x1b\[J|\r|\n|[^\x1b\r\n]+", self.read()):
            if part == "\n":
                rows.append("")
                column = 0
            elif part == "\r":
                column = 0
            elif part == "\x1b[J":
                rows[-1] = rows[-1][:column]
            else:
                rows[-1] = rows[-1][:column] + part + rows[-1][column + len(part) :]
                column += len(part)
        return rows


@pytest.fixture
def terminal(monkeypatch):
    found = Terminal()
    found.resize(60)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(os, "tcgetpgrp", lambda number: os.getpgrp())  # it is nobody's here
    yield found
    with contextlib.suppress(OSError):
        found.stream.close()
    os.close(found.master)


@pytest.fixture
def logger(terminal, monkeypatch):
    """As Snakemake's: one handler that writes to the terminal."""
    made = logging.Logger("made-up")
    made.addHandler(logging.StreamHandler(terminal.stream))
    monkeypatch.setattr(bottom_line, "EVERY", 3600)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    yield made
    bottom_line.hide(made)


def event(name, **values):
    return {"extra": {"event": name, **values}}


def test_the_line_stays_below_what_is_logged_and_leaves_nothing(terminal, logger):
    bottom_line.show(logger, lambda: TASKS, None)
    assert os.environ[progress.SHOWN] == "1"
    assert terminal.rows() == ["train 0/2, report 0/1"]
    logger.info("first", **event("job_info", jobid=1))
    assert terminal.rows() == ["first", "train 0/2, report 0/1 | train relu"]
    logger.info("second", **event("job_finished", job_id=1))
    assert terminal.rows()[:2] == ["first", "second"]
    assert re.fullmatch(r"train 1/2, report 0/1 \| more than \d+ s left", terminal.rows()[-1])
    logger.info("third", **event("job_error", jobid=2))
    bottom_line.hide(logger)
    logger.info("last")
    assert terminal.rows() == ["first", "second", "third", "last", ""]
    assert progress.SHOWN not in os.environ


def test_it_never_cuts_a_line_that_is_being_written(terminal, logger):
    bottom_line.show(logger, lambda: TASKS, None)
    handler, line = logger.handlers
    handler.stream.write("half")
    line.draw()
    handler.stream.write(" and half\n")
    line.draw()
    assert terminal.rows() == ["half and half", "train 0/2, report 0/1"]


def test_the_line_fits_into_each_width(terminal, logger, tmp_path):
    tasks = {1: Task("train", "train 漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢")}
    bottom_line.show(logger, lambda: tasks, None)
    for columns in (60, 30, 2, 1):
        terminal.resize(columns)
        terminal.read()
        terminal.text = ""
        logger.handlers[-1].emit(logging.makeLogRecord(event("job_info", jobid=1)["extra"]))
        shown = terminal.rows()[-1]
        wide = sum(1 + (character == "漢") for character in shown)
        assert columns - 2 <= wide < columns
    terminal.resize(0)
    logger.handlers[-1].draw()
    assert not logger.handlers[-1].closed.is_set()


def test_a_job_says_its_line_in_place_of_it(terminal, logger, monkeypatch):
    bottom_line.show(logger, lambda: TASKS, None)
    monkeypatch.setattr(progress.streams, "standard", lambda name: terminal.stream)
    progress.say("relu")
    assert terminal.rows() == ["relu", ""]
    bottom_line.hide(logger)
    before = terminal.read()
    progress.say("tanh")
    assert terminal.read() == f"{before}tanh\r\n"


def test_the_accuracy_so_far_is_that_of_the_file(terminal, logger, tmp_path):
    path = tmp_path / "progress.txt"
    progress.begin(path, 3)
    bottom_line.show(logger, lambda: TASKS, path)
    assert "accuracy" not in terminal.rows()[-1]
    progress.line(path, "relu: test accuracy 91.0 %, 5 of 5 trained")
    logger.handlers[-1].draw()
    assert terminal.rows()[-1] == "train 0/2, report 0/1 | test accuracy 91.0 %"


@pytest.mark.parametrize("term", ["dumb", "", None])
def test_none_on_a_terminal_that_cannot_erase(terminal, logger, monkeypatch, term):
    monkeypatch.delenv("TERM") if term is None else monkeypatch.setenv("TERM", term)
    bottom_line.show(logger, lambda: TASKS, None)
    logger.info("first")
    assert len(logger.handlers) == 1 and terminal.read() == "first\r\n"


def test_none_where_nobody_looks(tmp_path):
    logger = logging.Logger("made-up")
    with (tmp_path / "log").open("w") as stream:
        logger.addHandler(logging.StreamHandler(stream))
        bottom_line.show(logger, lambda: TASKS, None)
    assert len(logger.handlers) == 1 and progress.SHOWN not in os.environ
    bottom_line.show(logger, lambda: TASKS, None)  # its stream is closed
    assert len(logger.handlers) == 1


def test_none_from_the_background(terminal, logger, monkeypatch):
    monkeypatch.setattr(os, "tcgetpgrp", lambda number: os.getpgrp() + 1)
    bottom_line.show(logger, lambda: TASKS, None)
    logger.info("first")
    assert terminal.read() == "first\r\n"


def test_what_goes_wrong_costs_the_line_only(terminal, logger):
    class Broken(Course):
        def line(self, seen=""):
            raise ArithmeticError

    line = bottom_line.BottomLine(terminal.stream, Broken(TASKS))
    logger.addHandler(line)
    logger.info("first", **event("job_info", jobid=1))
    logger.info("second", **event("job_info"))
    assert line.closed.is_set() and terminal.read() == "first\r\nsecond\r\n"


def test_a_terminal_that_is_gone_costs_the_line_only(terminal, logger):
    bottom_line.show(logger, lambda: TASKS, None)
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDONLY)
    line = logger.handlers[-1]
    line.draw()
    line.draw()
    bottom_line.hide(logger)


def test_words_have_no_escapes_and_their_width():
    assert bottom_line.fitted("abc", 2) == "ab"
    assert bottom_line.fitted("e\u0301x", 1) == "e\u0301"
    assert bottom_line.fitted("\x1b[31m\n", 9) == "?[31m?"
    assert bottom_line.fitted("abc", 0) == ""
    assert waiting.line({}, [], None, "") == ""
