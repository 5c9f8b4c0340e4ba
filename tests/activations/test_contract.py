"""What a user's own activation must keep to, and that it is tried without a trace."""

import contextlib
import itertools
import random
from pathlib import Path

import numpy as np
import own_activations as mine
import pytest
import torch
from actbench.activations import contract, entries
from actbench.errors import UserError
from actbench.runtime import seeds
from torch import nn
from torch.nn import functional

pytestmark = pytest.mark.fault(
    "the contract of an own activation",
    "classes that mix entries, depend on the place, change their input, hide a state, have no gradient, fit one width, end Python or raise what cannot be said, and their harmless likes",
    "one sentence each with file and line, before anything trains; the harmless pass",
)

SPEC = {"import": "my_module:Mine", "name": "mine", "parameters": {}}
PLAIN = [mine.HandTanh, mine.FastSine, mine.SquaredReLU, mine.Exp, mine.Masked, mine.CappedByBuffer]
OF_TORCH = [nn.PReLU, nn.GELU, nn.Identity, nn.Hardshrink, nn.LogSigmoid, nn.RReLU]
LEGITIMATE = [*PLAIN, mine.Learnt, mine.Safe, *mine.RANDOM, *mine.STATEFUL, *OF_TORCH]


def called(forward, **attributes):
    """A class whose forward is a function of the module and x."""
    return type("Mine", (nn.Module,), {"forward": forward} | attributes)


def entrywise(function):
    return called(lambda self, x: function(x))


def check(cls, **parameters):
    contract.check(cls, SPEC | {"parameters": parameters})


@pytest.mark.parametrize("cls", LEGITIMATE, ids=lambda cls: cls.__name__)
def test_these_may_be_used(cls):
    check(cls)


class Counted(nn.Module):
    """A state in `keep`, made by `start`, from `step` of x; used in the forward pass."""

    def start(self):
        pass

    def __init__(self):
        super().__init__()
        self.start()

    def forward(self, x):
        if self.training:
            self.step(x.detach().abs().mean())
        return functional.relu(x) * self.value()


class InList(Counted):
    def start(self):
        self.seen = []

    def step(self, size):
        self.seen.append(size.item())

    def value(self):
        return 1 / (1 + sum(self.seen))


class InTensor(Counted):
    """A tensor, but no buffer."""

    def start(self):
        self.seen = torch.zeros(())

    def step(self, size):
        self.seen = self.seen + size

    def value(self):
        return 1 / (1 + self.seen)


class InUnsavedBuffer(InTensor):
    def start(self):
        self.register_buffer("seen", torch.zeros(()), persistent=False)


class InDict(Counted):
    def start(self):
        self.seen = {}

    def step(self, size):
        self.seen[len(self.seen)] = size.item()

    def value(self):
        return 1 / (1 + len(self.seen))


class InGrowingBuffer(Counted):
    """Cannot be loaded into a fresh one."""

    def start(self):
        self.register_buffer("seen", torch.zeros(1))

    def step(self, size):
        self.seen = torch.cat([self.seen, size[None]])

    def value(self):
        return 1 / (1 + self.seen.mean())


class InClass(Counted):
    """Counts the calls of all its modules together."""

    calls = 0

    def step(self, size):
        type(self).calls += 1

    def value(self):
        return 1 / (1 + self.calls)


GENERATOR = np.random.default_rng(0)
COUNT = itertools.count()


def count_in_evaluation(self, x):
    self.calls = getattr(self, "calls", 0) + 1
    return functional.relu(x) / self.calls


def with_extra_state(self):
    return {"seen": [1, 2]}


class Undetached(nn.Module):
    """Carries the graph of one step into the next."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen = 0.9 * self.seen + x.abs().mean()
        return functional.relu(x) * self.seen


class Uncopied(nn.Module):
    def __init__(self):
        super().__init__()
        self.of_something = (number for number in range(3))

    def forward(self, x):
        return x.relu()


SHARED = nn.Parameter(torch.ones(()))


class Sharing(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = SHARED

    def forward(self, x):
        return x.tanh() * self.scale


def of_weight(self, x):
    return functional.linear(x, torch.eye(x.shape[-1])).relu()


def clamp_data(self, x):
    x.data.clamp_(-1e6, 1e6)
    return x * 1.0


def clamp_while_training(self, x):
    return functional.relu(x.clamp_(-3, 3) if self.training else x)


def fill_zeros(self, x):
    with torch.no_grad():
        x[x == 0] = 1e-6
    return x.sin()


NO_GRADIENT = {
    "step": lambda x: (x > 0).float(),
    "detached": lambda x: torch.tanh(x.detach()),
    "by numpy": lambda x: torch.from_numpy(np.tanh(x.detach().numpy())),
    "no_grad": torch.no_grad()(torch.tanh),
}
IN_PLACE = {
    "clamp at 3": called(lambda self, x: functional.relu(x.clamp_(-3, 3))),
    "relu": called(lambda self, x: functional.relu(x, inplace=True)),
    "far out": called(clamp_data),
    "at zeros": called(fill_zeros),
    "while training": called(clamp_while_training),
}
NOT_ENTRYWISE = {
    "softmax": lambda x: functional.softmax(x, dim=-1),
    "centred over the batch": lambda x: torch.tanh(x - x.mean(0)),
    "cumsum": lambda x: x.cumsum(-1),
    "sort": lambda x: x.sort(dim=-1).values,
    "layer norm": lambda x: functional.layer_norm(x, x.shape[-1:]),
    "batch norm": lambda x: functional.batch_norm(x, None, None, training=True),
    "normalised": lambda x: functional.normalize(x, dim=-1),
    "by the largest": lambda x: x / x.abs().max(),
    "neighbour": lambda x: x * torch.sigmoid(x.roll(1, dims=-1)),
    "second neighbour": lambda x: x.relu() + 0.01 * x.roll(2, dims=0),
    "flipped": lambda x: x.flip(-1),
    "a little": lambda x: x.relu() + 1e-6 * x.mean(),
    "outlier": lambda x: x.relu() * (1 if x.abs().max() < 100 else 0.5),
    "maxout": lambda x: x.amax(dim=-1, keepdim=True).expand_as(x) + 0 * x,
    "with noise": lambda x: functional.softmax(x, dim=-1) + torch.rand_like(x),
}
BY_PLACE = {
    "column": lambda x: x * torch.arange(x.shape[-1]),
    "row": lambda x: x + torch.arange(x.shape[0]).view(-1, *[1] * (x.dim() - 1)),
    "window": lambda x: x * torch.hann_window(x.shape[-1], periodic=False),
    "first": lambda x: torch.cat([x.flatten()[:1] * 2, x.flatten()[1:]]).view(x.shape),
}
BY_SHAPE = {
    "only in wide layers": lambda x: x - x.mean() if x.numel() > 1000 else x,
    "the largest 50": lambda x: x * (x >= x.topk(min(50, x.shape[-1]))[0][..., -1:]),
    "over the rows": lambda x: x / x.shape[0],
    "over all": lambda x: torch.tanh(x) / x.numel(),
    "of one dimension": lambda x: x.relu() if x.dim() > 1 else x.sigmoid(),
}
FORM = {
    "complex": (lambda x: torch.complex(x, x), "gives complex numbers; real ones are needed"),
    "root": (lambda x: torch.sqrt(x.to(torch.complex64)), "gives complex numbers"),
    "whole": (lambda x: x.round().long(), "gives int64 for float32"),
    "half": (lambda x: x.half(), "gives float16 for float32"),
    "float32 always": (lambda x: x.float().sin(), "gives float32 for float64"),
    "sum": (lambda x: x.sum(), r"gives the shape \(\) for \(5, 7\)"),
    "doubled": (lambda x: torch.cat([x, -x], -1).relu(), r"gives the shape \(5, 14\) for \(5, 7\)"),
    "tuple": (lambda x: (x, x), "gives tuple; a tensor is needed"),
    "nothing": (lambda x: None, "gives NoneType; a tensor is needed"),
    "raises": (lambda x: x.no_such_method(), "fails on an input of shape .*no_such_method"),
    "two dimensions": (lambda x: torch.einsum("ij->ij", x).relu(), r"fails on an input of shape \(35,\)"),
}


def refused(words, cls, **parameters):
    with pytest.raises(UserError, match=words) as caught:
        check(cls, **parameters)
    text = str(caught.value)
    assert text.startswith("activations: mine (import: my_module:Mine) ") and text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize("case", NO_GRADIENT)
def test_without_a_gradient(case):
    refused("has no gradient", entrywise(NO_GRADIENT[case]))


@pytest.mark.parametrize("case", IN_PLACE)
def test_in_place(case):
    refused("changes its input in place", IN_PLACE[case])


@pytest.mark.parametrize("case", NOT_ENTRYWISE)
def test_not_entry_by_entry(case):
    refused("does not work entry by entry", entrywise(NOT_ENTRYWISE[case]))


@pytest.mark.parametrize("case", BY_PLACE)
def test_another_function_at_another_place(case):
    refused("at another place|in the shape", entrywise(BY_PLACE[case]))


@pytest.mark.parametrize("case", BY_SHAPE)
def test_another_function_in_another_shape(case):
    refused("in the shape", entrywise(BY_SHAPE[case]))


@pytest.mark.parametrize("case", FORM)
def test_form(case):
    function, words = FORM[case]
    refused(words, entrywise(function))


@pytest.mark.parametrize("cls", [InList, InTensor, InUnsavedBuffer, InDict, InGrowingBuffer])
def test_a_state_that_is_not_stored(cls):
    refused(r"keeps a state that is not stored.*register_buffer.*int, float or bool", cls)


@pytest.mark.parametrize(
    "cls",
    [
        InClass,
        entrywise(lambda x: x.relu() + GENERATOR.random()),
        entrywise(lambda x: x.relu() + np.random.default_rng().random()),
        entrywise(lambda x: x.relu() * next(COUNT)),
        entrywise(lambda x: x + torch.rand((), generator=torch.Generator().manual_seed(next(COUNT)))),
    ],
)
def test_numbers_that_come_from_elsewhere(cls):
    refused("when it is made and called again under the same random state", cls)


def test_a_state_that_changes_in_evaluation_mode():
    refused("called again in evaluation mode", called(count_in_evaluation))


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (called(of_weight), "does not work|fails on|other numbers"),
        (
            called(lambda self, x: x.relu(), get_extra_state=with_extra_state),
            "_extra_state in its state_dict",
        ),
        (Undetached, "fails when its gradient is taken: Trying to backward through the graph"),
        (Sharing, "shares a parameter with others of its class"),
        (Uncopied, "cannot be copied with copy.deepcopy"),
        (called(lambda self, x: x.relu(), __init__=lambda self: None), "cannot be made"),
        (nn.Threshold, "cannot be made: .*threshold"),
    ],
)
def test_other_faults_of_a_class_are_sentences(cls, words):
    refused(words, cls)


def test_parameters_belong_to_what_is_checked():
    check(nn.PReLU, num_parameters=1)
    refused("works on layers of 7 units only", nn.PReLU, num_parameters=7)


@pytest.mark.parametrize(
    ("target", "what"),
    [
        (len, "is a builtin_function_or_method"),
        (lambda: nn.ReLU(), "is a function"),
        (nn.ReLU(), "is a ReLU"),
        (dict, "is the class dict"),
        ([nn.ReLU], "is a list"),
        (torch.nn, "is a module"),
    ],
)
def test_what_is_no_class_of_modules_is_not_called(target, what):
    refused(f"{what}; a subclass of torch.nn.Module is needed", target)


@pytest.mark.parametrize("cls", [mine.NoisyLeak, mine.Dropping, mine.NumpyNoise, mine.AlwaysNoisy])
def test_safe_for_a_cuda_graph_and_random_is_a_contradiction(cls):
    refused(
        "draws random numbers; one that says cuda_graph_safe = True must not",
        type("Mine", (cls,), {"cuda_graph_safe": True}),
    )


@pytest.mark.parametrize("cls", [mine.RunningMean, mine.RunningScale, mine.Annealed, mine.Nested])
def test_safe_for_a_cuda_graph_and_stateful_is_a_contradiction(cls):
    refused(
        "changes its state while it trains; one that says cuda_graph_safe = True must not",
        type("Mine", (cls,), {"cuda_graph_safe": True}),
    )


@pytest.mark.parametrize("cls", [*mine.RANDOM, entrywise(NOT_ENTRYWISE["with noise"])])
def test_global_generators_are_as_before(cls):
    def drawn():
        return torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()  # noqa: S311

    seeds.restart(7)
    expected = drawn()
    seeds.restart(7)
    with contextlib.suppress(UserError):
        check(type("Fresh", (cls,), {}))
    assert drawn() == expected


def test_is_tried_once_for_its_parameters():
    made = []

    class Noted(nn.LeakyReLU):
        def __init__(self, slope=0.1):
            super().__init__(slope)
            made.append(slope)

    check(Noted)
    n = len(made)
    check(Noted)
    assert len(made) == n
    check(Noted, slope=0.2)
    assert len(made) == 2 * n


class Sized(nn.Module):
    """With a parameter and a buffer of some shape."""

    def __init__(self, *shape, buffer=False):
        super().__init__()
        scale = torch.ones(shape)
        if buffer:
            self.register_buffer("scale", scale)
        else:
            self.scale = nn.Parameter(scale)

    def forward(self, x):
        return x.tanh() * self.scale


def of_shape(*shape, **options):
    return type("Mine", (Sized,), {"__init__": lambda self: Sized.__init__(self, *shape, **options)})


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleDict({"prelu": nn.PReLU(16)})

    def forward(self, x):
        return self.inner["prelu"](x)


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.LazyLinear(7)

    def forward(self, x):
        return self.inner(x)


class LateParameter(nn.Module):
    """Shaped for the first layer that it sees."""

    def forward(self, x):
        if not hasattr(self, "scale"):
            self.scale = nn.Parameter(torch.ones(x.shape[-1]))
        return x.tanh() * self.scale


class Polynomial(nn.Module):
    """Parameters of a shape that is no width."""

    def __init__(self):
        super().__init__()
        self.coefficients = nn.Parameter(torch.tensor([0.1, 1.0, -0.1]))

    def forward(self, x):
        x = x.clamp(-3, 3)
        return sum(c * x**n for n, c in enumerate(self.coefficients))


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (of_shape(64), r"works on layers of 64 units only, since its scale has the shape \(64,\)"),
        (of_shape(1, 64), r"works on layers of 64 units only, since its scale has the shape \(1, 64\)"),
        (of_shape(7), r"since its scale has the shape \(7,\)"),
        (of_shape(5, 1), r"gives the shape \(5, 35\) for \(35,\)"),
        (of_shape(64, buffer=True), r"since its scale has the shape \(64,\)"),
        (Inner, r"since its inner\.prelu\.weight has the shape \(16,\)"),
        (Lazy, r"has inner\.weight without a shape until it is called"),
        (LateParameter, "makes scale when it is called; parameters and buffers are needed from the start"),
    ],
)
def test_parameters_for_one_width_are_refused_by_name(cls, words):
    refused(words, cls)


def test_parameters_of_other_shapes_may_be_used():
    check(Polynomial)
    check(of_shape(1))


class Mute(Exception):  # noqa: N818
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(0), "0"),
        (SystemExit("bye.\nand bye"), "bye"),
        (SystemExit(), "SystemExit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (GeneratorExit(), "GeneratorExit"),
        (ValueError("\n\n so and so.\nand so\n"), "so and so"),
        (ValueError(), "ValueError"),
        (Mute(), "Mute"),
        (ValueError("long " * 1000), "long long"),
        (SyntaxError("not so", ("<string>", 1, 1, "x")), "not so"),
        (RecursionError("maximum"), "maximum"),
    ],
)
@pytest.mark.parametrize("where", ["__init__", "forward", "backward", "state_dict"])
def test_whatever_it_raises_is_one_sentence_with_file_and_line(error, words, where):
    def fail(*_, **__):
        raise error

    class Backward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, gradient):
            fail()

    attributes = {where: fail} if where != "backward" else {"forward": lambda self, x: Backward.apply(x)}
    line = fail.__code__.co_firstlineno + 1
    with pytest.raises(UserError) as caught:
        check(type("Mine", (nn.ReLU,), attributes))
    text = str(caught.value)
    assert f": {words}" in text and text.endswith(f"test_contract.py:{line}).") and len(text) < 600
    assert "\n" not in text


@pytest.mark.parametrize("here", [True, False])
def test_what_breaks_the_contract_is_said_with_the_line_of_its_forward(here, monkeypatch, tmp_path):
    file = Path(__file__)
    monkeypatch.chdir(file.parent if here else tmp_path)
    line = fill_zeros.__code__.co_firstlineno
    refused(rf"\({file.name if here else file}:{line}\)\.$", called(fill_zeros))


def test_where_no_line_is_known_none_is_said():
    refused(
        r"has no gradient with respect to its input; one that autograd finds is needed\.$", made_of_text()
    )


def made_of_text():
    scope = {"nn": nn}
    exec("class Mine(nn.Module):\n    def forward(self, x):\n        return x.detach()\n", scope)  # noqa: S102
    return scope["Mine"]


def test_what_fails_once_fails_again():
    for _ in range(2):
        refused("does not work entry by entry", called(lambda self, x: x.softmax(-1)))


def test_masks_part_any_two_entries():
    masks = torch.stack([mask.flatten() for mask in entries.halves()])
    n = masks.shape[1]
    assert n == 35
    for one, other in itertools.permutations(range(n), 2):
        assert (masks[:, one] & ~masks[:, other]).any()
