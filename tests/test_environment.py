"""pyproject, locks and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = {"python_full_version": "3.12.0", "python_version": "3.12", "sys_platform": "linux"}


def locked(name: str, environment: dict | None = None) -> dict[str, str]:
    """Name and version of every pin of a lock that applies to this machine, or to `environment`."""
    pins = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)(?: ; ([^\\\n]*))? \\$", (ROOT / name).read_text(), re.M)
    return {
        package: version
        for package, version, marker in pins
        if not marker or Marker(marker.strip()).evaluate(environment)
    }


def requirements(extra: str | None = None) -> list[Requirement]:
    texts = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return [Requirement(text) for text in texts]


def test_every_requirement_is_locked_within_its_bounds():
    for lock, needed in {
        "requirements.txt": requirements(),
        "requirements-cluster.txt": requirements() + requirements("cluster"),
        "requirements-dev.txt": requirements() + requirements("dev"),
    }.items():
        pins = locked(lock)
        for requirement in needed:
            assert requirement.specifier.contains(pins[requirement.name]), (lock, requirement.name)


@pytest.mark.parametrize("lock", ["requirements-cluster.txt", "requirements-dev.txt"])
def test_the_other_locks_extend_the_first(lock):
    first, second = locked("requirements.txt"), locked(lock)
    assert {name: second[name] for name in first} == first


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-cluster.txt", "requirements-dev.txt"])
def test_locks_carry_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert text.count("--hash=sha256:") > 200
    assert "://" not in text and "--index" not in text and "--find" not in text


def test_conda_users_get_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    given = dict(pin.split("==") for pin in pip)
    assert "python=3.12" in environment["dependencies"]
    pins = locked("requirements.txt", CONDA)
    assert given == {requirement.name: pins[requirement.name] for requirement in requirements()}


def test_the_container_has_the_same_versions_and_nothing_else_of_the_project():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert f"FROM python:{python.removeprefix('python=')}-slim-bookworm" in lines
    assert "COPY requirements-cluster.txt /opt/" in lines
    assert any("--require-hashes --requirement /opt/requirements-cluster.txt" in line for line in lines)
    assert (ROOT / ".dockerignore").read_text().splitlines()[-2:] == ["*", "!requirements-cluster.txt"]


def test_what_is_installed_is_what_is_locked():
    from importlib.metadata import version

    pins = locked("requirements-dev.txt")
    for requirement in requirements() + requirements("dev"):
        assert version(requirement.name) == pins[requirement.name]
