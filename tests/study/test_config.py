"""What users may write, and the one sentence they get for anything else."""

import pytest
from actbench.errors import UserError
from actbench.study import config
from conftest import SCHEMA


def resolve(**given):
    return config.resolve(given, SCHEMA)


def every_part(schema):
    for key, part in schema["properties"].items():
        if "properties" in part:
            yield from every_part(part)
        else:
            yield key, part


def test_every_key_has_type_default_and_description():
    for key, part in every_part(SCHEMA):
        assert ("type" in part or "enum" in part) and "default" in part and part["description"], key


def test_no_level_allows_unknown_keys():
    sections = [part for part in SCHEMA["properties"].values() if "properties" in part]
    assert all(part["additionalProperties"] is False for part in [SCHEMA, *sections])


def test_an_empty_config_is_the_schemas_defaults():
    resolved = resolve()
    assert resolved["training"]["optimizer"] == "sgd"
    assert resolved["activations"][0]["id"] == "sigmoid"
    assert resolved["network"]["hidden_sizes"] == [[64] * 2, [64] * 4, [64] * 8]
    assert resolved["evaluation"]["validation"] == 250
    assert resolved["report"]["baseline"] == "relu"


REFUSED = {
    "unknown key": (dict(trainning={}), "trainning is not a key of the config, did you mean training?"),
    "unknown key in a section": (
        dict(training=dict(learnig_rate=0.1)),
        "training.learnig_rate is not a key of the config, did you mean learning_rate?",
    ),
    "number in quotes": (
        dict(training=dict(learning_rate="1e-3")),
        "training.learning_rate is '1e-3' (text); allowed: a number above 0, or tuned (write 0.001 without quotes)",
    ),
    "number that YAML reads as text": (
        dict(training=dict(max_epochs="1_000")),
        "training.max_epochs is '1_000' (text); allowed: a whole number from 1 (write 1000 without quotes)",
    ),
    "zero learning rate": (dict(training=dict(learning_rate=0)), "allowed: a number above 0"),
    "a word for a learning rate": (
        dict(training=dict(learning_rate="tune")),
        "training.learning_rate is 'tune' (text); allowed: a number above 0, or tuned.",
    ),
    "tuned without candidates": (
        dict(training=dict(learning_rate="tuned")),
        "training.learning_rate is tuned and tuning.learning_rate is empty (null); allowed: a list of numbers",
    ),
    "no candidate": (
        dict(tuning=dict(learning_rate=[])),
        "tuning.learning_rate is an empty list; allowed: a list",
    ),
    "a candidate of 0": (
        dict(tuning=dict(learning_rate=[0.1, 0])),
        "tuning.learning_rate[1] is 0; allowed: a number above 0.",
    ),
    "a candidate that is text": (
        dict(tuning=dict(learning_rate=[0.1, "1e-2"])),
        "tuning.learning_rate[1] is '1e-2' (text); allowed: a number above 0 (write 0.01 without quotes).",
    ),
    "a candidate twice": (
        dict(tuning=dict(learning_rate=[1, 0.1, 1.0])),
        "tuning.learning_rate is [1, 0.1, 1.0]: every entry is allowed once.",
    ),
    "one epoch for a list": (
        dict(probe_epochs=5),
        "probe_epochs is 5; allowed: a list of whole numbers from 1, ascending.",
    ),
    "no epochs at all": (dict(probe_epochs=None), "probe_epochs is empty (null); allowed: a list of whole"),
    "an epoch of 0": (dict(probe_epochs=[0, 1]), "probe_epochs[0] is 0; allowed: a whole number from 1."),
    "an epoch that is text": (
        dict(probe_epochs=["one"]),
        "probe_epochs[0] is 'one' (text); allowed: a whole",
    ),
    "an epoch twice": (
        dict(probe_epochs=[1, 2, 2]),
        "probe_epochs is [1, 2, 2]; allowed: each epoch once, ascending.",
    ),
    "epochs in another order": (
        dict(probe_epochs=[5, 1]),
        "probe_epochs is [5, 1]; allowed: each epoch once, ascending.",
    ),
    "an epoch that no network takes": (
        dict(probe_epochs=[1, 41]),
        "probe_epochs is [1, 41]; allowed: epochs up to training.max_epochs, 40.",
    ),
    "one number for candidates": (
        dict(tuning=dict(learning_rate=0.1)),
        "tuning.learning_rate is 0.1; allowed: a list of numbers above 0, or null.",
    ),
    "an infinite candidate": (
        dict(tuning=dict(learning_rate=[float("inf")])),
        "tuning.learning_rate is inf; allowed: a number above 0.",
    ),
    "no tuning seed": (dict(tuning=dict(seeds=0)), "tuning.seeds is 0; allowed: a whole number from 1"),
    "tuned without validation": (
        dict(
            training=dict(learning_rate="tuned", keep="last"),
            tuning=dict(learning_rate=[0.1]),
            evaluation=dict(validation=0),
        ),
        "training.learning_rate is tuned; allowed without validation images (evaluation.validation: 0): a number",
    ),
    "a search of nothing but warm-up": (
        dict(
            training=dict(learning_rate="tuned", warmup_epochs=3),
            tuning=dict(learning_rate=[0.1], max_epochs=3),
        ),
        "training.warmup_epochs is 3; allowed: fewer than tuning.max_epochs, 3.",
    ),
    "nothing but warm-up": (
        dict(training=dict(warmup_epochs=3, max_epochs=3)),
        "training.warmup_epochs is 3; allowed: fewer than training.max_epochs, 3.",
    ),
    "infinite learning rate": (
        dict(training=dict(learning_rate=float("inf"))),
        "training.learning_rate is inf",
    ),
    "unknown key with an escape sequence": (
        {"\x1b[31m": 1},
        "'\\x1b[31m' is not a key of the config; allowed here",
    ),
    "depth 0": (dict(depths=[2, 0]), "depths[1] is 0; allowed: a whole number from 1 to 1000"),
    "text for a list": (dict(depths="2"), "depths is '2' (text); allowed: a list of at least one entry"),
    "fractional depth": (dict(depths=[2.5]), "depths[0] is 2.5; allowed: a whole number"),
    "boolean depth": (dict(depths=[True]), "depths[0] is true; allowed: a whole number"),
    "empty list": (dict(seeds=[]), "seeds is an empty list"),
    "duplicate seeds": (dict(seeds=[1, 1]), "seeds is [1, 1]: every entry is allowed once"),
    "negative seed": (dict(seeds=[-1]), "seeds[0] is -1; allowed: a whole number from 0"),
    "dataset": (
        dict(dataset="fashion-mnist"),
        "did you mean fashion_mnist?; allowed: digits, mnist1d, fashion_mnist",
    ),
    "null where a value is needed": (dict(study=None), "study is empty (null)"),
    "study that leaves the folder": (dict(study="../x"), "study is '../x' (text); allowed: lower-case"),
    "studies that leave the folder": (
        dict(studies=["../x", "b"]),
        "studies[0] is '../x' (text); allowed: the name of a study",
    ),
    "a study beside itself": (dict(studies=["a", "a"]), "studies is"),
    "study with a line end": (dict(study="a\n"), "study is"),
    "study that is markup": (dict(study="</script><img src=x>"), "study is '</script><img src=x>' (text)"),
    "study that is a template": (dict(study="{{7*7}}"), "study is '{{7*7}}' (text); allowed: lower-case"),
    "study of an emoji": (dict(study="\N{SLIGHTLY SMILING FACE}"), "allowed: lower-case letters, digits"),
    "study of 200 characters": (dict(study="x" * 200), "study is 'xxx"),
    "baseline": (dict(report=dict(baseline="rely")), "report.baseline is 'rely', did you mean relu?"),
    "a name that other files have": (dict(study="verification"), "study is 'verification'; allowed: any"),
    "a name like HiPlot's page": (dict(study="a_hiplot"), "study is 'a_hiplot'; allowed: any name but"),
    "verify": (dict(verify="all"), "verify is 'all' (text)"),
    "batch larger than the data": (
        dict(training=dict(batch_size=2000)),
        "training.batch_size is 2000; allowed: at most 1247",
    ),
    "depths and hidden sizes": (
        dict(depths=[2], network=dict(hidden_sizes=[[4, 4]])),
        "depths is [2] and network.hidden_sizes is [[4, 4]]; allowed: one of the two, the other left out or null.",
    ),
    "two networks of one depth": (
        dict(network=dict(hidden_sizes=[[4, 4], [5, 5]])),
        "network.hidden_sizes has networks of depths [2, 2]",
    ),
    "a section that is no mapping": (dict(training=3), "training is 3; allowed: a mapping with the keys"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        resolve(**given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_the_batch_of_the_gradients_fits_the_training_images():
    assert resolve()["probe_gradients"]["images"] == 256
    assert resolve(evaluation=dict(training=100))["probe_gradients"]["images"] == 100


def test_the_sample_of_the_distributions_fits_the_training_images():
    assert resolve()["probe_distributions"]["images"] == 1024
    assert resolve(evaluation=dict(folds=3))["probe_distributions"]["images"] == 958


def test_an_optional_probe_has_a_section_where_it_is_enabled():
    """Whatever else was said of it; what is wrong is refused all the same."""
    assert "probe_jacobian" not in resolve()
    assert resolve(probe_jacobian=dict(images=9)) == resolve(probe_jacobian=dict(enabled=False)) == resolve()
    enabled = resolve(probe_jacobian=dict(enabled=True))
    assert enabled.pop("probe_jacobian") == {"enabled": True, "images": 8} and enabled == resolve()
    few = dict(evaluation=dict(training=40), probe_distributions=dict(images=40))
    given = few | dict(probe_jacobian=dict(enabled=True, images=41))
    with pytest.raises(UserError, match=r"probe_jacobian\.images is 41; allowed: at most 40"):
        resolve(**given)
    for wrong, words in (({"images": 65}, "images is 65"), ({"enabled": "yes"}, "enabled is 'yes'")):
        with pytest.raises(UserError, match=f"probe_jacobian.{words}"):
            resolve(probe_jacobian=wrong)


def test_numbers_take_the_schemas_type():
    resolved = resolve(depths=[2.0], training=dict(learning_rate=1))
    assert repr(resolved["depths"]) == "[2]" and repr(resolved["training"]["learning_rate"]) == "1.0"


def test_a_search_takes_its_epochs_from_training_where_it_has_none():
    given = dict(training=dict(learning_rate="tuned", max_epochs=9), tuning=dict(learning_rate=[1, 0.1]))
    assert repr(resolve(**given)["tuning"]) == "{'learning_rate': [0.1, 1.0], 'seeds': 3, 'max_epochs': 9}"
    given["tuning"]["max_epochs"] = 4
    assert resolve(**given)["tuning"]["max_epochs"] == 4
    assert resolve()["tuning"] == {"learning_rate": None, "seeds": 3, "max_epochs": None}


def test_order_of_seeds_and_depths_does_not_matter():
    assert resolve(seeds=[2, 0, 1], depths=[4, 2]) == resolve(seeds=[0, 1, 2], depths=[2, 4])


HUGE = {"10**309": 10**309, "-10**400": -(10**400), "10**5000": 10**5000, "0xf…f": int("f" * 4000, 16)}


@pytest.mark.fault(
    "numbers beyond all bounds",
    "whole numbers of 309 to 5,000 digits as a section, a value, in a list, in a mapping, as a parameter of an activation",
    "one sentence that names the key",
)
@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("study", lambda value: dict(study=value)),
        ("training", lambda value: dict(training=value)),
        ("training.learning_rate", lambda value: dict(training=dict(learning_rate=value))),
        ("seeds[1]", lambda value: dict(seeds=[0, value])),
        ("network.hidden_sizes[0][1]", lambda value: dict(network=dict(hidden_sizes=[[1, value]]))),
        ("activations[1].alpha", lambda value: dict(activations=["relu", dict(name="elu", alpha=value)])),
        ("activations[0].b", lambda value: {"activations": [{"name": "own", "import": "a:B", "b": value}]}),
        ("other", lambda value: dict(other=value)),
    ],
)  # fmt: skip
def test_numbers_that_no_float_comes_near(key, given, value):
    with pytest.raises(UserError) as caught:
        resolve(**given(value))
    assert str(caught.value) == f"{key} is a whole number of more than 308 digits; allowed: shorter ones."


def test_the_longest_numbers_that_floats_reach_are_only_out_of_bounds():
    with pytest.raises(UserError, match=r"^training\.momentum is 99999.*; allowed: a number from 0 below 1"):
        resolve(training=dict(momentum=10**308 - 1))


def test_a_config_inside_of_itself():
    seeds = []
    seeds.append(seeds)
    with pytest.raises(UserError, match=r"^config has lists or mappings too deep inside of one another"):
        resolve(seeds=seeds)


@pytest.mark.parametrize("study", [2024, True, 1e3])
def test_a_study_that_is_no_text(study):
    with pytest.raises(UserError, match=r"^study is .*a letter or digit \(text: write it in quotes\)\.$"):
        resolve(study=study)


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "a\nb", "\x1b[2J"])
def test_a_data_dir_that_no_folder_has(path):
    with pytest.raises(UserError, match=r"^data_dir is '.*'; allowed: the path of a folder") as caught:
        resolve(data_dir=path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("given", [{}, {"depths": None}, {"network": {"width": None}}])
def test_hidden_sizes_stand_instead_of_depths_and_width(given):
    resolved = resolve(**given | {"network": given.get("network", {}) | {"hidden_sizes": [[8, 7, 6], [5]]}})
    assert resolved["depths"] == [1, 3] and resolved["network"]["hidden_sizes"] == [[5], [8, 7, 6]]


def test_null_is_as_left_out():
    assert resolve(depths=None) == resolve(network=dict(hidden_sizes=None)) == resolve()
    assert resolve(network=dict(width=None)) == resolve()
    assert resolve(depths=[3], network=dict(hidden_sizes=None)) == resolve(depths=[3])


def test_baseline_is_relu_or_the_first():
    assert resolve(activations=["tanh", "relu"])["report"]["baseline"] == "relu"
    assert resolve(activations=["tanh", "elu"])["report"]["baseline"] == "tanh"
