"""The `tuning` of a config: what is searched where `training.learning_rate` is `tuned`."""

from collections.abc import Mapping

from actbench.errors import UserError
from actbench.study import grid


def resolve(config: Mapping) -> dict:
    """The section with its candidates sorted, and with the number of epochs where there is a search.

    Raises:
        UserError: the learning rate is to be tuned, and there is nothing to choose from or to choose by.
    """
    tuning, training = config["tuning"], config["training"]
    candidates = tuning["learning_rate"]
    tuning = dict(tuning) | {"learning_rate": candidates and sorted(candidates)}
    if training["learning_rate"] != grid.TUNED:
        return tuning
    if candidates is None:
        raise UserError(
            "training.learning_rate is tuned and tuning.learning_rate is empty (null); allowed: a list of "
            "numbers above 0 to choose from."
        )
    if config["evaluation"]["validation"] == 0:
        raise UserError(
            "training.learning_rate is tuned; allowed without validation images (evaluation.validation: 0): "
            "a number, since the rate is chosen by them."
        )
    epochs = tuning["max_epochs"] or training["max_epochs"]
    if training["warmup_epochs"] >= epochs:
        raise UserError(
            f"training.warmup_epochs is {training['warmup_epochs']}; allowed: fewer than tuning.max_epochs, "
            f"{epochs}."
        )
    return tuning | {"max_epochs": epochs}
