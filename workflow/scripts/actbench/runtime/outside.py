"""What the user has set for other programs stays out of this process; called before anything computes.

Results then depend on the config alone. What chooses a processor's instructions stays as it is, since it may
be what makes the machine work, and is recorded, see `provenance`.
"""

import os
import sys
import warnings

# With these OpenMP gives torch other threads than those that torch divides the work for, which changes its
# sums, or too small a stack for them, which ends Python without a word.
OPENMP = (
    "GOMP_STACKSIZE",
    "OMP_DYNAMIC",
    "OMP_MAX_ACTIVE_LEVELS",
    "OMP_STACKSIZE",
    "OMP_THREAD_LIMIT",
)
# Of libraries beside torch, and of torch until `torch.set_num_threads` is called.
THREADS = (
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# What Python ignores by itself.
UNSAID = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def keep_out() -> None:
    """Undo settings of OpenMP and of numerical libraries' threads, of warnings, and of a prompt at the end.

    OpenMP reads its settings when it is loaded, so this comes before the first import of torch or numpy.
    """
    for name in OPENMP:
        os.environ.pop(name, None)
    os.environ |= dict.fromkeys(THREADS, "1")
    if sys.warnoptions:  # PYTHONWARNINGS=error would end jobs at a library's warning
        warnings.resetwarnings()
        for category in UNSAID:
            warnings.simplefilter("ignore", category)
    if "PYTHONINSPECT" in os.environ and os.isatty(0):
        # A job that failed would wait for what is typed.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
