"""Environments of their own, with this project and other people's packages in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.command import CLEAN

ROOT = Path(__file__).parents[2]


def sh(*command: str | Path, folder: Path, **variables: str) -> str:
    """Run a command to its end; return what it wrote to standard output. It fails when that does."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**CLEAN, **variables},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fresh(folder: Path, python: Path | str, *wanted: str | Path) -> Path:
    """Return the interpreter of a new environment that has these packages."""
    uv = (sys.executable, "-m", "uv")
    sh(*uv, "venv", "--quiet", "--python", python, folder / "venv", folder=folder)
    fresh_python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    sh(*uv, "pip", "install", "--quiet", "--python", fresh_python, *wanted, folder=folder)
    return fresh_python
