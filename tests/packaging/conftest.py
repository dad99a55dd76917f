"""Where the project is installed from in tests of what the docs say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def source() -> str:
    """The address that a snippet's `git+https://...@main` stands for here: what is committed in this checkout."""
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        pytest.skip("this is not a git checkout")
    return f"git+{ROOT.as_uri()}@{asked.stdout.strip()}"
