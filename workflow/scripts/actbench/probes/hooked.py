"""Any classifier as probes take a network: hooks on its activation modules give its layers."""

import contextlib
import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import activation as of_torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from actbench.activations import registry
from actbench.data.subsets import Data, Subset
from actbench.errors import UserError, one_line
from actbench.networks import modes
from actbench.networks.family import Layer
from actbench.probes import dead_neurons, distributions, gradients, linear_maps
from actbench.probes.probe import SECTION
from actbench.runtime import seeds

BATCH = 64  # examples whose layers are held at once while units are counted
TRIED = 4096  # entries of a layer on which an activation is tried
OUTPUT = "output"  # what the last layer is called
# Those of torch.nn.modules.activation that mix the entries of their input.
MIXING = {"GLU", "LogSoftmax", "MultiheadAttention", "Softmax", "Softmax2d", "Softmin"}
UNSEEN = (
    "a function that is called inside of forward, such as torch.nn.functional.relu, cannot be seen: make it "
    "a module, such as torch.nn.ReLU"
)


def examples(module: nn.Module, x: Tensor, y: Tensor | None) -> Data:
    """Examples as all subsets of a split, on the CPU; numbers with a point get the type of the module's own.

    Args:
        module: it is not called.
        x, y: tensors, or what numpy takes for arrays, such as tables of numbers.

    Raises:
        UserError: module is none, x and y are no arrays of the same length, or y holds no class indices.
    """
    if not isinstance(module, nn.Module):
        raise UserError(f"network is {one_line(repr(module))}; allowed: a torch.nn.Module.")
    if y is None:
        raise UserError("y is None; allowed: the class index of each example.")
    with torch.inference_mode(False):
        x, y = _tensor(x), _tensor(y)
    if x.ndim < 2 or y.shape != x.shape[:1] or len(y) < 2 or not x.numel():
        raise UserError(
            f"x is {list(x.shape)} and y {list(y.shape)}; allowed: [N, …] and [N] with two examples or more, "
            "each of a number or more."
        )
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool or (y < 0).any():
        raise UserError("y holds something else than whole numbers from 0; allowed: class indices.")
    if x.is_floating_point():
        kinds = {p.dtype for p in module.parameters() if p.is_floating_point()}
        x = x.to(kinds.pop() if len(kinds) == 1 else torch.float32)
    subset = Subset(x, y.long())
    return Data(subset, subset, subset, int(y.max()) + 1)


def _tensor(values: object) -> Tensor:
    try:
        if not isinstance(values, Tensor) and hasattr(values, "__array__"):
            values = np.require(values, requirements="W")  # torch warns of others
        found = torch.as_tensor(values).detach().cpu()
        if found.layout != torch.strided or found.is_nested:
            raise TypeError(f"a tensor that is {'nested' if found.is_nested else found.layout}")
        return found.clone() if found.is_inference() else found
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"x or y is no array of numbers: {one_line(error)}.") from error


def measure(
    module: nn.Module,
    data: Data,
    sections: Mapping[str, Mapping],
    activations: str | type | nn.Module | Sequence[str | type | nn.Module] = (),
) -> dict[str, list[dict]]:
    """Rows a probe by name, as a network of ours has them, with the name of the `module` beside the layer.

    Args:
        module, activations: see `Hooked`.
        data: see `examples`.
        sections: of the config by probe, see `registry.of_config`.

    Raises:
        UserError: the module cannot be measured, or with one of these probes not; or it has fewer classes.
    """
    if others := sorted(sections.keys() - {"gradients", "distributions", "dead_neurons"}):
        raise UserError(f"{SECTION}{others[0]} is enabled; allowed of networks of actbench only.")
    x, y = data.train.x, data.train.y
    with torch.inference_mode(False), torch.enable_grad(), seeds.drawn_from(0), _slow_attention():
        network = Hooked(module, activations)
        names, n_classes = network.check(x[:BATCH])
        if n_classes < data.n_classes:
            raise UserError(
                f"y holds class {data.n_classes - 1}; allowed: below {n_classes}, the module's logits."
            )
        rows = {}
        if section := sections.get("gradients"):
            n = section["images"]
            rows["gradients"] = gradients.measure(network, x[:n], y[:n], section["bins"])
        if section := sections.get("distributions"):
            rows["distributions"] = distributions.measure(network, x[: section["images"]], section["bins"])
        if section := sections.get("dead_neurons"):
            network.by_unit = True
            rows["dead_neurons"] = dead_neurons.measure(network, x, section["dormant_threshold"], BATCH)
    return {
        name: [{"layer": row["layer"], "module": names[row["layer"]]} | row for row in found]
        for name, found in rows.items()
    }


@contextlib.contextmanager
def _slow_attention() -> Iterator[None]:
    """Let torch's transformer layers call their modules, which their fused path does not."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


class Hooked(nn.Module):
    """A copy of a classifier on the CPU whose `trace` yields a layer for each call of an activation module.

    What a layer's activation is given is its z, what it gives its h. The last layer's z are the logits. The
    parameters of a layer are `weight` and `bias` of the linear map that its z comes from with no activation
    between; of several the last that gave z's shape, else as many dimensions. A linear map is a module with
    a weight of two or more dimensions, other than `linear_maps.NORMS`; where that weight is computed, as by
    spectral_norm, it is the one that was used. What an earlier layer has is not given
    again.

    With `by_unit` z and h are [rows, units], every position a row: units are dimension 1 after a convolution,
    else the last one. Otherwise z is as the module has it, and h [N, …] flattened.

    Args:
        module: takes a tensor [N, …] to logits [N, n_classes]; it stays as it is.
        activations: a name, class or module, or several; none for all entrywise ones of `torch.nn` and the
            registry.

    Raises:
        UserError: the module cannot be copied, or has no such activation.
    """

    pure = True  # in evaluation mode; what it draws all the same is for the caller to seed

    def __init__(
        self, module: nn.Module, activations: str | type | nn.Module | Sequence[str | type | nn.Module] = ()
    ):
        super().__init__()
        self.names, self.by_unit = chosen(module, activations), False
        for name, tensor in itertools.chain(module.named_parameters(), module.named_buffers()):
            if nn.parameter.is_lazy(tensor):
                raise UserError(f"module has no {name} yet; allowed: lazy modules that were called once.")
        try:
            self.module = (
                copy.deepcopy(module).cpu().eval()
            )  # in training weights may change as they are read
            self.linears = [
                part
                for name, part in self.module.named_modules()
                if linear_maps.is_one(part) and not _inside(name, self.names)
            ]
            for parameter in self.module.parameters():
                if parameter.is_floating_point():
                    parameter.requires_grad_(True)
        except Exception as error:  # whatever anybody's module raises
            raise UserError(f"module cannot be copied: {one_line(error)}.") from error

    @property
    def norms(self) -> list[nn.Module]:
        """Batch normalisation, for `modes.evaluating`."""
        return [part for part in self.modules() if isinstance(part, _BatchNorm)]

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, n_classes].

        Raises:
            UserError: the module refuses x, or gives anything else, or no gradients where these are wanted.
        """
        try:
            logits = self.module(x.clone())  # which it may change in place
        except UserError:
            raise
        except Exception as error:  # whatever anybody's module raises
            raise UserError(f"module refuses x of shape {list(x.shape)}: {one_line(error)}.") from error
        if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(x):
            shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise UserError(f"module gives {shape} for {len(x)} examples; allowed: logits [N, classes].")
        if torch.is_grad_enabled() and not logits.requires_grad:
            raise UserError(
                "module gives logits without gradients; allowed: a forward without torch.no_grad, "
                "torch.inference_mode and detach()."
            )
        return logits

    def trace(self, x: Tensor) -> Iterator[Layer]:
        """Yield the layers for x [N, …]; see `family.Network.trace`."""
        return (layer for _, layer in self.calls(x))

    def calls(self, x: Tensor) -> Iterator[tuple[str, Layer]]:
        """The same with the name of each layer's activation module."""
        found, maps, nodes, given = [], [], {}, set()

        def source(z) -> tuple[linear_maps.Map | None, dict[str, Tensor]]:
            reached = linear_maps.reached(z.grad_fn, nodes)
            own = linear_maps.nearest(
                [each for each in maps if each in reached] if reached else maps, z.shape
            )
            new = own is not None and own.part not in given
            if new:
                given.add(own.part)
            return own or linear_maps.nearest(maps, z.shape), own.parameters if new else {}

        def mapped(part, arguments, output):
            if isinstance(output, Tensor):
                maps.append(linear_maps.Map(part, output.shape, linear_maps.used(part)))
                nodes[output.grad_fn] = maps[-1]

        def before(name, part, arguments, keywords):
            tensors = [*arguments, *keywords.values()]
            if len(tensors) != 1 or not isinstance(tensors[0], Tensor):
                raise UserError(
                    f"{name} ({type(part).__name__}) is given more than a tensor; allowed: one tensor."
                )
            z = tensors[0].clone()  # which nothing changes in place
            if torch.is_grad_enabled() and not z.requires_grad:
                z.requires_grad_(True)
            linear, owned = source(z)
            convolved = isinstance(linear.part, _ConvNd) if linear else z.ndim > 3
            found.append([name, z, None, part, owned, 1 if convolved and z.ndim > 1 else -1])
            return (z.clone(),), {}

        def after(part, arguments, h):
            call = next(call for call in reversed(found) if call[3] is part and call[2] is None)
            if not isinstance(h, Tensor) or h.shape != call[1].shape:
                raise UserError(_mixes(call[0], part))
            call[2] = h.clone()
            nodes[h.grad_fn] = None

        with contextlib.ExitStack() as hooks:
            hooks.enter_context(parametrize.cached())  # a weight that is computed is one tensor
            for linear in self.linears:
                hooks.enter_context(linear.register_forward_hook(mapped))
            for name in self.names:
                part = self.module.get_submodule(name)
                hook = part.register_forward_pre_hook(_named(before, name), with_kwargs=True)
                hooks.enter_context(hook)
                hooks.enter_context(part.register_forward_hook(after))
            logits = self(x)
            owned = source(logits)[1]
        if not found:
            raise UserError(f"no activation module of {', '.join(self.names[:5])} ran; {UNSEEN}.")
        for name, z, h, part, weights, unit in found:
            if self.by_unit:
                yield name, Layer(_rows(z, unit), _rows(h, unit), part, weights)
            else:
                yield name, Layer(z, _by_example(h, len(x), name), part, weights)
        yield OUTPUT, Layer(logits, None, None, owned)

    def check(self, x: Tensor) -> tuple[list[str], int]:
        """The name of each layer's activation module, and the number of classes, if they can be measured.

        Raises:
            UserError: an activation does not work entry by entry, or hooks change the logits.
        """
        self.by_unit = True  # z and h in one order
        with modes.frozen(self):
            plain = self(x)
            calls = list(self.calls(x))
        self.by_unit = False
        for name, layer in calls[:-1]:
            if not layer.z.numel():
                raise UserError(f"{name} is given no units; allowed: layers of one unit or more.")
            _check_entrywise(name, layer)
        if not torch.allclose(plain, calls[-1][1].z, rtol=1e-4, atol=1e-5, equal_nan=True):
            raise UserError(
                "module gives other logits when its activations are looked at; allowed: activations that "
                "change nothing in place that is read elsewhere, and no random numbers in evaluation mode."
            )
        return [name for name, _ in calls], plain.shape[1]


def chosen(
    module: nn.Module, activations: str | type | nn.Module | Iterable[str | type | nn.Module] = ()
) -> list[str]:
    """Names of the activation modules in a module, in its order; one inside of another does not count.

    Raises:
        UserError: there is none, or something named is not there.
    """
    parts, wanted = dict(module.named_modules()), _wanted(activations)
    if not wanted:
        kinds = entrywise()
        found = [name for name, part in parts.items() if isinstance(part, kinds)]
        if not found:
            raise UserError(
                f"module has no activation module of torch.nn or the registry; {UNSEEN}, or name your own "
                "with activations=[…]."
            )
    else:
        found = [name for name, part in parts.items() if any(_is(name, part, each) for each in wanted)]
        for each in wanted:
            if not any(_is(name, part, each) for name, part in parts.items()):
                raise UserError(
                    f"activations names {one_line(repr(each))}, which module has not; allowed: names of "
                    "module.named_modules(), classes and modules."
                )
    return [name for name in found if not _inside(name, [other for other in found if other != name])]


def entrywise() -> tuple[type, ...]:
    """Classes of activation modules of `torch.nn` and the registry, less the identity, a placeholder."""
    torchs = {getattr(of_torch, name) for name in of_torch.__all__ if name not in MIXING}
    ours = {type(registry.create(name)) for name in registry.REGISTRY}
    return tuple((torchs | ours) - {nn.Identity})


def _wanted(activations: object) -> list:
    if isinstance(activations, str | type | nn.Module):
        return [activations]
    if not isinstance(activations, Iterable):
        raise UserError(
            f"activations is {one_line(repr(activations))}; allowed: names, classes and modules, one or more."
        )
    return list(activations)


def _is(name: str, part: nn.Module, wanted: str | type | nn.Module) -> bool:
    if isinstance(wanted, type):
        return isinstance(part, wanted)
    return part is wanted or (isinstance(wanted, str) and name == wanted)


def _inside(name: str, others: Iterable[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") or not other for other in others)


def _named(hook, name: str):
    return lambda part, arguments, keywords: hook(name, part, arguments, keywords)


def _rows(values: Tensor, unit: int) -> Tensor:
    """[rows, units] of a tensor whose units are its dimension `unit`."""
    return values.movedim(unit, -1).flatten(0, -2) if values.ndim > 1 else values[:, None]


def _by_example(h: Tensor, n: int, name: str) -> Tensor:
    """[N, …] flattened of h whose first or second dimension counts examples, or parts of them."""
    if len(h) != n and h.ndim > 2 and h.shape[1] == n:
        h = h.transpose(0, 1)
    if len(h) % n:
        raise UserError(
            f"{name} works on {list(h.shape)} for {n} examples: none of the dimensions counts them."
        )
    return h.reshape(n, -1)


def _check_entrywise(name: str, layer: Layer) -> None:
    """Turned round, the entries must give what they gave, turned round."""
    z, h = (values.flatten()[:TRIED].flip(0) for values in (layer.z, layer.h))
    try:
        with torch.no_grad():
            turned = layer.activation(z.clone())
    except Exception as error:  # whatever anybody's module raises
        raise UserError(_mixes(name, layer.activation)) from error
    if turned.shape != z.shape or not torch.allclose(turned, h, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise UserError(_mixes(name, layer.activation))


def _mixes(name: str, part: nn.Module) -> str:
    return (
        f"{name} ({type(part).__name__}) does not work on each entry alone and alike; allowed: entrywise "
        "activations, named with activations=[…]."
    )
