"""Trying the activations of a study before anything trains; the first that does not fit ends it."""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping

import torch

from actbench.activations import registry
from actbench.errors import UserError
from actbench.runtime import imports, streams

TRIED = "tried"


def run(require_critical: Callable[[Mapping, float], object]) -> None:
    """Make what standard input asks for, and end this process.

    Standard input is a JSON object: `specs`, resolved ones by id; `critical`, pairs of a spec and a
    `network.bias_std`, for which `require_critical` must find an edge of chaos; and `code`, the digests of
    the script, of what it imports and of the user's modules. The process exits with 0 and `TRIED` on standard
    output, or with 1 and one sentence there. Standard error is for what is worth saying meanwhile; what own
    code prints is discarded.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt is own code's then
    torch.set_deterministic_debug_mode("error")  # as while training
    asked = json.load(sys.stdin)
    imports.expect(asked["code"])
    streams.never_fail()
    streams.bound(lambda line: None)
    meanwhile = logging.StreamHandler(streams.standard("stderr"))
    meanwhile.addFilter(lambda record: record.name == streams.OURS)
    logging.basicConfig(handlers=[meanwhile], format="%(message)s")
    found = _problem(asked, require_critical)
    said = streams.standard("stdout")
    said.write(f"\n{found or TRIED}\n")
    said.flush()
    os._exit(bool(found))  # what own code asks for at the end of Python has nothing to say


def _problem(asked: Mapping, require_critical: Callable[[Mapping, float], object]) -> str:
    """What is wrong with the first that breaks the contract or lacks what is required, or an empty text."""
    try:
        for spec in asked["specs"].values():
            registry.create(spec)
        for spec, bias_std in asked["critical"]:
            require_critical(spec, bias_std)
        imports.check()
    except UserError as error:
        return str(error)
    return ""
