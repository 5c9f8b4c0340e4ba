"""From stored images to normalised training, validation and test sets.

scikit-learn is imported for cross-validation only.
"""

import functools
import hashlib
import warnings
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from actbench.data import catalogue
from actbench.data.prepared import Prepared
from actbench.data.subsets import Data, Subset
from actbench.errors import UserError
from actbench.runtime import seeds

CHUNK = 4096  # images that are normalised at once


def split(stored: Prepared, evaluation: Mapping, normalisation: str, fold: int = 0) -> Data:
    """Split a prepared data set and normalise it with statistics of the training images.

    Args:
        stored: see `prepared.read`.
        evaluation: the config section, see `indices`.
        normalisation: `symmetric`, `standard` or `per_pixel`, see `normaliser`.
        fold: which fold tests, with cross-validation.

    Raises:
        UserError: the images that tell whether a network trained are all of one class.
    """
    labels, is_test = torch.from_numpy(stored.labels).long(), torch.from_numpy(stored.is_test).bool()
    parts = indices(labels, is_test, **evaluation, fold=fold, stratified=is_own(stored))
    _check_judges(labels, *parts[:2], stored.classes)
    images = torch.from_numpy(stored.images).reshape(len(labels), -1)
    shift, scale = normaliser(images[parts[0]], stored.max_value, normalisation)
    subsets = (Subset(normalised(images, part, shift, scale), labels[part]) for part in parts)
    return Data(*subsets, len(stored.classes))


def normalised(images: Tensor, part: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Some of the raw images [N, n_pixels] as inputs, float32, by arithmetic in the type of `shift`.

    Args:
        images: of any real type.
        part: their numbers.
        shift, scale: see `normaliser`.
    """
    inputs = torch.empty(len(part), images.shape[1])
    for rows, chunk in zip(part.split(CHUNK), inputs.split(CHUNK), strict=True):
        chunk.copy_(images[rows].to(shift.dtype).sub_(shift).div_(scale))
    return inputs


def indices(
    labels: Tensor,
    is_test: Tensor,
    folds: int | None,
    validation: int | None,
    split_seed: int,
    training: int | None = None,
    fold: int = 0,
    stratified: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Split image numbers into training, validation and test.

    Without folds, the images that are not official test images are permuted under `split_seed`; the
    last `validation` of them validate. A data set without official test images (digits) first gives
    up a sixth of all images, rounded up, from the end of that permutation as its test set.

    With `stratified` (own data), test and validation images are taken of all classes alike: evenly spaced
    ones of that permutation in the order of their classes, one at least of each where there are enough. The
    others keep its order.

    With folds, official test images are left aside. scikit-learn's unshuffled `StratifiedKFold(folds)`
    cuts all others in their stored order; part number `fold` tests. Of the rest, the first part of
    `StratifiedKFold(5)` validates, as skorch holds out by default; none if `validation` is 0.

    With `training`, only so many train: the first of the permutation, with folds of one of each fold's own
    training images. They are drawn whatever their class, so its share may differ a little from that of all.
    """
    pool = torch.nonzero(~is_test).squeeze(1)
    if folds is not None:
        pool, test = _stratified(pool, labels, folds, fold)
        held_out = pool[:0]
        if validation != 0:
            pool, held_out = _stratified(pool, labels, catalogue.HELD_OUT, 0)
        return pool if training is None else _permuted(pool, split_seed)[:training], held_out, test
    pool = _permuted(pool, split_seed)
    test = torch.nonzero(is_test).squeeze(1)
    take = functools.partial(_spread, labels=labels) if stratified else _last
    if len(test) == 0:
        pool, test = take(pool, catalogue.sixth(len(is_test)))
    train, held_out = take(pool, validation)
    return train[:training], held_out, test


def _check_judges(labels: Tensor, train: Tensor, validation: Tensor, classes: Sequence[str]) -> None:
    """A network that knows one class only must not count as trained, see `scoring.score`."""
    kind, judges = ("validation", validation) if len(validation) else ("training", train)
    found = labels[judges].unique()
    if len(found) < 2:
        raise UserError(
            f"evaluation.{kind} leaves {len(judges)} {kind} images, all of class {classes[found[0]][:60]!r}; "
            "allowed: enough for two classes or more."
        )


def is_own(stored: Prepared) -> bool:
    """Whether a data set is none of the built-in ones."""
    return stored.name not in catalogue.DATASETS


def evaluated(stored: Prepared, evaluation: Mapping) -> str:
    """SHA-256 of the images and labels that test, fold after fold, each in their stored order."""
    labels, is_test = torch.from_numpy(stored.labels).long(), torch.from_numpy(stored.is_test).bool()
    found = hashlib.sha256()
    for fold in range(evaluation["folds"] or 1):
        test = (
            indices(labels, is_test, **evaluation, fold=fold, stratified=is_own(stored))[2]
            .sort()
            .values.numpy()
        )
        found.update(f"{len(test)} {stored.images.shape[1:]}".encode())
        found.update(stored.images[test].tobytes() + stored.labels[test].tobytes())
    return found.hexdigest()


def _permuted(pool: Tensor, split_seed: int) -> Tensor:
    """Image numbers in the order of the split."""
    return pool[torch.randperm(len(pool), generator=seeds.generator(split_seed, "split"))]


def _last(pool: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """A pool of image numbers without its last `n`, and these."""
    return pool[: len(pool) - n], pool[len(pool) - n :]


def _spread(pool: Tensor, n: int, labels: Tensor) -> tuple[Tensor, Tensor]:
    """A pool of image numbers without `n` of like class shares, and these.

    Evenly spaced in the order of classes: of a class of k images ⌊kn/N⌋ or one more. Where that is none of a
    class, or all of it, one is exchanged, see `_covering`.
    """
    own = labels[pool]
    chosen = torch.zeros(len(pool), dtype=torch.bool)
    chosen[own.argsort(stable=True)[torch.arange(n) * len(pool) // max(n, 1)]] = True
    chosen = ~_covering(~_covering(chosen, own), own)
    return pool[~chosen], pool[chosen]


def _covering(chosen: Tensor, labels: Tensor) -> Tensor:
    """As many of these, with one of each class that has two or more, as long as another has one to give.

    The one furthest above its share gives.

    Args:
        chosen: [N], whether an image is one of them.
        labels: [N].
    """
    chosen, sizes = chosen.clone(), torch.bincount(labels)
    counts = torch.bincount(labels[chosen], minlength=len(sizes))
    for missing in torch.nonzero((counts == 0) & (sizes > 1)).flatten():
        excess = counts - sizes * chosen.double().mean()
        richest = torch.where(counts > 1, excess, -torch.inf).argmax()
        if counts[richest] < 2:
            break
        chosen[torch.nonzero(chosen & (labels == richest))[-1]] = False
        chosen[torch.nonzero(labels == missing)[0]] = True
        counts[richest] -= 1
        counts[missing] += 1
    return chosen


def _stratified(pool: Tensor, labels: Tensor, n_parts: int, part: int) -> tuple[Tensor, Tensor]:
    """Cut a pool of image numbers into `n_parts` of like class shares: all other parts, and number `part`.

    Raises:
        UserError: every class has fewer images than there are parts; folds are never that many.
    """
    from sklearn.model_selection import StratifiedKFold

    if torch.bincount(labels[pool]).max() < n_parts:
        raise UserError(
            "evaluation.validation is null; allowed with evaluation.folds and fewer than "
            f"{n_parts} images of each class that do not test: 0 (none)."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some classes have fewer
        cuts = list(StratifiedKFold(n_parts).split(pool, labels[pool].numpy()))
    rest, chosen = (pool[torch.from_numpy(rows)] for rows in cuts[part])
    return rest, chosen


def normaliser(train: Tensor, max_value: int | None, kind: str) -> tuple[Tensor, Tensor]:
    """Shift and scale of `(x - shift) / scale` for raw pixels [N, n_pixels] of the training images.

    `symmetric` maps 0…max_value to -1…1, without a `max_value` the least and the largest of all pixels;
    `standard` gives all pixels together mean 0 and standard deviation 1; `per_pixel` does so for each pixel.
    What is constant is only shifted, and so are numbers whose squared differences are 0 in float64. Standard
    deviations divide by n. Both are float32 for bytes, which it holds exactly, and float64 for other numbers.
    """
    dtype = torch.float32 if train.dtype == torch.uint8 else torch.float64
    if kind == "symmetric" and max_value is not None:
        return torch.tensor(max_value / 2, dtype=dtype), torch.tensor(max_value / 2, dtype=dtype)
    if kind == "per_pixel":
        low, high = train.amin(dim=0).double(), train.amax(dim=0).double()
    else:
        low, high = train.amin().double(), train.amax().double()
    if kind == "symmetric":
        shift, scale = (low + high) / 2, (high - low) / 2
    else:
        values, dimension = train.double(), 0 if kind == "per_pixel" else None
        shift, scale = values.mean(dim=dimension), values.std(dim=dimension, correction=0)
    return shift.to(dtype), torch.where((high > low) & (scale > 0), scale, 1.0).to(dtype)
