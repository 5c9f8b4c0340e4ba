"""What an activation function does to a neural network: the study's code, for notebooks and scripts.

>>> import actbench
>>> trained = actbench.train("tanh", depth=2, seeds=[0, 1])
>>> measured = actbench.probe(trained.network(seed=0), trained.data)
>>> tables = actbench.read("digits")

Importing it loads nothing else; a name is loaded when it is first used.
"""

import importlib

# Texts, so that no rule's digest of its code follows them: see `runtime.sources`.
_PUBLIC = {
    "Classifier": "actbench.classifier",
    "MLP": "actbench.networks.families.mlp",
    "MeanField": "actbench.theory.mean_field",
    "load": "actbench.networks.checkpoints",
    "probe": "actbench.interactive",
    "read": "actbench.analysis.tables",
    "train": "actbench.interactive",
}


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
