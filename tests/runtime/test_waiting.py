import doctest

import pytest
from actbench.runtime import bottom_line, waiting
from actbench.study import status


@pytest.mark.parametrize("module", [waiting, bottom_line, status])
def test_examples(module):
    failed, tried = doctest.testmod(module)
    assert tried and not failed


def test_nothing_measured_is_no_time_left():
    assert waiting.left({}, {"train": 4}, 1.0) is None
    assert waiting.left({"tune": (3.0, 1)}, {"train": 4}, 1.0) is None
    assert waiting.left({"train": (3.0, 1)}, {"train": 4}, 0.0) is None


def test_nothing_left_takes_no_time():
    assert waiting.left({"train": (3.0, 1)}, {"train": 0}, 1.0) == (0, True)


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 40.0), (2.0, 20.0), (0.5, 80.0)])
def test_each_rule_has_its_own_rate(speed, seconds):
    measured = {"train": (30.0, 3), "probe_gradients": (1.0, 2)}
    remaining = {"train": 3.5, "probe_gradients": 10}
    assert waiting.left(measured, remaining, speed) == (seconds, True)
    assert waiting.left(measured, remaining | {"report": 1}, speed) == (seconds, False)


def test_accuracy_spans_all_lines_but_those_of_searches():
    lines = [
        "tuned relu, depth 4: 0.05 of 5 rates, 99.3 % (validation)",
        "relu, depth 2, seeds 0-4: test accuracy 91.0 %, 5 of 5 trained",
        "tanh, depth 2, seeds 0-4: test accuracy 8.3–95.5 %, 3 of 5 trained",
        "elu, depth 2, seeds 0-4: all 5 diverged",
    ]
    assert waiting.accuracy(lines) == "test accuracy 8.3–95.5 %"
    assert waiting.accuracy(lines[:2]) == "test accuracy 91.0 %"
    assert waiting.accuracy(lines[:1]) == ""


@pytest.mark.parametrize(("n", "said"), [(0, ""), (1, "0"), (2, "0; 1"), (5, "0; 1; 3 more")])
def test_few_titles_are_named(n, said):
    assert waiting.some(map(str, range(n))) == said


def test_the_line_has_what_there_is():
    counts = {"tune": (1, 2), "train": (0, 10)}
    assert waiting.line(counts, [], None, "") == "tune 1/2, train 0/10"
    assert waiting.line(counts, ["x"], waiting.Left(5, False), "seen") == (
        "tune 1/2, train 0/10 | more than 5 s left | seen | x"
    )


def test_progress_is_read_as_it_is_written(tmp_path):
    (tmp_path / "progress.txt").write_text("20 5.5\nrelu\n", encoding="utf-8")
    assert waiting.read(tmp_path / "progress.txt") == (20, 5.5, ["relu"])
    assert waiting.read(tmp_path / "missing") is None
