"""What a probe is: the spec that its rule, its config section, its tables and notebooks are made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

SECTION = "probe_"
NETWORK = "network"  # what `layers` is where rows belong to the network as a whole


@dataclass(frozen=True)
class Probe:
    """One kind of measurement of a network.

    A module of this room that assigns one to `PROBE` is a probe. All but `measure` are literals there, so
    that planning can read them without importing the module, which imports torch (`registry.specs`).

    Attributes:
        name: of its module and its table; its rule and its section of the config are called `probe_{name}`.
        title: what is measured, for Snakemake's messages.
        description: of the config section.
        section: keys of the config section, each with its JSON schema, default and description included.
            Of a key `images`, null is 1,024 or all training images, if there are fewer.
        optional: whether it measures only where its section has `enabled: true`, a key that is added to it;
            elsewhere a study has no trace of it.
        columns: of the table after the keys of a run, checkpoint, layer and `key`; see `parquet.fields`.
        layers: which layers have rows: `hidden` or `all`, which is the output layer too. With a `key`, a
            mapping from each of its values to one of the two; or one of the two, if the probe itself
            numbers the rows of a layer, a row a unit, say. Or `network`, if rows belong to the network as a
            whole, and have no column `layer`.
        key: the column that tells the rows of one layer apart; text or, if `layers` is no mapping, a number.
        summarised: columns that the table `summary` summarises over seeds; of rows that are numbered, their
            mean, null where one of them is.
        total: the column of which the summarised ones are counts: `n_dead` then gives `dead_fraction`, too.
        histogram: the source in the study's table of histograms, if each row of a layer holds one
            (`histogram`).
        measure: gives a network's rows with `layer`, `key` and `columns`, from the network, the split that it
            was trained on, and the section of the config.
    """

    name: str
    title: str
    description: str
    section: Mapping[str, Mapping]
    columns: Mapping[str, str]
    layers: str | Mapping[str, str]
    key: str = ""
    summarised: Sequence[str] = ()
    total: str = ""
    histogram: str = ""
    optional: bool = False
    measure: Callable[..., list[dict]] | None = None

    @property
    def rule(self) -> str:
        """The name of its rule, its script and its section of the config."""
        return f"{SECTION}{self.name}"

    @property
    def summary(self) -> str:
        """The name of the table of its measures over seeds."""
        return f"{self.name}_{'by_layer' if self._layer else 'over_seeds'}"

    @property
    def keys(self) -> list[str]:
        """Columns that tell the rows of a network apart."""
        return ["checkpoint", *self._layer, *filter(None, [self.key])]

    @property
    def numbered(self) -> bool:
        """Whether the probe itself numbers the rows of a layer or network."""
        return bool(self.key) and isinstance(self.layers, str)

    @property
    def summary_keys(self) -> list[str]:
        """Columns that tell the rows of the summary of a checkpoint apart."""
        return self._layer if self.numbered else self.keys[1:]

    def planned(self, depth: int) -> list[tuple]:
        """Layer and value of `key` of every row of a network and checkpoint; of numbered rows, the layer.

        Nothing of the rows of a network as a whole.
        """
        if self.layers == NETWORK:
            return [()]
        words = self.layers if isinstance(self.layers, Mapping) else {None: self.layers}
        n_layers = {"hidden": depth, "all": depth + 1}
        return [
            (layer,) if value is None else (layer, value)
            for value, word in words.items()
            for layer in range(n_layers[word])
        ]

    @property
    def _layer(self) -> list[str]:
        """The column of the layer, of rows that have one."""
        return [] if self.layers == NETWORK else ["layer"]
