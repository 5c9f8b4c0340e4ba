import signal
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def fail(tmp_path, error):
    code = (
        "from actbench.runtime import jobs; from actbench.errors import UserError\n"
        f"jobs.begin(); jobs.start({str(tmp_path / 'log')!r})\nraise {error}"
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
        "from actbench.runtime import jobs\n"
        f"jobs.begin(); jobs.start({str(tmp_path / 'log')!r}).info('logged')\nprint('said')\njobs.finish()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "said\n") and "logged" in (tmp_path / "log").read_text()


LOUD = """
import logging, sys, warnings
class Loud:
    def __call__(self):
        for say in (print, sys.stderr.write, logging.warning, warnings.warn):
            say("x" * 10_000)
A = Loud()
"""
CALLS = """
import sys
sys.path.insert(0, {scripts!r})
from actbench.runtime import imports, jobs, streams
files = [*map(str, imports.SCRIPTS.glob("actbench/**/*.py")), "loud.py"]
jobs.begin()
log = jobs.start("log", {{file: imports.version(open(file, "rb").read()) for file in files}})
loud = imports.user_attribute("loud:A")
print("hello from own code")
for _ in range(1000):
    loud()
log.info("our own line")
print("done", file=streams.standard("stdout"))
jobs.finish()
"""


def test_what_own_code_prints_is_bounded_and_goes_to_the_log(tmp_path):
    (tmp_path / "loud.py").write_text(LOUD)
    command = [sys.executable, "-c", CALLS.format(scripts=str(SCRIPTS))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    log = (tmp_path / "log").read_text()
    assert "hello from own code" in log and "our own line" in log and "CPU seconds" in log
    assert log.count("(what is printed from here on is left out)") == 2  # of standard output, and of error
    assert len(log) < 40_000


def test_garbage_is_collected_again_once_the_job_has_started(tmp_path):
    code = (
        "from actbench.runtime import jobs\nimport gc\njobs.begin()\nassert not gc.isenabled()\n"
        f"jobs.start({str(tmp_path / 'log')!r})\nassert gc.isenabled()"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS).returncode == 0


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "log").mkdir()
    code = f"from actbench.runtime import jobs\njobs.begin(); jobs.start({str(tmp_path / 'log')!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {tmp_path / 'log'} cannot be written: Is a directory.\n",
    )


def test_control_c_ends_a_job_without_a_word(tmp_path):
    code = (
        "from actbench.runtime import jobs; import time\n"
        f"jobs.begin(); jobs.start({str(tmp_path / 'log')!r}); print('ready', flush=True); time.sleep(3600)"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    job = subprocess.Popen([sys.executable, "-c", code], cwd=SCRIPTS, **pipes)
    assert job.stdout.readline() == "ready\n"
    job.send_signal(signal.SIGINT)
    _, said = job.communicate()
    assert (job.returncode, said) == (-signal.SIGINT, "")


def test_an_import_changes_nothing_of_the_process():
    code = (
        "import gc, signal, sys\n"
        "def state():\n"
        "    handlers = [signal.getsignal(number) for number in signal.valid_signals()]\n"
        "    return gc.isenabled(), handlers, sys.excepthook, list(sys.meta_path), sys.stdout, sys.path\n"
        "before = state()\n"
        "import actbench.runtime.jobs\n"
        "assert state() == before"
    )
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, check=True)
