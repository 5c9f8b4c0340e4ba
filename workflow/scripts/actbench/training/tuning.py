"""The search for a learning rate: every candidate with every tuning seed, and the choice among them.

The networks of a search are drawn for that purpose alone, so that none of those that are evaluated takes part
in the choice; neither do images that test.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from actbench.activations import registry
from actbench.data import splits
from actbench.data.prepared import Prepared
from actbench.data.subsets import Data, Subset
from actbench.networks import family
from actbench.runtime import seeds
from actbench.training import cost, fitting, scoring
from actbench.training import recipe as recipes
from actbench.training.trials import DIGITS, TRIAL, mean_score


@dataclass
class Search:
    """What a search leaves: rows of `trials.TRIALS` and `COST`, and for each fold what `choose` gives."""

    trials: list[dict] = field(default_factory=list)
    cost: list[dict] = field(default_factory=list)
    chosen: list[dict] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """The chosen learning rate of each fold."""
        return [fold["learning_rate"] for fold in self.chosen]


def search(
    activation: str,
    params: Mapping,
    images: Prepared,
    device: str,
    log: Callable[[str], None],
    setting: str = "default",
) -> Search:
    """Train all candidates with all tuning seeds, those of a fold together, and choose one for each fold.

    The networks of one tuning seed start from the same weights and see the same batches, whatever the rate.

    Args:
        activation, setting: keys of the rows.
        params: see `choices.search_params`.
        images: the prepared data set.
        device: `cpu` or `cuda:<i>`.
        log: is called with a line an epoch and network.

    Raises:
        UserError: the activation has no edge of chaos where one is needed.
    """
    tuning, found = params["tuning"], Search()
    settings = fitting.Settings(**params["training"])
    trials = list(product(sorted(tuning["learning_rate"]), range(tuning["seeds"])))
    together = device != "cpu" or registry.pure(params["activation"])
    groups = [trials] if together else [[trial] for trial in trials]
    for fold in range(params["evaluation"]["folds"] or 1):
        data = without_test(splits.split(images, params["evaluation"], params["normalisation"], fold))
        data, rows = data.to(device), []
        recipe = recipes.of(data, params)
        for group in groups:
            log(f"fold {fold}, learning rates and seeds {group}, {device}")
            uses = ("tuning-weights", "tuning-batches")
            weights, batches = ([seeds.generator(seed, use) for _, seed in group] for use in uses)
            members = [family.build(recipe, own).to(device) for own in weights]
            fits = fitting.fit(members, data, settings, batches, log, [rate for rate, _ in group])
            for (rate, seed), network, fit in zip(group, members, fits, strict=True):
                place = (activation, len(params["hidden_sizes"]), setting, fold, rate, seed)
                keys = dict(zip(TRIAL, place, strict=True))
                rows.append(keys | outcome(fit, scoring.chance(data.validation.y)))
                spent = cost.of_run(network.flops, data, settings, fit)
                found.cost.append(keys | {"epochs_run": len(fit.history)} | spent)
        found.trials += rows
        found.chosen.append({"fold": fold} | choose(rows, scoring.trained_threshold(data.validation.y)))
    return found


def without_test(data: Data) -> Data:
    """The split with no image that tests."""
    return dataclasses.replace(data, test=Subset(data.test.x[:0], data.test.y[:0]))


def outcome(fit: fitting.Fit, chance: float) -> dict:
    """How one network of a search did: its columns of `trials.TRIALS` without the keys.

    Its score is its best validation accuracy; one that diverged has that of `chance`.
    """
    done = fit.status == "ok"
    best = fit.history[fit.best_epoch - 1] if done else dict.fromkeys(("val_loss", "val_accuracy"))
    return {
        "status": fit.status,
        "epochs_run": len(fit.history),
        "best_epoch": fit.best_epoch,
        "val_loss": best["val_loss"],
        "val_accuracy": best["val_accuracy"],
        "score": best["val_accuracy"] if done else chance,
    }


def choose(trials: Iterable[Mapping], threshold: float) -> dict:
    """The candidate with the best mean score among a fold's trials, rows of `trials.TRIALS`.

    Of equal ones it is that of the lower mean validation loss, where one that diverged counts as infinite,
    then the smaller. One of which all networks diverged is chosen only if that holds for every candidate.

    Args:
        threshold: accuracy from which a network counts as trained.

    Returns:
        `learning_rate`, and its mean `score`; `at_edge`, whether it is the smallest or the largest candidate,
        as a single one is both; `n_trials` and `epochs_spent` of the search; `n_trained`, of the networks
        with this rate.

    >>> row = {"seed": 0, "epochs_run": 5, "val_accuracy": 0.5, "val_loss": 1.0}
    >>> trials = [row | {"learning_rate": rate, "score": score} for rate, score in [(0.1, 0.5), (1.0, 0.6)]]
    >>> choose(trials, 0.3)["learning_rate"]
    1.0
    """
    trials, candidates = list(trials), {}
    for trial in trials:
        candidates.setdefault(trial["learning_rate"], []).append(trial)
    best = min(candidates, key=lambda rate: (*_worse(candidates[rate]), rate))
    accuracies = [trial["val_accuracy"] for trial in candidates[best]]
    return {
        "learning_rate": best,
        "score": mean_score(candidates[best]),
        "at_edge": best in (min(candidates), max(candidates)),
        "n_trials": len(trials),
        "epochs_spent": sum(trial["epochs_run"] for trial in trials),
        "n_trained": sum(one is not None and one >= threshold for one in accuracies),
    }


def _worse(trials: Sequence[Mapping]) -> tuple[bool, float, float]:
    """What a candidate is compared by, the lower the better."""
    diverged = all(trial["val_accuracy"] is None for trial in trials)
    losses = [math.inf if trial["val_loss"] is None else trial["val_loss"] for trial in trials]
    return diverged, -mean_score(trials), round(sum(losses) / len(losses), DIGITS)
