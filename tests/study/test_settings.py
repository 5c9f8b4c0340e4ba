"""A setting overrides keys of the recipe; what it makes is checked as a config is."""

import copy

import pytest
from actbench.errors import UserError
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
            "network": resolved["network"],
            "training": resolved["training"],
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
    assert adam["overrides"] == {"training": {"optimizer": "adam", "learning_rate": 1}}


def test_null_takes_a_value_away_where_the_config_allows_null():
    given = GIVEN | {"training": {"patience": 3}}
    assert recipes(given, default={})["default"]["training"]["patience"] == 3
    assert recipes(given, long={"training": {"patience": None}})["long"]["training"]["patience"] is None


def test_a_recipe_takes_the_place_of_the_configs_sections():
    whole = config.resolve(GIVEN, SCHEMA) | {"settings": recipes(default={}, wide={"network": {"width": 9}})}
    spec = whole["activations"][0]["spec"]
    first, second = (
        grid.training_params(grid.with_setting(whole, name), spec, 3, [0]) for name in ("default", "wide")
    )
    assert first == grid.training_params(whole, spec, 3, [0])
    assert second == first | {"hidden_sizes": [9, 9, 9]}
    assert grid.values(whole)["setting"] == ["default", "wide"]


REFUSED = {
    "no mapping": ([], "settings is []; allowed: a mapping of names to overrides."),
    "none at all": ({}, "settings is {}; allowed: a mapping of names to overrides."),
    "a name with a hyphen": ({"a-b": {}}, "settings has the name 'a-b' (text); allowed: letters, digits and . _ +"),
    "a name that leaves the folder": ({"../a": {}}, "settings has the name '../a' (text)"),
    "a name that is no text": ({1: {}}, "settings has the name 1; allowed: letters, digits"),
    "names that differ in case": ({"Adam": {}, "adam": {}}, "settings: adam is there twice"),
    "overrides that are no mapping": ({"a": 3}, "settings.a is 3; allowed: a mapping with the keys network, training."),
    "another section": (
        {"a": {"seeds": [1]}},
        "settings.a has the key 'seeds' (text); allowed: a mapping with the keys network, training.",
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
    "hidden sizes beside depths": (
        {"a": {"network": {"hidden_sizes": [[4]]}}},
        "settings.a: depths is [3, 1] and network.hidden_sizes is [[4]]; allowed: one of the two",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        settings.resolve(GIVEN | {"settings": given}, SCHEMA)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_settings_have_the_same_depths():
    given = {"network": {"hidden_sizes": [[4], [5, 5]]}}
    same = recipes(given, default={}, other={"network": {"hidden_sizes": [[7, 7], [6]]}})
    assert same["other"]["network"]["hidden_sizes"] == [[6], [7, 7]]
    words = r"^settings.other: its networks have the depths \[1\]; allowed: those of the first setting, \[1, 2\]\.$"
    with pytest.raises(UserError, match=words):
        recipes(given, default={}, other={"network": {"hidden_sizes": [[4]]}})


def test_errors_of_the_config_itself_name_no_setting():
    with pytest.raises(UserError, match=r"^training.momentum is 7"):
        settings.with_recipes({"training": {"momentum": 7}}, SCHEMA)


def test_users_cannot_give_settings_yet():
    with pytest.raises(UserError, match=r"^settings is not a key of the config"):
        settings.with_recipes({"settings": {"default": {}}}, SCHEMA)


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
