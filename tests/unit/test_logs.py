import subprocess
import sys
from pathlib import Path

from actbench import logs

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def test_progress_counts_and_estimates(tmp_path):
    path = tmp_path / "progress.txt"
    logs.begin_progress(path, 2)
    first, second = logs.progress(path, "relu"), logs.progress(path, "tanh")
    assert first.startswith("[1/2] relu, ") and second == "[2/2] tanh, training done"


def test_progress_without_a_file_is_the_line_itself(tmp_path):
    assert logs.progress(tmp_path / "missing", "relu") == "relu"


def test_time_left_is_the_mean_so_far_times_what_remains(tmp_path, monkeypatch):
    path = tmp_path / "progress.txt"
    monkeypatch.setattr(logs.time, "time", lambda: 1000.0)
    logs.begin_progress(path, 11)
    monkeypatch.setattr(logs.time, "time", lambda: 1006.0)
    assert logs.progress(path, "relu") == "[ 1/11] relu, about 60 s of training left"
    monkeypatch.setattr(logs.time, "time", lambda: 1060.0)
    assert logs.progress(path, "tanh") == "[ 2/11] tanh, about 4 min of training left"


def fail(tmp_path, error):
    code = (
        "from actbench import logs; from actbench.errors import UserError\n"
        f"logs.start({str(tmp_path / 'log')!r})\nraise {error}"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    return done, (tmp_path / "log").read_text()


def test_a_user_error_is_one_sentence_on_screen_and_in_the_log(tmp_path):
    done, log = fail(tmp_path, "UserError('The file is broken.')")
    assert done.returncode == 1 and done.stderr == "Error: The file is broken.\n"
    assert "The file is broken." in log and "Traceback" not in log


def test_any_other_error_has_its_traceback_in_both_places(tmp_path):
    done, log = fail(tmp_path, "RuntimeError('oops')")
    assert done.returncode == 1
    for text in (done.stderr, log):
        assert "Traceback" in text and "RuntimeError: oops" in text
