"""What training a network costs: time, images, operations. Times tell of one machine on one day."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from actbench.storage import parquet

if TYPE_CHECKING:
    from actbench.data.subsets import Data
    from actbench.training.fitting import Fit, Settings

SCHEMA = pa.schema(
    [
        *parquet.KEYS,
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("n_images", pa.int64(), nullable=False),
        pa.field("flops", pa.int64(), nullable=False),
    ]
)


def flops_an_image(sizes: Sequence[int]) -> tuple[int, int]:
    """Floating-point operations of the matrix products for one image: only classified, and trained on.

    A product of [m, k] and [k, n] counts 2mkn. An image that trains costs three products a layer, forward,
    and backward to weights and inputs; the first layer's inputs need none.

    Args:
        sizes: n_inputs, the hidden widths, n_classes.
    """
    forward = [2 * n_in * n_out for n_in, n_out in itertools.pairwise(sizes)]
    return sum(forward), 3 * sum(forward) - forward[0]


def of_run(sizes: Sequence[int], data: "Data", settings: "Settings", fit: "Fit") -> dict:
    """One row of `SCHEMA` without its keys.

    Args:
        sizes: n_inputs, the hidden widths, n_classes.
        data, settings, fit: what the network was trained on, how, and what came out.

    Returns:
        `seconds` of training, `n_images` that it was trained on, and `flops` of all its matrix products,
        see `flops_an_image`.
    """
    classified, trained = flops_an_image(sizes)
    n_train = len(data.train.y) // settings.batch_size * settings.batch_size
    n_looked_at = len(data.validation.y) + settings.test_each_epoch * len(data.test.y)
    an_epoch = n_train * trained + n_looked_at * classified
    epochs = len(fit.history)
    return {"seconds": fit.seconds, "n_images": epochs * n_train, "flops": epochs * an_epoch}
