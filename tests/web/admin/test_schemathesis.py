"""A third party judges the served endpoint against the published OpenAPI document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.contract.openapi import openapi
from mockserver.web.server import Server
from tests.support.command import CLEAN

CONFIGURATION = """
# This contract documents 500s (ERR-2 to ERR-4), so they are no failure of the server; every other check is on.
[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 500]
"""


@pytest.mark.once
def test_schemathesis_finds_no_failure(server: Server, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(openapi()))
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            "run",
            "openapi.json",
            f"--url={server.url}",
            "--checks=all",
            "--max-examples=60",
            "--seed=1",
            "--no-color",
        ],
        cwd=tmp_path,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert server.provider.journal.total > 60
