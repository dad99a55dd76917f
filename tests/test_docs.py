"""The snippets of README and docs, run as a reader would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.readings import readings_about
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.web.server import Server
from tests.support.command import CLEAN, Serving

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(language: str) -> Iterator[Any]:
    for page in PAGES:
        for number, (found, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")), 1):
            if found == language:
                yield pytest.param(text, id=f"{page.name}-{number}")


@pytest.mark.parametrize("text", list(snippets("json")))
def test_json_is_json(text: str) -> None:
    json.loads(text)


def test_the_readme_s_curl_gets_the_readme_s_reply(tmp_path: Path) -> None:
    snippets_of_readme = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    line = next(text for language, text in snippets_of_readme if language == "sh" and text.startswith("curl"))
    shown = json.loads(next(text for language, text in snippets_of_readme if language == "json"))
    with Serving(folder=tmp_path) as serving:
        done = subprocess.run(
            ["bash", "-c", line.replace("http://127.0.0.1:8787", serving.url)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        serving.stop(signal.SIGTERM)
    received = json.loads(done.stdout)
    assert {**received, "ts": shown["ts"]} == shown


def test_the_readme_s_lines_submit_and_ask(server: Server) -> None:
    snippets_of_readme = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    lines = next(text for language, text in snippets_of_readme if language == "sh" and text.startswith("API="))
    done = subprocess.run(
        ["sh", "-eu", "-c", lines.replace("http://127.0.0.1:8787", server.url)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    submitted, asked = map(json.loads, done.stdout.splitlines())
    assert (submitted["rc"], asked["rc"]) == (0, 200)
    assert asked["data"]["data"]["stats"]["pending"] == 2


def test_the_lines_to_submit_and_poll_do_so(tmp_path: Path) -> None:
    snippets_of_page = FENCE.findall((ROOT / "docs" / "submit.md").read_text(encoding="utf-8"))
    _, *lines = (text for language, text in snippets_of_page if language == "sh")
    # A step for each poll in place of the clock.
    with Serving("--plan", '{"transition": "manual", "after_reads": 1}', folder=tmp_path) as serving:
        pasted = [line.replace("http://127.0.0.1:8787", serving.url).replace("sleep 1", "sleep 0") for line in lines]
        done = subprocess.run(
            ["bash", "-c", "echo ---\n".join(pasted)], capture_output=True, text=True, timeout=60, check=True
        )
        serving.stop(signal.SIGTERM)
    submitted, polled, closed, again, late, became = done.stdout.split("---\n")
    assert re.findall(r'"vendor_state":("maintenance"|null)', closed) == ['"maintenance"', "null"]
    assert re.fullmatch(r"R\w+\n", submitted)
    assert "pending" in polled
    assert json.loads("{" + polled.splitlines()[-1] + "}")["stats"]["success"] == 2
    assert len(polled.splitlines()) < 20
    assert json.loads(again)["error_msg"] == "Voucher ini double, sudah ada sebelumnya"
    assert json.loads(late)["rc"] == 0
    found = [(one["outcome"], one["fault"]) for one in json.loads(became)["submissions"]]
    assert found == [
        ("accepted", None),
        ("not_carried_out", "close_before"),
        ("refused", None),
        ("accepted", "close_before"),
        ("accepted", None),
    ]
    assert done.stderr.count("Empty reply from server") == 2


def test_the_submit_page_s_failures_are_the_contract_s() -> None:
    text = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+) \| `([^`]+)`", text, re.MULTILINE)
    assert told == [(one.clause.removeprefix("BULK-ERR-"), one.error_msg) for one in REDEEM_BULK.errors]
    assert re.findall(r"^\| \[`(\w+)`\]", text, re.MULTILINE) == [*readings_about("redeem_bulk")]


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md"])
def test_every_file_that_a_page_for_contributors_names_is_there(name: str) -> None:
    named = re.findall(r"`([\w./-]+/(?:\w+\.\w+)?)`", (ROOT / name).read_text(encoding="utf-8"))
    missing = {path for path in named if not any((root / path).exists() for root in (ROOT, ROOT / "mockserver"))}
    made_later = {"dist/", "mockserver/_bundled/", "contract/NAME.py", "provider/operations/NAME.py"}
    assert missing <= {*made_later, "/__admin/"}


@pytest.mark.parametrize(
    "page",
    [path for path in PAGES if path.name in {"serve.md", "schemas.md", "survive.md"}],
    ids=lambda path: path.name,
)
def test_python_runs(page: Path, tmp_path: Path) -> None:
    for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            subprocess.run([sys.executable, "-c", text], cwd=tmp_path, env=CLEAN, timeout=60, check=True)


def test_the_signature_of_the_docs_is_what_the_command_prints(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "signature.md").read_text(encoding="utf-8")
    line = next(snippet for language, snippet in FENCE.findall(text) if language == "sh")
    shown = re.search(r"^```\n([0-9a-f]{32})\n```", text, re.MULTILINE)
    environment = {**CLEAN, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{CLEAN['PATH']}"}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=30, check=True)
    assert shown is not None
    assert done.stdout.strip() == shown[1]
