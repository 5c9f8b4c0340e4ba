"""workflow/scripts/train.py without Snakemake, on made-up images, for `gpu.py` to time from start to end.

gpu_job.py FOLDER        after `prepare` has filled it
"""

import json
import os
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "workflow" / "scripts"
IMAGES = "fashion_mnist.safetensors"
OUTPUT = {
    "runs": "runs.parquet",
    "history": "history.parquet",
    "histograms": "histograms.parquet",
    "cost": "cost.parquet",
    "model": "model.safetensors",
    "config": "config.json",
}


class Names(dict):
    """A mapping whose keys are attributes too, as Snakemake's are."""

    __getattr__ = dict.__getitem__


def images(path: Path, n: int) -> None:
    """Prepared images of Fashion-MNIST's shape; a seventh are official test images."""
    import numpy as np
    from actbench.data import prepared

    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, n).astype("uint8")
    patterns, noise = (generator.integers(0, 128, (k, 28, 28)).astype("uint8") for k in (10, n))
    is_test = (np.arange(n) >= n - n // 7).astype("uint8")
    classes = tuple("abcdefghij")
    prepared.write(
        prepared.Prepared(path.stem, patterns[labels] + noise, labels, is_test, 255, classes), path
    )


def planned(activation: str, n_seeds: int, n_epochs: int, n_validation: int) -> dict:
    """What Snakemake hands the rule as `block`, see `grid.training_params`."""
    return {
        "activation": {"import": None, "name": activation, "parameters": {}},
        "dataset": "fashion_mnist",
        "evaluation": {"folds": None, "validation": n_validation, "split_seed": 42},
        "hidden_sizes": [512, 256, 256, 128],
        "network": {"family": "mlp", "initialisation": "default", "norm": "none", "residual": False},
        "normalisation": "symmetric",
        "seeds": list(range(n_seeds)),
        "training": {
            "optimizer": "sgd",
            "learning_rate": 0.01,
            "momentum": 0.9,
            "weight_decay": 0.0,
            "batch_size": 256,
            "max_epochs": n_epochs,
            "patience": 7,
            "keep": "best",
            "test_each_epoch": True,
            "histograms": True,
            "precision": "highest",
            "threads": 1,
        },
    }


def prepare(folder: Path, device: str, activation: str, n_seeds: int, n_epochs: int, n_images: int) -> None:
    """Write images and plan of a job; what looks into the code must not run in the job itself."""
    from actbench.runtime import provenance, sources

    images(folder / IMAGES, n_images)
    (folder / "results" / "gpu" / "logs").mkdir(parents=True)
    parts = [SCRIPTS / "train.py", SCRIPTS / "actbench" / "networks" / "families" / "mlp.py"]
    files = [str(path) for part in parts for path in (part, *sources.imported(part, [SCRIPTS]))]
    job = {
        "device": device,
        "activation": activation,
        "block": planned(activation, n_seeds, n_epochs, n_images // 7),
        "code": {path: provenance.file_version(path) for path in files},
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def main(folder: str) -> None:
    os.chdir(folder)
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    keys = {"activation": job["activation"], "depth": "4", "setting": "default", "block": "0"}
    snakemake = SimpleNamespace(
        scriptdir=str(SCRIPTS),
        log=["log.txt"],
        params=SimpleNamespace(block=job["block"], code=job["code"], prepared_by=""),
        wildcards=Names(keys),
        input=Names(data=IMAGES),
        output=Names(OUTPUT),
        resources=Names(gpu=int(job["device"] != "cpu")),
        config={"study": "gpu", "device": job["device"], "settings": {"default": {}}},
    )
    runpy.run_path(str(SCRIPTS / "train.py"), init_globals={"snakemake": snakemake}, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
