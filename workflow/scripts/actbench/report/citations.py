"""BibTeX of what a study should cite: its activations, data set and recipe, the method, and the programs."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

COMMIT = 12  # of the 40 digits of one
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
# What the method rests on, and for what.
METHOD = {
    "glorot2010": "gradients and activations layer by layer",
    "sokar2023": "dormant units",
    "roy2007": "effective rank, in the table distributions_by_layer",
    "clopper1934": "interval of a share that trained",
    "holm1979": "adjusted p values",
    "mcnemar1947": "test of who trained",
    "newcombe1998": "interval of a difference in the share that trained",
    "dolan2002": "performance profiles",
    "agarwal2021": "performance profiles over seeds",
    "poole2016": "mean-field theory",
    "schoenholz2017": "mean-field theory",
    "hayou2019": "mean-field theory",
}

# Programs of every study, and what they do.
PROGRAMS = {
    "actbench": "the whole study",
    "paszke2019": "PyTorch, which trained the networks",
    "molder2021": "Snakemake, which ran the steps",
    "harris2020": "NumPy, arrays",
    "mckinney2010": "pandas, tables",
    "virtanen2020": "SciPy, statistics and roots of equations",
}
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
WHAT = {
    ("dataset",): "data set",
    ("training", "optimizer"): "optimiser",
    ("training", "schedule"): "schedule",
    ("network", "initialisation"): "initialisation",
    ("network", "norm"): "normalisation layer",
    ("network", "residual"): "residual connections",
}


def purposes(config: Mapping) -> dict[str, list[str]]:
    """What a study used each source for, by key: its activations, data set and recipes, method and programs.

    Args:
        config: the resolved one.
    """
    found: dict[str, list[str]] = {}

    def add(keys: Iterable[str], purpose: str) -> None:
        for key in keys:
            if purpose not in found.setdefault(key, []):
                found[key].append(purpose)

    for entry in config["activations"]:
        name = entry["spec"]["name"]
        add(ACTIVATIONS.get(name, ()), f"activation {name}")
    for recipe in (config, *config["settings"].values()):
        for path, known in RECIPE.items():
            value = recipe
            for part in path:
                value = value.get(part) if isinstance(value, Mapping) else None
            if isinstance(value, str | bool):
                what = f"{WHAT[path]} {value}" if isinstance(value, str) else WHAT[path]
                add(known.get(value, ()), what)
    for key, purpose in (METHOD | PROGRAMS).items():
        add([key], purpose)
    return dict(sorted(found.items()))


def of_study(config: Mapping, places: Iterable[Mapping] = ()) -> str:
    """BibTeX of what a study used, sorted by key; the field `annote`, which no style prints, says for what.

    Args:
        config: the resolved one.
        places: where networks were trained, as `lineage.gather` gives them: the entry of actbench has the
            commits of these, as far as they are known.
    """
    known, texts = entries(), []
    commits = list(dict.fromkeys(place["commit"][:COMMIT] for place in places if place.get("commit")))
    if commits:
        code = f", commit{'s' if len(commits) > 1 else ''} {', '.join(commits)}"
        known["actbench"] = re.sub(r"(howpublished = \{[^}]*)", rf"\g<1>{code}", known["actbench"])
    for key, found in purposes(config).items():
        used = "; ".join(found).replace("_", " ")
        texts.append(known[key].removesuffix("}") + f"  annote = {{Used for: {used}}},\n}}\n")
    return "\n".join(texts)


def entries() -> dict[str, str]:
    """The BibTeX text of every entry of `FILE`, by key."""
    found = re.finditer(r"^@\w+\{(\w+),\n.*?^\}$", FILE.read_text(encoding="utf-8"), re.M | re.DOTALL)
    return {entry[1]: entry[0] for entry in found}
