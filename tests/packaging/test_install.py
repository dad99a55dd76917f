"""docs/install.md: every line of it, run in an empty folder, from this checkout and from what is committed in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import CLEAN

pytestmark = pytest.mark.matrix

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
IN_A_PROJECT, MAKE_A_WHEEL, AS_A_COMMAND, AT_ONCE, ON_DEBIAN = re.findall(
    r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
)
UV = (sys.executable, "-m", "uv")
Sh = Callable[[str], str]


@pytest.fixture
def sh(tmp_path: Path, source: str) -> Sh:
    """Run a line of the page in an empty folder, with pip, pipx and uv on the path and what they install kept here."""
    folder = tmp_path / "work"
    folder.mkdir()
    tools, project = tmp_path / "tools", tmp_path / "project"
    for environment in (tools, project):
        subprocess.run([*UV, "venv", "--quiet", "--seed", "--python", sys.executable, environment], check=True)
    subprocess.run([*UV, "pip", "install", "--quiet", "--python", tools, "pipx", "uv"], check=True)
    kept = {name: str(tmp_path / name) for name in ("PIPX_HOME", "PIPX_BIN_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR")}
    path = [project / "bin", tools / "bin", kept["PIPX_BIN_DIR"], kept["UV_TOOL_BIN_DIR"], CLEAN["PATH"]]
    environment_of_all = {**CLEAN, **kept, "PATH": os.pathsep.join(map(str, path))}

    def run(line: str) -> str:
        line = re.sub(r"git\+https://\S+@main", source, line).replace("../apigames-mock", str(ROOT))
        done = subprocess.run(
            ["bash", "-ec", line],
            cwd=folder,
            env=environment_of_all,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, line + done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("line", IN_A_PROJECT.splitlines())
def test_in_a_project(sh: Sh, line: str, tmp_path: Path) -> None:
    if ".whl" in line:
        sh(MAKE_A_WHEEL)
    sh(line)
    assert sh("command -v apigames-mock").startswith(str(tmp_path))
    assert "version" in sh("apigames-mock --version; python -c 'import mockserver'")
    assert "verify]" not in line or "Usage" in sh("python -c 'import httpx'; apigames-mock verify --help")


def test_an_extra_is_added_to_what_is_installed_as_a_message_says(sh: Sh) -> None:
    sh(IN_A_PROJECT.splitlines()[0])
    sh("! python -c 'import httpx' 2>/dev/null")
    sh("pip install 'apigames-mock[verify]'; python -c 'import httpx'")


@pytest.mark.parametrize("line", AS_A_COMMAND.splitlines())
def test_as_a_command(sh: Sh, line: str, tmp_path: Path) -> None:
    sh(line)
    assert sh("command -v apigames-mock").startswith(str(tmp_path))
    assert "version" in sh("apigames-mock --version")


@pytest.mark.parametrize("lines", [AT_ONCE, ON_DEBIAN], ids=["uvx", "venv"])
def test_beside_everything(sh: Sh, lines: str) -> None:
    assert "version" in sh(lines)
