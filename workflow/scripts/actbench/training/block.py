"""One training job: the networks of one activation and depth, for every seed of a block and every fold."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from actbench.activations import entries, registry
from actbench.data import splits
from actbench.data.prepared import Prepared
from actbench.data.subsets import Data
from actbench.networks import family, modes
from actbench.runtime import seeds
from actbench.storage import parquet, snapshots
from actbench.training import cost, fitting, scoring
from actbench.training import recipe as recipes

CHECKED = 256


@dataclass
class Trained:
    """What a job leaves: rows of `scoring.RUNS`, `HISTORY`, `histograms.SCHEMA` and `cost.SCHEMA`, weights.

    `recipe` is what the networks of the last fold were built from, `initial` what each fold added to it, if
    anything; `states` are keyed (seed, fold) and `snapshots` (seed, fold, epoch); `data` is the split of the
    first fold.
    """

    recipe: family.Recipe | None = None
    runs: list[dict] = field(default_factory=list)
    history: list[dict] = field(default_factory=list)
    histograms: list[dict] = field(default_factory=list)
    cost: list[dict] = field(default_factory=list)
    states: dict[tuple[int, int], dict[str, Tensor]] = field(default_factory=dict)
    snapshots: dict[tuple[int, int, int], dict[str, Tensor]] = field(default_factory=dict)
    data: Data | None = None
    initial: list[Mapping[str, float]] = field(default_factory=list)

    def network(self, seed: int, fold: int = 0, epoch: int | None = None) -> family.Network:
        """One trained network, on the CPU, in evaluation mode.

        Args:
            seed, fold: the run.
            epoch: one of `probe_epochs`, after which the weights are taken; None for those that were scored.

        Raises:
            KeyError: there is no such run, or it has no weights of this epoch.
        """
        state = self.states[seed, fold] if epoch is None else self.snapshots[seed, fold, epoch]
        network = family.build(self.recipe, seeds.generator(seed, "weights"))
        network.load_state_dict(state)
        return network.eval()


def train(
    activation: str,
    params: Mapping,
    images: Prepared,
    device: str,
    log: Callable[[str], None],
    setting: str = "default",
    rates: Sequence[float] | None = None,
) -> Trained:
    """Train and score the networks of a block; those of a fold take their steps together, see `fitting.fit`.

    Args:
        activation, setting: keys of the rows.
        params: see `grid.training_params`.
        images: the prepared data set.
        device: `cpu` or `cuda:<i>`.
        log: is called with a line an epoch and network.
        rates: the learning rate of each fold; None is that of `params`.

    Raises:
        UserError: the activation is a user's own and keeps a state that is not stored, or has no edge of
            chaos where one is needed.
    """
    settings, done, before = fitting.Settings(**params["training"]), Trained(), None
    epochs = params.get("probe_epochs", [])
    together = device != "cpu" or registry.pure(params["activation"])
    groups = [params["seeds"]] if together else [[seed] for seed in params["seeds"]]
    for fold in range(params["evaluation"]["folds"] or 1):
        data = splits.split(images, params["evaluation"], params["normalisation"], fold).to(device)
        done.data = done.data or data
        if rates is not None:
            settings = dataclasses.replace(settings, learning_rate=rates[fold])
        done.recipe = recipes.of(data, params)
        if done.recipe.initial:
            done.initial.append(done.recipe.initial)
        for group in groups:
            log(f"seeds {group}, fold {fold}, {device}")
            weights, batches = ([seeds.generator(s, use) for s in group] for use in ("weights", "batches"))
            members = [family.build(done.recipe, own).to(device) for own in weights]
            if not members[0].pure and before is None:
                first = (done.recipe, params, data)
                before = _logits(*first)
            fits = fitting.fit(members, data, settings, batches, log, epochs=epochs)
            for seed, network, fit in zip(group, members, fits, strict=True):
                place = (activation, len(params["hidden_sizes"]), setting, seed, fold)
                keys = dict(zip(parquet.RUN, place, strict=True))
                rate = {"learning_rate": settings.learning_rate}
                done.runs.append(keys | rate | scoring.score(network, data, fit))
                if not network.pure:
                    rebuilt = family.build(done.recipe, seeds.generator(seed, "weights"))
                    scoring.check_stored(network, rebuilt.to(device), data, fit, params["activation"])
                done.history += [keys | row for row in fit.history]
                done.histograms += [keys | row for row in fit.histograms]
                done.cost.append(keys | cost.of_run(network.flops, data, settings, fit))
                done.states[seed, fold] = fit.state
                for epoch in snapshots.reached(epochs, fit.status, len(fit.history)):
                    done.snapshots[seed, fold, epoch] = fit.snapshots[epoch]
    if before is not None and not entries.same(before, _logits(*first)):
        raise scoring.not_stored(params["activation"], members[0], data.train.x)
    return done


def _logits(recipe: family.Recipe, params: Mapping, data: Data) -> Tensor:
    """Those of a fresh network, in evaluation mode: what has trained before must not change them."""
    generator = seeds.generator(params["seeds"][0], "weights")
    network = family.build(recipe, generator).to(data.train.x.device)
    with modes.frozen(network), modes.drawing(network):
        return network(data.train.x[:CHECKED])
