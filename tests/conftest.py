"""Fixtures that several tests share."""

import atexit
import contextlib
import fcntl
import functools
import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from actbench.data import subsets
from actbench.networks import family
from actbench.probes import registry
from actbench.storage import yaml_files

pytest_plugins = ["fault_table"]
ROOT = Path(__file__).parent.parent
SCHEMA = registry.with_sections(yaml_files.read(ROOT / "workflow/schemas/config.schema.yaml"))
# The section `network` of a training job's params, all at their defaults.
NETWORK = {"family": "mlp"} | {key: part["default"] for key, part in family.settings("mlp").items()}
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "200"}
PROXIES = {"http_proxy", "https_proxy"}
HANG = 600  # seconds after which a test takes something for hanging; no machine is that busy
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


# Keys of a row that a probe measures.
MEASURED = {
    "activation": "relu",
    "depth": 2,
    "setting": "default",
    "seed": 0,
    "fold": 0,
    "checkpoint": "init",
}


def another(section: str, key: str, now: object) -> object:
    """A value of a key of the config that is not `now`, and that the tiny study has room for."""
    part = SCHEMA["properties"][section]["properties"][key]
    if "enum" in part:
        return next(choice for choice in part["enum"] if choice != now)
    if isinstance(now, bool):
        return not now
    if "array" in part["type"]:
        return [0.125]
    if "number" in part["type"]:
        return now / 2 or 0.125
    return 7 if part.get("minimum", 1) else 1


def pytest_addoption(parser):
    parser.addoption(
        "--chaos", action="store_true", help="try every fault as often as docs/reliability.md says"
    )
    parser.addoption("--slurm", action="store_true", help="start a SLURM of two virtual nodes and use it")
    parser.addoption("--gallery", metavar="REPORT", help="keep pictures of this report in docs/gallery")


def pytest_configure():
    """Let Ctrl-C end what tests start, also where a shell has them in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish():
    """Leave what is imported out of garbage collection: each `multipletests` of statsmodels asks for one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, headless."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=HANG * 1000
        )
        plain = running.new_page

        def patient(**options):
            page = plain(**options)
            page.set_default_timeout(HANG * 1000)
            return page

        running.new_page = patient
        yield running
        running.close()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """A folder with the real image files, named by ACTBENCH_DATA_DIR."""
    named = os.environ.get("ACTBENCH_DATA_DIR")
    if not named or not Path(named).is_dir():
        pytest.skip("ACTBENCH_DATA_DIR names no folder of image files")
    return Path(named)


@pytest.fixture
def no_network(monkeypatch):
    import urllib.request

    def refuse(*args, **kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


@pytest.fixture
def spec():
    """Make a resolved activation spec from a name and parameters."""
    return lambda name, **parameters: {"name": name, "import": None, "parameters": parameters}


@pytest.fixture
def toy() -> subsets.Data:
    """Three subsets of a problem that a small network learns at once: which input is the largest."""
    generator = torch.Generator().manual_seed(0)

    def subset(n):
        x = torch.randn(n, 4, generator=generator)
        return subsets.Subset(x, x.argmax(dim=1))

    return subsets.Data(subset(256), subset(64), subset(64), 4)


@pytest.fixture(autouse=True)
def denormals() -> Iterator[None]:
    """Numbers below the smallest normal one, which training flushes, are there again after each test."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """pyplot lets go of each test's figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """torch with one thread, as in a job, also where it would take several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Forks:
    """A process that answers requests with a fork each, one at a time.

    `script`: its file in this folder, which says what it reads and answers.
    """

    def __init__(self, script: str):
        command = [sys.executable, str(ROOT / "tests" / script)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, **request: object) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Server(Forks):
    """Runs Snakemake quickly."""

    def __init__(self):
        super().__init__("snakemake_server.py")

    def run(self, folder: Path, arguments: list[str], environment: dict) -> subprocess.CompletedProcess:
        """The finished run; `stdout` holds standard error as well."""
        request = {"arguments": arguments, "environment": ENVIRONMENT | environment}
        answer = self.ask(folder=str(folder), ordinary=environment.keys() <= PROXIES, **request)
        return subprocess.CompletedProcess(arguments, answer["status"], answer["output"], "")


class Scripts(Forks):
    """Runs scripts that need torch quickly."""

    def __init__(self):
        super().__init__("script_server.py")

    def run(self, script: Path, folder: Path, given: str) -> subprocess.CompletedProcess:
        """The finished run, with this process's environment and `given` as standard input."""
        answer = self.ask(script=str(script), folder=str(folder), input=given, environment=dict(os.environ))
        return subprocess.CompletedProcess(
            [str(script)], answer["status"], answer["stdout"], answer["stderr"]
        )


class Project:
    """A copy of the project in a folder of its own, in which Snakemake runs the tiny study."""

    LEFT_OUT = (
        *(".git", ".venv*", ".snakemake", ".hypothesis", "results", "reports", "__pycache__", ".*_cache"),
        "mutants",
    )

    def __init__(self, folder: Path, source: Path = ROOT, ignored: tuple[str, ...] = LEFT_OUT):
        self.folder = folder
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*ignored))

    def copy(self, folder: Path) -> "Project":
        """The same with all its results and Snakemake's records."""
        return Project(folder, source=self.folder, ignored=())

    def fresh(self, folder: Path) -> "Project":
        """The same in which nothing has run yet."""
        project = Project(folder, source=self.folder)
        for name in ("results", "reports"):
            (project.folder / name).mkdir()
        return project

    def command(self, *arguments: str, study: str | None = "tiny", cores: int = 2) -> list[str]:
        given = ["--configfile", f"studies/{study}.yaml"] if study else []
        return ["--cores", str(cores), *given, *arguments]

    def start(self, *arguments: str, cores: int = 2, environment=(), **options) -> subprocess.Popen:
        """Start Snakemake in a process group of its own."""
        command = [sys.executable, "-m", "snakemake", *self.command(*arguments, cores=cores)]
        env = os.environ | ENVIRONMENT | dict(environment)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(
            command, cwd=self.folder, env=env, start_new_session=True, **(pipes | options)
        )

    def snakemake(self, *arguments: str, study: str | None = "tiny", cores: int = 2, **environment):
        """Run Snakemake; the study is given by --configfile unless None."""
        given = self.command(*arguments, study=study, cores=cores)
        return server().run(self.folder, given, environment)

    def planned(self, *arguments: str) -> Counter:
        """How many jobs of each rule a dry run plans, the collecting rule `all` left out."""
        done = self.snakemake("--dry-run", "--quiet", "rules", "host", *arguments)
        assert done.returncode == 0, done.stdout
        if "Nothing to be done" in done.stdout:
            return Counter()
        table = done.stdout.split("Job stats:")[1].split("\n\n")[0]
        found = re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)
        return Counter({rule: int(n) for rule, n in found if rule not in ("all", "total")})

    def tables(self, study: str = "tiny") -> dict[str, bytes]:
        """Every result table's bytes, by name."""
        folder = self.folder / "results" / study / "tables"
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    def page(self, name: str = "tiny") -> str:
        """A page below `reports`, with a blank for every run of whitespace."""
        return " ".join((self.folder / "reports" / f"{name}.html").read_text(encoding="utf-8").split())

    def edited(self, path: str | Path, text: str = "\n# edited\n") -> contextlib.AbstractContextManager:
        """Append to a file for a while."""
        return self.replaced(path, (self.folder / path).read_text() + text)

    @contextlib.contextmanager
    def replaced(self, path: str | Path, text: str) -> Iterator[None]:
        """Write a file anew for a while; its time is as before afterwards, too."""
        file = self.folder / path
        before, times = file.read_text(), file.stat()
        file.write_text(text)
        try:
            yield
        finally:
            file.write_text(before)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def wait_for_end(processes: Iterable[psutil.Process]) -> None:
    """Wait until none of them runs; one that has ended may still be listed, if nobody has asked how."""
    end = time.monotonic() + HANG
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < end, f"still there: {process}"
                time.sleep(0.02)


@functools.cache
def server() -> Server:
    """The one that most tests use."""
    started = Server()
    atexit.register(started.end)
    return started


@functools.cache
def scripts() -> Scripts:
    started = Scripts()
    atexit.register(started.end)
    return started


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Project:
    """A project in which the tiny study has run once; tests leave it as they found it.

    The first of several processes that asks runs it, and each has a copy. `first_run` is what was printed.
    """
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    source, said = common / "tiny" / "actbench", common / "tiny.txt"
    with open(common / "tiny.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not said.exists():
            shutil.rmtree(source, ignore_errors=True)  # of one that failed
            done = Project(source).snakemake("--resources", "gpu=1")
            assert done.returncode == 0, done.stdout
            said.write_text(done.stdout, encoding="utf-8")
    project = Project(tmp_path_factory.mktemp("project") / "actbench", source=source, ignored=())
    project.first_run = said.read_text(encoding="utf-8")
    return project


@pytest.fixture
def digits(tiny, tmp_path, monkeypatch) -> None:
    """A working directory where the study `digits`, of which the docs speak, is the tiny one."""
    results = tmp_path / "results" / "digits"
    shutil.copytree(tiny.folder / "results" / "tiny", results)
    for folder in list(results.glob("runs/*/*/*/seeds0-1")):
        folder.rename(folder.with_name("seeds0-4"))
    monkeypatch.chdir(tmp_path)
