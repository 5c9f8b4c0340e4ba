"""Which images may validate, and what needs some that do."""

import pytest
from actbench.errors import UserError
from actbench.study import config
from conftest import SCHEMA


def resolve(**given):
    return config.resolve(given, SCHEMA)


REFUSED = {
    "too many validation images": (
        dict(evaluation=dict(validation=1497)),
        "evaluation.validation is 1497; allowed: a whole number from 0 to 1496",
    ),
    "one fold": (
        dict(evaluation=dict(folds=1)),
        "evaluation.folds is 1; allowed: a whole number from 2 or null.",
    ),
    "more folds than images of a class": (
        dict(evaluation=dict(folds=2000)),
        "evaluation.folds is 2000; allowed: a whole number from 2 to 174",
    ),
    "validation images beside folds": (
        dict(evaluation=dict(folds=3, validation=100)),
        "evaluation.validation is 100; allowed with evaluation.folds: null",
    ),
    "more training images than there are": (
        dict(evaluation=dict(training=1248)),
        "evaluation.training is 1248; allowed: null, or a whole number from 1 to 1247, the images of digits that "
        "neither test nor validate.",
    ),
    "more training images than a fold has": (
        dict(evaluation=dict(training=1199, folds=3, validation=0), training=dict(keep="last")),
        "evaluation.training is 1199; allowed: null, or a whole number from 1 to 1198, the images of digits that "
        "neither test nor validate in a fold.",
    ),
    "no training images": (
        dict(evaluation=dict(training=0)),
        "evaluation.training is 0; allowed: a whole number from 1 or null.",
    ),
    "fewer training images than a batch": (
        dict(evaluation=dict(training=31)),
        "training.batch_size is 32; allowed: at most 31, the images of evaluation.training.",
    ),
    "fewer training images than a probe's": (
        dict(evaluation=dict(training=100), probe_gradients=dict(images=101)),
        "probe_gradients.images is 101; allowed: at most 100, the images of evaluation.training.",
    ),
    "best weights without validation": (
        dict(evaluation=dict(validation=0)),
        "training.keep is 'best'; allowed without validation images (evaluation.validation: 0): last.",
    ),
    "early stop without validation": (
        dict(evaluation=dict(validation=0), training=dict(keep="last", patience=5)),
        "training.patience is 5; allowed without validation images (evaluation.validation: 0): null.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        resolve(**given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
