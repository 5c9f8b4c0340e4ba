"""The registry of activation functions, and modules made from it or from a user's own class.

Nothing here imports torch before a module is made, so that planning a study stays fast.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.errors import DamagedError, UserError, one_line
from actbench.runtime import imports

if TYPE_CHECKING:
    from torch import nn

    from actbench.activations import relu_autograd  # noqa: F401, so that whoever reads imports sees this file as well


@dataclass(frozen=True)
class Parameter:
    """A number that shapes an activation: keyword of the torch class, LaTeX symbol, default, lower bound."""

    keyword: str
    symbol: str
    default: float
    above: float | None = None


@dataclass(frozen=True)
class Activation:
    """One entry of the registry.

    `target` is "module:class"; `formula` and `derivative` are LaTeX in x, with the parameters' Greek
    letters; `reference` names who proposed the function.
    """

    target: str
    formula: str
    derivative: str
    reference: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


REGISTRY: dict[str, Activation] = {
    "sigmoid": Activation(
        "torch.nn:Sigmoid",
        r"\sigma(x) = \frac{1}{1 + e^{-x}}",
        r"\sigma(x)\,(1 - \sigma(x))",
        "Rumelhart, Hinton & Williams (1986), Nature 323",
    ),
    "tanh": Activation(
        "torch.nn:Tanh",
        r"\tanh(x)",
        r"1 - \tanh^2(x)",
        "LeCun, Bottou, Orr & Müller (1998), Efficient BackProp",
    ),
    "relu": Activation(
        "torch.nn:ReLU",
        r"\max(0, x)",
        r"\begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}",
        "Nair & Hinton (2010), ICML",
    ),
    "relu_autograd": Activation(
        "actbench.activations.relu_autograd:ReLU",
        r"\max(0, x)",
        r"\begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}",
        "relu again, its derivative written by hand",
    ),
    "leakyrelu": Activation(
        "torch.nn:LeakyReLU",
        r"\begin{cases} x & x > 0 \\ \alpha x & x \leq 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ \alpha & x \leq 0 \end{cases}",
        "Maas, Hannun & Ng (2013), ICML Workshop on Deep Learning for Audio, Speech and Language",
        {"slope": Parameter("negative_slope", r"\alpha", 0.1)},
    ),
    "elu": Activation(
        "torch.nn:ELU",
        r"\begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \leq 0 \end{cases}",
        r"\begin{cases} 1 & x > 0 \\ \alpha\,e^x & x \leq 0 \end{cases}",
        "Clevert, Unterthiner & Hochreiter (2016), ICLR, arXiv:1511.07289",
        {"alpha": Parameter("alpha", r"\alpha", 1.0, above=0.0)},
    ),
    "swish": Activation(
        "torch.nn:SiLU",
        r"x\,\sigma(x)",
        r"\sigma(x)\,(1 + x\,(1 - \sigma(x)))",
        "Ramachandran, Zoph & Le (2017), arXiv:1710.05941; SiLU of Elfwing et al., arXiv:1702.03118",
    ),
    "gelu": Activation(
        "torch.nn:GELU",
        r"x\,\Phi(x)",
        r"\Phi(x) + x\,\phi(x)",
        "Hendrycks & Gimpel (2016), arXiv:1606.08415",
    ),
    "selu": Activation(
        "torch.nn:SELU",
        r"\begin{cases} \lambda x & x > 0 \\ \lambda\alpha\,(e^x - 1) & x \leq 0 \end{cases}, \quad "
        r"\lambda \approx 1.0507, \; \alpha \approx 1.6733",
        r"\begin{cases} \lambda & x > 0 \\ \lambda\alpha\,e^x & x \leq 0 \end{cases}",
        "Klambauer, Unterthiner, Mayr & Hochreiter (2017), NeurIPS, arXiv:1706.02515",
    ),
    "mish": Activation(
        "torch.nn:Mish",
        r"x\,\tanh(\ln(1 + e^x))",
        r"\tanh(s) + x\,\sigma(x)\,(1 - \tanh^2(s)), \quad s = \ln(1 + e^x)",
        "Misra (2020), BMVC, arXiv:1908.08681",
    ),
    "softplus": Activation(
        "torch.nn:Softplus",
        r"\frac{1}{\beta} \ln(1 + e^{\beta x})",
        r"\sigma(\beta x)",
        "Dugas, Bengio, Bélisle, Nadeau & Garcia (2001), NeurIPS",
        {"beta": Parameter("beta", r"\beta", 1.0, above=0.0)},
    ),
    "softsign": Activation(
        "torch.nn:Softsign",
        r"\frac{x}{1 + |x|}",
        r"\frac{1}{(1 + |x|)^2}",
        "Bergstra, Desjardins, Lamblin & Bengio (2009), Université de Montréal, report 1337",
    ),
    "hardtanh": Activation(
        "torch.nn:Hardtanh",
        r"\max(-1, \min(1, x))",
        r"\begin{cases} 1 & |x| < 1 \\ 0 & |x| \geq 1 \end{cases}",
        "Collobert (2004), PhD thesis, Université Paris VI",
    ),
    "relu6": Activation(
        "torch.nn:ReLU6",
        r"\min(6, \max(0, x))",
        r"\begin{cases} 1 & 0 < x < 6 \\ 0 & \mathrm{elsewhere} \end{cases}",
        "Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10",
    ),
    "hardswish": Activation(
        "torch.nn:Hardswish",
        r"x\,\frac{\min(6, \max(0, x + 3))}{6}",
        r"\begin{cases} 0 & x < -3 \\ (2x + 3)/6 & |x| \leq 3 \\ 1 & x > 3 \end{cases}",
        "Howard et al. (2019), ICCV, arXiv:1905.02244",
    ),
    "celu": Activation(
        "torch.nn:CELU",
        r"\max(0, x) + \min(0, \alpha\,(e^{x/\alpha} - 1))",
        r"\begin{cases} 1 & x > 0 \\ e^{x/\alpha} & x \leq 0 \end{cases}",
        "Barron (2017), arXiv:1704.07483",
        {"alpha": Parameter("alpha", r"\alpha", 1.0, above=0.0)},
    ),
    "prelu": Activation(
        "torch.nn:PReLU",
        r"\begin{cases} x & x > 0 \\ a x & x \leq 0 \end{cases}, \quad a \; \mathrm{learned}",
        r"\begin{cases} 1 & x > 0 \\ a & x \leq 0 \end{cases}",
        "He, Zhang, Ren & Sun (2015), ICCV, arXiv:1502.01852",
        {"init": Parameter("init", "a_0", 0.25)},
    ),
    "identity": Activation("torch.nn:Identity", "x", "1", "a linear network, for comparison"),
}

ALIASES = {"silu": "swish"}


def create(spec: str | Mapping) -> "nn.Module":
    """Make a fresh module from a name of the registry or a resolved spec.

    Args:
        spec: a name, or `name`, `parameters`, and `import`: None for an entry of the registry, or
            "module:class" of a user's own, imported from the working directory and called with the
            parameters.

    Raises:
        UserError: the name is unknown; the user's class cannot be imported or made, or breaks what an
            activation must keep to (`contract.check`).
    """
    if isinstance(spec, str):
        spec = named(spec)
    if spec["import"] is not None:
        return _user_module(spec)
    entry = REGISTRY[spec["name"]]
    keywords = {p.keyword: spec["parameters"].get(key, p.default) for key, p in entry.parameters.items()}
    return _resolve(entry.target)(**keywords)


def named(name: str) -> dict:
    """The resolved spec of a name or alias of the registry, all parameters at their defaults.

    Raises:
        UserError: the name is unknown.
    """
    known = ALIASES.get(name, name)
    if known not in REGISTRY:
        raise UserError(f"activation {name!r} is unknown; allowed: {', '.join([*REGISTRY, *ALIASES])}.")
    return {"import": None, "name": known, "parameters": {}}


def checked(spec: object, path: str | Path) -> dict:
    """A spec that a file holds: of the registry, or one whose `import` nobody has followed yet.

    Raises:
        DamagedError: it is none; the sentence names `path`.
    """
    if not isinstance(spec, Mapping) or spec.keys() != {"import", "name", "parameters"}:
        raise DamagedError(path, "it names no activation")
    name, parameters = spec["name"], spec["parameters"]
    numbers = isinstance(parameters, Mapping) and all(type(v) in (int, float) for v in parameters.values())
    if not isinstance(name, str) or not numbers:
        raise DamagedError(path, f"the parameters of its activation are {parameters!r}, and not numbers")
    if spec["import"] is None and (
        name not in REGISTRY or not parameters.keys() <= REGISTRY[name].parameters.keys()
    ):
        raise DamagedError(path, f"its activation {name!r} with {dict(parameters)} is none of the registry")
    return dict(spec)


def interchangeable(spec: str | Mapping) -> bool:
    """Whether one module of this activation may stand for several.

    It may if it learns nothing and works element by element: all of the registry but prelu. Of a user's
    own class neither is known.
    """
    if isinstance(spec, str):
        spec = named(spec)
    return spec["import"] is None and spec["name"] != "prelu"


def pure(spec: str | Mapping) -> bool:
    """Whether an activation neither draws random numbers nor changes its state but by learning.

    That holds for the registry, and for a user's own class that says so with `cuda_graph_safe = True`.
    """
    if isinstance(spec, str) or spec["import"] is None:
        return True
    from actbench.activations import contract

    return contract.cuda_graph_safe(_own_class(spec))


def _resolve(target: str):
    """Import "module:attribute"."""
    module, attribute = target.split(":")
    return getattr(importlib.import_module(module), attribute)


def _user_module(spec: Mapping) -> "nn.Module":
    from actbench.activations import contract, patience

    with patience.watched(f"activations: {spec['name']} (import: {spec['import']})"):
        cls = _own_class(spec)
        contract.check(cls, spec)
        return contract.make(cls, spec)


def _own_class(spec: Mapping) -> "type[nn.Module]":
    """The user's class; what its module draws when it is imported is the same in every process."""
    from actbench.activations import contract, switches
    from actbench.runtime import seeds

    def refusal(words: str) -> UserError:
        return contract.refusal(spec, f"{words} when it is imported{contract.SETTINGS}")

    with seeds.drawn_from(0), switches.kept(refusal):
        return _user_class(spec)


def _user_class(spec: Mapping) -> "type[nn.Module]":
    """The class that the spec holds, or names in the working directory."""
    if not isinstance(spec["import"], str):
        return spec["import"]
    try:
        return imports.user_attribute(spec["import"])
    except UserError:
        raise
    except BaseException as error:  # it is anybody's code
        from actbench.activations import places

        place = f" ({found})" if (found := places.of_error(error)) else ""
        words = f"activations: {spec['name']} (import: {spec['import']}): {one_line(error)}{place}."
        raise UserError(words) from error


def formulas(spec: Mapping) -> dict[str, str | None]:
    """LaTeX of f, with the values of its parameters, and of f′; a user's own activation has none."""
    if spec["import"] is not None:
        return {"formula": None, "formula_derivative": None}
    entry = REGISTRY[spec["name"]]
    values = ((p.symbol, spec["parameters"].get(key, p.default)) for key, p in entry.parameters.items())
    set_to = "".join(rf", \quad {symbol} = {value:g}" for symbol, value in values)
    return {"formula": entry.formula + set_to, "formula_derivative": entry.derivative}
