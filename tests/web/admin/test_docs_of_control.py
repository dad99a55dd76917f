"""The snippets of the pages on control of the fake, run as a reader would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver.cli.serve.serve import serve
from mockserver.web.server import Server

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ("life-cycle", "faults", "journal", "doctor", "admin", "page")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(language: str) -> Iterator[Any]:
    for page in PAGES:
        for number, (found, text) in enumerate(FENCE.findall((DOCS / f"{page}.md").read_text(encoding="utf-8")), 1):
            if found == language:
                yield pytest.param(text, id=f"{page}-{number}")


@pytest.mark.parametrize("text", list(snippets("python")))
def test_python_runs(text: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", text], cwd=tmp_path, timeout=60, check=True)


LINES = [line for snippet in snippets("sh") for line in snippet.values[0].splitlines()]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("curl")])
def test_curl_lines_run(server: Server, line: str) -> None:
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        env={**os.environ, "URL": server.url},
        timeout=30,
        check=True,
    )
    assert '"detail"' not in done.stdout or "requests/1" in line


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("apigames-mock serve")])
def test_serve_lines_are_understood(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Up to the point where it would serve: the address is of no machine here."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(serve, [*shlex.split(line)[2:], "--host", "203.0.113.1"], standalone_mode=False)
    assert "cannot serve on 203.0.113.1" in str(done.exception)
