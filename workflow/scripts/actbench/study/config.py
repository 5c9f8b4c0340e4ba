"""From what the user wrote to a checked, complete configuration; nothing here imports torch."""

import math
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path

import jsonschema

from actbench.activations import registry
from actbench.data import catalogue
from actbench.errors import UserError
from actbench.runtime import imports, sources
from actbench.storage import yaml_files
from actbench.study import messages

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}")
IMPORT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
LABEL_LENGTH = 60
BOUND = 10**308  # what floating-point numbers reach
# Drawn as a space or not at all, though Unicode has them as letters, symbols and marks.
BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
HIDDEN = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
PROBED_IMAGES = 1024
PLACES = ("data_dir", "device", "verify", "studies")  # never change a study
REFERENCES = ("fashion_mnist", "mlp_classifier")
MADE = ("results", "reports")  # folders of what was made, by us or by a stranger
RESERVED = ("data", "verification")
OWN_KEYS = ("name", "import", "id", "label")


def violations(config: Mapping, schema: Mapping) -> list[jsonschema.ValidationError]:
    """All that the schema finds, in the order of the keys.

    Raises:
        UserError: a number is too long for arithmetic and messages, or a value is in itself.
    """
    try:
        _check_magnitudes(config)
    except RecursionError as error:
        raise UserError("config has lists or mappings too deep inside of one another.") from error
    validator = jsonschema.Draft202012Validator(schema)
    return sorted(validator.iter_errors(config), key=lambda error: [str(p) for p in error.path])


def resolve(config: Mapping, schema: Mapping) -> dict:
    """Check a config against the schema and against itself, and fill in every default.

    Returns:
        A plain dict: sections and keys as in the schema, numbers of the schema's type, seeds and
        hidden layers sorted, each activation as `{"id", "label", "spec"}` where `spec` is what
        `registry.create` takes.

    Raises:
        UserError: one sentence that names the key, the value and what is allowed.
    """
    _check(config, schema)
    resolved = _complete(config, schema)
    _check_study(resolved["study"])
    resolved["activations"] = [_activation(entry) for entry in resolved["activations"]]
    _check_ids([entry["id"] for entry in resolved["activations"]])
    _check_labels([entry["label"] for entry in resolved["activations"]])
    resolved["seeds"] = sorted(resolved["seeds"])
    resolved["network"]["hidden_sizes"] = _hidden_sizes(resolved)
    resolved["depths"] = [len(widths) for widths in resolved["network"]["hidden_sizes"]]
    _check_folds(resolved)
    resolved["evaluation"]["validation"] = _validation(resolved)
    _check_unvalidated(resolved)
    for section in _probes(resolved).values():
        if section.get("images", 0) is None:
            section["images"] = min(PROBED_IMAGES, image_counts(resolved)["training"])
    resolved["report"]["baseline"] = _baseline(resolved)
    _check_sizes(resolved)
    return resolved


def blocks(seeds: Iterable[int], seeds_per_job: int) -> dict[str, list[int]]:
    """Group seeds into aligned slots `first-last`; a slot keeps its name whichever of its seeds are run."""
    grouped: dict[str, list[int]] = {}
    for seed in sorted(seeds):
        first = seed // seeds_per_job * seeds_per_job
        grouped.setdefault(f"{first}-{first + seeds_per_job - 1}", []).append(seed)
    return grouped


def grid(config: Mapping) -> dict[str, list]:
    """Values of the wildcards of a resolved config: activation, depth and block."""
    return {
        "activation": [entry["id"] for entry in config["activations"]],
        "depth": config["depths"],
        "block": list(blocks(config["seeds"], config["seeds_per_job"])),
    }


def one_of(values: Iterable[Iterable]) -> str:
    """A regular expression for any of the values of several lists."""
    return "|".join(sorted({re.escape(str(value)) for several in values for value in several}))


def references(study: str, folder: str | Path, schema: Mapping) -> dict[str, dict]:
    """The resolved configs, by name, of the studies that published results are compared with.

    They are read as their files state them, whatever the study at hand is.

    Raises:
        UserError: the study at hand has the name of one of them, and may differ from it.
    """
    if study in REFERENCES:
        raise UserError(
            f"verify is 'full' in the study {study!r}; allowed in any other study, since the networks of "
            f"{' and '.join(REFERENCES)} are trained as their files in studies/ state."
        )
    paths = {name: Path(folder, f"{name}.yaml") for name in REFERENCES}
    return {name: resolve(yaml_files.read(path), schema) for name, path in paths.items()}


def training_params(config: Mapping, spec: Mapping, depth: int, seeds: list[int]) -> dict:
    """All that the numbers of one block depend on: the params of the rule that trains it."""
    sizes = dict(zip(config["depths"], config["network"]["hidden_sizes"], strict=True))
    return {
        "activation": spec,
        "dataset": config["dataset"],
        "evaluation": config["evaluation"],
        "hidden_sizes": sizes[depth],
        "normalisation": config["normalisation"],
        "seeds": seeds,
        "training": config["training"],
    }


def image_counts(config: Mapping) -> dict[str, int]:
    """Training, validation and test images of a resolved config, with cross-validation those of fold 0.

    `tested` are all that a seed's accuracy is a share of: with cross-validation each fold's test images.
    """
    dataset, evaluation = config["dataset"], config["evaluation"]
    if evaluation["folds"] is None:
        pool, test = catalogue.n_pool(dataset), catalogue.n_test(dataset)
        tested = test
        validation = evaluation["validation"]
    else:
        tested = catalogue.n_folded(dataset)
        test = math.ceil(tested / evaluation["folds"])
        pool = tested - test
        validation = 0 if evaluation["validation"] == 0 else math.ceil(pool / catalogue.HELD_OUT)
    return {"training": pool - validation, "validation": validation, "test": test, "tested": tested}


def user_files(spec: Mapping, folder: str | Path) -> list[str]:
    """The files of a user's own activation and of all that it imports below `folder`, without importing any.

    Raises:
        UserError: there is no such module, or it may not be one.
    """
    if spec["import"] is None:
        return []
    name = spec["import"].split(":")[0]
    said = f"activations: {messages.plain(spec['name'])} has import {spec['import']!r}"
    top = name.partition(".")[0]
    if top in MADE:
        raise UserError(f"{said}; allowed: a module in another folder than {' and '.join(MADE)}.")
    if top in sys.stdlib_module_names or top in (imports.PACKAGE, "__main__"):
        raise UserError(f"{said}; allowed: a name that no module of Python or actbench has.")
    found = sources.of_module(name, folder)
    if not found:
        file = Path(*name.split(".")).with_suffix(".py")
        raise UserError(f"{said}, but there is no {file}; the module must lie in the working directory.")
    for path in map(Path, found):
        top = os.path.relpath(path, folder).partition(os.sep)[0].partition(".")[0]
        if imports.SCRIPTS not in path.resolve().parents and imports.is_name_of_installed(top):
            raise UserError(
                f"{said}, but {path} takes the name of the installed package {top}; allowed: another name."
            )
    return found


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
    network = config.get("network", {})
    sizes = network.get("hidden_sizes")
    for key, given in {"depths": config.get("depths"), "network.width": network.get("width")}.items():
        if given is not None and sizes is not None:
            raise UserError(
                f"{key} is {messages.shown(given)} and network.hidden_sizes is {messages.shown(sizes)}; "
                "allowed: one of the two, the other left out or null."
            )
    _check_folder(config.get("data_dir", ""))


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
    return float(value) if schema.get("type") == "number" else int(value)


def _activation(entry: str | Mapping) -> dict:
    entry = {"name": entry} if isinstance(entry, str) else dict(entry)
    written = entry.get("name")
    if not isinstance(written, str):
        raise UserError(
            f"activations: {messages.shown(entry)} has no name; allowed: a mapping with a name (text)."
        )
    if not written.isprintable():
        raise UserError(
            f"activations: name is {messages.cut(repr(written))}; allowed: text without control characters."
        )
    name = registry.ALIASES.get(written, written)
    target = entry.get("import")
    given = {key: value for key, value in entry.items() if key not in OWN_KEYS}
    for key in given:
        if not isinstance(key, str):
            raise UserError(
                f"activations: {messages.plain(written)} has the parameter {key!r}; allowed: a name (text)."
            )
    parameters = _parameters(name, given) if target is None else _own_parameters(name, target, given)
    identifier = entry.get("id", name + "".join(f"-{k}{v:g}" for k, v in sorted(parameters.items())))
    _check_pattern(f"activations: id of {messages.plain(written)}", identifier, ID)
    spec = {"import": target, "name": name, "parameters": dict(sorted(parameters.items()))}
    label = _label(entry.get("label", _default_label(written, parameters)))
    return {"id": identifier, "label": label, "spec": spec}


def _default_label(written: str, parameters: Mapping) -> str:
    return " ".join([written, *(f"{key} {value:g}" for key, value in sorted(parameters.items()))])


def _label(label: object) -> str:
    if not isinstance(label, str) or not label.strip() or len(label) > LABEL_LENGTH:
        raise UserError(
            f"activations: label is {messages.shown(label)}; allowed: text of 1 to {LABEL_LENGTH} characters."
        )
    if not label.isprintable():
        raise UserError(
            f"activations: label is {messages.cut(repr(label))}; allowed: text without control characters."
        )
    if not any(unicodedata.category(character)[0] in "LNPS" for character in _seen(label)):
        raise UserError(f"activations: label is {label!a}; allowed: text that can be seen.")
    return label


def _seen(label: str) -> str:
    """What the eye sees of a label: other codes for the same characters, and blanks, make no difference."""
    text = HIDDEN.sub("", BLANK.sub(" ", label))
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _parameters(name: str, given: Mapping) -> dict[str, float]:
    """Parameters that differ from the registry's defaults."""
    if name not in registry.REGISTRY:
        known = [*registry.REGISTRY, *registry.ALIASES]
        raise UserError(
            f"activations: {messages.cut(repr(name))} is unknown{messages.nearest(name, known)}; "
            f"allowed: {', '.join(known)}, or your own as {{name: …, import: 'module:class'}}."
        )
    allowed = registry.REGISTRY[name].parameters
    for key, value in given.items():
        if key not in allowed:
            names = ", ".join([*allowed, "id", "label"])
            raise UserError(
                f"activations: {name} has no {messages.cut(repr(key))}{messages.nearest(key, allowed)}; "
                f"allowed: {names}."
            )
        _check_number(f"activations: {name}.{key}", value, allowed[key].above)
    return {key: float(value) for key, value in given.items() if value != allowed[key].default}


def _own_parameters(name: str, target: object, given: Mapping) -> dict[str, float]:
    if name in registry.REGISTRY:
        raise UserError(f"activations: {name} is a name of the registry; give your own another name.")
    _check_pattern(f"activations: import of {messages.plain(name)}", target, IMPORT, "module:class")
    for key, value in given.items():
        _check_number(f"activations: {messages.plain(name)}.{messages.plain(key)}", value, None)
    return dict(given)


def _check_number(what: str, value: object, above: float | None) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or (above is not None and value <= above):
        bound = "" if above is None else f" above {above:g}"
        raise UserError(f"{what} is {messages.shown(value)}; allowed: a finite number{bound}.")


def _check_pattern(what: str, value: object, pattern: re.Pattern, allowed: str | None = None) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        allowed = allowed or "letters, digits and . _ + -, at most 60, the first a letter or digit"
        raise UserError(f"{what} is {messages.shown(value)}; allowed: {allowed}.")


def _check_ids(ids: list[str]) -> None:
    for number, identifier in enumerate(ids):
        if identifier.lower() in [other.lower() for other in ids[:number]]:
            raise UserError(
                f"activations: {identifier} is there twice; every activation needs an id of its own "
                "(swish and silu are the same)."
            )


def _check_labels(labels: list[str]) -> None:
    """Each activation's label must be told from the others in a figure."""
    before: dict[str, str] = {}
    for label in labels:
        seen = _seen(label)
        if seen in before:
            other = before[seen]
            raise UserError(
                f"activations: label is {messages.cut(ascii(label))}, which looks like "
                f"{messages.cut(ascii(other))}; allowed: labels that can be told apart."
            )
        before[seen] = label


def _hidden_sizes(config: Mapping) -> list[list[int]]:
    sizes = config["network"]["hidden_sizes"]
    if sizes is None:
        return [[config["network"]["width"]] * depth for depth in sorted(config["depths"])]
    depths = [len(widths) for widths in sizes]
    if len(set(depths)) < len(depths):
        raise UserError(f"network.hidden_sizes has networks of depths {depths}; every depth is allowed once.")
    return sorted(sizes, key=len)


def _validation(config: Mapping) -> int | None:
    given, pool = config["evaluation"]["validation"], catalogue.n_pool(config["dataset"])
    if config["evaluation"]["folds"] is not None:
        if given not in (None, 0):
            raise UserError(
                f"evaluation.validation is {given}; allowed with evaluation.folds: null (a stratified fifth "
                "of each training fold) or 0 (none)."
            )
        return given
    if given is not None and given >= pool:
        raise UserError(
            f"evaluation.validation is {given}; allowed: a whole number from 0 to {pool - 1}, since "
            f"{config['dataset']} has {pool} images that do not test."
        )
    return catalogue.sixth(pool) if given is None else given


def _probes(config: Mapping) -> dict[str, dict]:
    """The sections of probes."""
    return {key: section for key, section in config.items() if key.startswith("probe_")}


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


def _check_folder(path: str) -> None:
    """Refuse what no folder's name has."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        raise UserError(
            f"data_dir is {messages.cut(repr(path))}; allowed: the path of a folder, without control "
            "characters."
        )


def _check_study(study: str) -> None:
    """Refuse names whose files would be those of something else."""
    if study in RESERVED or study.endswith("_hiplot"):
        raise UserError(
            f"study is {study!r}; allowed: any name but {', '.join(RESERVED)} and those that end in _hiplot, "
            "which are names of other files."
        )


def _check_folds(config: Mapping) -> None:
    """Every fold needs images of every class."""
    given, most = config["evaluation"]["folds"], catalogue.DATASETS[config["dataset"]].smallest_class
    if given is not None and given > most:
        raise UserError(
            f"evaluation.folds is {given}; allowed: a whole number from 2 to {most}, the images of the "
            f"smallest class of {config['dataset']}, or null."
        )


def _check_unvalidated(config: Mapping) -> None:
    """Without validation images nothing can be chosen by them."""
    if config["evaluation"]["validation"] != 0:
        return
    for key, allowed in {"keep": "last", "patience": None}.items():
        given = config["training"][key]
        if given != allowed:
            raise UserError(
                f"training.{key} is {given!r}; allowed without validation images (evaluation.validation: 0): "
                f"{'null' if allowed is None else allowed}."
            )


def _check_sizes(config: Mapping) -> None:
    """No batch and no probe may ask for more images than there are to train on."""
    n_train = image_counts(config)["training"]
    sampled = [(name, "images") for name, section in _probes(config).items() if "images" in section]
    for section, key in [("training", "batch_size"), *sampled]:
        if config[section][key] > n_train:
            raise UserError(
                f"{section}.{key} is {config[section][key]}; allowed: at most {n_train}, the training "
                f"images of {config['dataset']}."
            )
