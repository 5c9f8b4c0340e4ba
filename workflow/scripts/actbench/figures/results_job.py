"""The job that draws the figures of runs and layers."""

from pathlib import Path

import numpy as np

from actbench.data import prepared
from actbench.errors import DamagedError
from actbench.figures import (
    decay,
    drawing,
    failures,
    functions,
    heat_maps,
    order,
    overview,
    recipe,
    results,
    svg,
    theory,
    while_training,
)
from actbench.runtime import provenance
from actbench.storage import files, parquet, records

OF_SOME = ("images", "sensitivity", "performance_profile", "while_training")  # which some configs have


def run(job: object) -> None:
    """Draw a study's figures as the job of its rule: `job` is the script's `snakemake`.

    They are of one setting, but for those of the recipe and of theory; of `OF_SOME`, an earlier config's are
    removed.

    Raises:
        DamagedError: a table or the images are not those of the study.
    """
    params, output = job.params, job.output
    paths = {name: job.input[name] for name in params.tables}
    made = records.checked(job.input.made_by, records.Plan(**params.made_with), paths.values())
    every = {name: parquet.read(path).to_pandas() for name, path in paths.items()}
    tables = {
        name: table[table["setting"] == params.setting] if "setting" in table else table
        for name, table in every.items()
    }
    data = prepared.read(job.input.data, params.prepared_by)
    if made.content["jobs"]["data"] != [data.digest]:
        raise DamagedError(job.input.data, "its images are not those of the study's tables")
    drawing.use_style()
    ranked = order.ranked(tables["comparison"], tables["over_depths"])
    foremost = order.foremost(tables["comparison"], ranked)
    style = drawing.Style(
        params.labels, params.summarised, every=sorted(params.all_labels), foremost=foremost
    )
    depths, shown = params.depths, params.shown_depths
    chance = np.bincount(data.labels).max() / len(data.labels)
    by_layer = {
        name: failures.joined(tables[name], tables["runs"])
        for name in ("history", "gradients", "distributions", "dead_neurons")
    }
    drawn = {
        "overview": overview.overview(tables["comparison"], depths, style, chance, ranked),
        "accuracy": results.accuracy(tables["runs"], tables["comparison"], depths, style, chance),
        "learning_curves": results.learning_curves(by_layer["history"], shown, style),
        "gradients_weight": results.gradients(by_layer["gradients"], shown, style, "weight"),
        "gradients_preactivation": results.gradients(by_layer["gradients"], shown, style, "preactivation"),
        "dead_neurons": results.dead_neurons(by_layer["dead_neurons"], shown, style),
        "saturation": results.saturation(by_layer["distributions"], shown, style),
        "heat_gradients": heat_maps.gradients(by_layer["gradients"], shown, style),
        "heat_activations": heat_maps.activations(by_layer["distributions"], shown, style),
        "functions": functions.functions(tables["activations"], style),
    }
    are_images = "images" in output.keys()  # noqa: SIM118, names of outputs
    if are_images:
        drawn["images"] = functions.images(data.images, data.labels, data.classes)
    of_layers = every["predictions"], params.settings, shown, style
    drawn |= {
        "theory_gradients": theory.gradients(every["gradients"], *of_layers),
        "theory_activations": theory.activations(every["distributions"], *of_layers),
        "edge_of_chaos": theory.edge_of_chaos(every["edges"], every["theory"], params.settings, style),
        "decay_and_training": decay.decay_and_training(
            every["expectations"], every["comparison"], params.settings, params.limit, style
        ),
        "correlation_map": theory.correlation_map(
            every["correlations"], params.settings, style, "images" if are_images else "examples"
        ),
    }
    if "tuning" in every:
        searched = every["tuning"], every["rates"]
        drawn["sensitivity"] = recipe.sensitivity(*searched, params.settings, shown, style)
    if "profile" in every:
        drawn["performance_profile"] = recipe.profile(every["profile"], params.settings, style)
    if "while_training" in output.keys():  # noqa: SIM118
        measured = tables["gradients"], tables["dead_neurons"]
        drawn["while_training"] = while_training.figure(*measured, shown, style, tables["runs"])
    for name, figure in drawn.items():
        path = Path(output[name])
        drawing.save(figure, path, path.with_suffix(".pdf"))
    files.write_json(svg.inlined_files(output, params.all_labels), output.inlined)
    files.remove_others(Path(output.overview).parent, [f"{name}.*" for name in OF_SOME], output)
    plan, described = records.Plan(**params.plan), provenance.describe(params.code, "cpu")
    inputs = [job.input.made_by, job.input.data]
    records.write(output.made_by, plan, inputs, output, described, provenance.seconds())
