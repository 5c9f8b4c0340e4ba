"""A scikit-learn classifier that trains as a study does; no job imports it: scikit-learn loads slowly."""

import numbers
import re
import warnings
from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn
from torch.nn import functional

from actbench import interactive
from actbench.activations import switches
from actbench.data import catalogue, own, splits
from actbench.data.subsets import Data, Subset
from actbench.errors import UserError
from actbench.networks import family, modes
from actbench.runtime import seeds
from actbench.study import grid
from actbench.training import fitting, scoring
from actbench.training import recipe as recipes

SEEDS = 2**31  # what a seed of a config is below
TYPES = [np.float64, np.float32, np.uint8]  # as which a table is kept, see `own_files.stored_type`
ROWS = 256  # that are classified at once: a row's numbers must not depend on its neighbours
SECTIONS = {  # of config.yaml, and the parameters that are keys of them
    "network": ("width", "initialisation", "gain", "bias_std", "norm", "residual"),
    "training": (
        "optimizer",
        "learning_rate",
        "momentum",
        "weight_decay",
        "schedule",
        "warmup_epochs",
        "batch_size",
        "max_epochs",
        "patience",
        "keep",
        "precision",
        "threads",
    ),
}


class Classifier(ClassifierMixin, BaseEstimator):
    """An MLP of one activation and depth, trained on any table of numbers by a study's recipe.

    With a study's rows, in the type that they have there, split and seed it has the weights of that study's
    network, bit by bit.

    Args:
        activation: a name, a mapping as in config.yaml, or a class of your own.
        depth, width: hidden layers, and the units of each.
        initialisation, gain, bias_std, norm, residual: see the section `network` of config.yaml.
        optimizer, learning_rate, momentum, weight_decay, schedule, warmup_epochs, max_epochs, patience, keep,
            precision, threads: see the section `training`; a learning rate is searched by `GridSearchCV`.
        batch_size: rows of a mini-batch, at most all that train; a last incomplete one is dropped.
        normalisation: `symmetric` maps the range of the rows that train to -1…1; see config.yaml.
        validation: rows that validate, 0 for none; None is a sixth, rounded up. They choose the weights that
            are kept, and when training stops.
        split_seed: which rows these are; None takes the last ones.
        device: `cpu`, `cuda` or `cuda:<i>`, where it is trained.
        random_state: a seed of weights and batches, below 2**31 that of a study; one up to 2**32 - 1, None
            and a generator draw that.

    Attributes:
        classes_: the labels, sorted; they may be text.
        n_features_in_, feature_names_in_: of the table; the names where it has them.
        network_: what was trained, on the CPU.
        history_: a row an epoch, see `fitting.HISTORY`.
        n_iter_: the epochs run.
        seed_: what `random_state` gave.

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> x, y = load_digits(return_X_y=True)
    >>> classifier = Classifier("tanh", depth=1, max_epochs=3, random_state=0)
    >>> bool(cross_val_score(classifier, x, y, cv=3).min() > 0.8)
    True
    """

    def __init__(
        self,
        activation: str | Mapping | type[nn.Module] = "relu",
        depth: int = 2,
        width: int = 64,
        *,
        initialisation: str = "default",
        gain: float = 1.0,
        bias_std: float = 0.2,
        norm: str = "none",
        residual: bool = False,
        optimizer: str = "sgd",
        learning_rate: float = 0.05,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        schedule: str = "constant",
        warmup_epochs: int = 0,
        batch_size: int = 32,
        max_epochs: int = 40,
        patience: int | None = None,
        keep: str = "best",
        precision: str = "highest",
        threads: int = 1,
        normalisation: str = "symmetric",
        validation: int | None = None,
        split_seed: int | None = 42,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
    ):
        self.activation = activation
        self.depth = depth
        self.width = width
        self.initialisation = initialisation
        self.gain = gain
        self.bias_std = bias_std
        self.norm = norm
        self.residual = residual
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.warmup_epochs = warmup_epochs
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.keep = keep
        self.precision = precision
        self.threads = threads
        self.normalisation = normalisation
        self.validation = validation
        self.split_seed = split_seed
        self.device = device
        self.random_state = random_state

    def fit(self, X: object, y: object) -> Self:  # noqa: N803, scikit-learn's name
        """Train on a table [N, n_features] of finite numbers and labels [N] of at least two classes.

        Raises:
            UserError: a parameter is wrong; the sentence names it as config.yaml does. Or X is too large or
                too small to be squared.
            ValueError: X or y is not what scikit-learn calls a table of numbers and labels of classes.

        Warns:
            ConvergenceWarning: training diverged; the weights are the last ones that were kept before.
        """
        vars(self).pop("network_", None)
        x, y = validate_data(self, X, y, dtype=TYPES, ensure_min_samples=2)
        check_classification_targets(y)
        own.check_values(x)
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError("y has 1 class; allowed: at least 2 classes.")
        _check_device(self.device)
        n_validation, seed = self._n_validation(len(y)), self._seed()
        params = self._params(len(y) - n_validation, n_validation, seed)
        data = self._split(torch.tensor(x), torch.tensor(labels), n_validation, len(classes)).to(self.device)
        settings = fitting.Settings(**params["training"])
        with switches.restored():
            fitting.prepare_torch(settings)
            built = recipes.of(data, params)
            weights, batches = (seeds.generator(seed, use) for use in ("weights", "batches"))
            network = family.build(built, weights).to(self.device)
            (fit,) = fitting.fit([network], data, settings, [batches])
            scoring.score(network, data, fit)
            if not network.pure:
                rebuilt = family.build(built, seeds.generator(seed, "weights")).to(self.device)
                scoring.check_stored(network, rebuilt, data, fit, params["activation"])
        if fit.status != "ok":
            text = f"training diverged in epoch {len(fit.history)}; a lower learning_rate may help."
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        self.classes_, self.seed_ = classes, seed
        self.history_, self.n_iter_ = pd.DataFrame(fit.history), len(fit.history)
        self.network_ = network.cpu().eval()
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether the last `fit` came to its end; checking X sets attributes before."""
        return "network_" in vars(self)

    def predict_proba(self, X: object) -> np.ndarray:  # noqa: N803
        """Probabilities [N, n_classes] of the classes, in the order of `classes_`."""
        return functional.softmax(self._logits(X).double(), dim=1).numpy()

    def predict(self, X: object) -> np.ndarray:  # noqa: N803
        """The most probable class of each row."""
        best = self._logits(X).argmax(dim=1)
        return self.classes_[best.numpy()]

    def _logits(self, X: object) -> Tensor:  # noqa: N803
        check_is_fitted(self)
        rows = torch.tensor(validate_data(self, X, dtype=TYPES, reset=False))
        x = functional.pad(self._normalised(rows, torch.arange(len(rows))), (0, 0, 0, -len(rows) % ROWS))
        with modes.frozen(self.network_), modes.drawing(self.network_):
            return torch.cat([self.network_(part) for part in x.split(ROWS)])[: len(rows)]

    def _n_validation(self, n_rows: int) -> int:
        given = _plain(self.validation)
        given = catalogue.sixth(n_rows) if given is None else given
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < n_rows:
            raise UserError(
                f"validation is {given!r}; allowed: None, or a whole number from 0 to {n_rows - 1}, as X has "
                f"{n_rows} rows."
            )
        return given

    def _seed(self) -> int:
        given = self.random_state
        if isinstance(given, numbers.Integral):
            if not 0 <= given < 2**32:
                raise UserError(
                    f"random_state is {given}; allowed: None, a generator, or a whole number from 0 to "
                    f"{2**32 - 1}."
                )
            if given < SEEDS:
                return int(given)
        return int(check_random_state(given).randint(SEEDS))

    def _params(self, n_train: int, n_validation: int, seed: int) -> dict:
        """Those of the job that would train this network, see `grid.training_params`."""
        given = {key: _plain(value) for key, value in self.get_params(deep=False).items()}
        if given["learning_rate"] == grid.TUNED:
            raise UserError("learning_rate is tuned; allowed: a number above 0, GridSearchCV tries several.")
        if isinstance(given["batch_size"], int):
            given["batch_size"] = min(given["batch_size"], n_train)
        recipe = {section: {key: given[key] for key in keys} for section, keys in SECTIONS.items()}
        split_seed = {} if given["split_seed"] is None else {"split_seed": given["split_seed"]}
        recipe |= {
            "dataset": "fashion_mnist",  # stands for one with room for any batch
            "evaluation": {"validation": min(n_validation, 1), **split_seed},
            "normalisation": given["normalisation"],
        }
        return interactive.planned(given["activation"], given["depth"], [seed], recipe)[2]

    def _split(self, x: Tensor, y: Tensor, n_validation: int, n_classes: int) -> Data:
        """Rows that train and that validate, normalised by those that train; none test."""
        order = torch.arange(len(y))
        if self.split_seed is not None:
            order = torch.randperm(len(y), generator=seeds.generator(self.split_seed, "split"))
        parts = order.split([len(y) - n_validation, n_validation])
        self._shift, self._scale = splits.normaliser(x[parts[0]], None, self.normalisation)
        subsets = [Subset(self._normalised(x, rows), y[rows]) for rows in (*parts, order[:0])]
        return Data(*subsets, n_classes)

    def _normalised(self, x: Tensor, rows: Tensor) -> Tensor:
        return splits.normalised(x, rows, self._shift, self._scale)


def _check_device(given: object) -> None:
    """Refuse what is no device of this machine."""
    found = re.fullmatch(r"cpu|cuda(?::(\d{1,3}))?", given) if isinstance(given, str) else None
    n_gpus = torch.cuda.device_count() if found and given != "cpu" else 0
    if not found or (given != "cpu" and int(found[1] or 0) >= n_gpus):
        there = (
            ""
            if not found
            else f"; there {'is' if n_gpus == 1 else 'are'} {n_gpus or 'no'} GPU{'s' * (n_gpus != 1)}"
        )
        raise UserError(f"device is {given!r}; allowed: cpu, cuda or cuda:<i>{there}.")


def _plain(value: object) -> object:
    """A scalar of numpy, such as one of a grid, as Python's own."""
    return value.item() if isinstance(value, np.generic) else value
