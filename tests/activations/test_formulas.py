"""The formulas of the registry, read as they are typeset, against what its modules compute."""

import functools
import math
import operator
import re

import pytest
import torch
from actbench.activations import registry, sampling

TOKENS = re.compile(r"\d+(?:\.\d+)?|\\begin\{cases\}|\\end\{cases\}|\\\\|\\[a-zA-Z]+|[a-zA-Z](?:_0)?|\S")
SPACES = re.compile(r"\\[,;]")
DEFINITION = re.compile(r"(\\?[a-zA-Z]+(?:_0)?) *(?:=|\\approx) *(.+)$")
COMPARED = {"<": operator.lt, ">": operator.gt, r"\leq": operator.le, r"\geq": operator.ge}
FUNCTIONS = {
    r"\max": torch.maximum,
    r"\min": torch.minimum,
    r"\tanh": torch.tanh,
    r"\sin": torch.sin,
    r"\cos": torch.cos,
    r"\ln": torch.log,
    r"\sigma": torch.sigmoid,
    r"\Phi": lambda x: (1 + torch.erf(x / math.sqrt(2))) / 2,
    r"\phi": lambda x: torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
}


class Formula:
    """LaTeX as a function of what its letters stand for."""

    def __init__(self, text, letters):
        self.tokens, self.letters, self.in_bars = TOKENS.findall(SPACES.sub(" ", text)), letters, False

    def value(self):
        found = self.sum()
        assert not self.tokens, self.tokens
        return found

    def take(self, token=None):
        assert token in (None, self.tokens[0]), self.tokens
        return self.tokens.pop(0)

    def next_is(self, *tokens):
        return bool(self.tokens) and self.tokens[0] in tokens

    def sum(self):
        total = -self.product() if self.next_is("-") and self.take() else self.product()
        while self.next_is("+", "-"):
            total = total + self.product() if self.take() == "+" else total - self.product()
        return total

    def product(self):
        total = self.power()
        while self.tokens and not self.next_is(*"+-,)}&=", *COMPARED, r"\\", r"\end{cases}"):
            if self.next_is("|") and self.in_bars:
                break
            total = total / self.power() if self.next_is("/") and self.take() else total * self.power()
        return total

    def power(self):
        if self.next_is("e"):
            self.take()
            self.take("^")
            return torch.exp(self.atom())
        base = self.atom()
        return base ** self.atom() if self.next_is("^") and self.take() else base

    def atom(self):
        mark = self.take()
        if mark in "({":
            return self.closed(")" if mark == "(" else "}")
        if mark == "|":
            self.in_bars = True
            inside = self.closed("|")
            self.in_bars = False
            return inside.abs()
        if mark == r"\frac":
            return self.atom() / self.atom()
        if mark == r"\sqrt":
            return self.atom().sqrt()
        if mark == r"\begin{cases}":
            return self.cases()
        if mark in FUNCTIONS:
            return self.function(FUNCTIONS[mark])
        if mark == r"\pi":
            return torch.tensor(math.pi, dtype=torch.float64)
        if mark[0].isdigit():
            return torch.tensor(float(mark), dtype=torch.float64)
        return self.letters[mark if mark in self.letters else f"{mark}_0"]

    def closed(self, end):
        inside = self.sum()
        self.take(end)
        return inside

    def function(self, function):
        exponent = self.atom() if self.next_is("^") and self.take() else None
        self.take("(")
        arguments = [self.sum()]
        while self.next_is(","):
            self.take()
            arguments.append(self.sum())
        self.take(")")
        found = function(*arguments)
        return found if exponent is None else found**exponent

    def cases(self):
        found = torch.full_like(self.letters["x"], math.nan)
        while True:
            value = self.sum()
            self.take("&")
            found = torch.where(found.isnan() & self.holds(), value, found)
            if self.take() == r"\end{cases}":
                assert not found.isnan().any()
                return found

    def holds(self):
        if self.next_is(r"\mathrm"):
            while not self.next_is(r"\end{cases}", r"\\"):
                self.take()
            return torch.tensor(True)
        sides, signs = [self.sum()], []
        while self.next_is(*COMPARED):
            signs.append(COMPARED[self.take()])
            sides.append(self.sum())
        pairs = zip(signs, sides, sides[1:], strict=False)
        return functools.reduce(operator.and_, (sign(*pair) for sign, *pair in pairs))


def read(text, letters):
    """The values of all sides of a formula; what it says of its letters is added to them, the last first."""
    formula, *said = re.split(r", \\quad |, \\; ", text)
    for part in reversed(said):
        if found := DEFINITION.search(part):
            letters[found[1]] = Formula(found[2], letters).value()
    return [Formula(side, letters).value() for side in formula.split(" = ")]


def other_parameters(name):
    """Twice the default of each, in the order in which a formula is right for them."""
    return {key: 2 * parameter.default for key, parameter in registry.REGISTRY[name].parameters.items()}


@pytest.mark.parametrize("changed", [False, True], ids=["default", "doubled"])
@pytest.mark.parametrize("name", registry.REGISTRY)
def test_formula_and_derivative_are_those_of_the_module(name, changed, spec):
    """But for selu's constants, given to five digits, all are exact."""
    given = spec(name, **(other_parameters(name) if changed else {}))
    texts, x = registry.formulas(given), torch.linspace(-7.013, 7.019, 1201, dtype=torch.float64)
    letters = {"x": x}
    f, derivative = sampling.evaluate(registry.create(given).double().eval(), x)
    sides = read(texts["formula"], letters)
    for found, values in [(side, f) for side in sides] + [
        (side, derivative) for side in read(texts["formula_derivative"], letters)
    ]:
        precise = 5e-5 if name == "selu" else 2e-6
        assert torch.allclose(found.expand_as(x), values, rtol=precise, atol=1e-7)


def test_a_wrong_formula_would_be_seen():
    x = torch.tensor([-2.0, 0.5], dtype=torch.float64)
    (found,) = read(
        r"\begin{cases} \frac{x^2}{2a} & |x| > 1 \\ 1 - e^{-x} & x \leq 1 \end{cases}, \quad a = 4", {"x": x}
    )
    assert found.tolist() == pytest.approx([0.5, 1 - math.exp(-0.5)])
