"""The `evaluation` of a config: how many images train and validate, and which keys need some that do."""

from collections.abc import Mapping

from actbench.data import catalogue
from actbench.errors import UserError


def resolve(config: Mapping) -> dict:
    """The section with the number of validation images filled in; null stays with cross-validation.

    Args:
        config: of which the data set is resolved.

    Raises:
        UserError: there are more folds, validation or training images than the data set has images for.
    """
    _check_folds(config)
    resolved = dict(config["evaluation"]) | {"validation": _validation(config)}
    _check_training(dict(config) | {"evaluation": resolved})
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


def _check_folds(config: Mapping) -> None:
    """Every fold needs images of every class."""
    given, most = config["evaluation"]["folds"], catalogue.of(config).smallest_class
    if given is not None and given > most:
        raise UserError(
            f"evaluation.folds is {given}; allowed: a whole number from 2 to {most}, the images of the "
            f"smallest class of {config['dataset']}, or null."
        )


def _check_training(config: Mapping) -> None:
    """No more images may train than neither test nor validate."""
    evaluation = config["evaluation"]
    given, uncapped = evaluation["training"], evaluation | {"training": None}
    left = catalogue.image_counts(dict(config) | {"evaluation": uncapped})["training"]
    if given is not None and given > left:
        where = "" if evaluation["folds"] is None else " in a fold"
        raise UserError(
            f"evaluation.training is {given}; allowed: null, or a whole number from 1 to {left}, the images "
            f"of {config['dataset']} that neither test nor validate{where}."
        )


def _validation(config: Mapping) -> int | None:
    evaluation, pool = config["evaluation"], catalogue.n_pool(catalogue.of(config))
    given = evaluation["validation"]
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
            f"{config['dataset']} has {pool} images that do not test."
        )
    return catalogue.sixth(pool) if given is None else given
