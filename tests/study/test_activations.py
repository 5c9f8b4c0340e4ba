"""What users may write as activations, and the one sentence they get for anything else."""

import re
from pathlib import Path

import pytest
from actbench.activations import registry
from actbench.errors import UserError
from actbench.study import activations, config
from conftest import SCHEMA


def resolve(**given):
    return config.resolve(given, SCHEMA)


REFUSED = {
    "parameter that is no name": (
        dict(activations=[{"name": "elu", 1: 2}]),
        "activations: elu has the parameter 1; allowed: a name (text).",
    ),
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
    **{
        f"{name} beyond float32": (
            dict(activations=[{"name": name, key: value}]),
            f"activations: {name}.{key} is {value:g}; allowed: a finite number whose size is 3.4e+38 or less.",
        )
        for name, key, value in [
            ("swish_trainable", "init", 1e300),
            ("star_relu", "scale", -3.5e38),
            ("prelu", "init", 3.5e38),
            ("leakyrelu", "slope", float("inf")),
        ]
    },
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
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    given, words = REFUSED[case]
    with pytest.raises(UserError) as caught:
        resolve(**given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


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


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lower": 0.5}, "rrelu.lower is 0.5; allowed: a number up to upper, which is 0.333333."),
        ({"upper": 0.1}, "rrelu.lower is 0.125; allowed: a number up to upper, which is 0.1."),
        ({"lower": 2, "upper": 1}, "rrelu.lower is 2; allowed: a number up to upper, which is 1."),
    ],
)
def test_a_lower_end_above_the_upper_one_is_one_sentence(given, words):
    with pytest.raises(UserError) as caught:
        resolve(activations=[{"name": "rrelu", **given}])
    assert str(caught.value) == f"activations: {words}"
    assert resolve(activations=[{"name": "rrelu", "lower": 0.2, "upper": 0.2}])["activations"][0]["id"] == (
        "rrelu-lower0.2-upper0.2"
    )


def test_every_registered_activation_can_be_named():
    resolved = resolve(activations=list(registry.REGISTRY))
    assert len(resolved["activations"]) == len(registry.REGISTRY)


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


def test_own_file_is_found_without_importing(tmp_path):
    spec = {"name": "mine", "import": "pack.mod:A", "parameters": {}}
    with pytest.raises(UserError, match=r"there is no .*mod.py"):
        activations.user_files(spec, tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mod.py").write_text("raise RuntimeError")
    assert activations.user_files(spec, tmp_path) == [str(tmp_path / "pack" / "mod.py")]


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
        activations.user_files(spec, tmp_path)


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
            activations.user_files(spec, tmp_path)
        assert str(caught.value) == (
            f"activations: mine has import '{name}:A', but {path} takes the name of the installed package {top}; "
            "allowed: another name."
        )


@pytest.mark.parametrize("folder", ["numpy", "torch"])
def test_a_folder_of_data_with_the_name_of_a_package_is_nothing(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / "mine.py").write_text(f"import {folder}\n")
    found = activations.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
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
        activations.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
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
    found = activations.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
    assert found == [str(tmp_path / "helper.py"), str(tmp_path / "mine.py")]


def test_a_module_that_cannot_be_read_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"mine.py cannot be read: Permission denied\.$"):
        activations.user_files({"name": "mine", "import": "mine:A", "parameters": {}}, tmp_path)
