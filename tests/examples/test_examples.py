"""The example clients, run for real against `serve`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import FakeMerchant, Plan
from mockserver.provider.faults.faults import FAULTS
from tests.support.command import CLEAN, Serving

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = [
    (sys.executable, "python/with_requests.py"),
    (sys.executable, "python/with_httpx.py"),
    ("node", "node/with_fetch.mjs"),
    ("php", "php/with_streams.php"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Serving(folder=tmp_path_factory.mktemp("serve")) as serving:
        yield serving.url


def run(program: str, script: str, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed on this machine")
    command = [program, str(EXAMPLES / script), *arguments]
    return subprocess.run(
        command, env={**CLEAN, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("program", "script"), CLIENTS)
def test_a_client_lists_every_voucher_and_the_pending_ones(url: str, program: str, script: str) -> None:
    done = run(program, script, {"APIGAMES_BASE_URL": url})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("137 vouchers, 40 pending, newest ")


@pytest.mark.parametrize(("program", "script"), CLIENTS)
def test_a_client_tells_the_documented_error(url: str, program: str, script: str) -> None:
    done = run(program, script, {"APIGAMES_BASE_URL": url, "APIGAMES_PROJECT_ID": "DW"})
    assert done.returncode != 0
    assert "500: Project ID tidak ditemukan" in done.stderr + done.stdout


def test_curl_gets_the_first_page(url: str) -> None:
    done = run("bash", "shell/with_curl.sh", {"APIGAMES_BASE_URL": url})
    assert len(json.loads(done.stdout)["data"]["data"]["vouchers"]) == 30


def test_the_helper_in_typescript_knows_every_fault() -> None:
    text = (EXAMPLES / "node" / "vitest" / "apigames.ts").read_text(encoding="utf-8")
    union = text.partition("export type Fault =")[2].partition(";")[0]
    assert re.findall(r'"(\w+)"', union) == [*FAULTS]


JOURNEYS = [
    (sys.executable, "python/submit_and_poll.py"),
    ("node", "node/submit_and_poll.mjs"),
    ("php", "php/submit_and_poll.php"),
    ("bash", "shell/submit_and_poll.sh"),
]


def environment_of(merchant: FakeMerchant) -> dict[str, str]:
    return {**merchant.environment(), "APIGAMES_POLL_SECONDS": "0.05"}


@pytest.mark.parametrize(("program", "script"), JOURNEYS)
def test_a_client_does_the_whole_journey(apigames: FakeMerchant, program: str, script: str) -> None:
    """More codes than fit on a page, each a step further with every status call."""
    apigames.plan_submissions(Plan(after_reads=1))
    codes = [f"CODE{n:03d}" for n in range(31)]
    done = run(program, script, environment_of(apigames), *codes)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == f"project {apigames.projects[0].project_id}"
    assert sorted(rest) == [f"{code} success" for code in codes]
    apigames.assert_submitted(codes, times=1)


@pytest.mark.parametrize(("program", "script"), JOURNEYS)
def test_a_client_submits_once_though_no_reply_came(apigames: FakeMerchant, program: str, script: str) -> None:
    apigames.fault("close_before")
    done = run(program, script, environment_of(apigames), "CODE1")
    assert done.returncode != 0
    assert "ask the vendor what became of these codes" in done.stderr
    apigames.assert_submitted(["CODE1"], times=1)


@pytest.mark.parametrize(("program", "script"), JOURNEYS)
def test_a_client_tells_why_a_list_was_refused(apigames: FakeMerchant, program: str, script: str) -> None:
    apigames.submit(["CODE1"])
    done = run(program, script, environment_of(apigames), "CODE1")
    assert done.returncode != 0
    assert "500: Voucher ini double, sudah ada sebelumnya" in done.stderr + done.stdout
