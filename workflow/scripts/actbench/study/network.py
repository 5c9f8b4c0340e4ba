"""What normalised and residual networks need of the other sections of a config."""

import itertools
from collections.abc import Mapping

from actbench.data import catalogue
from actbench.errors import UserError
from actbench.study import messages


def check(config: Mapping) -> None:
    """Refuse batches that cannot be normalised, and residual connections of which there would be none.

    Args:
        config: a resolved one, of any family of networks.

    Raises:
        UserError: names the key.
    """
    if config["network"].get("norm") == "batch":
        _check_batches(config)
    if config["network"].get("residual"):
        _check_widths(config["network"]["hidden_sizes"], catalogue.of(config).n_pixels)


def _check_batches(config: Mapping) -> None:
    """Training takes whole mini-batches, in every fold; probes take theirs at initialisation.

    The Jacobian's are not of `probe_jacobian.images`, however few these are.
    """
    others = ("probe_epochs", "probe_jacobian")
    probes = [section for section in config if section.startswith("probe_") and section not in others]
    for section, key in [("training", "batch_size"), *((section, "images") for section in probes)]:
        if config[section].get(key) == 1:
            raise UserError(
                f"{section}.{key} is 1; allowed with network.norm: batch: a whole number from 2, since one "
                "image has no variance."
            )


def _check_widths(hidden_sizes: list[list[int]], n_inputs: int) -> None:
    """Of several depths, one may be without."""
    pairs = itertools.chain(*(itertools.pairwise([n_inputs, *widths]) for widths in hidden_sizes))
    if all(n_in != n_out for n_in, n_out in pairs):
        raise UserError(
            f"network.residual is true and network.hidden_sizes is {messages.cut(str(hidden_sizes))}; "
            f"allowed: a hidden layer as wide as its input, which is the {n_inputs} numbers of an image in "
            "the first, or residual: false."
        )
