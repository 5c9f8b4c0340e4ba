"""Text and numbers for LaTeX, in ASCII: what a user typed is typeset and never obeyed."""

import itertools
import math
import re
import unicodedata

import pandas as pd

from actbench.report.numbers import fixed, significant

COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}",
    "`": r"\textasciigrave{}",
    # After the end of a row these three would be read as its arguments.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "†": r"$^{\dagger}$",
    "–": "--",
    "—": "---",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "∞": r"$\infty$",
    "′": "$'$",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "å": r"\aa{}",
    "Å": r"\AA{}",
    "\N{FIRST STRONG ISOLATE}": "",
    "\N{POP DIRECTIONAL ISOLATE}": "",
}
ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING CEDILLA}": "c",
}
# How a digit is written that Unicode holds as a form of another one.
FORMS = {
    "<super>": "$^{}$",
    "<sub>": "$_{}$",
    "<circle>": r"\textcircled{{{}}}",
    "<wide>": "{}",
    "<font>": "{}",
}
GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)")
# Capitals that look like Latin ones have no command; these have one.
CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
SMALL = {
    *(
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "mu",
        "nu",
        "xi",
    ),
    *("pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "lambda"),
}


def text(value: str, run: int = 20) -> str:
    r"""A user's text; of a character that LaTeX's own fonts lack, its number stands in its place.

    A line may end after each `run` characters without a space.

    >>> text("50 % of α_1")
    '50 \\% of $\\alpha$\\_1'
    """
    found, length = [], 0
    for before, one in itertools.pairwise(f" {value}"):
        if length == run:
            found, length = [*found, r"\allowbreak{}"], 0
        length = 0 if one.isspace() else length + 1
        found += ["{}"] * (before in "-',!?" and one in "-',`") + [_character(one)]
    return "".join(found)


def _character(one: str) -> str:
    if one in COMMANDS:
        return COMMANDS[one]
    if one.isspace():
        return "~" if one == "\N{NO-BREAK SPACE}" else " "
    if one.isascii():
        return one if one.isprintable() else ""
    letter, *accents = unicodedata.normalize("NFD", one)
    if letter.isascii() and letter.isalpha() and len(accents) == 1 and accents[0] in ACCENTS:
        return rf"\{ACCENTS[accents[0]]}{{{letter}}}"
    plain = unicodedata.normalize("NFKC", one)
    form = FORMS.get(unicodedata.decomposition(one).partition(" ")[0])
    if form and plain.isascii() and plain.isdigit():
        return form.format(plain)
    greek = GREEK.fullmatch(unicodedata.name(one, ""))
    if greek:
        name = greek[2].lower().replace("lamda", "lambda")
        name = name.capitalize() if greek[1] == "CAPITAL" else name
        if name in CAPITALS | SMALL:
            return rf"$\{name}$"
    return f"U+{ord(one):04X}"


def number(value: float | None, digits: int = 2, *, sign: bool = False) -> str:
    """With a true minus; a dash where there is none.

    >>> number(-1.234, sign=True)
    '$-1.23$'
    """
    if value is None or pd.isna(value):
        return "--"
    written = fixed(value, digits, "+" if sign else "")
    if float(written) == 0:
        written = written.lstrip("-+")
    return f"${written}$" if written[0] in "+-" else written


def probability(p: float) -> str:
    """To two digits; small ones as a power of ten."""
    mantissa, _, exponent = significant(p).partition("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$" if exponent else mantissa


def key(value: str) -> str:
    """What may stand in a `label` of LaTeX and in a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-") or "study"


def finite(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)
