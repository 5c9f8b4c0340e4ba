import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def fail(tmp_path, error):
    code = (
        "from actbench import jobs; from actbench.errors import UserError\n"
        f"jobs.start({str(tmp_path / 'log')!r})\nraise {error}"
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


def test_finish_keeps_what_was_printed_and_logged(tmp_path):
    code = (
        "from actbench import jobs\n"
        f"jobs.start({str(tmp_path / 'log')!r}).info('logged')\nprint('said')\njobs.finish()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "said\n") and "logged" in (tmp_path / "log").read_text()


def test_garbage_is_collected_again_once_the_job_has_started(tmp_path):
    code = (
        "from actbench import jobs\nimport gc\nassert not gc.isenabled()\n"
        f"jobs.start({str(tmp_path / 'log')!r})\nassert gc.isenabled()"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS).returncode == 0
