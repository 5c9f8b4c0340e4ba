"""What a probe is: the spec that its script, its table and notebooks measure by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from actbench.data.subsets import Data
from actbench.networks import mlp

Measure = Callable[[mlp.MLP, Data, Mapping], list[dict]]


@dataclass(frozen=True)
class Probe:
    """One kind of measurement of a network.

    Attributes:
        name: of its table; its section of the config and its rule are called `probe_{name}`.
        schema: of the table, the keys of a run, `checkpoint` and `layer` included.
        measure: gives a network's rows without keys and checkpoint, from the network, the split that it was
            trained on, and the section of the config.
        order: columns that rows are sorted by after the run, checkpoint and layer.
    """

    name: str
    schema: pa.Schema
    measure: Measure
    order: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        return f"probe_{self.name}"
