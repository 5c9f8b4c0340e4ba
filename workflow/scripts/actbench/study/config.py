"""From what the user wrote to a checked, complete configuration; nothing here imports torch."""

import itertools
import math
import unicodedata
from collections.abc import Mapping
from copy import deepcopy

import jsonschema

from actbench.data import catalogue
from actbench.errors import UserError
from actbench.networks import family
from actbench.study import activations, dataset, evaluation, messages, network, tuning

BOUND = 10**308  # what floating-point numbers reach
PROBED_IMAGES = 1024
PATHS = ("data_dir", "checkpoint", "verify_checkpoints")
PLACES = ("device", "verify", "studies", *PATHS)  # never change a study
RESERVED = ("data", "verification")


def violations(config: Mapping, schema: Mapping) -> list[jsonschema.ValidationError]:
    """All that the schema finds, in the order of the keys.

    Raises:
        UserError: a number is too long for arithmetic and messages, or a value is in itself.
    """
    try:
        _check_magnitudes(config)
    except RecursionError as error:
        raise UserError("config has lists or mappings too deep inside of one another.") from error
    validator = jsonschema.Draft202012Validator(family.with_families(schema, config))
    return sorted(validator.iter_errors(config), key=lambda error: [str(p) for p in error.path])


def resolve(config: Mapping, schema: Mapping, data: Mapping | None = None) -> dict:
    """Check a config against the schema and against itself, and fill in every default.

    Args:
        config: what the user wrote, without settings.
        schema: that of the config.
        data: `dataset` and `own_data` of data that are in no file; None for those of the config.

    Returns:
        A plain dict: sections and keys as in the schema, numbers of the schema's type, seeds and
        hidden layers sorted, each activation as `{"id", "label", "spec"}` where `spec` is what
        `registry.create` takes. Sections of optional probes are there where they are enabled,
        `report.claims` where there are any. `dataset` is a name; with own data there is `own_data`, see
        `own.facts`.

    Raises:
        UserError: one sentence that names the key, the value and what is allowed.
    """
    _check(config, schema)
    resolved = _complete(config, family.with_families(schema, config))
    _check_study(resolved["study"])
    resolved |= dataset.resolve(resolved["dataset"]) if data is None else data
    if config.get("normalisation") is None:
        resolved["normalisation"] = dataset.normalisation(resolved)
    resolved["activations"] = activations.resolve(resolved["activations"])
    resolved["seeds"] = sorted(resolved["seeds"])
    resolved["network"]["hidden_sizes"] = _hidden_sizes(resolved)
    resolved["depths"] = [len(widths) for widths in resolved["network"]["hidden_sizes"]]
    resolved["evaluation"] = evaluation.resolve(resolved)
    evaluation.check_unvalidated(resolved["evaluation"], resolved["training"])
    _check_warmup(resolved["training"])
    _check_probe_epochs(resolved["probe_epochs"], resolved["training"]["max_epochs"])
    resolved["tuning"] = tuning.resolve(resolved)
    _leave_out_disabled(resolved)
    for name, section in _probes(resolved).items():
        if "images" in section and config.get(name, {}).get("images") is None:
            at_most = section["images"] or PROBED_IMAGES
            section["images"] = min(at_most, catalogue.image_counts(resolved)["training"])
    resolved["report"]["baseline"] = _baseline(resolved)
    if not resolved["report"]["claims"]:
        del resolved["report"]["claims"]
    _check_sizes(resolved)
    network.check(resolved)
    return resolved


def _check_magnitudes(value: object, key: str = "config") -> None:
    if isinstance(value, int) and abs(value) >= BOUND:
        raise UserError(f"{key} is a whole number of more than 308 digits; allowed: shorter ones.")
    entries = value.items() if isinstance(value, Mapping) else ()
    for name, entry in enumerate(value) if isinstance(value, list) else entries:
        name = f"[{name}]" if isinstance(value, list) else f".{messages.plain(name)}"
        _check_magnitudes(entry, f"{key}{name}".removeprefix("config."))


def _check(config: Mapping, schema: Mapping) -> None:
    for error in violations(config, schema):
        raise UserError(messages.sentence(error))
    section = config.get("network", {})
    sizes = section.get("hidden_sizes")
    for key, given in {"depths": config.get("depths"), "network.width": section.get("width")}.items():
        if given is not None and sizes is not None:
            raise UserError(
                f"{key} is {messages.shown(given)} and network.hidden_sizes is {messages.shown(sizes)}; "
                "allowed: one of the two, the other left out or null."
            )
    for key in PATHS:
        _check_path(key, config.get(key) or "")


def _complete(config: Mapping, schema: Mapping, section: str = "") -> dict:
    """Every key of the schema, in its order, with the value given or the default."""
    complete = {}
    for key, part in schema["properties"].items():
        if "properties" in part:
            complete[key] = _complete(config.get(key, {}), part, f"{key}.")
        else:
            value = config.get(key)
            value = deepcopy(part.get("default")) if value is None else value
            complete[key] = _number(f"{section}{key}", value, part)
    return complete


def _number(key: str, value: object, schema: Mapping) -> object:
    """Give numbers the schema's type, so that 1 and 1.0 are the same plan; refuse nan and inf."""
    if isinstance(value, list):
        return [_number(key, item, schema["items"]) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        raise UserError(f"{key} is {value}; allowed: {messages.allowed(schema)}.")
    return float(value) if "number" in schema.get("type", ()) else int(value)


def _hidden_sizes(config: Mapping) -> list[list[int]]:
    sizes = config["network"]["hidden_sizes"]
    if sizes is None:
        return [[config["network"]["width"]] * depth for depth in sorted(config["depths"])]
    depths = [len(widths) for widths in sizes]
    if len(set(depths)) < len(depths):
        raise UserError(f"network.hidden_sizes has networks of depths {depths}; every depth is allowed once.")
    return sorted(sizes, key=len)


def _probes(config: Mapping) -> dict[str, dict]:
    """The sections of probes."""
    return {k: part for k, part in config.items() if k.startswith("probe_") and k != "probe_epochs"}


def _leave_out_disabled(config: dict) -> None:
    """Take away the sections of optional probes that the study does not measure with."""
    for key, section in _probes(config).items():
        if section.get("enabled") is False:
            del config[key]


def _baseline(config: Mapping) -> str:
    ids = [entry["id"] for entry in config["activations"]]
    given = config["report"]["baseline"]
    if given is None:
        return "relu" if "relu" in ids else ids[0]
    if given not in ids:
        raise UserError(
            f"report.baseline is {messages.cut(repr(given))}{messages.nearest(given, ids)}; "
            f"allowed: {', '.join(ids)} (an activation of this study), or null."
        )
    return given


def _check_path(key: str, path: str) -> None:
    """Refuse what no name of a file or folder has."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        kind = "file" if key == "checkpoint" else "folder"
        raise UserError(
            f"{key} is {messages.cut(repr(path))}; allowed: the path of a {kind}, without control characters."
        )


def _check_study(study: str) -> None:
    """Refuse names whose files would be those of something else."""
    if study in RESERVED or study.endswith(("_hiplot", "_checkpoint")):
        raise UserError(
            f"study is {study!r}; allowed: any name but {', '.join(RESERVED)} and those that end in _hiplot "
            "or _checkpoint, which are names of other files."
        )


def _check_warmup(training: Mapping) -> None:
    """Some epoch must have the learning rate itself."""
    if training["warmup_epochs"] >= training["max_epochs"]:
        raise UserError(
            f"training.warmup_epochs is {training['warmup_epochs']}; allowed: fewer than "
            f"training.max_epochs, {training['max_epochs']}."
        )


def _check_probe_epochs(epochs: list[int], max_epochs: int) -> None:
    """Rows and figures follow their order, and a network must be able to reach each of them."""
    if any(one >= after for one, after in itertools.pairwise(epochs)):
        raise UserError(f"probe_epochs is {messages.shown(epochs)}; allowed: each epoch once, ascending.")
    if epochs and epochs[-1] > max_epochs:
        raise UserError(
            f"probe_epochs is {messages.shown(epochs)}; allowed: epochs up to training.max_epochs, "
            f"{max_epochs}."
        )


def _check_sizes(config: Mapping) -> None:
    """No batch and no probe may ask for more images than there are to train on."""
    n_train, capped = catalogue.image_counts(config)["training"], config["evaluation"]["training"]
    images = f"training images of {config['dataset']}" if capped is None else "images of evaluation.training"
    sampled = [(name, "images") for name, section in _probes(config).items() if "images" in section]
    for section, key in [("training", "batch_size"), *sampled]:
        if config[section][key] > n_train:
            raise UserError(
                f"{section}.{key} is {config[section][key]}; allowed: at most {n_train}, the {images}."
            )
