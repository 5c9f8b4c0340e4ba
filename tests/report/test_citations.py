"""The sources of the activations: the registry's text and the BibTeX say the same."""

import re
import shutil
import subprocess
import unicodedata

import pytest
from actbench.activations import registry
from actbench.data import catalogue
from actbench.networks.families import mlp
from actbench.report import citations
from actbench.storage import yaml_files
from conftest import ROOT

ENTRIES = citations.entries()
CITED = {name: entry.reference for name, entry in registry.REGISTRY.items() if "(" in entry.reference}


def keys(text):
    return re.findall(r"^@\w+\{(\w+),$", text, re.M)


def fields(key):
    return dict(re.findall(r"^  (\w+) = \{(.*?)\},$", ENTRIES[key], re.M | re.DOTALL))


def surnames(key):
    """As in the entry, without accents."""
    plain = re.sub(r'\{\\[\'"](\w)\}', r"\1", fields(key)["author"])
    return [author.split(",")[0] for author in re.split(r"\s+and\s+", plain)]


def test_every_activation_with_a_source_has_an_entry():
    assert CITED.keys() <= citations.ACTIVATIONS.keys() <= registry.REGISTRY.keys()
    assert registry.REGISTRY.keys() - citations.ACTIVATIONS.keys() == {"identity"}
    assert all(citations.ACTIVATIONS.values())


def test_every_entry_is_used_and_every_key_is_there():
    used = {key for found in citations.ACTIVATIONS.values() for key in found} | {*citations.METHOD}
    used |= {key for known in citations.RECIPE.values() for found in known.values() for key in found}
    assert used | {*citations.PROGRAMS} == ENTRIES.keys()


def test_no_entry_is_missed_or_stands_twice():
    assert keys(citations.FILE.read_text()) == sorted(ENTRIES)


@pytest.mark.parametrize("name", CITED)
def test_the_registry_says_the_same(name):
    """Authors and year of the first source; every number of arXiv."""
    named, year = re.match(r"(.*?) \((\d{4})\)", CITED[name]).groups()
    first = citations.ACTIVATIONS[name][0]
    assert fields(first)["year"] == year
    plain = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()
    if plain.endswith(" et al."):
        assert surnames(first)[0] == plain.removesuffix(" et al.")
    else:
        assert surnames(first) == re.split(", | & ", plain)
    sources = "".join(ENTRIES[key] for key in citations.ACTIVATIONS[name])
    assert set(re.findall(r"\d{4}\.\d{4,5}", sources)) == set(re.findall(r"arXiv:([\d.]+\d)", CITED[name]))


@pytest.mark.parametrize("key", citations.METHOD)
def test_what_the_method_rests_on_is_named_where_it_is_explained(key):
    assert surnames(key)[0] in (ROOT / "docs/measurements.md").read_text()


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_whole_and_safe_to_typeset(key):
    text = ENTRIES[key]
    assert {"author", "title", "year"} <= fields(key).keys()
    assert key == "actbench" or key.rstrip("b") == surnames(key)[0].lower() + fields(key)["year"]
    assert text.isascii()
    assert not re.search(r"(?<!\\)[&%$#_]", text)
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(" = ") == len(fields(key))


def config(**changes):
    recipe = {
        "network": {"initialisation": "he", "norm": "none", "residual": False},
        "training": {"optimizer": "sgd", "schedule": "constant"},
    }
    return {
        **recipe,
        "dataset": "digits",
        "activations": [{"id": "mine", "spec": {"name": "gelu"}}],
        "settings": {"default": recipe, **changes},
    }


def of(names):
    return citations.of_study(config() | {"activations": [{"spec": {"name": name}} for name in names]})


def test_each_source_once_and_sorted():
    sources = {"clevert2016", "elfwing2018", "nair2010", "ramachandran2017"}
    found = keys(of(["swish", "relu_autograd", "relu", "elu", "relu"]))
    assert found == sorted(sources | {*keys(of([]))})
    every = {key for found in citations.ACTIVATIONS.values() for key in found}
    assert {*keys(of(registry.REGISTRY))} == every | {*keys(of([]))}


def test_an_own_activation_adds_nothing():
    assert of(["mine", "identity"]) == of([])


def test_every_entry_says_what_it_was_used_for():
    text = citations.of_study(config())
    assert text.count("annote = {Used for: ") == text.count("\n@") + 1 == len(citations.purposes(config()))
    assert "  annote = {Used for: activation gelu},\n}\n" in text
    assert "Used for: effective rank, in the table distributions by layer}" in text
    assert citations.purposes(config())["he2015"] == ["initialisation he"]
    both = citations.purposes(config() | {"activations": [{"spec": {"name": "prelu"}}]})["he2015"]
    assert both == ["activation prelu", "initialisation he"]


@pytest.mark.parametrize(
    ("commits", "said"),
    [
        ((), ""),
        ((None,), ""),
        (("a" * 40, None, "a" * 40), f", commit {'a' * 12}"),
        (("a" * 40, "b" * 40), f", commits {'a' * 12}, {'b' * 12}"),
    ],
)
def test_actbench_is_cited_with_the_commits_that_trained_the_networks(commits, said):
    text = citations.of_study(config(), [{"commit": commit} for commit in commits])
    stated = yaml_files.read(ROOT / "CITATION.cff")["version"]
    assert f"howpublished = {{Software, version {stated}{said}}}," in text


def test_actbench_is_cited_as_its_citation_file_says():
    stated = yaml_files.read(ROOT / "CITATION.cff")
    (author,) = stated["authors"]
    entry = fields("actbench")
    assert entry["author"] == f"{{{author['name']}}}" and entry["title"] == stated["title"]
    assert entry["howpublished"] == f"Software, version {stated['version']}"
    assert f"Copyright (c) {entry['year']} " in (ROOT / "LICENSE").read_text()


def test_a_study_cites_its_data_recipe_and_programs():
    found = set(keys(citations.of_study(config())))
    assert found == {
        *("hendrycks2016", "alpaydin1998", "pedregosa2011", "he2015", "sutskever2013"),
        *(*citations.METHOD, *citations.PROGRAMS),
    }


def test_a_study_cites_the_recipes_of_all_settings():
    norm = {
        "network": {"norm": "batch", "residual": True},
        "training": {"optimizer": "adamw", "schedule": "cosine"},
    }
    more = {"ioffe2015", "he2016", "loshchilov2019", "loshchilov2017"}
    assert set(keys(citations.of_study(config(norm=norm)))) - set(keys(citations.of_study(config()))) == more


def test_own_data_and_other_families_add_nothing():
    own = config() | {"dataset": {"name": "mine", "file": "a.npz"}}
    missing = set(keys(citations.of_study(config()))) - set(keys(citations.of_study(own)))
    assert missing == {"alpaydin1998", "pedregosa2011"}
    assert keys(citations.of_study(own | {"network": {}})) == keys(citations.of_study(own))


def test_what_the_config_allows_is_known_or_has_no_source():
    schema = yaml_files.read(ROOT / "workflow" / "schemas" / "config.schema.yaml")["properties"]
    training = schema["training"]["properties"]
    assert citations.RECIPE["training", "optimizer"].keys() == {*training["optimizer"]["enum"]}
    assert citations.RECIPE["training", "schedule"].keys() == {*training["schedule"]["enum"]} - {"constant"}
    assert citations.RECIPE["dataset",].keys() == {*catalogue.DATASETS}
    assert citations.RECIPE["network", "initialisation"].keys() == {*mlp.SETTINGS["initialisation"]["enum"]}
    assert citations.RECIPE["network", "norm"].keys() == {*mlp.SETTINGS["norm"]["enum"]} - {"none"}


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="Debian's texlive-binaries are not installed")
def test_bibtex_takes_every_entry(tmp_path):
    whole = "\n\n".join(text[:-1] + "  annote = {Used for: tests},\n}" for text in ENTRIES.values())
    (tmp_path / "all.bib").write_text(whole, encoding="utf-8")
    (tmp_path / "all.aux").write_text("\\citation{*}\n\\bibstyle{plain}\n\\bibdata{all}\n", encoding="utf-8")
    done = subprocess.run(
        ["bibtex", "all"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and "Warning" not in done.stdout, done.stdout
    items = (tmp_path / "all.bbl").read_text(encoding="utf-8").count("\\bibitem")
    assert items == len(ENTRIES)


def test_entries_are_apart_by_an_empty_line():
    text = of(["gelu"])
    assert [part[: part.index("{")] for part in text.split("\n\n")].count("") == 0
    assert len(text.split("\n\n")) == len(keys(text)) and text.endswith("},\n}\n")
