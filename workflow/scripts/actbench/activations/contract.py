"""What an activation of a user's own must keep to, tried on a few numbers before anything trains."""

import contextlib
from collections.abc import Iterator, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from actbench.activations import entries, places, states, switches
from actbench.activations.entries import same
from actbench.errors import UserError, one_line
from actbench.runtime import seeds

HUGE = 1e30
STEPS = 3
NOT_STORED = (
    "keeps a state that is not stored: rebuilt after training from its parameters, buffers and numbers, it "
    "is another function; keep all of its state in parameters, buffers (register_buffer) or attributes that "
    "are int, float or bool"
)
SETTINGS = "; what is set for the whole process must stay as it is"
NOT_SAFE = "; one that says cuda_graph_safe = True must not"

_passed: set[tuple[type, str]] = set()


def refusal(spec: Mapping, words: str, place: str | None = None) -> UserError:
    """The sentence that names the activation and says `words` of it, and the place in its file, if known."""
    where = f" ({place})" if place else ""
    return UserError(f"activations: {spec['name']} (import: {spec['import']}) {words}{where}.")


@contextlib.contextmanager
def running(cls: type[nn.Module], spec: Mapping, when: str, fails: str) -> Iterator[None]:
    """Refuse what own code raises in the body, and settings of the process that it changes.

    Args:
        when: it runs, as in “when it is called”.
        fails: what an exception means, as in “cannot be made”.
    """
    with switches.kept(lambda words: refusal(spec, f"{words} {when}{SETTINGS}", places.of_class(cls))):
        try:
            yield
        except UserError:
            raise
        except BaseException as error:  # sys.exit() too
            place = places.of_error(error) or places.of_class(cls)
            raise refusal(spec, f"{fails}: {one_line(error)}", place) from error


def make(cls: type[nn.Module], spec: Mapping) -> nn.Module:
    """Call a user's class with the parameters; the numbers that its module keeps are part of its state.

    Raises:
        UserError: the call fails or changes a setting of the process.
    """
    with running(cls, spec, "when it is made", "cannot be made"):
        module = cls(**spec["parameters"])
        states.keep_numbers(module)
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
    - It changes no setting of the process (`switches`). Its parameters are there as soon as it is made, and
      fit layers of any width.
    - It may draw random numbers from the global generators of torch, numpy and Python, but not seed them:
      under the same random state it gives the same numbers. What draws in evaluation mode too is tried on
      entries that keep their signs, since how much is drawn may depend on them, and not for being the same at
      every place.
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
    trying = running(cls, spec, "when it is tried", "fails when it is tried")
    with seeds.drawn_from(0), torch.enable_grad(), trying:
        trial = _Trial(cls, spec)
        trial.basics()
        trial.generators()
        trial.repeats()
        trial.entry_by_entry()
        trial.in_float64()
        trial.state()
    _passed.add(key)


class _Trial:
    """The tries of one class; each fresh module and each call starts from the same random state."""

    def __init__(self, cls: type[nn.Module], spec: Mapping):
        self.cls, self.spec = cls, spec
        self.near, self.far = entries.numbers()
        self.weight = torch.ones((), requires_grad=True)

    def fresh(self, seed: int = 0) -> nn.Module:
        seeds.restart(seed)
        return make(self.cls, self.spec)

    def call(self, module: nn.Module, x: Tensor, seed: int = 0) -> Tensor:
        """f(x), which must look as it should and leave x as it is."""
        seeds.restart(seed)
        given = x.clone()
        try:
            with self.running("when it is called", f"fails on an input of shape {tuple(x.shape)}"):
                f = module(given)
        except UserError:
            self.check_width(module)
            raise
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
            self.check_width(module)
            raise self.refusal(
                f"gives the shape {tuple(f.shape)} for {tuple(x.shape)}; the input's shape is needed"
            )
        if f.dtype != x.dtype:
            raise self.refusal(f"gives {_kind(f)} for {_kind(x)}; the input's type is needed")
        return f

    def differentiate(self, module: nn.Module, x: Tensor, seed: int = 0) -> None:
        """Take the gradient, as far back as to a weight that all calls share."""
        f, gradient = self.call(module, self.weight * x, seed), None
        when = "when its gradient is taken"
        with self.running(when, f"fails {when}"):
            if f.requires_grad:
                gradient = torch.autograd.grad(f.sum(), self.weight, allow_unused=True)[0]
        if gradient is None:
            raise self.refusal("has no gradient with respect to its input; one that autograd finds is needed")

    def check_width(self, module: nn.Module) -> None:
        """Refuse a module that fails, but works on layers as wide as one of its parameters or buffers."""
        for name, tensor in _tensors(module).items():
            for width in sorted(set(tensor.shape) - {0, 1}):
                try:
                    with self.running("", ""):
                        fits = module(torch.ones(2, width)).shape == (2, width)
                except UserError:
                    continue
                if fits:
                    raise self.refusal(
                        f"works on layers of {width} units only, since its {name} has the shape "
                        f"{tuple(tensor.shape)}; one for layers of any width is needed"
                    )

    def basics(self) -> None:
        """Form, gradient and an untouched input, in both modes."""
        module = self.fresh()
        for name, tensor in _tensors(module).items():
            if nn.parameter.is_lazy(tensor):
                raise self.refusal(
                    f"has {name} without a shape until it is called; one of a known shape is needed"
                )
        known = _tensors(module).keys()
        for key, entry in module.state_dict().items():
            if not isinstance(entry, Tensor):
                raise self.refusal(f"has {key} in its state_dict, no tensor; only tensors can be stored")
        for training in (True, False):
            module.train(training)
            for x in (self.far, self.far.sign() * HUGE):
                self.differentiate(module, x)
        for name in _tensors(module).keys() - known:
            raise self.refusal(
                f"makes {name} when it is called; parameters and buffers are needed from the start"
            )

    def generators(self) -> None:
        """Where the global generators end depends on where they began, unless their seeds are set."""
        module = self.fresh()
        tries = {
            "made": self.fresh,
            "called": lambda seed: self.differentiate(module.eval(), self.near, seed),
            "called while training": lambda seed: self.differentiate(module.train(), self.near, seed),
        }
        for when, attempt in tries.items():
            ends = []
            for seed in (0, 1):
                attempt(seed)
                ends.append(seeds.positions())
            for name in ends[0]:
                if ends[0][name] == ends[1][name]:
                    raise self.refusal(
                        f"sets the seed of {name} when it is {when}; one that only draws from it is needed"
                    )

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
            others = x * factor if draws else entries.moved(away)
            for kept in entries.halves():
                if not entries.close(self.call(module, torch.where(kept, x, others))[kept], f[kept]):
                    raise self.refusal(
                        "does not work entry by entry: with other entries changed, the output at an entry "
                        "changes too; one that works on each entry alone is needed"
                    )
            if draws:
                continue
            if not entries.close(self.call(module, entries.moved(x)), entries.moved(f)):
                raise self.refusal(
                    "gives other numbers for the same entry at another place; "
                    "the same function at every place is needed"
                )
            for some, of_some in zip(entries.reshaped(x), entries.reshaped(f), strict=True):
                if not entries.close(self.call(module, some), of_some):
                    raise self.refusal(
                        f"gives other numbers for the same entries in the shape {tuple(some.shape)} than in "
                        f"{entries.SHAPE}; the same function for every shape is needed"
                    )

    def in_float64(self) -> None:
        """A copy in float64, on one dimension, is what `properties` measures."""
        with self.running("when it is copied", "cannot be copied with copy.deepcopy"):
            double = deepcopy(self.fresh().eval()).double()
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

    def running(self, when: str, fails: str) -> contextlib.AbstractContextManager[None]:
        return running(self.cls, self.spec, when, fails)

    def refusal(self, words: str) -> UserError:
        return refusal(self.spec, words, places.of_class(self.cls))


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers."""
    return dict([*module.named_parameters(), *module.named_buffers()])


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
