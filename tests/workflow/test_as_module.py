"""Another workflow uses this one with `module`."""

import re
import subprocess

import pytest
from conftest import ROOT, Project, server

pytestmark = pytest.mark.fault(
    "as a module of another workflow",
    "docs/python.md's Snakefile with the project in a subfolder, with and without `as` and `prefix:`, two modules, "
    "another learning rate over copied results, no config, one that is none, a foreign key, sources from git",
    "the report, and nothing of the other workflow's is touched; or one sentence that names the module",
)
PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")
(SNAKEFILE,) = re.findall(r"```snakemake\n(.*?)```", PAGE, re.DOTALL)
CONFIG = """
mine: 1e-3
actbench:
  study: inner
  activations: [relu, {name: own, import: "my_module:Own"}]
  depths: [1]
  seeds: [0]
  training: {max_epochs: 1, batch_size: 64}
"""
OWN = "import torch\nclass Own(torch.nn.Module):\n    def forward(self, x):\n        return x.sin()\n"
# What the other workflow sees afterwards, and what it makes itself.
AFTER = """
print("OUTER", workflow.configfiles, config)
rule mine:
    output: "mine.txt"
    run: open(output[0], "w").write(str(config["mine"]))
"""


@pytest.fixture
def inner(tmp_path):
    """Another workflow's folder, with the project in a subfolder."""
    folder = tmp_path / "outer"
    Project(folder / "actbench")
    (folder / "my_module.py").write_text(OWN)
    return folder


def run(folder, *arguments, snakefile=SNAKEFILE, config=CONFIG):
    """The finished run of the other workflow."""
    (folder / "Snakefile").write_text(snakefile + AFTER)
    (folder / "config.yaml").write_text(config)
    return server().run(folder, ["--cores", "2", *arguments], {})


def refused(done, words):
    assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
    assert words in done.stdout, done.stdout


def test_to_the_report_as_docs_show_it(inner):
    one = CONFIG.replace("relu, {", "{")
    done = run(inner, "--", "all", "mine", config=one)
    assert done.returncode == 0, done.stdout
    report = (inner / "networks/reports/inner.html").read_text(encoding="utf-8")
    assert report.count(">own<") > 1 and (inner / "mine.txt").read_text() == "1e-3"
    shown = re.findall(r"OUTER (.*)", done.stdout)
    assert {"['config.yaml']" in line and "'depths': [1], 'seeds': [0]" in line for line in shown} == {True}
    assert not {"results", "reports"} & {path.name for path in inner.iterdir()}
    assert "Nothing to be done" in run(inner, "--dry-run", "--", "all", config=one).stdout
    (inner / ".snakemake/metadata").rename(inner / "set aside")
    other = one.replace("max_epochs: 1", "max_epochs: 2")
    refused(
        run(inner, "--dry-run", "--", "all", config=other),
        "networks/results/inner/provenance.json was made with training.max_epochs 1 instead of 2",
    )


@pytest.mark.parametrize("prefix", ["", 'prefix: "a/b"'])
@pytest.mark.parametrize("name", ["", " as x_*", " as *_y"])
def test_any_names_and_places(inner, name, prefix):
    renamed = (name or " as *").split()[1].replace("*", "all")
    text = SNAKEFILE.replace('prefix: "networks"', prefix).replace(" as actbench_*", name)
    text = text[: text.index("rule all:")]
    done = run(inner, "--dry-run", "--quiet", "rules", "--", renamed, "mine", snakefile=text)
    assert done.returncode == 0, done.stdout
    rows = dict(re.findall(r"^(\w+)\s+(\d+)$", done.stdout, re.MULTILINE))
    assert rows[renamed.replace("all", "train")] == "2" and rows["total"] == "18"


def test_two_studies_with_two_prefixes(inner):
    second = SNAKEFILE[: SNAKEFILE.index("rule all:")].replace("actbench_*", "second_*")
    second = second.replace("from actbench", "from second").replace("module actbench", "module second")
    second = second.replace("networks", "second").replace('config["actbench"]', 'config["second"]')
    config = CONFIG + "second: {study: second, activations: [elu, tanh, selu], depths: [1, 2], seeds: [0]}\n"
    targets = ("--", "actbench_all", "second_all")
    done = run(inner, "--dry-run", "--quiet", "rules", *targets, snakefile=SNAKEFILE + second, config=config)
    assert done.returncode == 0, done.stdout
    rows = dict(re.findall(r"^(\w+)\s+(\d+)$", done.stdout, re.MULTILINE))
    assert (rows["actbench_train"], rows["second_train"]) == ("2", "6")


def test_options_of_the_other_workflow_are_its_own(inner):
    (inner / "more.yaml").write_text("training: {learnig_rate: 1}\n")
    given = ["--configfile", "more.yaml", "--config", "depths=[0]", "--replace-workflow-config"]
    done = run(inner, "--dry-run", *given, snakefile=SNAKEFILE.replace('config["actbench"]', "{}"))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('config: config["actbench"]', None),
        ("", "there is no config; allowed: config: and a mapping with the keys of a study."),
        ("config: [1]", "config is [1]; allowed: config: and a mapping with the keys of a study."),
        ('config: "config.yaml"', "config is 'config.yaml' (text); allowed: config: and a mapping"),
        ("config: config", "mine is not a key of the config"),
        ("config: dict(depths=[0])", "depths[0] is 0; allowed: a whole number from 1 to 1000."),
        ("config: dict(training=dict(max_epochs=2.5))", "training.max_epochs is 2.5; allowed: a whole number"),
    ],
)  # fmt: skip
def test_a_wrong_config_is_one_sentence(inner, given, words):
    done = run(inner, "--dry-run", snakefile=SNAKEFILE.replace('config: config["actbench"]', given))
    if words is None:
        assert done.returncode == 0
    else:
        refused(done, f"Config error: module actbench: {words}")


def test_sources_that_lie_in_a_git_repository_only(inner, tmp_path):
    for command in ("init -q", "add actbench/Snakefile actbench/workflow/rules", "commit -qm x"):
        who = ["-c", "user.name=x", "-c", "user.email=x"]
        subprocess.run(["git", *who, *command.split()], cwd=inner, check=True)
    source = f'gitfile({str(inner)!r}, path="actbench/Snakefile", ref="HEAD")'
    text = SNAKEFILE.replace('"actbench/Snakefile"', source)
    refused(run(inner, "--dry-run", snakefile=text), "allowed: a folder of this machine")
