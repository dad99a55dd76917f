"""A real project of somebody else's, with packages called `schemas`, `fixtures` and `contract_tests` of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import CLEAN
from tools.environments import PYTHONS, THIS, installed

ROOT = Path(__file__).parents[3]
TESTS = 8
# Each of them twenty-nine times, but the one that says two readings itself.
TESTS_UNDER_EACH = 7 * 29 + 27


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / "downstream", tmp_path / "project"))


def sh(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_downstream_project_passes(project: Path) -> None:
    shown = sh(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:schemathesis", folder=project)
    assert f"{TESTS} passed" in shown


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    sh(sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", folder, ROOT, folder=folder)
    return next(folder.glob("*.whl"))


def fresh(folder: Path, python: Path | str, *wanted: str | Path) -> Path:
    """Return the interpreter of a new environment that has these packages."""
    uv = (sys.executable, "-m", "uv")
    sh(*uv, "venv", "--quiet", "--python", python, folder / "venv", folder=folder)
    fresh_python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    sh(*uv, "pip", "install", "--quiet", "--python", fresh_python, *wanted, folder=folder)
    return fresh_python


@pytest.mark.wheel
@pytest.mark.parametrize("version", PYTHONS)
def test_it_passes_from_the_wheel_on_every_python(version: str, wheel: Path, project: Path, tmp_path: Path) -> None:
    python = installed(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed on this machine")
    own = fresh(tmp_path, python, wheel, "pytest", "httpx", "pytest-xdist", "pytest-randomly")
    run = (own, "-W", "error", "-m", "pytest", "-q", "-W", "error")
    assert f"{TESTS} passed" in sh(*run, "-p", "no:cacheprovider", "-n", "2", folder=project)
    if version != THIS:
        return
    for mode in ("prepend", "append", "importlib"):
        assert f"{TESTS} passed" in sh(*run, f"--import-mode={mode}", folder=project)
    every = sh(*run, "-n", "2", "--apigames-readings=each", folder=project)
    assert f"{TESTS_UNDER_EACH} passed" in every
    assert "The client survives every one of them." in every


@pytest.mark.wheel
def test_it_passes_under_the_oldest_pytest(wheel: Path, project: Path, tmp_path: Path) -> None:
    own = fresh(tmp_path, sys.executable, wheel, "pytest==7.4.0", "httpx", "pytest-xdist", "pytest-randomly")
    assert "pytest 7.4.0" in sh(own, "-m", "pytest", "--version", folder=project)
    run = (own, "-W", "error", "-m", "pytest", "-q", "-W", "error")
    assert f"{TESTS} passed" in sh(*run, "-n", "2", folder=project)
    under_each = sh(*run, "--apigames-readings=each", "-k", "refusal", folder=project)
    assert "29 passed" in under_each


@pytest.mark.wheel
def test_who_imported_the_package_before_starting_pytest_is_not_warned(
    wheel: Path, project: Path, tmp_path: Path
) -> None:
    own = fresh(tmp_path, sys.executable, wheel, "pytest", "httpx")
    code = "import mockserver, pytest, sys; sys.exit(pytest.main(['-q', '-W', 'error']))"
    assert f"{TESTS} passed" in sh(own, "-c", code, folder=project)
