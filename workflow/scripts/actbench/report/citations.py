"""BibTeX of what a study should cite: its activations, data set and recipe, the method, and the programs."""

import re
from collections.abc import Iterable, Mapping
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

# Programs of every study.
PROGRAMS = ("paszke2019", "molder2021")
# By key and value of the config; what is not here has no source of its own, or is the user's.
RECIPE: dict[tuple[str, ...], dict[object, tuple[str, ...]]] = {
    ("dataset",): {
        "digits": ("alpaydin1998", "pedregosa2011"),
        "mnist1d": ("greydanus2024",),
        "fashion_mnist": ("xiao2017",),
        "mnist": ("lecun1998b",),
        "kmnist": ("clanuwat2018",),
        "emnist": ("cohen2017",),
        "cifar10": ("krizhevsky2009",),
    },
    ("training", "optimizer"): {
        "sgd": ("sutskever2013",),
        "adam": ("kingma2015",),
        "adamw": ("loshchilov2019",),
    },
    ("training", "schedule"): {"cosine": ("loshchilov2017",)},
    ("network", "initialisation"): {
        "default": ("lecun1998",),
        "he": ("he2015",),
        "xavier": ("glorot2010",),
        "lecun": ("lecun1998",),
        "orthogonal": ("saxe2014",),
        "critical": ("schoenholz2017",),
    },
    ("network", "norm"): {"batch": ("ioffe2015",), "layer": ("ba2016",)},
    ("network", "residual"): {True: ("he2016",)},
}


def of_study(config: Mapping) -> str:
    """BibTeX of what a study used: its activations, data set, recipe in every setting, method and programs.

    Args:
        config: the resolved one.
    """
    keys = {*PROGRAMS}
    for recipe in (config, *config["settings"].values()):
        for path, known in RECIPE.items():
            value = recipe
            for part in path:
                value = value.get(part) if isinstance(value, Mapping) else None
            if isinstance(value, str | bool):
                keys |= {*known.get(value, ())}
    return of((entry["spec"]["name"] for entry in config["activations"]), keys)


def entries() -> dict[str, str]:
    """The BibTeX text of every entry of `FILE`, by key."""
    found = re.finditer(r"^@\w+\{(\w+),\n.*?^\}$", FILE.read_text(encoding="utf-8"), re.M | re.DOTALL)
    return {entry[1]: entry[0] for entry in found}


def of(names: Iterable[str], further: Iterable[str] = ()) -> str:
    """BibTeX of the sources of these activations, of `METHOD` and of further keys, each once, sorted by key.

    Args:
        names: of the registry; any other is a user's own activation, whose source is not known here.
    """
    keys = {key for name in names for key in ACTIVATIONS.get(name, ())} | {*METHOD, *further}
    known = entries()
    return "".join(f"{known[key]}\n\n" for key in sorted(keys)).removesuffix("\n")
