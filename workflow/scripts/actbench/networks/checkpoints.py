"""Networks as files: trained ones, and those of some epochs, are stored; initial ones are drawn again."""

import math
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor, nn

from actbench.activations import registry
from actbench.errors import DamagedError, UserError
from actbench.networks import family, initialisation
from actbench.runtime import seeds
from actbench.storage import files, manifest, snapshots, tensors


def save(
    states: Mapping[tuple[int, int], Mapping[str, Tensor]],
    path: str | Path,
    params: Mapping | None = None,
    of_epochs: Mapping[tuple[int, int, int], Mapping[str, Tensor]] | None = None,
) -> None:
    """Write the state dicts of runs, keyed (seed, fold), and a digest of what they were trained with.

    `of_epochs` are those of single epochs, keyed (seed, fold, epoch).
    """
    every = {_prefix(*run): state for run, state in states.items()}
    every |= {_prefix(*run, epoch): state for (*run, epoch), state in (of_epochs or {}).items()}
    weights = {
        f"{prefix}{name}": tensor.cpu().contiguous()
        for prefix, state in every.items()
        for name, tensor in state.items()
    }
    content = safetensors.torch.save(weights, {"params": files.digest_of(params)})
    files.write_bytes(content, path)


def load(
    folder: str | Path,
    seed: int,
    fold: int = 0,
    checkpoint: str = "trained",
    activation: Mapping | type[nn.Module] | str | None = None,
) -> family.Network:
    """Give back one network of a block's folder, on the CPU, in evaluation mode.

    Args:
        folder, activation: see `Stored`.
        seed, fold, checkpoint: see `Stored.network`.

    >>> network = load("results/digits/runs/relu/d1/default/seeds0-4", seed=1)
    >>> network(torch.zeros(3, 64)).shape
    torch.Size([3, 10])

    Where a study has `probe_epochs: [1, 5]`, `load(…, checkpoint="epoch5")` gives it after its fifth epoch.
    """
    return Stored(folder, activation).network(seed, fold, checkpoint)


class Stored:
    """The networks of one block, checked once.

    Args:
        folder: `results/{study}/runs/{activation}/d{depth}/{setting}/seeds{block}`.
        activation: the class of a user's own activation, its name as "module:class" of the working
            directory, or the resolved spec of the caller's own config.
            The folder may come from a stranger, so that nothing that it names is imported but
            one of our families.

    Raises:
        DamagedError: config.json and model.safetensors are not whole, or not of one and the same training.
        UserError: the networks have an activation of somebody's own, and it was not given, or another; or
            their family is none of ours.
    """

    def __init__(self, folder: str | Path, activation: Mapping | type[nn.Module] | str | None = None):
        self.path = Path(folder, manifest.MODEL)
        self.config = manifest.read(folder, [manifest.MODEL])
        with tensors.opened(self.path, "pt") as stored:
            trained_with = (stored.metadata() or {}).get("params")
        if trained_with != files.digest_of(self.config["params"]):
            raise DamagedError(self.path, f"it was trained with other params than {manifest.NAME} says")
        self.spec = self._spec(activation)
        family.checked(self.config["params"].get("network"), self.path.with_name(manifest.NAME))

    def _spec(self, given: Mapping | type[nn.Module] | str | None) -> Mapping:
        """What activations are made of: the folder's own word for those of the registry only."""
        named = registry.checked(self.config["params"].get("activation"), self.path.with_name(manifest.NAME))
        if isinstance(given, str) and ":" not in given:
            raise UserError(
                f"activation is {given!r}; allowed: a class, its name as 'module:class', or a spec."
            )
        if isinstance(given, Mapping):
            if given != named:
                raise UserError(
                    f"{self.path.parent} was trained with another activation: {named} is not {given}."
                )
            return given
        if given is not None:
            return named | {"import": given}
        if named["import"] is not None:
            raise UserError(
                f"{self.path.parent} was trained with {named['name']}, an activation of somebody's own, and "
                "nothing that a results folder names is imported: give its class, "
                "checkpoints.load(…, activation=Mine)."
            )
        return named

    def network(self, seed: int, fold: int = 0, checkpoint: str = "trained") -> family.Network:
        """Give back one network, on the CPU, in evaluation mode.

        Args:
            seed, fold: the run.
            checkpoint: `trained` (the weights that were scored), `init` (rebuilt from the seed), or, such as
                `epoch5`, those after one of the study's `probe_epochs`.

        Raises:
            KeyError: there is no such run, `checkpoint` is unknown, or the run ended before.
            DamagedError: the weights do not fit the network.
        """
        known = snapshots.names(self._epochs())
        if checkpoint not in known:
            raise KeyError(f"checkpoint is {checkpoint!r}; allowed: {', '.join(known)}")
        state, run = self._state(_prefix(seed, fold)), f"seed {seed}, fold {fold}"
        if not state:
            raise KeyError(f"{self.path.parent} holds no run of {run}")
        epoch = snapshots.epoch(checkpoint)
        if epoch:
            state, run = self._state(_prefix(seed, fold, epoch)), f"{run}, epoch {epoch}"
            if not state:
                raise KeyError(f"{self.path.parent} holds no weights of {run}: the run ended before")
        params = self.config["params"] | {"activation": self.spec}
        recipe = family.Recipe.of(self._sizes(), params, self._initial(fold))
        network = family.build(recipe, seeds.generator(seed, "weights"))
        if checkpoint != snapshots.INIT:
            self._fill(network, state, run)
        return network.eval()

    def _epochs(self) -> list[int]:
        """Those after which weights are stored as well."""
        epochs = self.config["params"].get("probe_epochs", [])
        if not isinstance(epochs, list) or not all(type(epoch) is int and epoch > 0 for epoch in epochs):
            raise DamagedError(self.path.with_name(manifest.NAME), f"its probe_epochs are {epochs!r}")
        return epochs

    def _sizes(self) -> list[int]:
        sizes = self.config["sizes"]
        if not isinstance(sizes, list) or not all(type(size) is int and size > 0 for size in sizes):
            raise DamagedError(self.path.with_name(manifest.NAME), f"its sizes are {sizes!r}")
        return sizes

    def _initial(self, fold: int) -> dict[str, float] | None:
        """What the weights of a fold were drawn with, see `Recipe.initial`."""
        if self.config["params"]["network"].get("initialisation") != initialisation.CRITICAL:
            return None
        try:
            found = {key: float(self.config["initial"][fold][key]) for key in initialisation.INITIAL}
        except (LookupError, TypeError, ValueError, OverflowError):
            found = {}
        if not found or not all(map(math.isfinite, found.values())):
            raise DamagedError(
                self.path.with_name(manifest.NAME),
                f"it does not say what the weights of fold {fold} were drawn with",
            )
        return found

    def _fill(self, network: family.Network, state: Mapping[str, Tensor], run: str) -> None:
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise DamagedError(self.path, f"the weights of {run} do not fit the network") from error

    def _state(self, prefix: str) -> dict[str, Tensor]:
        with tensors.opened(self.path, "pt") as stored:
            names = [name for name in stored.keys() if name.startswith(prefix)]  # noqa: SIM118
            return {name.removeprefix(prefix): stored.get_tensor(name) for name in names}


def _prefix(seed: int, fold: int, epoch: int | None = None) -> str:
    """What the names of a run's tensors begin with; of the kept weights, without an epoch."""
    run = f"seed{seed}/fold{fold}/"
    return run if epoch is None else f"epoch{epoch}/{run}"
