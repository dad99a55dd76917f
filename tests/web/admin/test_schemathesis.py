"""A third party judges the served endpoint against the published OpenAPI document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.openapi import openapi
from mockserver.web.admin.openapi import admin_openapi
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PAGE_PROJECT
from tests.support.command import CLEAN

CONFIGURATION = """
# This contract documents 500s (ERR-2 to ERR-4), so they are no failure of the server; every other check is on.
[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 500]
"""


def schemathesis(document: Any, server: Server, *options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "openapi.json").write_text(json.dumps(document))
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            "run",
            "openapi.json",
            f"--url={server.url}",
            "--checks=all",
            "--seed=1",
            "--no-color",
            *options,
        ],
        cwd=folder,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.matrix
def test_schemathesis_finds_no_failure(server: Server, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = schemathesis(openapi(), server, "--max-examples=60", folder=tmp_path)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert server.provider.journal.total > 60


@pytest.mark.matrix
def test_schemathesis_finds_no_failure_of_the_admin_side(server: Server, tmp_path: Path) -> None:
    # What a schema cannot say, as that an id is taken, is 422 or 409: valid data may be refused.
    options = ("--exclude-checks=positive_data_acceptance", "--phases=examples,fuzzing", "--max-examples=5")
    done = schemathesis(quickly_asked(admin_openapi()), server, *options, folder=tmp_path)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]


def quickly_asked(document: Any) -> Any:
    """Return the document with the ids that there are, and without what takes its time: waits, and large worlds."""
    there = {"merchant_id": MERCHANT, "project_id": PAGE_PROJECT, "voucher_id": 23456, "name": "world"}
    for call in (call for path in document["paths"].values() for call in path.values()):
        for parameter in call["parameters"]:
            if parameter["in"] == "path" and parameter["name"] in there:
                parameter["schema"] = {"enum": [there[parameter["name"]]]}
            elif parameter["name"] == "wait":
                parameter["schema"]["maximum"] = 0
    generate = document["components"]["schemas"]["WorldGenerated"]["properties"]["generate"]
    generate["properties"]["count"]["maximum"] = 50
    return document
