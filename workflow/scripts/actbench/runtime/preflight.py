"""What is tried before anything trains, each in a process of its own, since planning imports no torch."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from actbench.errors import UserError


def has_torch() -> bool:
    """Whether there is a torch to try with; without one here, jobs try by themselves."""
    return importlib.util.find_spec("torch") is not None


def try_activations(
    script: str | Path,
    specs: Mapping[str, Mapping],
    code: Mapping[str, str],
    critical: Sequence[tuple[Mapping, float]] = (),
) -> None:
    """Make the user's own activations and compare them with the contract; look for critical points.

    Args:
        script: `check_activations.py`, which says what it reads and prints.
        specs: resolved ones by id.
        code: digests of the script, of what it imports and of the user's modules.
        critical: resolved specs, each with the `network.bias_std` of a critical initialisation.

    Raises:
        UserError: one breaks the contract, ends Python, or has no edge of chaos.
    """
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps({"specs": specs, "code": code, "critical": critical}),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode < 0:
        tried = dict.fromkeys([*specs, *(spec["name"] for spec, _ in critical)])
        raise UserError(f"activations: trying {', '.join(tried)} ended by signal {-done.returncode}.")
    found = (done.stdout.strip() or "activations: they end Python.").splitlines()[-1]
    if done.returncode or found != "tried":
        raise UserError(found)


def why_no_gpu(script: str | Path, seconds: float = 300) -> str:
    """Why torch can use no GPU of this machine, or an empty text.

    Args:
        script: `check_device.py`, which says what it prints.
        seconds: how long the GPU may take to answer.

    Raises:
        UserError: the script failed.
    """
    command = [sys.executable, str(script)]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"torch got no answer from the GPU in {seconds / 60:g} minutes"
    if done.returncode < 0:
        return f"trying the GPU ended by signal {-done.returncode}"
    if done.returncode:
        raise UserError((done.stderr.strip() or "the GPU ends Python").splitlines()[-1])
    return done.stdout


def seconds_of_steps(script: str | Path, asked: Sequence[Mapping], limit: float = 15) -> list[float] | None:
    """How long a step of some networks takes; None where that cannot be measured.

    Args:
        script: `measure_speed.py`, which says what it reads and prints.
        asked: networks, see `speed.of_step`.
        limit: seconds that it may take.
    """
    command, given = [sys.executable, str(script)], json.dumps(asked)
    try:
        done = subprocess.run(command, input=given, capture_output=True, encoding="utf-8", timeout=limit)
        return [float(found) for found in json.loads(done.stdout)]
    except (OSError, ValueError, TypeError, subprocess.TimeoutExpired):
        return None
