"""BibTeX of what a study should cite: the sources of its activations, and those of the method."""

import re
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).parents[3] / "report" / "bibliography.bib"

# By name in the registry, the keys of `FILE`; `identity` has no source.
ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "sigmoid": ("rumelhart1986",),
    "tanh": ("lecun1998",),
    "relu": ("nair2010",),
    "relu_autograd": ("nair2010",),
    "leakyrelu": ("maas2013",),
    "elu": ("clevert2016",),
    "swish": ("ramachandran2017", "elfwing2018"),
    "gelu": ("hendrycks2016",),
    "selu": ("klambauer2017",),
    "mish": ("misra2020",),
    "softplus": ("dugas2001",),
    "softsign": ("bergstra2009",),
    "hardtanh": ("collobert2004",),
    "relu6": ("krizhevsky2010",),
    "hardswish": ("howard2019",),
    "celu": ("barron2017",),
    "prelu": ("he2015",),
    "rrelu": ("xu2015",),
    "gelu_tanh": ("hendrycks2016",),
    "hardsigmoid": ("howard2019",),
    "logsigmoid": ("dugas2001",),
    "hardshrink": ("donoho1994",),
    "softshrink": ("donoho1994",),
    "tanhshrink": ("collobert2011",),
    "threshold": ("konda2015",),
    "squared_relu": ("so2021",),
    "star_relu": ("yu2024",),
    "swish_beta": ("ramachandran2017", "hendrycks2016"),
    "swish_trainable": ("ramachandran2017",),
    "sine": ("sitzmann2020",),
    "gaussian": ("ramasinghe2022",),
    "snake": ("ziyin2020",),
}
# Gradients by layer, dormant units, effective rank; the interval of the trained share, adjusted p values, the
# comparison of trained shares and its interval, performance profiles, also those over seeds; mean field
# theory.
METHOD = (
    *("glorot2010", "sokar2023", "roy2007"),
    *("clopper1934", "holm1979", "mcnemar1947", "newcombe1998", "dolan2002", "agarwal2021"),
    *("poole2016", "schoenholz2017", "hayou2019"),
)


def entries() -> dict[str, str]:
    """The BibTeX text of every entry of `FILE`, by key."""
    found = re.finditer(r"^@\w+\{(\w+),\n.*?^\}$", FILE.read_text(encoding="utf-8"), re.M | re.DOTALL)
    return {entry[1]: entry[0] for entry in found}


def of(names: Iterable[str]) -> str:
    """BibTeX of the sources of these activations and of `METHOD`, each once, sorted by key.

    Args:
        names: of the registry; any other is a user's own activation, whose source is not known here.
    """
    keys = {key for name in names for key in ACTIVATIONS.get(name, ())} | {*METHOD}
    known = entries()
    return "".join(f"{known[key]}\n\n" for key in sorted(keys)).removesuffix("\n")
