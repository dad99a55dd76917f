"""Packages of npm, installed once, for the tests that run other people's tools."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.environments import sh

HERE = Path(__file__).parent
Npm = Callable[..., str]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of `package.json` in it, and the programs beside it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed on this machine")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "tsconfig.json", "every_operation.ts", "sdk.ts"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 and "ENOTFOUND" in done.stderr:
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def npm(node: Path) -> Npm:
    """Run a tool of those packages in their folder; return what it printed."""

    def run(tool: str, *arguments: str | Path, folder: Path = node) -> str:
        return sh(node / "node_modules" / ".bin" / tool, *arguments, folder=folder)

    return run
