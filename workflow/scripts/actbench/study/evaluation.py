"""The `evaluation` of a config: how many images train and validate, and which keys need some that do."""

from collections.abc import Mapping

from actbench.data import catalogue
from actbench.errors import UserError


def resolve(evaluation: Mapping, dataset: str) -> dict:
    """The section with the number of validation images filled in; null stays with cross-validation.

    Raises:
        UserError: there are more folds, validation or training images than the data set has images for.
    """
    _check_folds(evaluation["folds"], dataset)
    resolved = dict(evaluation) | {"validation": _validation(evaluation, dataset)}
    _check_training(resolved, dataset)
    return resolved


def check_unvalidated(evaluation: Mapping, training: Mapping) -> None:
    """Without validation images nothing can be chosen by them.

    Raises:
        UserError: a key of `training` would choose by them.
    """
    if evaluation["validation"] != 0:
        return
    for key, allowed in {"keep": "last", "patience": None}.items():
        given = training[key]
        if given != allowed:
            raise UserError(
                f"training.{key} is {given!r}; allowed without validation images (evaluation.validation: 0): "
                f"{'null' if allowed is None else allowed}."
            )


def _check_folds(given: int | None, dataset: str) -> None:
    """Every fold needs images of every class."""
    most = catalogue.DATASETS[dataset].smallest_class
    if given is not None and given > most:
        raise UserError(
            f"evaluation.folds is {given}; allowed: a whole number from 2 to {most}, the images of the "
            f"smallest class of {dataset}, or null."
        )


def _check_training(evaluation: Mapping, dataset: str) -> None:
    """No more images may train than neither test nor validate."""
    given = evaluation["training"]
    left = catalogue.image_counts({"dataset": dataset, "evaluation": evaluation | {"training": None}})[
        "training"
    ]
    if given is not None and given > left:
        where = "" if evaluation["folds"] is None else " in a fold"
        raise UserError(
            f"evaluation.training is {given}; allowed: null, or a whole number from 1 to {left}, the images "
            f"of {dataset} that neither test nor validate{where}."
        )


def _validation(evaluation: Mapping, dataset: str) -> int | None:
    given, pool = evaluation["validation"], catalogue.n_pool(dataset)
    if evaluation["folds"] is not None:
        if given not in (None, 0):
            raise UserError(
                f"evaluation.validation is {given}; allowed with evaluation.folds: null (a stratified fifth "
                "of each training fold) or 0 (none)."
            )
        return given
    if given is not None and given >= pool:
        raise UserError(
            f"evaluation.validation is {given}; allowed: a whole number from 0 to {pool - 1}, since "
            f"{dataset} has {pool} images that do not test."
        )
    return catalogue.sixth(pool) if given is None else given
