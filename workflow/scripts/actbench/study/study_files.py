"""Which files make a study: what stands in them and on the command line, put together but not yet checked."""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from actbench.errors import UserError
from actbench.storage import yaml_files
from actbench.study import config, messages, settings

LONGEST = 200  # characters of a file's name, which may have 255 with its ending
REFERENCES = ("fashion_mnist", "mlp_classifier")


def given(
    study_files: Sequence[str | Path], project: str | Path, command_line: Iterable[str], schema: Mapping
) -> dict:
    """What the user wrote, later over earlier: study files, then `key=value` of the command line.

    The project's config.yaml is the study where no study file is given. Beside study files it says only what
    never changes a study, and need not exist, so that a study means the same in every folder.

    Raises:
        UserError: there is no study, a file cannot be read, or the project's file has an unknown key.
    """
    if not study_files and not Path(project).is_file():
        raise UserError(f"there is no {project} in {Path.cwd()}; name a study with --configfile.")
    layers = [yaml_files.read(path) for path in study_files or [project]]
    if study_files and Path(project).is_file():
        layers.insert(0, _places(project, schema))
    for entry in command_line:
        key, _, text = entry.partition("=")
        layers.append({key: yaml_files.parse(text, f"--config {key}")})
    return functools.reduce(_over, layers, {})


def of_module(config: object, given: bool) -> dict:
    """The config that another workflow gives with `module`.

    Raises:
        UserError: it gives none, or no mapping.
    """
    if not given or not isinstance(config, dict):
        words = f"config is {messages.shown(config)}" if given else "there is no config"
        raise UserError(f"{words}; allowed: config: and a mapping with the keys of a study.")
    return config


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
    return {name: settings.with_recipes(yaml_files.read(path), schema) for name, path in paths.items()}


def together(names: Sequence[str]) -> str:
    """The name of the page that has several studies, which must fit into a file's name.

    >>> together(["a", "b"])
    'a+b'
    """
    every = "+".join(names) or "nothing"
    if len(every) <= LONGEST:
        return every
    return f"{names[0]}+{len(names) - 1}more-{hashlib.sha256(every.encode()).hexdigest()[:12]}"


def check_handed_over(command_line: Iterable[str]) -> None:
    """Refuse `key=value` that a cluster's jobs would read differently: Snakemake quotes it as Python does.

    Raises:
        UserError: names the key, and what may not be in its value.
    """
    for entry in command_line:
        as_python = repr(entry)
        expanded = as_python.startswith('"') and any(character in entry for character in "$`")
        if expanded or "\\" in as_python:
            key, _, text = entry.partition("=")
            raise UserError(
                f"--config {key} is {messages.cut(repr(text))}; allowed for jobs of a cluster: text without "
                "backslashes, line ends and mixed quotes; write the value in a study file."
            )


def _over(base: object, value: object) -> object:
    """The value over what stood there: mappings key by key, anything else in its place."""
    if not (isinstance(base, Mapping) and isinstance(value, Mapping)):
        return value
    return {**base, **{key: _over(base.get(key), item) for key, item in value.items()}}


def _places(project: str | Path, schema: Mapping) -> dict:
    """What the project's config.yaml says beside a study file."""
    written = yaml_files.read(project)
    for error in config.violations(written, schema):
        if error.validator == "additionalProperties":
            raise UserError(f"{project}: {messages.sentence(error)}")
    return {key: written[key] for key in config.PLACES if key in written}
