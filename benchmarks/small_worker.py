"""A process of `small.py` that trains small networks with one state of the code, by lines of JSON on standard
input and output: `then` knows the modules of commit 466686a, `now` those of today.
"""

import hashlib
import importlib
import json
import sys
import time

import torch

MODULES = {
    "then": ("actbench.networks", "actbench.subsets", "actbench.seeds", "actbench.training"),
    "now": (
        "actbench.networks.families.mlp",
        "actbench.data.subsets",
        "actbench.runtime.seeds",
        "actbench.training.fitting",
    ),
}
N_INPUTS, N_CLASSES = 64, 10  # and sizes of the subsets, as of scikit-learn's digits
SUBSETS = (1247, 250, 300)


def main(state: str) -> None:
    networks, subsets, seeds, training = map(importlib.import_module, MODULES[state])
    generator = torch.Generator().manual_seed(0)
    middle = torch.randn(N_CLASSES, N_INPUTS, generator=generator)
    parts = []
    for n in SUBSETS:
        y = torch.randint(N_CLASSES, (n,), generator=generator)
        parts.append(subsets.Subset(middle[y] + torch.randn(n, N_INPUTS, generator=generator), y))
    data = subsets.Data(*parts, N_CLASSES)
    for line in sys.stdin:
        asked = json.loads(line)
        recipe = training.Settings(**asked["training"])
        training.prepare_torch(recipe)
        sizes = [N_INPUTS, *[asked["width"]] * asked["depth"], N_CLASSES]
        order = range(asked["seeds"])
        built_from = (sizes, asked["activation"])
        if state == "now":
            built_from = (importlib.import_module("actbench.networks.family").Recipe(*built_from),)
        members = [networks.build(*built_from, seeds.generator(s, "weights")) for s in order]
        batches = [seeds.generator(seed, "batches") for seed in order]
        started = time.perf_counter()
        if state == "now":
            fits = training.fit(members, data, recipe, batches)
        else:
            pairs = zip(members, batches, strict=True)
            fits = [training.fit([network], data, recipe, [own])[0] for network, own in pairs]
        took = time.perf_counter() - started
        weights = b"".join(own.numpy().tobytes() for fit in fits for own in fit.state.values())
        print(json.dumps({"seconds": took, "weights": hashlib.sha256(weights).hexdigest()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
