"""The collections run in the programs that they are for, twice: nothing of them is used up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mockserver.contract.operations import OPERATIONS
from mockserver.web.server import Server
from tests.support.environments import ROOT
from tests.third_parties.conftest import Npm

pytestmark = pytest.mark.matrix

HTTP = ROOT / "examples" / "http"
# One for each outcome, and what became of the submission.
REQUESTS = sum(len(operation.outcomes) for operation in OPERATIONS) + 1


def test_newman_runs_the_postman_collection(npm: Npm, server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        npm(
            "newman", "run", HTTP / "apigames.postman_collection.json",
            "--environment", HTTP / "apigames.postman_environment.json", "--env-var", f"base_url={server.url}",
            "--reporters", "json", "--reporter-json-export", tmp_path / "report.json",
        )  # fmt: skip
        run = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["run"]
        assert (run["stats"]["assertions"]["total"], run["failures"]) == (REQUESTS, [])


def test_bru_runs_the_bruno_collection(npm: Npm, server: Server, tmp_path: Path) -> None:
    folder = shutil.copytree(HTTP / "bruno", tmp_path / "bruno")
    for _ in range(2):
        options = (
            "--env",
            "mock",
            "--env-var",
            f"base_url={server.url}",
            "--output",
            "report.json",
            "--format",
            "json",
        )
        npm("bru", "run", "-r", *options, folder=folder)
        (ran,) = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        results = [test["status"] for one in ran["results"] for test in one["testResults"]]
        assert results == ["pass"] * REQUESTS
