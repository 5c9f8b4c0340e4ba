"""Any config at all: a valid plan or one sentence that names the key, never a traceback or a silent default."""

import copy
import math
import re

import pytest
import yaml
from actbench.activations import registry
from actbench.data import catalogue
from actbench.errors import UserError
from actbench.storage import yaml_files
from actbench.study import grid
from actbench.study.settings import with_recipes
from conftest import ROOT, SCHEMA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STUDIES = [yaml_files.read(path) for path in (ROOT / "config.yaml", *sorted(ROOT.glob("studies/*.yaml")))]


def leaves(schema: dict, path: tuple = ()) -> list[tuple]:
    found = []
    for key, part in schema["properties"].items():
        found += leaves(part, (*path, key)) if "properties" in part else [(*path, key)]
    return found


LEAVES = leaves(SCHEMA)
SECTIONS = sorted({path[:1] for path in LEAVES if len(path) == 2})
WORDS = st.one_of(
    st.sampled_from(
        ["relu", "tanh", "1e-3", "0x10", "no", "on", "null", "~", "", " ", "..", "a/b", "-", "nan", "1.0"]
    ),
    st.sampled_from(
        ["sgd", "adam", "best", "last", "auto", "cuda", "full", "mnist", "digits", "per_pixel", "high"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
)
NUMBERS = st.one_of(
    st.integers(-3, 12),
    st.sampled_from(
        [0, -1, 1, 2**31, 2**63, 10**30, 1e-300, 1e300, 5e-324, math.inf, -math.inf, math.nan, -0.0, 1.5]
    ),
    st.floats(allow_nan=True),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(WORDS, st.sampled_from(["name", "import", "id", "label", "slope", "alpha"]), st.integers()), inner, max_size=3),
    ),
    max_leaves=8,
)  # fmt: skip
ACTIVATIONS = st.one_of(
    st.sampled_from([*registry.REGISTRY, *registry.ALIASES]),
    st.fixed_dictionaries(
        {"name": st.sampled_from([*registry.REGISTRY, "mine", "leaky"])},
        optional={
            "slope": SCALARS,
            "alpha": SCALARS,
            "label": SCALARS,
            "id": SCALARS,
            "import": st.one_of(SCALARS, st.just("mine:Mine")),
        },
    ),
    VALUES,
)


def plausible(part: dict) -> st.SearchStrategy:
    """Values of the type that the schema asks for, most of them within its bounds."""
    kinds = part.get("type", "string")
    if "enum" in part:
        return st.sampled_from(part["enum"])
    if "else" in part:
        own = {
            "name": WORDS,
            "file": st.sampled_from(["a.npz", "a.csv", "Snakefile", "~x/a.npz", "\0.npz"]) | WORDS,
        }
        return plausible(part["else"]) | st.fixed_dictionaries(own, optional={"label": SCALARS})
    if kinds == ["number", "string"]:
        return st.one_of(plausible({"type": "number"}), st.sampled_from(["tuned", "tune"]))
    if "null" in kinds and kinds != "null":
        kinds = next(kind for kind in kinds if kind != "null")
    low = part.get("minimum", part.get("exclusiveMinimum", 0))
    return {
        "integer": st.integers(low, low + 300),
        "number": st.floats(low, low + 1),
        "boolean": st.booleans(),
    }.get(kinds, WORDS)


def part_of(path: tuple) -> dict:
    part = SCHEMA
    for key in path:
        part = part["properties"][key]
    return part


PLAUSIBLE = {path: plausible(part_of(path)) for path in LEAVES} | {
    ("activations",): st.lists(ACTIVATIONS, max_size=5),
    ("seeds",): st.lists(st.integers(-1, 40), max_size=6),
    ("depths",): st.lists(st.integers(0, 12), max_size=4),
    ("tuning", "learning_rate"): st.none() | st.lists(st.floats(0, 1), max_size=4),
    ("settings",): st.none()
    | st.dictionaries(
        st.sampled_from(["default", "a", "A", "b.c", "x/y", ""]),
        st.sampled_from(
            [{}, {"training": {"optimizer": "adamw"}}, {"network": {"norm": "layer"}}, {"network": None}, [1]]
        ),
        max_size=3,
    ),
    ("network", "hidden_sizes"): st.lists(st.lists(st.integers(0, 40), max_size=4), max_size=3),
}


@st.composite
def mutations(draw):
    """A valid config with one to three of its parts changed, and the keys that were."""
    mutant, touched = copy.deepcopy(draw(st.sampled_from(STUDIES))), []
    for _ in range(draw(st.integers(1, 3))):
        how = draw(st.sampled_from(["value"] * 9 + ["unknown", "section", "removed"]))
        path = draw(st.sampled_from(LEAVES))
        if how == "section":
            path = draw(st.sampled_from(SECTIONS))
            mutant[path[0]] = draw(VALUES)
        elif how == "unknown":
            path = (*path[:-1], draw(st.one_of(WORDS, st.integers(), st.just(path[-1].upper()))))
            parent(mutant, path)[path[-1]] = draw(VALUES)
        elif how == "removed":
            parent(mutant, path).pop(path[-1], None)
        else:
            parent(mutant, path)[path[-1]] = draw(st.one_of(VALUES, PLAUSIBLE[path], PLAUSIBLE[path]))
        touched.append(path)
    return mutant, touched


def parent(mutant: dict, path: tuple) -> dict:
    """The mapping in which a key stands, made if there is none."""
    if len(path) == 1:
        return mutant
    if not isinstance(mutant.get(path[0]), dict):
        mutant[path[0]] = {}
    return mutant[path[0]]


def check_sentence(sentence: str, mutant: dict) -> None:
    """One printable line that begins with a key of the config, or with the unknown key that was given."""
    assert sentence.isprintable() and sentence.endswith("."), sentence
    named = re.match(r"(.+?)(\[\d+\])*(:| is | has )", sentence, re.DOTALL)
    assert named, sentence
    known = {".".join(path) for path in LEAVES} | {path[0] for path in LEAVES}
    given = {str(key) for key in mutant} | {
        f"{key}.{inner}" for key, part in mutant.items() if isinstance(part, dict) for inner in part
    }
    unknown = "is not a key of the config" in sentence
    assert named[1] in known or unknown or any(sentence.startswith(key) for key in given), sentence


def check_plan(mutant: dict, resolved: dict) -> None:
    """Nothing that was given is lost, and every job of the grid has plain params and a path of its own."""
    for path in LEAVES:
        part = mutant if len(path) == 1 else mutant.get(path[0], {})
        of_a_probe_that_is_off = path[0] not in resolved and not part.get("enabled")
        if path[-1] in part and part[path[-1]] is not None and not of_a_probe_that_is_off:
            check_kept(path, part[path[-1]], resolved)
    values = grid.values(resolved)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", key) for key in values["activation"])
    assert len({key.lower() for key in values["activation"]}) == len(values["activation"]) > 0
    blocks = grid.blocks(resolved["seeds"], resolved["seeds_per_job"])
    for entry in resolved["activations"]:
        for depth in values["depth"]:
            for seeds in blocks.values():
                yaml.safe_dump(grid.training_params(resolved, entry["spec"], depth, seeds))
    counts = catalogue.image_counts(resolved)
    assert counts["training"] >= resolved["training"]["batch_size"] and counts["test"] > 0


def check_kept(path: tuple, given: object, resolved: dict) -> None:
    found = resolved[path[0]] if len(path) == 1 else resolved[path[0]][path[1]]
    if path == ("activations",):
        assert len(found) == len(given)
    elif path == ("settings",):
        assert list(found) == list(given)
    elif path in {("seeds",), ("depths",), ("network", "hidden_sizes"), ("tuning", "learning_rate")}:
        assert sorted(found, key=str) == sorted(given, key=str)
    else:
        assert found == given, (path, given, found)


def examples(n: int):
    """Give `n` mutations to a function, the same every time."""
    fixed = settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda function: fixed(given(mutations())(function))


@pytest.mark.fault(
    "any config",
    "valid configs with one to three keys changed, removed, misspelt or filled with anything (hypothesis), in "
    "process: validator and planned grid",
    "a plan that keeps every value given, or one sentence that names the key",
)
def test_any_config_gives_a_plan_or_a_sentence(chaos, tried):
    seen = {"plans": 0, "sentences": 0}

    @examples(2000 if chaos else 200)
    def try_one(mutation):
        mutant, _ = mutation
        try:
            resolved = with_recipes(copy.deepcopy(mutant), SCHEMA)
        except UserError as error:
            check_sentence(str(error), mutant)
            seen["sentences"] += 1
        else:
            check_plan(mutant, resolved)
            seen["plans"] += 1

    try_one()
    assert min(seen.values()) > 0.1 * sum(seen.values()), seen
    tried(sum(seen.values()), f"{seen['plans']} plans, {seen['sentences']} sentences")


@pytest.mark.fault(
    "any config on the command line",
    "the same configs written as YAML and given with `--configfile`, 20 dry runs",
    "status 0, or status 1 and one line that begins with “Config error:”; no traceback",
)
def test_any_config_through_snakemake(tiny, tried, only_chaos):
    path = tiny.folder / "studies" / "fuzzed.yaml"
    seen = {0: 0, 1: 0}

    @examples(20)
    def try_one(mutation):
        mutant, _ = mutation
        path.write_text(yaml_files.dump(mutant))
        done = tiny.snakemake("--dry-run", study="fuzzed")
        assert "Traceback" not in done.stdout, done.stdout
        errors = [line for line in done.stdout.splitlines() if line.startswith("Config error: ")]
        assert (done.returncode, len(errors)) in {(0, 0), (1, 1)}, done.stdout
        seen[done.returncode] += 1

    try_one()
    path.unlink()
    tried(sum(seen.values()), f"{seen[0]} plans, {seen[1]} sentences")
