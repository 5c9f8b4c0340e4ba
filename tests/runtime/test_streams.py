"""What own code prints is handed on, the first of it."""

import logging

import pytest
from actbench.runtime import streams


def test_the_first_of_what_is_printed_is_told_line_by_line():
    told = []
    stream = streams.Bounded(told.append)
    for data in (b"a", b"b\nc", b"\n\xff\n", b"x" * streams.BOUND, b"y\n", b"z" * streams.BOUND):
        assert stream.write(data) == len(data)
    assert told[:3] == ["ab", "c", "�"]
    assert told[3] == "x" * (streams.BOUND - len(b"ab\nc\n.\n"))
    assert told[4:] == ["(what is printed from here on is left out)"]


def test_what_just_fits_is_told_whole():
    told = []
    stream = streams.Bounded(told.append)
    stream.write(b"x" * (streams.BOUND - 1) + b"\n")
    assert told == ["x" * (streams.BOUND - 1)]
    stream.write(b"y")
    stream.write(b"y\n")
    assert told[1:] == ["", "(what is printed from here on is left out)"]


@pytest.mark.parametrize("name", ["actbench", "py.warnings", "anybody"])
def test_our_own_records_pass_and_of_others_the_first(name):
    brief = streams.Brief()
    record = [logging.LogRecord(name, 30, "", 0, "%s%%", ("x" * 6000,), None) for _ in range(3)]
    passed = [one.getMessage() for one in record if brief.filter(one)]
    assert sum(map(len, passed)) == (3 * 6001 if name == "actbench" else streams.BOUND)


def test_a_record_that_cannot_be_said_is_left_out():
    assert not streams.Brief().filter(logging.LogRecord("anybody", 30, "", 0, "%d", ("a",), None))
