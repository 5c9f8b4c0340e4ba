import pytest
from actbench.runtime import progress


def test_progress_counts_and_estimates(tmp_path):
    path = tmp_path / "progress.txt"
    progress.begin(path, 2)
    first, second = progress.line(path, "relu"), progress.line(path, "tanh")
    assert first.startswith("[1/2] relu, ") and second == "[2/2] tanh, training done"


def test_progress_without_a_file_is_the_line_itself(tmp_path):
    assert progress.line(tmp_path / "missing", "relu") == "relu"


def test_time_left_is_the_mean_so_far_times_what_remains(tmp_path, monkeypatch):
    path = tmp_path / "progress.txt"
    monkeypatch.setattr(progress.time, "time", lambda: 1000.0)
    progress.begin(path, 11)
    monkeypatch.setattr(progress.time, "time", lambda: 1006.0)
    assert progress.line(path, "relu") == "[ 1/11] relu, about 60 s of training left"
    monkeypatch.setattr(progress.time, "time", lambda: 1060.0)
    assert progress.line(path, "tanh") == "[ 2/11] tanh, about 4 min of training left"


def test_training_is_done_when_no_block_remains_and_not_when_little_time_does(tmp_path, monkeypatch):
    path = tmp_path / "progress.txt"
    monkeypatch.setattr(progress.time, "time", lambda: 1000.0)
    progress.begin(path, 2)
    assert progress.line(path, "relu") == "[1/2] relu, about 1 s of training left"
    assert progress.line(path, "tanh") == "[2/2] tanh, training done"


@pytest.mark.parametrize("content", ["", "nonsense\n", "a b\n"])
def test_a_broken_file_costs_the_count_and_nothing_else(tmp_path, content):
    (tmp_path / "progress.txt").write_text(content)
    assert progress.line(tmp_path / "progress.txt", "relu") == "relu"
