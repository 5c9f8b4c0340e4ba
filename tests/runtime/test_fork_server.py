"""A fork does what the job's own process would have done, and none outlives who asked for it."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from actbench.runtime import fork_server, orphans
from conftest import HANG, wait_for_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets and prctl are Linux's")
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
# Stands for Snakemake: announces itself, starts the server and a job, tells both, and waits.
SNAKEMAKE = """
import os, subprocess, sys
from actbench.runtime import fork_server, orphans
orphans.announce()
fork_server.start("fork_server.py")
job = subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(fork_server._SERVERS[0].pid, job.pid, job.stdout.readline(), flush=True)
sys.stdin.read()
"""
# What Snakemake puts before a script, and the head of ours.
JOB = """
from snakemake.logging import logger
__real_file__ = __file__
class snakemake:
    bench_iteration = {iteration}
import os, sys
loaded = "torch" in sys.modules
sys.path.insert(0, {scripts!r})
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs
jobs.begin()
{body}
"""


class Server:
    """This process as a Snakemake with a server, and the scripts that are run with it."""

    def __init__(self, folder: Path):
        before = dict(os.environ)
        orphans.announce()
        fork_server.start(SCRIPTS / "fork_server.py")
        self.process = psutil.Process(fork_server._SERVERS[-1].pid)
        self.environment = dict(os.environ)
        os.environ.clear()
        os.environ.update(before)
        self.folder = folder

    def start(self, body: str, iteration: int | None = None, name="job.py", **environment: str):
        script = self.folder / name
        body = textwrap.dedent(body)
        script.write_text(JOB.format(scripts=str(SCRIPTS), iteration=iteration, body=body))
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, str(script)],
            cwd=self.folder,
            env=self.environment | environment,
            text=True,
            **pipes,
        )

    def run(self, body: str, *arguments, said: str = "", **environment) -> tuple[int, str, str]:
        job = self.start(body, *arguments, **environment)
        out, err = job.communicate(said)
        return job.returncode, out, err


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    yield Server(tmp_path_factory.mktemp("forks"))
    fork_server.stop()


@pytest.fixture
def another_server(tmp_path):
    yield Server(tmp_path)
    fork_server._SERVERS[-1].kill()
    fork_server._SERVERS.pop().wait()


BODIES = {
    "prints": "print(sys.stdin.read(), os.getcwd(), os.environ['MINE'], __name__, __file__)",
    "finishes": "jobs.start('log').info('logged'); print('said'); jobs.finish()",
    "says its own imports": "print(sorted(name for name in sys.modules if name.startswith('actbench')))",
    "has a path": "print(*sys.path, *sys.argv, sys.pycache_prefix, sep=chr(10))",
    "exits": "sys.exit(3)",
    "exits with a sentence": "sys.exit('no')",
    "fails": "from actbench.errors import UserError; raise UserError('The file is broken.')",
    "is killed": "print('so far', flush=True); os.kill(os.getpid(), 9)",
    "is interrupted": "import signal; os.kill(os.getpid(), signal.SIGINT)",
    "prints what no terminal can": "print(chr(0xDC80), file=sys.stderr)",
    "collects": "import gc; print(gc.isenabled()); jobs.start('log'); print(gc.isenabled())",
    "has one thread": "import torch; print(torch.get_num_threads())",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_fork_says_and_ends_as_the_process_would(server, body):
    mine = {"MINE": "é", "said": "typed"}
    forked = server.run(body, **mine)
    assert server.run(body, **mine, **{fork_server.SERVER: "off"}) == forked


def test_libraries_are_loaded_and_own_code_is_not(server):
    code, said, err = server.run("print(loaded, 'actbench.storage' in sys.modules)")
    assert (code, said, err) == (0, "True False\n", "")


def wait_for_all_libraries(server):
    """Until it has those, too, that it imports when no job asks."""
    names = "import sys; print(*sorted({'pandas', 'scipy.stats', 'jinja2', 'seaborn'} & set(sys.modules)))"
    end = time.monotonic() + HANG
    while server.run(names)[1] != "jinja2 pandas scipy.stats seaborn\n":
        assert time.monotonic() < end


def test_what_tables_and_figures_need_is_loaded_later_and_imported_as_ever(server):
    """When no job asks. matplotlib of the server has no settings of the user's, as that of a job has none."""
    wait_for_all_libraries(server)
    used = "from actbench.figures.plotting import matplotlib; print(matplotlib.matplotlib_fname())"
    own = "print('actbench.figures' in sys.modules, 'actbench.errors' in sys.modules)"
    (server.folder / "matplotlibrc").write_text("lines.linewidth: nonsense")
    mine = {"MATPLOTLIBRC": str(server.folder)}
    assert server.run(f"{own}; {used}", **mine)[0] == 0
    assert server.run(own) == server.run(own, **{fork_server.SERVER: "off"})


def test_of_any_other_error_the_traceback_names_the_script(server):
    code, _, err = server.run("raise RuntimeError('oops')")
    assert code == 1 and "Traceback" in err and "job.py" in err and err.endswith("RuntimeError: oops\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"iteration": 0},
        {fork_server.SERVER: "off"},
        {fork_server.SERVER: "garbage"},
        {fork_server.SERVER: f"actbench-nobody {orphans.namespace()} {sys.executable}"},
    ],
    ids=["benchmark", "off", "garbage", "no such server"],
)
def test_without_a_server_a_job_works_by_itself(server, changed):
    assert server.run("print(loaded, os.getppid())", **changed) == (0, f"False {os.getpid()}\n", "")


@pytest.mark.parametrize("place", [1, 2, 3], ids=["Snakemake", "namespace", "python"])
def test_of_another_snakemake_container_or_environment_there_is_no_server(server, place):
    parts = server.environment[fork_server.SERVER].split(" ")
    parts[place] = "another"
    assert server.run("print(loaded)", **{fork_server.SERVER: " ".join(parts)}) == (0, "False\n", "")


WAITS = "import time; print(os.getpid(), flush=True); time.sleep(3600)"


def waiting(server) -> tuple[subprocess.Popen, psutil.Process]:
    job = server.start(WAITS)
    fork = psutil.Process(int(job.stdout.readline()))
    assert fork.pid != job.pid
    return job, fork


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_fork_ends_with_the_process_that_asked(server, number):
    job, fork = waiting(server)
    job.send_signal(number)
    wait_for_end([fork])
    assert job.wait() == -number
    job.communicate()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_neither_fail_a_job_nor_leave_a_fork(server, closed):
    """A connection may take the number of a closed stream, and must not go to the fork as such."""
    told = server.folder / "told"
    told.unlink(missing_ok=True)
    body = f"import time; open({str(told)!r}, 'w').write(str(os.getpid()) + '\\n'); time.sleep(3600)"
    server.start("", name="closed.py").communicate()
    script = server.folder / "closed.py"
    script.write_text(script.read_text() + body)
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, str(script)]
    job = subprocess.Popen(command, cwd=server.folder, env=server.environment)
    while not told.exists() or not told.read_text().endswith("\n"):
        assert job.poll() is None
        time.sleep(0.02)
    fork = psutil.Process(int(told.read_text()))
    job.kill()
    wait_for_end([fork])
    assert job.wait() == -signal.SIGKILL


def test_many_at_once_each_get_their_own_end(server):
    jobs = [server.start(f"print({n}); sys.exit({n})", name=f"job{n}.py") for n in range(4)]
    assert [job.communicate()[0] for job in jobs] == [f"{n}\n" for n in range(4)]
    assert [job.returncode for job in jobs] == list(range(4))


def test_a_fork_and_its_job_end_with_the_server(another_server):
    job, fork = waiting(another_server)
    another_server.process.kill()
    out, err = job.communicate()
    assert (job.returncode, out, err) == (1, "", "Error: the fork server has ended, and so does the job.\n")
    wait_for_end([fork])
    assert another_server.run("print(loaded)") == (0, "False\n", "")


def test_server_and_forks_end_with_snakemake(tmp_path):
    (tmp_path / "job.py").write_text(JOB.format(scripts=str(SCRIPTS), iteration=None, body=WAITS))
    command = [sys.executable, "-c", SNAKEMAKE, str(tmp_path / "job.py")]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    snakemake = subprocess.Popen(command, cwd=SCRIPTS, text=True, **pipes)
    processes = [psutil.Process(int(number)) for number in snakemake.stdout.readline().split()]
    assert len({process.pid for process in processes}) == 3  # the server, the job, and its fork
    snakemake.kill()
    wait_for_end(processes)
    snakemake.communicate()


def test_a_server_that_ends_before_it_forks_leaves_the_work_to_the_job(server):
    name = f"actbench-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        told = server.environment[fork_server.SERVER].split(" ", 1)[1]
        job = server.start("print(loaded)", **{fork_server.SERVER: f"{name} {told}"})
        listener.accept()[0].close()
    assert job.communicate() == ("False\n", "") and job.returncode == 0


def test_a_server_without_descriptors_leaves_the_work_to_the_job(another_server):
    wait_for_all_libraries(another_server)  # imports need descriptors, too
    job, _ = waiting(another_server)
    process = another_server.process
    limits = process.rlimit(psutil.RLIMIT_NOFILE)
    used = {int(path.name) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
    none, one = [number for number in range(64) if number not in used][:2]
    process.rlimit(psutil.RLIMIT_NOFILE, (one, limits[1]))  # for a connection, not for the end of its fork
    assert another_server.run("print(loaded)", name="other.py") == (0, "False\n", "")
    process.rlimit(psutil.RLIMIT_NOFILE, (none, limits[1]))
    other = another_server.start("print(loaded)", name="other.py")
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(1)
    process.rlimit(psutil.RLIMIT_NOFILE, limits)
    assert other.communicate()[0] == "True\n" and job.poll() is None
    job.kill()
    job.communicate()


def test_a_stranger_of_the_same_user_is_not_served(server, tmp_path):
    """A process that does not descend from Snakemake, as one in a container that shares the network."""
    name = server.environment[fork_server.SERVER].split(" ")[0]
    asks = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0{name}'); print(s.recv(1))"
    (tmp_path / "asks.py").write_text(asks)
    answer = tmp_path / "answer"
    subprocess.run(
        [
            "sh",
            "-c",
            f"setsid {sys.executable} {tmp_path}/asks.py >{answer}.tmp && mv {answer}.tmp {answer} &",
        ]
    )
    while not answer.exists():
        time.sleep(0.05)
    assert answer.read_text() == "b''\n"


def test_another_user_is_not_served(server):
    if os.getuid() != 0:
        pytest.skip("only root can act as another user")
    name = server.environment[fork_server.SERVER].split(" ")[0]
    asks = (
        "import os, socket; os.setuid(65534); s = socket.socket(socket.AF_UNIX)\n"
        f"s.connect('\\0{name}'); print(s.recv(1))"
    )
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("b''\n", "")
