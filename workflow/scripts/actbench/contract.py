"""What an activation of a user's own must keep to, tried on a few numbers before anything trains."""

from collections.abc import Iterator, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from actbench import seeds, states
from actbench.errors import UserError, said

SHAPE = (5, 7)  # of the numbers tried: more than a vector register holds, and no multiple of one
WIDE = (40, 100)  # times as much
FAR = 1e4
HUGE = 1e30
STEPS = 3
NOT_STORED = (
    "keeps a state that is not stored: rebuilt after training from its parameters, buffers and numbers, it "
    "is another function; keep all of its state in parameters, buffers (register_buffer) or attributes that "
    "are int, float or bool"
)
NOT_SAFE = "; one that says cuda_graph_safe = True must not"

_passed: set[tuple[type, str]] = set()


def refusal(spec: Mapping, words: str) -> UserError:
    """The sentence that names the activation and says `words` of it."""
    return UserError(f"activations: {spec['name']} (import: {spec['import']}) {words}.")


def make(cls: type[nn.Module], spec: Mapping) -> nn.Module:
    """Call a user's class with the parameters; the numbers that its module keeps are part of its state.

    Raises:
        UserError: the call fails.
    """
    try:
        module = cls(**spec["parameters"])
        states.keep_numbers(module)
    except Exception as error:
        raise refusal(spec, f"cannot be made: {said(error)}") from error
    return module


def cuda_graph_safe(cls: type[nn.Module]) -> bool:
    """Whether a class says that its steps may be captured: it neither draws nor changes its state."""
    return getattr(cls, "cuda_graph_safe", False) is True


def check(cls: object, spec: Mapping) -> None:
    """Make and call a user's class, once for its parameters in a process, and refuse what breaks the rules.

    - It is a subclass of `nn.Module`; forward gives real numbers of the input's shape and type (float32 and
      float64), for any shape, leaves the input as it is (up to ±1e30), and has a gradient.
    - In evaluation mode each output is a function of the entry at its place alone, the same at every place.
      NaN and infinities are numbers like others. While training, an output may depend on all entries, as in
      BatchNorm.
    - It may draw random numbers from the global generators of torch, numpy and Python: under the same random
      state it gives the same numbers. What draws in evaluation mode too is tried on entries that keep their
      signs, since how much is drawn may depend on them, and not for being the same at every place.
    - It may change its state while it trains, if parameters, buffers and plain numbers are all of it.
    - A class with `cuda_graph_safe = True` neither draws nor changes its state.

    The global generators are as before afterwards.

    Raises:
        UserError: what was found and what is needed, in one sentence.
    """
    if not isinstance(cls, type) or not issubclass(cls, nn.Module):
        what = f"the class {cls.__name__}" if isinstance(cls, type) else f"a {type(cls).__name__}"
        raise refusal(spec, f"is {what}; a subclass of torch.nn.Module is needed")
    key = (cls, repr(spec["parameters"]))
    if key in _passed:
        return
    with seeds.drawn_from(0), torch.enable_grad():
        trial = _Trial(cls, spec)
        trial.basics()
        trial.repeats()
        trial.entry_by_entry()
        trial.in_float64()
        trial.state()
    _passed.add(key)


class _Trial:
    """The tries of one class; each fresh module and each call starts from the same random state."""

    def __init__(self, cls: type[nn.Module], spec: Mapping):
        self.cls, self.spec = cls, spec
        self.near, self.far = _numbers()
        self.weight = torch.ones((), requires_grad=True)

    def fresh(self) -> nn.Module:
        seeds.restart(0)
        return make(self.cls, self.spec)

    def call(self, module: nn.Module, x: Tensor, seed: int = 0) -> Tensor:
        """f(x), which must look as it should and leave x as it is."""
        seeds.restart(seed)
        given = x.clone()
        try:
            f = module(given)
        except Exception as error:
            raise self.refusal(f"fails on an input of shape {tuple(x.shape)}: {said(error)}") from error
        if not torch.equal(given, x):
            raise self.refusal(
                "changes its input in place, and the pre-activations that the probes measure would be lost; "
                "one that leaves it alone is needed"
            )
        if not isinstance(f, Tensor):
            raise self.refusal(f"gives {type(f).__name__}; a tensor is needed")
        if f.is_complex():
            raise self.refusal("gives complex numbers; real ones are needed")
        if f.shape != x.shape:
            raise self.refusal(
                f"gives the shape {tuple(f.shape)} for {tuple(x.shape)}; the input's shape is needed"
            )
        if f.dtype != x.dtype:
            raise self.refusal(f"gives {_kind(f)} for {_kind(x)}; the input's type is needed")
        return f

    def differentiate(self, module: nn.Module, x: Tensor) -> None:
        """Take the gradient, as far back as to a weight that all calls share."""
        f = self.call(module, self.weight * x)
        try:
            gradient = (
                torch.autograd.grad(f.sum(), self.weight, allow_unused=True)[0] if f.requires_grad else None
            )
        except Exception as error:
            raise self.refusal(f"fails when its gradient is taken: {said(error)}") from error
        if gradient is None:
            raise self.refusal("has no gradient with respect to its input; one that autograd finds is needed")

    def basics(self) -> None:
        """Form, gradient and an untouched input, in both modes."""
        module = self.fresh()
        for key, entry in module.state_dict().items():
            if not isinstance(entry, Tensor):
                raise self.refusal(f"has {key} in its state_dict, no tensor; only tensors can be stored")
        for training in (True, False):
            module.train(training)
            for x in (self.far, self.far.sign() * HUGE):
                self.differentiate(module, x)

    def repeats(self) -> None:
        """Two modules under the same random state, then one of them twice in evaluation mode."""
        first, second = self.fresh(), self.fresh()
        if {id(one) for one in first.parameters()} & {id(one) for one in second.parameters()}:
            raise self.refusal("shares a parameter with others of its class; each must make its own")
        for training in (True, False):
            values = [self.call(module.train(training), self.near) for module in (first, second)]
            if not same(*values):
                raise self.refusal(
                    "gives other numbers when it is made and called again under the same random state; its "
                    "state must be in the module, and it must draw from torch, numpy.random or random"
                )
        if not same(values[0], self.call(first, self.near)):
            raise self.refusal(
                "gives other numbers when it is called again in evaluation mode; only training "
                "(self.training) may change its state"
            )

    def entry_by_entry(self) -> None:
        """Each output depends on its own entry, by the same function at every place and in every shape."""
        module = self.fresh().eval()
        draws = not same(self.call(module, self.near), self.call(module, self.near, seed=1))
        for x, away, factor in ((self.near, self.far, 1e3), (self.far, self.near, 1e-3)):
            f = self.call(module, x)
            others = x * factor if draws else _moved(away)
            for kept in _halves():
                if not _close(self.call(module, torch.where(kept, x, others))[kept], f[kept]):
                    raise self.refusal(
                        "does not work entry by entry: with other entries changed, the output at an entry "
                        "changes too; one that works on each entry alone is needed"
                    )
            if draws:
                continue
            if not _close(self.call(module, _moved(x)), _moved(f)):
                raise self.refusal(
                    "gives other numbers for the same entry at another place; "
                    "the same function at every place is needed"
                )
            for some, of_some in zip(_reshaped(x), _reshaped(f), strict=True):
                if not _close(self.call(module, some), of_some):
                    raise self.refusal(
                        f"gives other numbers for the same entries in the shape {tuple(some.shape)} than in "
                        f"{SHAPE}; the same function for every shape is needed"
                    )

    def in_float64(self) -> None:
        """A copy in float64, on one dimension, is what `properties` measures."""
        try:
            double = deepcopy(self.fresh().eval()).double()
        except Exception as error:
            raise self.refusal(f"cannot be copied with copy.deepcopy: {said(error)}") from error
        self.differentiate(double, self.far.flatten().double())

    def state(self) -> None:
        """After a few steps of training a module can be rebuilt from its `state_dict`."""
        trained, rebuilt = self.fresh().train(), self.fresh()
        before = {key: entry.clone() for key, entry in trained.state_dict().items()}
        for step in range(1, STEPS + 1):
            self.differentiate(trained, step * self.near)
        after = trained.state_dict()
        if cuda_graph_safe(self.cls):
            if before.keys() != after.keys() or not all(same(after[key], before[key]) for key in before):
                raise self.refusal("changes its state while it trains" + NOT_SAFE)
            if not same(self.call(trained, self.near), self.call(trained, self.near, seed=1)):
                raise self.refusal("draws random numbers" + NOT_SAFE)
        try:
            rebuilt.load_state_dict(after)
        except RuntimeError as error:
            raise self.refusal(NOT_STORED) from error
        if not same(*(self.call(module.eval(), self.near) for module in (trained, rebuilt))):
            raise self.refusal(NOT_STORED)

    def refusal(self, words: str) -> UserError:
        return refusal(self.spec, words)


def _numbers() -> tuple[Tensor, Tensor]:
    """Numbers of size 1, and ±0.01 to ±1e4 with zeros; all others are different."""
    generator = torch.Generator().manual_seed(0)
    near = torch.randn(SHAPE, generator=generator)
    far = near.sign() * 10 ** (6 * torch.rand(SHAPE, generator=generator) - 2)
    far.view(-1)[::9] = torch.tensor([0.0, -FAR, FAR, 0.0])
    return near, far


def _halves() -> Iterator[Tensor]:
    """Masks of about half of the entries: of any two entries one is kept and the other not, in some mask."""
    place = torch.arange(SHAPE[0] * SHAPE[1]).view(SHAPE)
    for bit in range((place.numel() - 1).bit_length()):
        kept = (place >> bit) % 2 == 0
        yield from (kept, ~kept)


def _moved(x: Tensor) -> Tensor:
    """Every entry at the next place."""
    return x.flatten().roll(1).view(x.shape)


def _reshaped(x: Tensor) -> tuple[Tensor, ...]:
    """One dimension, one row, one column, three dimensions, and as many as a wide layer has."""
    return x.flatten(), x[:1], x[:, :1], x[None, 2:, 3:], x.repeat(*WIDE)


def same(one: Tensor, other: Tensor) -> bool:
    """Equal but for the sign of zeros; NaN equals NaN."""
    if one.shape != other.shape:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal but for rounding: a number may be computed by another instruction at another place."""
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
