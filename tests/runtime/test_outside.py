"""Settings of the user's that would change a number, or end a job, if they reached it."""

import os
import pty
import subprocess
import sys

import pytest
from conftest import HANG, ROOT

SCRIPTS = ROOT / "workflow" / "scripts"
PRODUCT = """
import actbench.runtime.jobs
actbench.runtime.jobs.begin()
import hashlib, torch
torch.set_num_threads(2)
draws = torch.Generator().manual_seed(0)
for rows, inputs, columns in ((64, 784, 512), (1500, 64, 16)):
    x, y = torch.randn(rows, inputs, generator=draws), torch.randn(inputs, columns, generator=draws)
    print(hashlib.sha256((x @ y).numpy().tobytes()).hexdigest(), x.mean().item(), x.sum().item())
"""


def job(code, **environment):
    """What a process says and how it ends that begins like a job, with these variables."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def plain():
    return job(PRODUCT).stdout


@pytest.mark.fault(
    "threads set from outside",
    "OMP_THREAD_LIMIT, OMP_DYNAMIC, OMP_MAX_ACTIVE_LEVELS, a stack for OpenMP's threads that is too small, and "
    "numbers of threads for OpenMP, MKL and OpenBLAS; matrix products of two threads",
    "the bits of undisturbed ones",
)
@pytest.mark.parametrize(
    "setting",
    [
        "OMP_THREAD_LIMIT=1",
        "OMP_DYNAMIC=true",
        "OMP_MAX_ACTIVE_LEVELS=0",
        "OMP_STACKSIZE=16k",
        "GOMP_STACKSIZE=16k",
        "OMP_NUM_THREADS=1",
        "OMP_NUM_THREADS=7",
        "OMP_NUM_THREADS=none",
        "MKL_NUM_THREADS=3",
        "OPENBLAS_NUM_THREADS=2",
    ],
)
def test_a_matrix_product_has_the_same_bits(plain, setting):
    done = job(PRODUCT, **dict([setting.split("=")]))
    assert (done.returncode, done.stdout, done.stderr) == (0, plain, "")


def test_libraries_beside_torch_have_one_thread():
    code = (
        "import actbench.runtime.jobs; actbench.runtime.jobs.begin()\nimport numpy, torch, threadpoolctl\n"
        "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()}, torch.get_num_threads())"
    )
    done = job(code, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2"))
    assert done.stdout == "{1} 1\n"


@pytest.mark.parametrize("setting", ["error", "error::DeprecationWarning", "always"])
def test_a_warning_never_ends_a_job(tmp_path, setting):
    code = (
        "from actbench.runtime import jobs\nimport warnings\n"
        f"jobs.begin(); jobs.start({str(tmp_path / 'log')!r})\n"
        "for category in (DeprecationWarning, RuntimeWarning, UserWarning):\n"
        "    warnings.warn(f'a {category.__name__}', category)\n"
        "jobs.finish()"
    )
    done = job(code, PYTHONWARNINGS=setting)
    assert (done.returncode, done.stderr) == (0, "")
    log = (tmp_path / "log").read_text()
    assert "a RuntimeWarning" in log and "a UserWarning" in log and "a DeprecationWarning" not in log


def test_a_job_that_fails_does_not_wait_at_a_prompt(tmp_path):
    """As in a terminal, with PYTHONINSPECT."""
    code = (
        "from actbench.runtime import jobs; from actbench.errors import UserError\n"
        f"jobs.begin(); jobs.start({str(tmp_path / 'log')!r})\nraise UserError('It is so.')"
    )
    ours, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        env=os.environ | {"PYTHONINSPECT": "1"},
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=HANG,
    )
    os.close(ours)
    os.close(terminal)
    assert (done.returncode, done.stderr) == (1, "Error: It is so.\n")
