"""Blocks of a study as its jobs write them, made up, and harmed as a faulty program would."""

from actbench.analysis import aggregation
from actbench.probes import registry
from actbench.probes import tables as probe_tables
from actbench.storage import files, histograms, manifest, parquet, snapshots
from actbench.training import cost, fitting, scoring

PROBES = {name: {"setting": 7} for name in registry.enabled({})}
WITH_OPTIONAL = PROBES | {"jacobian": {"enabled": True}}
PARAMS = {"seeds": [0, 1], "evaluation": {"folds": None}, "training": {"learning_rate": 0.1}}
CODE = {"train.py": "a", "actbench/storage/files.py": "b", "probe.py": "c"}
TRAINED_BY = {"code": {"train.py": "a", "actbench/storage/files.py": "b"}}
MEASURED_BY = {"code": {"probe.py": "c", "actbench/storage/files.py": "b"}}
STATS = dict.fromkeys(["l2_norm", "rms", "mean", "std", "min", "max", "zero_fraction"], 1.0)
SIGNAL = dict.fromkeys(registry.specs()["distributions"].columns, 0.5)
HISTOGRAM = {"low": 0.0, "high": 1.0, "counts": [1, 2]}


def write_block(folder, activation, statuses=("ok", "ok"), params=PARAMS, probes=PROBES):
    """A block of depth 1 as the train and probe rules write it."""
    rows = {name: [] for name in ("runs", "cost", "history", *WITH_OPTIONAL, "histograms")}
    for seed, status in enumerate(statuses):
        run = {"activation": activation, "depth": 1, "setting": "default", "seed": seed, "fold": 0}
        ok = status == "ok"
        scores = dict.fromkeys(scoring.RUNS.names[-6:], 0.9 + 0.01 * seed if ok else None)
        rows["runs"].append(
            run
            | {
                "status": status,
                "learning_rate": 0.1,
                "trained": ok,
                "n_parameters": 5,
                "epochs_run": 2,
                "best_epoch": 1,
            }
            | scores
        )
        rows["cost"].append(run | {"seconds": 1.0, "n_images": 100, "flops": 1000})
        for epoch in (1, 2):
            values = dict.fromkeys(fitting.HISTORY.names[6:-1], 0.5)
            rows["history"].append(run | {"epoch": epoch, "is_best": epoch == 1} | values)
        for checkpoint in snapshots.of_run(rows["runs"][-1], params.get("probe_epochs", [])):
            place = run | {"checkpoint": checkpoint}
            for layer in (0, 1):
                for tensor in ("weight", "bias", "preactivation"):
                    row = place | {"layer": layer, "tensor": tensor, "n": 3}
                    rows["gradients"].append(row | STATS | HISTOGRAM)
                for signal in ("preactivation", "activation")[: 2 - layer]:
                    row = place | {"layer": layer, "signal": signal}
                    rows["distributions"].append(row | SIGNAL | HISTOGRAM)
            counts = {
                "n_neurons": 4,
                "n_dead": 1,
                "n_zero_gradient": 1,
                "n_dormant": 2,
                "n_dormant_centred": 3,
            }
            counts["n_saturated"] = 0
            rows["dead_neurons"].append(place | {"layer": 0} | counts)
            for image in (0, 1, 2):
                values = {"mean_square": image + seed, "spread": 1.0, "largest": 2.0}
                condition = {"condition": None if image == seed == 1 else 5.0}
                rows["jacobian"].append(place | {"image": image} | values | condition)
    schemas = {
        "runs": scoring.RUNS,
        "cost": cost.SCHEMA,
        "history": fitting.HISTORY,
        **{name: probe_tables.schema(registry.specs()[name]) for name in probes},
        "histograms": histograms.SCHEMA,
    }
    files.write_text(f"weights of {activation}", folder / manifest.MODEL)
    record = {"model": files.digest(folder / manifest.MODEL), "provenance": MEASURED_BY}
    for name, schema in schemas.items():
        measured = record | {"params": probes[name]} if name in probes else None
        parquet.write(parquet.table(rows[name], schema, ["seed"]), folder / f"{name}.parquet", measured)
    manifest.write(folder, params, [2, 2], "images", TRAINED_BY)
    return aggregation.Block(folder, activation, 1, "default", params, probes)


def change(block, name, edit=lambda table: table, **params):
    """Rewrite one of a block's tables, and all that vouches for it, as a faulty program would."""
    path = block.folder / f"{name}.parquet"
    record = parquet.record(path) if name in block.probes else None
    if params:
        record["params"] = params
    parquet.write(edit(parquet.read(path)), path, record)
    vouch(block)


def vouch(block, data="images", made_by=TRAINED_BY):
    """Write the manifest for the files as they are now."""
    manifest.write(block.folder, block.params, [2, 2], data, made_by)
