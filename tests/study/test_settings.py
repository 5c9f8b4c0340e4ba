"""A setting overrides keys of the recipe; what it makes is checked as a config is."""

import copy

import pytest
from actbench.errors import UserError
from actbench.storage import yaml_files
from actbench.study import config, grid, settings
from conftest import SCHEMA

GIVEN = {"activations": ["relu", "tanh"], "depths": [3, 1], "training": {"momentum": 0.5, "max_epochs": 7}}


def recipes(given=GIVEN, **overrides):
    return settings.resolve(given | {"settings": overrides}, SCHEMA)


def test_without_any_there_is_the_default_which_is_the_config():
    (found,) = settings.resolve(GIVEN, SCHEMA).items()
    resolved = config.resolve(GIVEN, SCHEMA)
    assert found == (
        "default",
        {
            "label": "default",
            "overrides": {},
            **{part: resolved[part] for part in ("network", "training", "normalisation", "tuning")},
        },
    )


def test_overrides_change_their_keys_and_no_others():
    given = copy.deepcopy(GIVEN)
    found = recipes(
        given,
        default={},
        adam={"training": {"optimizer": "adam", "learning_rate": 1}},
        wide={"network": {"width": 128}},
    )
    assert list(found) == ["default", "adam", "wide"] and given == GIVEN
    base, adam, wide = found.values()
    assert adam["training"] == base["training"] | {"optimizer": "adam", "learning_rate": 1.0}
    assert repr(adam["training"]["learning_rate"]) == "1.0" and adam["network"] == base["network"]
    assert wide["network"] == base["network"] | {"width": 128, "hidden_sizes": [[128], [128] * 3]}
    assert wide["training"] == base["training"]
    assert repr(adam["overrides"]) == "{'training': {'optimizer': 'adam', 'learning_rate': 1.0}}"
    assert (base["normalisation"], base["tuning"]) == (adam["normalisation"], adam["tuning"])


def test_the_normalisation_is_overridden_by_a_value_and_tuning_by_keys():
    found = recipes(
        pixels={"normalisation": "per_pixel"},
        default={},
        tuned={"network": {"width": 3}, "tuning": {"seeds": 2}},
    )
    assert [recipe["normalisation"] for recipe in found.values()] == ["per_pixel", "symmetric", "symmetric"]
    assert [recipe["tuning"]["seeds"] for recipe in found.values()] == [3, 3, 2]
    assert found["pixels"]["overrides"] == {"normalisation": "per_pixel"}
    assert list(found["tuned"]["overrides"]) == ["network", "tuning"]


def test_the_default_need_not_be_among_them():
    found = recipes(adam={"training": {"optimizer": "adam"}})
    assert list(found) == ["adam"] and found["adam"]["training"]["optimizer"] == "adam"


def test_null_is_as_left_out():
    assert settings.with_recipes(GIVEN | {"settings": None}, SCHEMA) == settings.with_recipes(GIVEN, SCHEMA)


def test_null_takes_a_value_away_where_the_config_allows_null():
    given = GIVEN | {"training": {"patience": 3}}
    assert recipes(given, default={})["default"]["training"]["patience"] == 3
    assert recipes(given, long={"training": {"patience": None}})["long"]["training"]["patience"] is None


def test_a_recipe_takes_the_place_of_the_configs_sections():
    whole = settings.with_recipes(
        GIVEN | {"settings": {"default": {}, "wide": {"network": {"width": 9}}}}, SCHEMA
    )
    spec = whole["activations"][0]["spec"]
    first, second = (
        grid.training_params(grid.with_setting(whole, name), spec, 3, [0]) for name in ("default", "wide")
    )
    assert first == grid.training_params(whole, spec, 3, [0])
    assert second == first | {"hidden_sizes": [9, 9, 9]}
    assert grid.values(whole)["setting"] == ["default", "wide"]


def test_keys_that_follow_from_an_override_are_overridden_too_but_for_widths():
    """As the epochs of a search do from those of training."""
    base = settings.resolve({}, SCHEMA)["default"]
    recipe = base | {
        "network": base["network"] | {"width": 9, "hidden_sizes": [[9] * 2, [9] * 4, [9] * 8]},
        "training": base["training"] | {"max_epochs": 9},
        "tuning": base["tuning"] | {"max_epochs": 9},
    }
    given = {"training": {"max_epochs": 9, "patience": None}, "network": {"width": 9}}
    assert settings._overrides(given, recipe, base) == given | {"tuning": {"max_epochs": 9}}


REFUSED = {
    "no mapping": ([], "settings is []; allowed: a mapping of names to overrides."),
    "none at all": ({}, "settings is {}; allowed: a mapping of names to overrides."),
    "a name with a hyphen": ({"a-b": {}}, "settings has the name 'a-b' (text); allowed: letters, digits and . _ +"),
    "a name that leaves the folder": ({"../a": {}}, "settings has the name '../a' (text)"),
    "a name that is no text": ({1: {}}, "settings has the name 1; allowed: letters, digits"),
    "names that differ in case": (
        {"Adam": {}, "adam": {}},
        "settings has the names Adam and adam; allowed: names that differ not only in case.",
    ),
    "more names than any study needs": (
        {f"s{number}": {} for number in range(101)},
        "settings has 101 names; allowed: at most 100.",
    ),
    "a name that is too long for a path": ({"a" * 41: {}}, f"settings has the name '{'a' * 41}' (text); allowed:"),
    "a name that YAML reads as a number": (
        {1e3: {}},
        "settings has the name 1000.0; allowed: letters, digits and . _ +, at most 40, the first a letter or "
        "digit (text: write it in quotes).",
    ),
    "epochs that are probed": (
        {"a": {"probe_epochs": [1]}},
        "settings.a has the key 'probe_epochs' (text); allowed: a mapping with the keys network, training, normalisation",
    ),
    "overrides that are no mapping": (
        {"a": 3},
        "settings.a is 3; allowed: a mapping with the keys network, training, normalisation, tuning.",
    ),
    "overrides that are empty": (
        {"a": None},
        "settings.a is empty (null); allowed: a mapping with the keys network, training, normalisation, tuning, "
        "or {} for the config as it is.",
    ),
    "another section": (
        {"a": {"seeds": [1]}},
        "settings.a has the key 'seeds' (text); allowed: a mapping with the keys network, training, ",
    ),
    "a misspelt section": (
        {"a": {"trainig": {}}},
        "settings.a has the key 'trainig' (text), did you mean training?; allowed: a mapping with the keys",
    ),
    "a key that is not in a section": (
        {"a": {"optimizer": "adam"}},
        "settings.a has the key 'optimizer' (text); allowed: a mapping with the keys network, training",
    ),
    "another normalisation": (
        {"a": {"normalisation": "per_pixels"}},
        "settings.a: normalisation is 'per_pixels' (text), did you mean per_pixel?; allowed: symmetric, standard",
    ),
    "a normalisation that is a mapping": (
        {"a": {"normalisation": {"kind": "standard"}}},
        "settings.a: normalisation is {'kind': 'standard'}; allowed: symmetric, standard, per_pixel.",
    ),
    "a list of values": (
        {"a": {"training": {"learning_rate": [0.1, 0.01]}}},
        "settings.a: training.learning_rate is [0.1, 0.01]; allowed: one value in each setting, and a name for each.",
    ),
    "a list of normalisations": (
        {"a": {"normalisation": ["standard", "symmetric"]}},
        "settings.a: normalisation is ['standard', 'symmetric']; allowed: one value in each setting",
    ),
    "a list of wrong candidates": (
        {"a": {"tuning": {"learning_rate": [0.1, 0]}}},
        "settings.a: tuning.learning_rate[1] is 0; allowed: a number above 0.",
    ),
    "a wrong optimizer": (
        {"a": {"training": {"optimizer": "adm"}}},
        "settings.a: training.optimizer is 'adm' (text), did you mean adam?; allowed: sgd, adam",
    ),
    "the same recipe twice": (
        {"a": {}, "b": {"training": {"optimizer": "adam"}}, "c": {"training": {"momentum": 0.5}}},
        "settings: a and c have the same recipe; allowed: settings whose networks or training differ.",
    ),
    "the same but for a tuning that nothing uses": (
        {"a": {"tuning": {"seeds": 4}}, "b": {}},
        "settings: a and b have the same recipe",
    ),
    "the same but for a gain that nothing uses": (
        {"a": {"network": {"gain": 2}}, "b": {}},
        "settings: a and b have the same recipe",
    ),
    "the same but for the biases' spread of another initialisation": (
        {"a": {"network": {"bias_std": 1}}, "b": {}},
        "settings: a and b have the same recipe",
    ),
    "the same but for a momentum that Adam has not": (
        {"a": {"training": {"optimizer": "adam"}}, "b": {"training": {"optimizer": "adam", "momentum": 0.5}}},
        "settings: a and b have the same recipe",
    ),
    "the same but for what is looked at": (
        {"a": {"training": {"histograms": True, "test_each_epoch": True}}, "b": {}},
        "settings: a and b have the same recipe",
    ),
    "the same widths written in two ways": (
        {"a": {"network": {"width": 5}}, "b": {"network": {"hidden_sizes": [[5], [5, 5, 5]]}}},
        "settings: a and b have the same recipe",
    ),
    "a section that is no mapping": (
        {"a": {"training": "adam"}},
        "settings.a.training is 'adam' (text); allowed: a mapping with keys of the config.",
    ),
    "an unknown key": (
        {"a": {"training": {"optimiser": "adam"}}},
        "settings.a: training.optimiser is not a key of the config, did you mean optimizer?",
    ),
    "a wrong value": (
        {"a": {"training": {"learning_rate": "1e-3"}}},
        "settings.a: training.learning_rate is '1e-3' (text); allowed: a number above 0",
    ),
    "what the data set cannot give": (
        {"a": {"training": {"batch_size": 2000}}},
        "settings.a: training.batch_size is 2000; allowed: at most 1247",
    ),
    "other depths": (
        {"a": {"network": {"hidden_sizes": [[4]]}}},
        "settings.a: its networks have the depths [1]; allowed: those of the config, [1, 3].",
    ),
    "hidden sizes beside a width": (
        {"a": {"network": {"hidden_sizes": [[4], [4] * 3], "width": 4}}},
        "settings.a: network.width is 4 and network.hidden_sizes is [[4], [4, 4, 4]]; allowed: one of the two",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        settings.resolve(GIVEN | {"settings": given}, SCHEMA)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


HIDDEN = {"network": {"hidden_sizes": [[5, 5], [4]]}}


@pytest.mark.parametrize("base", [HIDDEN, {"depths": [2, 1]}])
def test_widths_take_the_place_of_hidden_sizes_and_these_that_of_widths(base):
    found = recipes(
        base,
        wide={"network": {"width": 9}},
        narrower={"network": {"hidden_sizes": [[7, 6], [6]]}},
    )
    sizes = [recipe["network"]["hidden_sizes"] for recipe in found.values()]
    assert sizes == [[[9], [9, 9]], [[6], [7, 6]]]
    with pytest.raises(
        UserError, match=r"^settings.other: its networks have the depths \[1\]; allowed: those of"
    ):
        recipes(base, default={}, other={"network": {"hidden_sizes": [[4]]}})


OWN = {"name": "mine", "import": "mine:Mine", "beta": 2, "label": "Mine"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"settings": {"default": {}}},
        {"settings": {"default": {"training": {"optimizer": "adam"}}}},
        {
            "settings": {
                "b": {"normalisation": "standard"},
                "a": {"tuning": {"seeds": 1}},
                "c": {"network": {"width": 3}},
            }
        },
        {"settings": {"long": {"training": {"patience": None}}, "short": {}}, "training": {"patience": 2}},
        {
            "activations": ["silu", {"name": "leakyrelu", "slope": 0.3}, OWN],
            "report": {"baseline": "mine-beta2"},
        },
        HIDDEN | {"settings": {"default": {}, "wide": {"network": {"width": 9}}}},
        HIDDEN | {"settings": {"other": {"network": {"hidden_sizes": [[3], [2, 1]]}}}},
        {"depths": [2, 1], "settings": {"other": {"network": {"hidden_sizes": [[3], [2, 1]]}}}},
        {"evaluation": {"folds": 3}, "seeds": [2, 1], "training": {"batch_size": 32.0}},
        {"evaluation": {"training": 300}, "training": {"batch_size": 32}},
        {"probe_epochs": [1, 5]},
        {"evaluation": {"training": 100}, "training": {"batch_size": 32}},
        {
            "training": {"learning_rate": "tuned"},
            "tuning": {"learning_rate": [0.1, 0.01]},
            "settings": {
                "a": {},
                "fixed": {"training": {"learning_rate": 1}},
                "long": {"training": {"max_epochs": 9}},
            },
        },
    ],
)
def test_a_resolved_config_can_be_run_again(given):
    """As YAML, which is how the report's rule writes it."""
    resolved = settings.with_recipes(given, SCHEMA)
    text = yaml_files.dump(settings.written(resolved))
    again = settings.with_recipes(yaml_files.parse(text, "config.yaml"), SCHEMA)
    assert again == resolved and list(again["settings"]) == list(resolved["settings"])
    assert yaml_files.dump(settings.written(again)) == text


def test_a_setting_whose_networks_take_fewer_epochs_than_are_probed_is_named():
    given = GIVEN | {"probe_epochs": [1, 7]}
    settings.resolve(given | {"settings": {"default": {}, "long": {"training": {"max_epochs": 9}}}}, SCHEMA)
    with pytest.raises(UserError) as caught:
        settings.resolve(
            given | {"settings": {"default": {}, "short": {"training": {"max_epochs": 5}}}}, SCHEMA
        )
    words = "settings.short: probe_epochs is [1, 7]; allowed: epochs up to training.max_epochs, 5."
    assert str(caught.value) == words


def test_errors_of_the_config_itself_name_no_setting():
    with pytest.raises(UserError, match=r"^training.momentum is 7"):
        settings.with_recipes({"training": {"momentum": 7}}, SCHEMA)


def test_a_folder_of_an_earlier_version_is_refused(tmp_path):
    results = tmp_path / "results" / "mine"
    for path in ("relu/d1/default/seeds0-4", "relu/d1/seeds", "relu/d2/seedsx0-4", "d1/seeds0-1"):
        (results / "runs" / path).mkdir(parents=True)
    settings.refuse_older(results)
    settings.refuse_older(tmp_path / "results" / "nothing")
    block = results / "runs" / "relu" / "d2" / "seeds0-4"
    block.mkdir()
    with pytest.raises(UserError) as caught:
        settings.refuse_older(results)
    assert str(caught.value) == (
        f"{block} was made by an earlier version of actbench: delete {results}, or give the study another name."
    )
