"""The `evaluation` of a config: how many images train and validate, and which keys need some that do."""

import math
from collections.abc import Mapping

from actbench.data import catalogue
from actbench.errors import UserError


def resolve(config: Mapping) -> dict:
    """The section with the number of validation images filled in; null stays with cross-validation.

    Args:
        config: of which the data set is resolved.

    Raises:
        UserError: there are more folds, validation or training images than the data set has images for, or of
            own data so few that validation images may be of one class.
    """
    _check_folds(config)
    resolved = dict(config["evaluation"]) | {"validation": _validation(config)}
    if "own_data" in config and resolved["validation"] != 0:
        _check_classes(dict(config) | {"evaluation": resolved})
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


def _check_classes(config: Mapping) -> None:
    """Validation images that are drawn are of every class, or else of as many as there are such images."""
    dataset, evaluation = catalogue.of(config), config["evaluation"]
    if evaluation["folds"] is not None:
        left = dataset.smallest_class - math.ceil(dataset.smallest_class / evaluation["folds"])
        if left < catalogue.HELD_OUT:
            raise UserError(
                "evaluation.validation is null; allowed with evaluation.folds: "
                f"{evaluation['folds']}: 0 (none), since {left} images of the smallest class of "
                f"{config['dataset']} do not test, and fewer than {catalogue.HELD_OUT} may not validate."
            )
        return
    given = evaluation["validation"]
    if given < 2:
        raise UserError(
            f"evaluation.validation is {given}; allowed: 0 (none), or a whole number from 2, since one image "
            "does not tell whether a network trained."
        )
    if dataset.n_test == 0 and dataset.smallest_class < 3:
        raise UserError(
            f"evaluation.validation is {given}; allowed: 0 (none), since the smallest class of "
            f"{config['dataset']} has {dataset.smallest_class} images, one to test and one to train."
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
