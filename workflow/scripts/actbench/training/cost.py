"""What training a network costs: time, images, operations. Times tell of one machine on one day."""

from typing import TYPE_CHECKING

import pyarrow as pa

from actbench.storage import parquet
from actbench.training import trials

if TYPE_CHECKING:
    from actbench.data.subsets import Data
    from actbench.training.fitting import Fit, Settings

SCHEMA = pa.schema([*parquet.KEYS, *trials.SPENT])


def of_run(flops: tuple[int, int], data: "Data", settings: "Settings", fit: "Fit") -> dict:
    """One row of `SCHEMA` without its keys.

    Args:
        flops: of one image, see `family.Network`.
        data, settings, fit: what the network was trained on, how, and what came out.

    Returns:
        `seconds` of training, `n_images` that it was trained on, and `flops` of all its matrix products.
    """
    classified, trained = flops
    n_train = len(data.train.y) // settings.batch_size * settings.batch_size
    n_looked_at = len(data.validation.y) + settings.test_each_epoch * len(data.test.y)
    an_epoch = n_train * trained + n_looked_at * classified
    epochs = len(fit.history)
    return {"seconds": fit.seconds, "n_images": epochs * n_train, "flops": epochs * an_epoch}
