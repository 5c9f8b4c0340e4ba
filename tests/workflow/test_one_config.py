"""What Snakemake's own process, from any folder and on a cluster's node, takes a study to be."""

import json
import shlex

import pytest
from conftest import ROOT, Project, server

STUDIES = sorted(path.stem for path in ROOT.glob("studies/*.yaml"))
# Tells the config that the rules use, and what Snakemake would hand to a job that is a process of its own.
TELLING = """
import json
from snakemake.spawn_jobs import SpawnedJobArgsFactory

include: "Snakefile"

jobs = SpawnedJobArgsFactory(workflow)
handed = [jobs.get_configfiles_arg(), jobs.workflow_property_to_arg("config_settings.config_args", flag="--config")]
print("TOLD", json.dumps([config, " ".join(handed)]), flush=True)
"""
OTHERS = """
study: other
dataset: mnist
activations: [gelu]
network: {hidden_sizes: [[7], [7, 7]]}
normalisation: standard
training: {batch_size: 99, histograms: true, patience: 3}
probe_gradients: {images: 10}
probe_dead_neurons: {dormant_threshold: 0.5}
report: {equivalence: 0.2, pairs: all}
"""
GIVEN = [
    "depths=null",
    "network={hidden_sizes: [[16], [8, 8]], width: ~}",
    "training={learning_rate: 1e-3, patience: null, 'histograms': True}",
    "activations=[{name: relu, label: 2:4}, {name: tanh, label: it's}, {name: elu, label: \"1e-3\"}]",
    "report={baseline: tanh}",
    "device=cpu",
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project, in which nothing has run, and a Snakefile that tells its config."""
    copied = Project(tmp_path_factory.mktemp("config") / "actbench")
    (copied.folder / "Telling").write_text(TELLING)
    return copied


def told(project, *arguments, folder=None):
    """The config that the rules use, and the arguments that Snakemake would hand on."""
    snakefile = ["--snakefile", str(project.folder / "Telling")]
    done = server().run(folder or project.folder, ["--dry-run", "--cores", "1", *snakefile, *arguments], {})
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")] or [done.stdout]
    return json.loads(line.removeprefix("TOLD "))


EVERYDAY = ("tiny", "fair", "mnist1d", "mnist_cross_validation")  # the others with --chaos


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_file_means_the_same_everywhere(project, study, tmp_path, chaos):
    if not chaos and study not in EVERYDAY:
        pytest.skip("only with --chaos")
    path = f"studies/{study}.yaml"
    expected, _ = told(project, "--configfile", path)
    with project.replaced("config.yaml", OTHERS):
        assert told(project, "--configfile", path)[0] == expected
    assert told(project, "--directory", str(tmp_path), "--configfile", path)[0] == expected
    absolute = str(project.folder / path)
    assert told(project, "--configfile", absolute, folder=tmp_path)[0] == expected
    assert expected["study"] == study


def test_places_of_the_working_directorys_config_yaml_hold(project, tmp_path):
    (tmp_path / "config.yaml").write_text(OTHERS + "device: cpu\ndata_dir: images\n")
    given = ["--directory", str(tmp_path), "--configfile", "studies/tiny.yaml"]
    found, _ = told(project, *given)
    alone, _ = told(project, "--configfile", "studies/tiny.yaml")
    assert found == alone | {"device": "cpu", "data_dir": "images"}


def test_no_stray_key_survives(project):
    """Snakemake's own config is what the rules see, so nothing may be left of what it made of the files."""
    found, _ = told(project, "--configfile", "studies/tiny.yaml", "--config", *GIVEN)
    schema_order = told(project)[0]
    assert list(found) == list(schema_order)
    assert found["network"]["hidden_sizes"] == [[16], [8, 8]]
    assert found["training"]["learning_rate"] == 0.001 and found["training"]["histograms"] is True
    assert [entry["label"] for entry in found["activations"]] == ["2:4", "it's", "1e-3"]


@pytest.mark.parametrize(
    "given",
    [
        ["--configfile", "studies/tiny.yaml"],
        ["--config", *GIVEN[:3], "device=cpu"],
        ["--configfile", "studies/digits_fixed.yaml", "studies/tiny.yaml", "--config", "network={hidden_sizes: ~}"],
        ["--configfile", "studies/tiny.yaml", "--config", *GIVEN[:3], "activations=[{name: relu, label: it's}, tanh]"],
    ],
)  # fmt: skip
def test_a_job_of_its_own_process_sees_the_same(project, given, tmp_path):
    """As Snakemake starts it on a cluster's node: in the working directory, through a shell."""
    (tmp_path / "config.yaml").write_text(OTHERS + "device: cpu\n")
    for folder in (project.folder, tmp_path):
        expected, handed = told(project, "--directory", str(folder), *given)
        assert told(project, *shlex.split(handed), folder=folder)[0] == expected


def test_what_a_clusters_jobs_would_not_get_is_refused_before_any_starts(project):
    far = 'include: "Snakefile"\ntype(workflow).non_local_exec = property(lambda self: True)\n'
    (project.folder / "Far").write_text(far)
    mixed = 'activations=[{name: relu, label: "it\'s"}]'
    given = ["--snakefile", "Far", "--config", mixed, "--", "all"]
    done = project.snakemake(*given)
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert (
        "Error: --config activations is" in done.stdout and "write the value in a study file." in done.stdout
    )
    assert not (project.folder / "results/data").exists()
