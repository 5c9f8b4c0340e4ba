"""Published numbers beside our own: what was measured, what may differ, and why so much.

Every tolerance follows from a rule that is fixed before the comparison (docs/verification.md): the digits
that were published, the source's own statement, or the spread over seeds.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional

from actbench.activations import properties, registry
from actbench.data import prepared
from actbench.networks import modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import dead_neurons, distributions, gradients
from actbench.runtime import seeds
from actbench.training import scoring
from actbench.verification import checkpoints
from actbench.verification import published as ref

FLOAT32 = 1e-5
ONE_IMAGE = 1e-4  # of the 10,000 test images
SAMPLED_GAINS = 0.0015
STANDARD_ERRORS = 4
RANGE_SEEDS = range(10)
WIDE, WIDE_SEEDS = 1024, range(32)
BORN = 20_000
FAMILY_ERROR = 0.05


@dataclass(frozen=True)
class Comparison:
    """One published number beside the measured one; `tolerance` is absolute, None where unknown."""

    quantity: str
    setting: str
    source: str
    published: float
    measured: float | None
    n: int
    tolerance: float | None
    tolerance_from: str

    @property
    def verdict(self) -> str:
        """`agrees`, `differs`, or `open` where too few runs allow no tolerance."""
        if self.measured is None or self.tolerance is None:
            return "open"
        return "agrees" if abs(self.published - self.measured) <= self.tolerance else "differs"

    def row(self) -> dict:
        """A row of the table: the fields and the verdict."""
        return asdict(self) | {"verdict": self.verdict}


def prepare_torch(threads: int) -> None:
    """Make torch of this process deterministic."""
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("error")


def quick(images: prepared.Prepared) -> list[Comparison]:
    """Everything that needs no training.

    Args:
        images: Fashion-MNIST.
    """
    pixels, labels = _recipe_images(images)
    return [
        *dead_units(pixels),
        *initial_gradients(pixels, labels),
        *constant_initialisation(pixels),
        *gains(),
        *correlations(),
        *born_dead(),
    ]


def full(runs: pd.DataFrame, mlp_runs: pd.DataFrame, oracle: pd.DataFrame) -> list[Comparison]:
    """The test accuracies.

    Args:
        runs: the runs of studies/fashion_mnist.yaml at the published depth.
        mlp_runs: the runs of studies/mlp_classifier.yaml.
        oracle: scikit-learn's own runs of the same setting, see `mlp_classifier`.
    """
    return [*accuracies(runs), *mlp_accuracies(mlp_runs, oracle)]


def trained_checkpoints(images: prepared.Prepared, folder: str) -> list[Comparison]:
    """Test accuracies of the published networks themselves, and dead units of those with ReLU.

    Args:
        images: Fashion-MNIST.
        folder: see `checkpoint_files.paths`.
    """
    is_test = torch.from_numpy(images.is_test).bool()
    x = _symmetric(torch.from_numpy(images.images)[is_test].flatten(1).float())
    y = torch.from_numpy(images.labels)[is_test].long()
    training = _symmetric(_recipe_images(images)[0])
    accurate, dead = [], []
    for source, published in ref.UVA_ACCURACY.items():
        for name, theirs in published.items():
            network = checkpoints.load(folder, source, name)
            setting = f"{name}, the published weights of {_framework(source)}"
            measured = checkpoints.accuracy(network, x, y)
            tolerance = (
                0.5e-4 + ONE_IMAGE,
                "half a published digit, and one image, which a GPU may round over",
            )
            head = ("test accuracy of a checkpoint", setting, source)
            accurate.append(Comparison(*head, theirs, measured, 1, *tolerance))
            if name != "relu":
                continue
            counts = zip(ref.UVA_DEAD_TRAINED[source], dead_neurons.n_dead(network, training), strict=True)
            for layer, (count, ours) in enumerate(counts):
                where = f"{setting}, hidden layer {layer}, {len(training):,} training images"
                head = ("dead units of a checkpoint", where, source)
                dead.append(Comparison(*head, count, ours, 1, 0.0, "exact, the published weights"))
    return [*accurate, *dead]


def dead_units(pixels: Tensor) -> list[Comparison]:
    """Dead ReLU units of untrained networks over the training images [N, 784] of the notebook's split."""
    x = _symmetric(pixels)
    published = _dead(torch.Generator().manual_seed(ref.UVA_SEED), x)
    ours = np.array([_dead(seeds.generator(seed, "weights"), x) for seed in RANGE_SEEDS])
    low, high = ours.min(axis=0), ours.max(axis=0)
    setting = "relu, untrained, hidden layer {} of 784-512-256-256-128-10, {:,} training images"
    rows = []
    for layer, (theirs, jax) in enumerate(zip(*ref.UVA_DEAD.values(), strict=True)):
        where = ("dead units", setting.format(layer, len(x)))
        exact = (
            ref.UVA_PYTORCH,
            theirs,
            published[layer],
            1,
            0.0,
            "PyTorch: exact, the notebook's own initial weights",
        )
        middle, half = (low + high)[layer] / 2, (high - low)[layer] / 2
        spread = (
            f"JAX: range of {len(ours)} seeds, {low[layer]} to {high[layer]}; its middle stands as measured"
        )
        ranged = (ref.UVA_JAX, jax, middle, len(ours), half, spread)
        rows += [Comparison(*where, *exact), Comparison(*where, *ranged)]
    return rows


def initial_gradients(pixels: Tensor, labels: Tensor) -> list[Comparison]:
    """Loss and weight gradients at initialisation on the notebook's first batch."""
    x, y = _symmetric(pixels[: ref.UVA_BATCH]), labels[: ref.UVA_BATCH]
    rows = []
    for name, published in ref.UVA_GRADIENTS.items():
        network = mlp.build(Recipe(ref.UVA_SIZES, name), torch.Generator().manual_seed(ref.UVA_SEED))
        setting = f"{name}, first {ref.UVA_BATCH} training images, initial weights of seed {ref.UVA_SEED}"
        loss = functional.cross_entropy(network(x), y).item()
        rows.append(_relative("loss at initialisation", setting, published["loss"], loss))
        measured = [row for row in gradients.measure(network, x, y, bins=1) if row["tensor"] == "weight"]
        for row, layer in zip(measured, published["layers"], strict=True):
            for key, value in layer.items():
                where = f"{setting}, Linear layer {row['layer']}"
                rows.append(_relative(f"weight gradient at initialisation, {key}", where, value, row[key]))
    return rows


def constant_initialisation(pixels: Tensor) -> list[Comparison]:
    """Variances of the pre-activations when all parameters are the same number."""
    x = (pixels[: ref.CONSTANT_INIT_IMAGES] / 255 - ref.CONSTANT_INIT_MEAN) / ref.CONSTANT_INIT_STD
    network = mlp.MLP(ref.UVA_SIZES, "identity")
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, ref.CONSTANT_INIT)
    rows = distributions.measure(network, x, bins=1)
    measured = [row["std"] ** 2 for row in rows if row["signal"] == "preactivation"]
    setting = f"every parameter {ref.CONSTANT_INIT}, identity, {len(x):,} images, Linear layer "
    return [
        _relative("pre-activation variance", f"{setting}{layer}", theirs, ours, ref.CONSTANT_INIT_SOURCE)
        for layer, (theirs, ours) in enumerate(zip(ref.CONSTANT_INIT_VARIANCES, measured, strict=True))
    ]


def gains() -> list[Comparison]:
    """Gains under a standard normal, against exact and against sampled values."""
    rows = []
    for name, exact in ref.GAINS_EXACT.items():
        ours = properties.moments(registry.create(name))["gain"]
        sampled = ref.GAINS_SAMPLED[name]
        head = ("gain", f"{name}, 1/std f(z), z ~ N(0, 1)")
        digits = "half a unit of the last published digit"
        rows.append(Comparison(*head, ref.GAINS_EXACT_SOURCE, exact, ours, 1, 0.5e-5, digits))
        stated = (SAMPLED_GAINS * sampled, "0.15 %, stated beside the source")
        rows.append(Comparison(*head, ref.GAINS_SAMPLED_SOURCE, sampled, ours, 1, *stated))
    return rows


def correlations() -> list[Comparison]:
    """How the cosine of two orthogonal inputs moves through wide ReLU layers with He initialisation."""
    depth = len(ref.CORRELATIONS)
    cosines = np.array([_cosines(seeds.generator(seed, "weights"), depth) for seed in WIDE_SEEDS])
    errors = stats.sem(cosines)
    why = f"{STANDARD_ERRORS} standard errors over {len(cosines)} random networks of width {WIDE:,}"
    return [
        Comparison(
            "cosine of activations",
            f"relu, He initialisation, no bias, orthogonal inputs, hidden layer {layer}",
            ref.CORRELATION_SOURCE,
            theirs,
            cosines[:, layer].mean(),
            len(cosines),
            STANDARD_ERRORS * errors[layer],
            why,
        )
        for layer, theirs in enumerate(ref.CORRELATIONS)
    ]


def born_dead() -> list[Comparison]:
    """Share of narrow deep bias-free ReLU networks that output exactly 0 for one input."""
    why = f"{STANDARD_ERRORS} standard errors of a share of {BORN:,} random networks"
    rows = []
    for width, theirs in ref.BORN_DEAD.items():
        error = math.sqrt(theirs * (1 - theirs) / BORN)
        setting = f"relu, {ref.BORN_DEAD_LAYERS} hidden layers of {width}, no bias, one input"
        measured = _born_dead(width, seeds.generator(width, "weights"))
        tolerance = STANDARD_ERRORS * error
        rows.append(
            Comparison(
                "networks born dead", setting, ref.BORN_DEAD_SOURCE, theirs, measured, BORN, tolerance, why
            )
        )
    return rows


def accuracies(runs: pd.DataFrame) -> list[Comparison]:
    """A published run beside ours of the same outcome, trained or not.

    The tolerance is the half width of the interval in which one further run is expected, normal spread
    assumed, at 95 % for all published accuracies together (Bonferroni).
    """
    confidence = _confidence()
    threshold = scoring.trained_threshold(torch.arange(10))  # ten equally large classes
    rows = []
    for source, published in ref.UVA_ACCURACY.items():
        for name, theirs in published.items():
            cell = runs[runs["activation"] == name]
            trained = theirs >= threshold
            ours = cell.loc[cell["trained"] == trained, "test_accuracy"].dropna().to_numpy()
            outcome = "trained" if trained else "did not train"
            count = f"{len(ours)} of our {len(cell)} {outcome} too"
            setting = f"{name}, depth {ref.UVA_DEPTH}, one run in {_framework(source)}; {count}"
            measured, half = _further(ours, confidence, 1)
            why = f"{100 * confidence:.2f} % interval for one further run, at least half a published digit"
            half = None if half is None else max(half, 0.5e-4)
            rows.append(Comparison("test accuracy", setting, source, theirs, measured, len(ours), half, why))
    return rows


def mlp_accuracies(runs: pd.DataFrame, oracle: pd.DataFrame) -> list[Comparison]:
    """The published mean beside ours and beside scikit-learn's of today; then these two beside each other."""
    confidence = _confidence()
    why = (
        f"{100 * confidence:.2f} % interval for the mean of {ref.MLP_SHUFFLES} further runs, and half a digit"
    )
    rows = []
    for name, theirs in ref.MLP_ACCURACY.items():
        cells = {
            label: table.loc[table["activation"] == name, "test_accuracy"].dropna().to_numpy()
            for label, table in (("our network", runs), ("scikit-learn's MLPClassifier", oracle))
        }
        for label, ours in cells.items():
            measured, half = _further(ours, confidence, ref.MLP_SHUFFLES)
            half = None if half is None else half + 0.5e-3
            setting = f"{name} [100], {label}, fixed number of epochs"
            rows.append(
                Comparison("test accuracy", setting, ref.MLP_SOURCE, theirs, measured, len(ours), half, why)
            )
        rows.append(_beside(name, *cells.values(), confidence))
    return rows


def _beside(name: str, ours: np.ndarray, theirs: np.ndarray, confidence: float) -> Comparison:
    """Our accuracies against those of scikit-learn's classifier, trained here for the same epochs."""
    low, high = (math.nan, math.nan)
    if min(len(ours), len(theirs)) > 1:
        low, high = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(confidence)
    return Comparison(
        "test accuracy",
        f"{name} [100], our network against scikit-learn's MLPClassifier trained here, the same epochs",
        f"scikit-learn's MLPClassifier, {len(theirs)} runs here",
        float(theirs.mean()),
        float(ours.mean()),
        len(ours),
        None if math.isnan(low) else (high - low) / 2,
        f"{100 * confidence:.2f} % Welch interval of the difference",
    )


def _framework(source: str) -> str:
    """PyTorch or JAX, as the source of one of the two notebooks ends."""
    return source.rpartition("(")[2].rstrip(")")


def _confidence() -> float:
    """Of each statistical comparison, so that all of them together err with 5 %."""
    family = sum(map(len, ref.UVA_ACCURACY.values())) + 3 * len(ref.MLP_ACCURACY)
    return 1 - FAMILY_ERROR / family


def _further(values: np.ndarray, confidence: float, n_further: int) -> tuple[float | None, float | None]:
    """Mean, and half width of the interval for the mean of `n_further` more values; None below two values."""
    n = len(values)
    if n < 2:
        return (float(values.mean()) if n else None), None
    quantile = stats.t.ppf((1 + confidence) / 2, n - 1)
    return float(values.mean()), float(quantile * values.std(ddof=1) * math.sqrt(1 / n_further + 1 / n))


def _recipe_images(stored: prepared.Prepared) -> tuple[Tensor, Tensor]:
    """Pixels [50000, 784] in 0…255 and labels of the notebook's training split, in its order."""
    official = ~torch.from_numpy(stored.is_test).bool()
    pixels = torch.from_numpy(stored.images)[official].flatten(1)
    labels = torch.from_numpy(stored.labels)[official].long()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(ref.UVA_SEED))
    order = order[: ref.UVA_TRAINING_IMAGES]
    return pixels[order].float(), labels[order]


def _symmetric(pixels: Tensor) -> Tensor:
    """Inputs in -1…1, rounded as the notebook rounds them, which `splits.normaliser` need not."""
    return (pixels / 255 - 0.5) / 0.5


def _dead(generator: torch.Generator, x: Tensor) -> list[int]:
    network = mlp.build(Recipe(ref.UVA_SIZES, "relu"), generator)
    return dead_neurons.n_dead(network, x)


def _cosines(generator: torch.Generator, depth: int) -> list[float]:
    network = mlp.MLP([WIDE] * (depth + 1) + [1], "relu")
    for linear in network.linears:
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)
        torch.nn.init.zeros_(linear.bias)
    with modes.frozen(network):
        hidden = [layer.h for layer in network.trace(torch.eye(2, WIDE)) if layer.h is not None]
    return [functional.cosine_similarity(h[0], h[1], dim=0).item() for h in hidden]


def _born_dead(width: int, generator: torch.Generator) -> float:
    """Share of `BORN` networks that answer exactly 0; biases are 0, weights uniform on ±1."""
    network = mlp.MLP([width] * (ref.BORN_DEAD_LAYERS + 1) + [1], "relu")
    drawn = {
        name: torch.zeros(BORN, *p.shape)
        if name.endswith("bias")
        else torch.rand(BORN, *p.shape, generator=generator) * 2 - 1
        for name, p in network.named_parameters()
    }
    x = torch.ones(1, width)
    answer = torch.func.vmap(lambda p: torch.func.functional_call(network, p, (x,)))(drawn)
    return (answer == 0).double().mean().item()


def _relative(
    quantity: str, setting: str, published: float, measured: float, source: str = ref.UVA_PYTORCH
) -> Comparison:
    """A number that float32 arithmetic should give again to five digits."""
    why = f"{FLOAT32:g} relative: float32, printed with 6 digits"
    return Comparison(quantity, setting, source, published, measured, 1, FLOAT32 * abs(published), why)
