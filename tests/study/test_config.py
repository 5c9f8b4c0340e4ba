"""What users may write, and the one sentence they get for anything else."""

import re
from pathlib import Path

import pytest
import yaml
from actbench.activations import registry
from actbench.data import acquire, prepared, splits
from actbench.errors import UserError
from actbench.study import config
from conftest import ROOT, SCHEMA


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
        "training.learning_rate is '1e-3' (text); allowed: a number above 0 (write 0.001 without quotes)",
    ),
    "number that YAML reads as text": (
        dict(training=dict(max_epochs="1_000")),
        "training.max_epochs is '1_000' (text); allowed: a whole number from 1 (write 1000 without quotes)",
    ),
    "zero learning rate": (dict(training=dict(learning_rate=0)), "allowed: a number above 0"),
    "infinite learning rate": (
        dict(training=dict(learning_rate=float("inf"))),
        "training.learning_rate is inf",
    ),
    "unknown key with an escape sequence": (
        {"\x1b[31m": 1},
        "'\\x1b[31m' is not a key of the config; allowed here",
    ),
    "parameter that is no name": (
        dict(activations=[{"name": "elu", 1: 2}]),
        "activations: elu has the parameter 1; allowed: a name (text).",
    ),
    "depth 0": (dict(depths=[2, 0]), "depths[1] is 0; allowed: a whole number from 1 to 1000"),
    "text for a list": (dict(depths="2"), "depths is '2' (text); allowed: a list of at least one entry"),
    "fractional depth": (dict(depths=[2.5]), "depths[0] is 2.5; allowed: a whole number"),
    "boolean depth": (dict(depths=[True]), "depths[0] is true; allowed: a whole number"),
    "empty list": (dict(seeds=[]), "seeds is an empty list"),
    "duplicate seeds": (dict(seeds=[1, 1]), "seeds is [1, 1]: every entry is allowed once"),
    "negative seed": (dict(seeds=[-1]), "seeds[0] is -1; allowed: a whole number from 0"),
    "dataset": (dict(dataset="fashion-mnist"), "did you mean fashion_mnist?; allowed: digits, fashion_mnist"),
    "null where a value is needed": (dict(study=None), "study is empty (null)"),
    "unknown activation": (dict(activations=["rellu"]), "'rellu' is unknown, did you mean relu?"),
    "activation read as a boolean": (dict(activations=[False]), "activations[0] is false"),
    "unknown parameter": (
        dict(activations=[dict(name="leakyrelu", slop=1)]),
        "leakyrelu has no 'slop', did you mean slope?; allowed: slope, id, label",
    ),
    "parameter of the wrong kind": (
        dict(activations=[dict(name="leakyrelu", slope="steep")]),
        "activations: leakyrelu.slope is 'steep' (text); allowed: a finite number",
    ),
    "parameter out of bounds": (
        dict(activations=[dict(name="elu", alpha=0)]),
        "activations: elu.alpha is 0; allowed: a finite number above 0",
    ),
    "nameless mapping": (dict(activations=[dict(slope=1)]), "has no name"),
    "the same twice": (dict(activations=["swish", "silu"]), "swish is there twice"),
    "equal but for case": (
        dict(activations=["relu", dict(name="tanh", id="ReLU")]),
        "ReLU is there twice",
    ),
    "id that leaves the folder": (
        dict(activations=[dict(name="relu", id="../../etc")]),
        "id of relu is '../../etc' (text)",
    ),
    "study that leaves the folder": (dict(study="../x"), "study is '../x' (text); allowed: lower-case"),
    "studies that leave the folder": (
        dict(studies=["../x", "b"]),
        "studies[0] is '../x' (text); allowed: the name of a study",
    ),
    "a study beside itself": (dict(studies=["a", "a"]), "studies is"),
    "three studies": (dict(studies=["a", "b", "c"]), "allowed: a list of two different study names"),
    "study with a line end": (dict(study="a\n"), "study is"),
    "endless label": (dict(activations=[dict(name="relu", label="x" * 61)]), "1 to 60 characters"),
    "label of 200 characters": (
        dict(activations=[dict(name="relu", label="x" * 200)]),
        "allowed: text of 1 to 60 characters",
    ),
    "label that turns the text around": (
        dict(activations=[dict(name="relu", label="a\u202eb")]),
        "label is 'a\\u202eb'; allowed: text without control characters",
    ),
    "label with a line end": (
        dict(activations=[dict(name="relu", label="a\nb")]),
        "allowed: text without control characters",
    ),
    "study that is markup": (dict(study="</script><img src=x>"), "study is '</script><img src=x>' (text)"),
    "study that is a template": (dict(study="{{7*7}}"), "study is '{{7*7}}' (text); allowed: lower-case"),
    "study of an emoji": (dict(study="\N{SLIGHTLY SMILING FACE}"), "allowed: lower-case letters, digits"),
    "study of 200 characters": (dict(study="x" * 200), "study is 'xxx"),
    "id that is markup": (
        dict(activations=[dict(name="relu", id="<b>")]),
        "id of relu is '<b>' (text); allowed: letters, digits",
    ),
    "code instead of an import": (
        dict(activations=[{"name": "mine", "import": "os.system('ls')"}]),
        "import of mine is \"os.system('ls')\" (text); allowed: module:class",
    ),
    "own activation with a known name": (
        dict(activations=[{"name": "relu", "import": "a:B"}]),
        "relu is a name of the registry",
    ),
    "baseline": (dict(report=dict(baseline="rely")), "report.baseline is 'rely', did you mean relu?"),
    "too many validation images": (
        dict(evaluation=dict(validation=1497)),
        "evaluation.validation is 1497; allowed: a whole number from 0 to 1496",
    ),
    "one fold": (
        dict(evaluation=dict(folds=1)),
        "evaluation.folds is 1; allowed: a whole number from 2 or null.",
    ),
    "more folds than images of a class": (
        dict(evaluation=dict(folds=2000)),
        "evaluation.folds is 2000; allowed: a whole number from 2 to 174",
    ),
    "validation images beside folds": (
        dict(evaluation=dict(folds=3, validation=100)),
        "evaluation.validation is 100; allowed with evaluation.folds: null",
    ),
    "best weights without validation": (
        dict(evaluation=dict(validation=0)),
        "training.keep is 'best'; allowed without validation images (evaluation.validation: 0): last.",
    ),
    "early stop without validation": (
        dict(evaluation=dict(validation=0), training=dict(keep="last", patience=5)),
        "training.patience is 5; allowed without validation images (evaluation.validation: 0): null.",
    ),
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


@pytest.mark.parametrize(
    ("evaluation", "counts"),
    [
        ({}, (1247, 250, 300, 300)),
        ({"validation": 0}, (1497, 0, 300, 300)),
        ({"folds": 3}, (958, 240, 599, 1797)),
        ({"folds": 3, "validation": 0}, (1198, 0, 599, 1797)),
        ({"folds": 5}, (1149, 288, 360, 1797)),
    ],
)
def test_image_counts_are_those_of_the_split(evaluation, counts, tmp_path):
    keep = "last" if evaluation.get("validation") == 0 else "best"
    resolved = resolve(evaluation=evaluation, training=dict(keep=keep))
    assert tuple(config.image_counts(resolved).values()) == counts
    acquire.prepare("digits", "nowhere", tmp_path / "digits.safetensors")
    data = splits.split(prepared.read(tmp_path / "digits.safetensors"), resolved["evaluation"], "symmetric")
    assert tuple(len(part.y) for part in (data.train, data.validation, data.test)) == counts[:3]


def test_the_sample_of_the_distributions_fits_the_training_images():
    assert resolve()["probe_distributions"]["images"] == 1024
    assert resolve(evaluation=dict(folds=3))["probe_distributions"]["images"] == 958


def test_reference_studies_are_read_as_their_files_state_them():
    found = config.references("digits", ROOT / "studies", SCHEMA)
    assert list(found) == list(config.REFERENCES)
    assert found["fashion_mnist"]["training"]["max_epochs"] == 50
    with pytest.raises(
        UserError, match="verify is 'full' in the study 'fashion_mnist'; allowed in any other"
    ):
        config.references("fashion_mnist", ROOT / "studies", SCHEMA)


@pytest.mark.parametrize("name", config.REFERENCES)
def test_reference_studies_state_all_that_their_numbers_depend_on(name):
    """No default of config.yaml or of the schema may move a number that is compared with a published one."""
    stated = yaml.safe_load((ROOT / "studies" / f"{name}.yaml").read_text())
    for section in ("evaluation", "training"):
        assert stated[section].keys() == SCHEMA["properties"][section]["properties"].keys()
    assert {"dataset", "normalisation", "network", "seeds", "activations"} <= stated.keys()


def test_numbers_take_the_schemas_type():
    resolved = resolve(depths=[2.0], training=dict(learning_rate=1))
    assert repr(resolved["depths"]) == "[2]" and repr(resolved["training"]["learning_rate"]) == "1.0"


def test_order_of_seeds_and_depths_does_not_matter():
    assert resolve(seeds=[2, 0, 1], depths=[4, 2]) == resolve(seeds=[0, 1, 2], depths=[2, 4])


def test_activation_ids_and_labels():
    entries = [
        "silu",
        dict(name="leakyrelu", slope=0.01, label="leaky 0.01"),
        dict(name="leakyrelu", slope=0.1),
    ]
    resolved = resolve(activations=entries)["activations"]
    assert [entry["id"] for entry in resolved] == ["swish", "leakyrelu-slope0.01", "leakyrelu"]
    assert [entry["label"] for entry in resolved] == ["silu", "leaky 0.01", "leakyrelu"]
    assert resolved[1]["spec"] == {"import": None, "name": "leakyrelu", "parameters": {"slope": 0.01}}


def test_every_registered_activation_can_be_named():
    resolved = resolve(activations=list(registry.REGISTRY))
    assert len(resolved["activations"]) == len(registry.REGISTRY)


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


LOOKALIKES = {
    "the same": ("a", "a"),
    "a ligature": ("\ufb01t", "fit"),
    "full width": ("\uff52elu", "relu"),
    "superscript": ("x\u00b2", "x2"),
    "composed and not": ("e\u0301", "\u00e9"),
    "more spaces": ("a  b", "a b"),
    "a space at the end": ("a", "a "),
    "a variation selector": ("a\ufe0f", "a"),
    "a grapheme joiner": ("a\u034fb", "ab"),
    "a filler": ("a\u3164b", "a b"),
    "an empty Braille cell": ("\u2800a", "a"),
}
HAIR = {
    "case": ("ReLU", "relu"),
    "an accent": ("e", "\u00e9"),
    "a vowel sign": ("\u0915\u0941", "\u0915"),
    "spaces or none": ("a b", "ab"),
}


def labelled(*labels):
    return resolve(
        activations=[
            dict(name=name, label=label) for name, label in zip(registry.REGISTRY, labels, strict=False)
        ]
    )


UNCLEAR = pytest.mark.fault(
    "labels that look the same",
    "two labels that differ in Unicode's compatibility forms, in spaces or in characters that are not drawn; "
    "labels of nothing that is seen; and labels that differ in case, accents or vowel signs",
    "one sentence with the codes of both; the last are taken",
)


@UNCLEAR
@pytest.mark.parametrize("labels", LOOKALIKES.values(), ids=LOOKALIKES)
def test_labels_that_look_the_same(labels):
    for first, second in (labels, labels[::-1]):
        with pytest.raises(UserError) as caught:
            labelled("other", first, second)
        words = f"label is {second!a}, which looks like {first!a}; allowed: labels that can be told apart."
        assert str(caught.value) == f"activations: {words}"


@UNCLEAR
@pytest.mark.parametrize("labels", HAIR.values(), ids=HAIR)
def test_labels_that_can_be_told_apart(labels):
    assert [entry["label"] for entry in labelled(*labels)["activations"]] == list(labels)


@UNCLEAR
@pytest.mark.parametrize(
    "label", ["\u3164", "\u2800 \u2800", "\ufe0f", "\u115f\u1160", "\u0301", "\U000e0100"]
)
def test_labels_that_show_nothing(label):
    with pytest.raises(UserError, match=r"^activations: label is '.*'; allowed: text that can be seen\.$"):
        labelled(label)


@UNCLEAR
@pytest.mark.parametrize(
    "label", ["\u200b", "a\u200bb", "\u00ad", "\u2060a", "a\u00a0b", "\u2003", "\x00", "\ud800"]
)
def test_labels_with_characters_that_are_not_printed(label):
    with pytest.raises(UserError, match=r"^activations: label is "):
        labelled(label)


def test_labels_that_are_made_of_names_are_compared_too():
    own = [{"name": "own", "import": "a:B", "id": identifier} for identifier in ("x", "y")]
    with pytest.raises(UserError, match="label is 'own', which looks like 'own'"):
        resolve(activations=own)
    resolve(activations=[own[0], own[1] | {"label": "another"}])


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


def test_blocks_are_aligned_slots():
    assert config.blocks(range(7), 5) == {"0-4": [0, 1, 2, 3, 4], "5-9": [5, 6]}
    assert config.blocks([3, 12], 5) == {"0-4": [3], "10-14": [12]}
    assert config.blocks([3], 1) == {"3-3": [3]}


def test_own_file_is_found_without_importing(tmp_path):
    spec = {"name": "mine", "import": "pack.mod:A", "parameters": {}}
    with pytest.raises(UserError, match=r"there is no .*mod.py"):
        config.user_files(spec, tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mod.py").write_text("raise RuntimeError")
    assert config.user_files(spec, tmp_path) == [str(tmp_path / "pack" / "mod.py")]


@pytest.mark.parametrize(
    "module",
    ["results.mine.x", "reports.x", "random", "types", "json.decoder", "actbench.runtime.jobs", "__main__"],
)
def test_modules_that_are_nobodys_own_are_refused(tmp_path, module):
    """Those in folders that were made, by us or by a stranger, and those whose name another module has."""
    path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("raise RuntimeError")
    spec = {"name": "mine", "import": f"{module}:A", "parameters": {}}
    with pytest.raises(UserError, match=rf"activations: mine has import '{module}:A'; allowed: a "):
        config.user_files(spec, tmp_path)


NO_PYTHON_IS_PRODUCED = (
    "modules with a syntax error, mixed tabs, null bytes, in UTF-16, in other encodings with and without a cookie and a BOM, "
    "nested too deep; named like installed packages, scripts and modules of the package"
)
NO_PYTHON_ENDS = "read by Python's rules, or one sentence with file and line; a taken name is refused"


@pytest.mark.fault("modules that cannot be used", NO_PYTHON_IS_PRODUCED, NO_PYTHON_ENDS)
@pytest.mark.parametrize("module", ["torch", "numpy.mine", "snakemake", "safetensors", "six_or_so"])
def test_names_of_installed_packages_are_refused(tmp_path, module, monkeypatch):
    """Of the activation's own module, or of one that it imports."""
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "six_or_so.py").write_text("")
    monkeypatch.syspath_prepend(site)
    path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    (tmp_path / "mine.py").write_text(f"from torch import nn\nimport {module}\n")
    top = module.split(".")[0]
    for name in (module, "mine"):
        spec = {"name": "mine", "import": f"{name}:A", "parameters": {}}
        with pytest.raises(UserError) as caught:
            config.user_files(spec, tmp_path)
        assert str(caught.value) == (
            f"activations: mine has import '{name}:A', but {path} takes the name of the installed package {top}; "
            "allowed: another name."
        )


@pytest.mark.parametrize("folder", ["numpy", "torch"])
def test_a_folder_of_data_with_the_name_of_a_package_is_nothing(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / "mine.py").write_text(f"import {folder}\n")
    found = config.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
    assert found == [str(tmp_path / "mine.py")]


NO_PYTHON = {
    "a syntax error": (b"x = 1\ndef f(:\n", ":2 is no Python: invalid syntax"),
    "tabs and spaces": (b"if 1:\n\tx = 1\n        y = 2\n", ":3 is no Python: inconsistent use of tabs"),
    "a null byte": (b"x = 1\0\n", " is no Python: source code"),
    "utf-16": ("x = 'ä'\n".encode("utf-16"), " is no Python: "),
    "latin-1 without a cookie": (
        "x = 1\ny = 'ä'\n".encode("latin-1"),
        " is no Python: (unicode error) 'utf-8'",
    ),
    "an unknown cookie": (b"# coding: nonsense\n", " is no Python: "),
    "a cookie that is no text's": (b"# coding: rot13\nx = 1\n", " is no Python: "),
    "a cookie against the BOM": (
        b"\xef\xbb\xbf# coding: latin-1\n",
        " is no Python: ",
    ),
    "too deep": (b"x = " + b"(" * 5000, " is no Python: too many nested parentheses"),
    "minus signs": (b"x = " + b"-" * 100_000 + b"1", " is no Python: "),
}


@pytest.mark.fault("modules that cannot be used", NO_PYTHON_IS_PRODUCED, NO_PYTHON_ENDS)
@pytest.mark.parametrize("case", NO_PYTHON)
def test_a_module_that_is_no_python_is_one_sentence_with_its_line(tmp_path, case):
    content, words = NO_PYTHON[case]
    (tmp_path / "mine.py").write_bytes(content)
    with pytest.raises(UserError) as caught:
        config.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'mine.py'}") and "\n" not in text and len(text) < 500
    assert re.match(r"(:\d+)?" + re.escape(words), text.removeprefix(str(tmp_path / "mine.py"))), text


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfimport helper\n",
        b"\xef\xbb\xbf# coding: utf-8\nimport helper\n",
        "# coding: latin-1\nx = 'ä'\nimport helper\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\nimport helper\n".encode("cp1252"),
        b"import helper\rx = 1\r\ny = '\\d'\n\x0c\n",
    ],
)
@pytest.mark.filterwarnings("error")
def test_imports_are_read_by_pythons_rules_for_encodings(tmp_path, content):
    (tmp_path / "mine.py").write_bytes(content)
    (tmp_path / "helper.py").write_text("")
    found = config.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
    assert found == [str(tmp_path / "helper.py"), str(tmp_path / "mine.py")]


def test_a_module_that_cannot_be_read_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"mine.py cannot be read: Permission denied\.$"):
        config.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)


def test_training_params_leave_out_what_does_not_change_numbers():
    resolved = resolve(activations=[dict(name="relu", label="ReLU!")], data_dir="/x", device="cpu")
    params = config.training_params(resolved, resolved["activations"][0]["spec"], 2, [0, 1])
    assert "ReLU!" not in repr(params) and "/x" not in repr(params) and "cpu" not in repr(params)
    assert list(params) == sorted(params)
