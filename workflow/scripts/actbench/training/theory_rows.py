"""Rows of the tables of theory: for each activation, setting and depth, the networks before they train.

What is not predicted gives rows of nulls with a reason, and never an error: a user's activation that cannot
be made, another family of networks, an edge of chaos that is not there.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from actbench.activations import registry
from actbench.data import splits
from actbench.data.prepared import Prepared
from actbench.errors import one_line
from actbench.networks import initialisation
from actbench.runtime import seeds
from actbench.storage import theory_tables
from actbench.theory import critical, edges, expectation, predictions
from actbench.theory.mean_field import MeanField
from actbench.theory.predictions import Images, Linear
from actbench.training import recipe

FAMILY = "mlp"  # whose layers are known
PAIRED = 256  # images of which every two are compared
QUANTILES = 256  # that stand for the cosines of all pairs
CORRELATIONS = torch.linspace(0, 1, 41, dtype=torch.float64)
NO_LAYER = "no hidden layer comes after another one"


@dataclass(frozen=True)
class Setting:
    """What the networks of a setting have in common.

    Attributes:
        network: the config section, with `hidden_sizes`.
        images: those that train.
        n_inputs, n_classes: of the data set.
        n_batch: images of the mean loss whose gradients are predicted.
    """

    network: Mapping
    images: Images
    n_inputs: int
    n_classes: int
    n_batch: int


class Function:
    """One activation, with its mean field and edges of chaos, which are looked for once.

    Attributes:
        reason: why there are none, None if there are.
    """

    def __init__(self, spec: Mapping):
        self.reason, self._edges = None, {}
        try:
            with seeds.drawn_from(0):  # a user's own may draw when it is made
                self.module = registry.create(spec)
            self.field = MeanField(self.module)
        except Exception as error:  # it is anybody's code
            named = f"activations: {spec['name']} (import: {spec['import']})"
            self.reason = one_line(error).removeprefix(named).lstrip(": ")

    def edge(self, bias_std: float | None) -> critical.Point | None:
        """The edge of chaos, None if there is none or the activation has no averages."""
        if self.reason or bias_std is None:
            return None
        if bias_std not in self._edges:
            self._edges[bias_std] = critical.point(self.module, bias_std)
        return self._edges[bias_std]

    def edges(self) -> list[dict]:
        """Rows of `theory_tables.EDGES`, a row of nulls where there is no edge."""
        found = [] if self.reason else edges.curve(self.module, self.field.gaussian)
        return [*map(_point, found)] or [dict.fromkeys(theory_tables.EDGES.names[1:])]


def _point(edge: critical.Point) -> dict:
    """A row of `theory_tables.EDGES` without its activation."""
    row = {name: getattr(edge, name) for name in theory_tables.EDGES.names[1:]}
    return row | {"stable": None if edge.q is None else edge.stable}


def of_study(params: Mapping, stored: Prepared) -> dict[str, list[dict]]:
    """The rows of every table of `theory_tables`.

    Args:
        params: see `grid.theory_params`.
        stored: the prepared data set.
    """
    trained = {}
    for part in params["settings"].values():
        if part["normalisation"] not in trained:
            split = splits.split(stored, params["evaluation"], part["normalisation"])
            trained[part["normalisation"]] = of_images(split.train.x)
    n_inputs, n_classes = stored.images[0].size, len(stored.classes)
    settings = {
        name: Setting(part["network"], trained[part["normalisation"]], n_inputs, n_classes, params["images"])
        for name, part in params["settings"].items()
    }
    rows = {name: [] for name in theory_tables.SCHEMAS}
    for key, spec in params["activations"].items():
        function = Function(spec)
        rows["edges"] += [{"activation": key} | row for row in function.edges()]
        for name, setting in settings.items():
            for table, found in of_setting(function, setting).items():
                rows[table] += [{"activation": key, "setting": name} | row for row in found]
    return rows


def of_images(x: Tensor) -> Images:
    """Of the images [N, n_inputs] what predictions need; of the first `PAIRED` the cosines of every two.

    Of so many cosines quantiles are enough, the middles of `QUANTILES` equal shares of them: on the digits,
    the mean cosine of no layer changes by more than 6e-5.
    """
    first = x[:PAIRED].double()
    unit = first / torch.linalg.vector_norm(first, dim=1, keepdim=True)
    cosines = (unit @ unit.T)[tuple(torch.triu_indices(len(unit), len(unit), offset=1))]
    cosines = cosines[cosines.isfinite()].clamp(-1, 1)  # an image of zeros has no direction
    if len(cosines) > QUANTILES:
        middles = (torch.arange(QUANTILES, dtype=torch.float64) + 0.5) / QUANTILES
        cosines = torch.quantile(cosines, middles)
    own = x.double().square().mean(dim=1)
    spread = (own.std(correction=0) / own.mean()).item() if own.any() else None
    return Images(recipe.mean_square(x), x.mean(dtype=torch.float64).item(), cosines.tolist(), spread)


def of_setting(function: Function, setting: Setting) -> dict[str, list[dict]]:
    """The rows of one activation and setting, without these keys, by table; `edges` has none."""
    predicted, expected = [], []
    for hidden in setting.network["hidden_sizes"]:
        place, rows = {"depth": len(hidden)}, of_network(function, setting, hidden)
        predicted += [place | row for row in rows]
        found = predictions.decay(rows)
        trains = expectation.expected(found["log10_first_last"])
        reason = rows[0]["reason"] or expectation.unknown(found["log10_first_last"])
        expected.append(place | found | {"expected_to_train": trains, "reason": reason})
    described, next_correlations = of_map(function, setting)
    values = zip(CORRELATIONS.tolist(), next_correlations, strict=True)
    return {
        "theory": [described],
        "correlations": [{"correlation": c, "next_correlation": after} for c, after in values],
        "predictions": predicted,
        "expectations": expected,
    }


def of_network(function: Function, setting: Setting, hidden: Sequence[int]) -> list[dict]:
    """Rows of `theory_tables.PREDICTIONS` from `layer` on, a row a layer."""
    found = layers(function, setting, hidden)
    if isinstance(found, str):
        rows = [
            dict.fromkeys(theory_tables.PREDICTIONS.names[3:]) | {"width": width, "reason": found}
            for width in (*hidden, setting.n_classes)
        ]
    else:
        norm = setting.network["norm"]
        rows = predictions.predict(function.field, found, setting.images, setting.n_batch, norm)
    return [row | {"layer": number} for number, row in enumerate(rows)]


def layers(function: Function, setting: Setting, hidden: Sequence[int]) -> list[Linear] | str:
    """The Linear layers of a network, or why they are not known."""
    network = setting.network
    if network["family"] != FAMILY:
        return f"networks of the family {network['family']}, whose layers theory does not know"
    if function.reason:
        return function.reason
    kind, initial = network["initialisation"], None
    if kind == initialisation.CRITICAL:
        edge = function.edge(network["bias_std"])
        if edge is None:
            return f"no edge of chaos with network.bias_std {network['bias_std']:g}"
        initial = recipe.initial(edge, setting.images.mean_square)
    sizes = [setting.n_inputs, *hidden, setting.n_classes]
    variances = initialisation.variances(sizes, initial, kind, network["gain"], network["bias_std"])
    return [
        Linear(n_in, n_out, *both, network["residual"] and n_in == n_out and number < len(hidden))
        for number, ((n_in, n_out), both) in enumerate(zip(itertools.pairwise(sizes), variances, strict=True))
    ]


def of_map(function: Function, setting: Setting) -> tuple[dict, list[float | None]]:
    """The row of `theory` from `weight_std` on, and the correlations one layer after `CORRELATIONS`."""
    network, row = setting.network, dict.fromkeys(theory_tables.THEORY.names[2:])
    row["spread"] = setting.images.spread
    edge = function.edge(network.get("bias_std"))
    if edge is not None:
        row |= {f"edge_{name}": value for name, value in _point(edge).items()}
    nowhere = [None] * len(CORRELATIONS)
    found = layers(function, setting, network["hidden_sizes"][-1])
    if isinstance(found, str):
        return row | {"reason": found}, nowhere
    row["error"] = function.field.gaussian.error
    if len(found) < 3:
        return row | {"reason": NO_LAYER}, nowhere
    both = found[-2].weight_variance, found[-2].bias_variance
    row |= {"weight_std": math.sqrt(both[0]), "bias_std": math.sqrt(both[1])}
    if network["norm"] != "none" or network["residual"]:
        return row | {"reason": theory_tables.NO_MAP}, nowhere
    first = found[0].weight_variance * setting.images.mean_square + found[0].bias_variance
    field = function.field
    if math.isnan(field.variance(first, *both)):
        return row | {"reason": predictions.unknown(field, first, "the first layer")}, nowhere
    row["n_fixed_points"] = None if field.unknown() else len(field.fixed_points(*both))
    point = field.limit(first, *both)
    if point is not None:
        told = not math.isnan(point.slope) and not math.isinf(point.xi_q or 0)
        row |= {"q": point.q, "stable": point.stable if told else None}
    elif (stop := field.stops(first, *both)) is not None:
        return row | {"reason": predictions.unknown(field, stop, "on the way to a fixed point")}, nowhere
    elif field.homogeneous:
        row["reason"], point = theory_tables.NO_POINT, field.point(first, both[0])
    else:
        return row | {"reason": theory_tables.NO_POINT}, nowhere
    row |= {"slope": _known(point.slope), "chi": _known(point.chi), "xi_q": point.xi_q, "xi_c": point.xi_c}
    if row["chi"] is None:
        row["reason"] = predictions.unknown(field, point.q, "the fixed point")
    return row, field.correlation(CORRELATIONS, point.q, *both).tolist()


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
