"""What the words of a recipe mean, a sentence each; how layers are drawn: `networks/initialisation.py`."""

from collections.abc import Mapping

INITIALISATIONS = {
    "default": "PyTorch's default initialisation draws weights and biases uniformly between ±1/√n for a "
    "layer of n inputs.",
    "he": "He's initialisation draws weights of variance 2/n for a layer of n inputs, with which "
    "ReLU keeps the size of signals; biases are 0.",
    "xavier": "Xavier initialisation draws weights of variance 2/(n + m) for a layer of n inputs and m "
    "outputs, a compromise between the size of signals and that of gradients; biases are 0.",
    "lecun": "LeCun's initialisation draws weights of variance 1/n for a layer of n inputs, with which "
    "a function that is close to the identity keeps the size of signals; biases are 0.",
    "orthogonal": "Orthogonal initialisation takes orthogonal matrices, times the gain, as weights; biases "
    "are 0.",
    "critical": "Critical initialisation scales weights and biases so that signals and gradients neither "
    "grow nor vanish from layer to layer, at each function's edge of chaos; the output layer "
    "has weights of variance 1/n and biases 0.",
}
NORMS = {
    "layer": "Layer normalisation shifts and scales the pre-activations of each example, over the "
    "units of a layer, to mean 0 and variance 1, before a trained scale and shift.",
    "batch": "Batch normalisation shifts and scales the pre-activations of each unit, over a mini- "
    "batch, to mean 0 and variance 1, before a trained scale and shift.",
}
RESIDUAL = "Residual connections add a hidden layer's input to its output, where both are as wide."
KINDS = {"initialisation": INITIALISATIONS, "norm": NORMS}


def defined(settings: Mapping[str, Mapping]) -> list[str]:
    """What the initialisations, normalisations and connections of these settings are, each once.

    Args:
        settings: the resolved ones by name.
    """
    found = []
    for setting in settings.values():
        network = setting["network"]
        found += [words.get(network.get(key), "") for key, words in KINDS.items()]
        found.append(RESIDUAL if network.get("residual") else "")
    return list(dict.fromkeys(filter(None, found)))
