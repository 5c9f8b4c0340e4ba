"""A study means the same in every folder, beside every config.yaml, and however it is written."""

import json
import subprocess
from pathlib import Path

import pytest
from actbench.errors import UserError
from actbench.probes import registry
from actbench.storage import records, yaml_files
from actbench.study import config, study_files
from conftest import ROOT, SCHEMA, another
from snakemake_interface_executor_plugins.utils import format_cli_arg

pytestmark = pytest.mark.fault(
    "a study beside another config",
    "study files beside a config.yaml full of other values, from other folders and with --config; both of depths and hidden sizes",
    "the same study, or one sentence",
)

STUDIES = sorted(ROOT.glob("studies/*.yaml"))
DEFAULTS = config.resolve({}, SCHEMA)
# A config.yaml in which every key has another value than the schema's default.
OTHERS = """
study: other
dataset: mnist
activations: [gelu, mish]
depths: [5]
seeds: [7, 8]
seeds_per_job: 3
normalisation: per_pixel
network: {width: 17, initialisation: he, gain: 2.0, bias_std: 0.5, norm: layer, residual: true}
evaluation: {folds: 4, split_seed: 3, training: 5000}
tuning: {learning_rate: [0.5], seeds: 7, max_epochs: 7}
probe_epochs: [1]
settings: {adam: {training: {optimizer: adam, weight_decay: 1}}}
report: {baseline: mish, equivalence: 0.5, pairs: all}
"""
for section in ("training", *(probe.rule for probe in registry.specs().values())):
    now = DEFAULTS.get(section, {"enabled": False})
    OTHERS += f"{section}: {json.dumps({key: another(section, key, now[key]) for key in now})}\n"
PLACES = (
    "data_dir: elsewhere\ndevice: cpu\nverify: full\nstudies: [a, b]\ncheckpoint: weights.pt\n"
    "verify_checkpoints: published\n"
)


def resolved(files, *command_line, project="config.yaml"):
    return config.resolve(study_files.given(files, project, command_line, SCHEMA), SCHEMA)


def written(folder, **texts):
    """Study files of these contents, by their names."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return [folder / f"{name}.yaml" for name in texts]


def without_places(study):
    return {key: value for key, value in study.items() if key not in config.PLACES}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working directory without config.yaml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_other_config_leaves_no_default():
    other = records.flat(config.resolve(yaml_files.parse(OTHERS + PLACES, "others"), SCHEMA))
    defaults = records.flat(DEFAULTS)
    same = {
        "network.hidden_sizes",
        "evaluation.validation",
        "network.family",
        "settings",
    }  # null in both, the only one, or keys of its own
    assert {key for key in defaults if other.get(key) == defaults[key]} <= same


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_is_the_same_everywhere(path, elsewhere):
    alone = resolved([path])
    assert alone == config.resolve(yaml_files.read(path), SCHEMA) and alone["study"] == path.stem
    assert resolved([path], project=ROOT / "config.yaml") == alone
    written(elsewhere, config=OTHERS + PLACES)
    beside = resolved([path])
    assert without_places(beside) == without_places(alone)
    assert {key: beside[key] for key in config.PLACES} == yaml_files.parse(PLACES, "places")


@pytest.mark.parametrize("leak", [key for key in DEFAULTS if key not in config.PLACES])
def test_no_key_of_config_yaml_leaks_into_a_study(leak, elsewhere):
    others = yaml_files.parse(OTHERS, "others")
    (study,) = written(elsewhere, study="study: mine\n")
    for project in ({leak: others[leak]}, others):
        written(elsewhere, config=yaml_files.dump(project))
        assert resolved([study]) == config.resolve({"study": "mine"}, SCHEMA)


def test_hidden_sizes_of_config_yaml_leave_a_studys_depths(elsewhere):
    written(elsewhere, config="network: {hidden_sizes: [[16], [16, 8]]}\n")
    (study,) = written(elsewhere, study="depths: [3]\n")
    assert resolved([study])["network"]["hidden_sizes"] == [[64, 64, 64]]


def test_a_study_may_state_places_and_the_command_line_has_the_last_word(elsewhere):
    written(elsewhere, config="device: cpu\ndata_dir: a\n")
    (study,) = written(elsewhere, study="data_dir: b\n")
    assert [resolved([study])[key] for key in ("device", "data_dir")] == ["cpu", "b"]
    assert resolved([study], "data_dir=c")["data_dir"] == "c"


def test_without_a_study_file_config_yaml_is_the_study(elsewhere):
    with pytest.raises(UserError) as caught:
        resolved([])
    assert str(caught.value) == f"there is no config.yaml in {Path.cwd()}; name a study with --configfile."
    (project,) = written(elsewhere, config=OTHERS + PLACES)
    assert resolved([]) == config.resolve(yaml_files.read(project), SCHEMA)
    assert resolved([project]) == resolved([])


def test_later_files_stand_over_earlier_ones(elsewhere):
    files = written(
        elsewhere,
        one="training: {momentum: 0.5, max_epochs: 3}\nseeds: [1, 2, 3]\n",
        two="training: {max_epochs: 4}\nseeds: [4]\n",
    )
    assert resolved(files) == config.resolve(
        {"training": {"momentum": 0.5, "max_epochs": 4}, "seeds": [4]}, SCHEMA
    )
    assert resolved(files, "training={max_epochs: 5}", "training={momentum: 0}")["training"] == {
        **DEFAULTS["training"], "max_epochs": 5, "momentum": 0.0
    }  # fmt: skip


@pytest.mark.parametrize("key", ["devise", "training.learnig_rate", "report.baselines"])
def test_unknown_keys_of_config_yaml_are_named_beside_a_study_too(key, elsewhere):
    section, _, inner = key.partition(".")
    written(elsewhere, config=f"{section}: {{{inner}: 1}}\n" if inner else f"{key}: 1\n")
    (study,) = written(elsewhere, study="{}\n")
    with pytest.raises(UserError, match=rf"^config\.yaml: {key} is not a key of the config, did you mean"):
        resolved([study])


@pytest.mark.parametrize(
    ("files", "command_line"),
    [
        (["depths: [2]\nnetwork: {hidden_sizes: [[4]]}"], []),
        (["depths: [2]", "network: {hidden_sizes: [[4]]}"], []),
        (["network: {hidden_sizes: [[4]]}"], ["depths=[2]"]),
        (["depths: [2]"], ["network={hidden_sizes: [[4]]}"]),
        (["{}"], ["depths=[2]", "network={hidden_sizes: [[4]]}"]),
    ],
)
def test_depths_and_hidden_sizes_both_given_wherever(files, command_line, elsewhere):
    paths = written(elsewhere, **{f"s{number}": text for number, text in enumerate(files)})
    with pytest.raises(UserError) as caught:
        resolved(paths, *command_line)
    words = "depths is [2] and network.hidden_sizes is [[4]]; allowed: one of the two, the other left out or null."
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("files", "command_line"),
    [
        (["network: {width: 9, hidden_sizes: [[4]]}"], []),
        (["network: {width: 9}", "network: {hidden_sizes: [[4]]}"], []),
        (["network: {width: 9}"], ["network={hidden_sizes: [[4]]}"]),
        (["{}"], ["network={width: 9, hidden_sizes: [[4]]}"]),
    ],
)
def test_width_and_hidden_sizes_both_given_wherever(files, command_line, elsewhere):
    paths = written(elsewhere, **{f"s{number}": text for number, text in enumerate(files)})
    with pytest.raises(
        UserError, match=r"^network\.width is 9 and network\.hidden_sizes is \[\[4\]\]; allowed: one"
    ):
        resolved(paths, *command_line)
    assert resolved(paths, *command_line, "network={width: ~}")["network"]["hidden_sizes"] == [[4]]


@pytest.mark.parametrize(
    ("text", "command_line", "depths"),
    [
        ("depths: [2, 3]", ["depths=null", "network={hidden_sizes: [[16]]}"], [1]),
        ("network: {hidden_sizes: [[16]]}", ["depths=[2]", "network={hidden_sizes: null}"], [2]),
        ("depths: [3]\nnetwork: {hidden_sizes: [[16]]}", ["depths="], [1]),
        ("depths: [3]\nnetwork: {hidden_sizes: [[16]]}", ["network={hidden_sizes: ~}"], [3]),
        ("depths: [3]", ["depths=null"], [2, 4, 8]),
    ],
)
def test_null_takes_back_what_a_file_says(text, command_line, depths, elsewhere):
    assert resolved(written(elsewhere, study=text), *command_line)["depths"] == depths


@pytest.mark.parametrize(
    "value",
    [
        "1e-3",
        "2:4",
        "no",
        "on",
        "010",
        "1_000",
        "2024-01-01",
        "0x10",
        "'1'",
        "null",
        "",
        "True",
        "1.0",
        "nan",
    ],
)
@pytest.mark.parametrize("form", ["{}", "[{}]", "{{a: {}}}"])
def test_a_value_means_the_same_in_a_file_and_on_the_command_line(value, form, elsewhere):
    text = form.format(value)
    empty, study = written(elsewhere, empty="", study=f"key: {text}\n")
    from_file = study_files.given([study], "config.yaml", [], SCHEMA)
    assert repr(study_files.given([empty], "config.yaml", [f"key={text}"], SCHEMA)) == repr(from_file)


@pytest.mark.parametrize("text", ["[1", "{a: 1", "'a", "@a", "*a"])
def test_broken_yaml_is_a_sentence_in_both_places(text, elsewhere):
    empty, study = written(elsewhere, empty="", study=f"key: {text}\n")
    for files, command_line, where in (([study], [], study), ([empty], [f"key={text}"], "--config key")):
        with pytest.raises(UserError) as caught:
            study_files.given(files, "config.yaml", command_line, SCHEMA)
        assert str(caught.value).startswith(f"{where}, line ") and str(caught.value).isprintable()


def test_a_key_that_stands_twice_on_the_command_line(elsewhere):
    with pytest.raises(UserError, match=r"^--config training, line 1: 'momentum' stands twice"):
        resolved(written(elsewhere, study=""), "training={momentum: 0, momentum: 1}")


HANDED_OVER = [
    "depths=[1, 2]",
    "training={max_epochs: 4, patience: null}",
    "activations=[{name: relu, label: it's}, {name: tanh, label: \N{GREEK SMALL LETTER ALPHA}}]",
    "studies=[\"a\", \"b\"]",
    "data_dir=/a b/$HOME",
    "study=",
]  # fmt: skip
NOT_HANDED_OVER = [
    "activations=[relu,\n  tanh]",
    "data_dir=a\\b",
    "activations=[{name: relu, label: \"it's\"}]",
    "data_dir=it's/$HOME",
    "data_dir=it's/`id -u`",
    "data_dir=\u202ea",
]  # fmt: skip


def through_a_shell(entry):
    """What the shell of a cluster's job makes of Snakemake's own text."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {format_cli_arg('--config', [entry])}"],
        capture_output=True,
        text=True,
    )
    return done.stdout.split("\0")[1:-1]


@pytest.mark.parametrize("entry", HANDED_OVER)
def test_a_clusters_jobs_get_the_same_command_line(entry):
    assert through_a_shell(entry) == [entry]
    study_files.check_handed_over([entry])


@pytest.mark.parametrize("entry", NOT_HANDED_OVER)
def test_or_a_sentence_says_what_they_would_not(entry):
    assert through_a_shell(entry) != [entry]
    with pytest.raises(UserError, match=r"^--config \w+ is .*; allowed for jobs of a cluster: ") as caught:
        study_files.check_handed_over([entry])
    assert str(caught.value).isprintable()


def test_reference_studies_are_read_as_their_files_state_them():
    found = study_files.references("digits", ROOT / "studies", SCHEMA)
    assert list(found) == list(study_files.REFERENCES)
    assert found["fashion_mnist"]["training"]["max_epochs"] == 50
    with pytest.raises(
        UserError, match="verify is 'full' in the study 'fashion_mnist'; allowed in any other"
    ):
        study_files.references("fashion_mnist", ROOT / "studies", SCHEMA)


@pytest.mark.parametrize("name", study_files.REFERENCES)
def test_reference_studies_state_all_that_their_numbers_depend_on(name):
    """No default of config.yaml or of the schema may move a number that is compared with a published one."""
    stated = yaml_files.read(ROOT / "studies" / f"{name}.yaml")
    for section in ("evaluation", "training"):
        keys = SCHEMA["properties"][section]["properties"]
        assert stated[section].keys() <= keys.keys()
        assert not any(keys[key]["default"] for key in keys.keys() - stated[section].keys())  # it is off
    assert {"dataset", "normalisation", "network", "seeds", "activations"} <= stated.keys()


def test_studies_that_are_compared_name_a_file():
    """Sixty characters each are too many for some file systems."""
    assert [study_files.together(names) for names in ([], ["a", "b"], ["b", "a", "c"])] == [
        "nothing",
        "a+b",
        "b+a+c",
    ]
    long = [f"{'x' * 58}{number}" for number in range(9)]
    names = [study_files.together(order) for order in (long, long[::-1], long[:-1])]
    assert len(set(names)) == 3 and all(len(name) < 100 for name in names)
    assert names[0].startswith(f"{long[0]}+8more-")
