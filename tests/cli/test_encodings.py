"""Terminals and pipes of any encoding: what they lack is replaced, and no failure to print changes an exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mockserver.cli.main import COMMANDS
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.result import result_of
from tests.cli.test_verify import options
from tests.support.asking import PATH, body
from tests.support.command import run, run_process
from tests.verification.breaks import BREAKS
from tests.verification.broken_fake import BrokenFake
from tests.verification.suite_runner import judged

ENCODINGS = ["iso-8859-1", "cp437", "ascii", "cp1252"]
IDS = ("M-\u65e5\u672c-\u00e9", "R\u0421")
WORLD = {"merchants": [{"merchant_id": IDS[0], "secret_key": "kunci \u2713", "projects": [{"project_id": IDS[1]}]}]}
PLAIN = [
    ["readings"],
    ["readings", "--format", "json"],
    ["readings", "--format", "markdown"],
    ["survive", "--list"],
    ["schema", "request"],
    ["openapi"],
    ["sign", "--world", "w.json", "M-\u65e5\u672c-\u00e9"],
    ["sign", "--world", "w.json", "M-\u2713"],
    ["world", "check", "w.json"],
    ["world", "check", "\u2713.json"],
    ["world", "make", "3", "--merchant", "M-\u65e5", "--project", "R-\u65e5", "-o", "made.json"],
    ["world", "make", "--from", "w.json"],
    ["doctor", "call.txt"],
    ["fixtures", "check"],
    [
        "verify",
        "--dry-run",
        "--base-url",
        "http://127.0.0.1:9",
        "--merchant-id",
        "M-\u65e5",
        "--project-id",
        "R-\u65e5",
    ],
    ["health", "http://127.0.0.1:9"],
    ["serve", "--reading", "\u65e5=1"],
    *([name, "--help"] for name in COMMANDS),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.json").write_text(json.dumps(WORLD))
    call = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + body(projectid="R\u65e5\u672c")
    (tmp_path / "call.txt").write_bytes(call)
    return tmp_path


def shown(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def as_read(document: str, encoding: str) -> str:
    return document.encode().decode(encoding, "backslashreplace")


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_every_command_says_the_same_wherever_it_is_said(words: list[str], folder: Path) -> None:
    expected = run(*words, folder=folder)
    for encoding in ENCODINGS:
        done = run(*words, folder=folder, encoding=encoding)
        assert done.returncode == expected.returncode, encoding
        assert done.stderr == shown(expected.stderr, encoding)
        if words[:1] == ["readings"] and len(words) == 1:
            continue  # its lines are drawn otherwise
        # A result is UTF-8 wherever it goes, what people are told is not.
        assert done.stdout in {shown(expected.stdout, encoding), as_read(expected.stdout, encoding)}


@pytest.mark.parametrize("columns", [20, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", *ENCODINGS])
def test_no_width_cuts_what_is_copied(encoding: str, columns: int, tmp_path: Path) -> None:
    table = run("readings", folder=tmp_path, encoding=encoding, environment={"COLUMNS": str(columns)}).stdout
    for key, entry in REGISTER.items():
        assert f" {key} " in table
        assert all(f" {value} " in table for value in entry.values)


def closed_pipe() -> BinaryIO:
    """What whoever read it has closed."""
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "wb")


def full_disk() -> BinaryIO:
    """A disk without room."""
    return Path("/dev/full").open("wb")


BROKEN = next(known.broken for known in BREAKS if known.name == "total_page rounded down")
TARGET = options("http://127.0.0.1:9")


@pytest.fixture(scope="module")
def judgments() -> dict[int, Any]:
    """What came of a good target and of a broken one, by exit status."""
    found = [result_of(judged(fake)) for fake in (BrokenFake(), BrokenFake(BROKEN))]
    return {made["exit_status"]: made for made in found}


@pytest.fixture(params=[0, 1])
def status(request: pytest.FixtureRequest, judgments: dict[int, Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """What `verify` found before it begins to write: the same each time, and without the seconds that it takes."""
    found: int = request.param
    monkeypatch.setattr("mockserver.cli.verify._judged", lambda *_: judgments[found])
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("columns", ["20", "80"])
def test_a_judgment_is_the_same_on_any_terminal(status: int, encoding: str, columns: str, tmp_path: Path) -> None:
    done = run("verify", *TARGET, folder=tmp_path, encoding=encoding, environment={"COLUMNS": columns})
    assert (done.returncode, done.stderr) == (status, "")
    assert ("the contract holds" in done.stdout) == (status == 0)
    assert ("PAGE-2" in done.stdout) or status == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("output", [closed_pipe, full_disk])
def test_a_report_that_nobody_can_read_changes_no_judgment(
    status: int, output: Callable[[], BinaryIO], tmp_path: Path
) -> None:
    done = run("verify", *TARGET, folder=tmp_path, output=output())
    assert (done.returncode, done.stderr) == (status, "")
    # A document that was asked for, and is nowhere, is said; whoever closed the pipe has had what he wanted.
    asked_for = run("verify", *TARGET, "--report-json", "-", folder=tmp_path, output=output())
    assert asked_for.returncode == (2 if output is full_disk else status)
    assert ("No space left" in asked_for.stderr) == (output is full_disk)


def test_a_summary_that_cannot_be_written_changes_no_judgment(status: int, tmp_path: Path) -> None:
    summary = tmp_path / "no" / "summary.md"
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = run("verify", *TARGET, folder=tmp_path, environment=environment)
    assert done.returncode == status
    assert done.stderr == f"apigames-mock: no summary in {summary}: No such file or directory\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no such locales there")
@pytest.mark.parametrize("environment", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
                                         {"PYTHONIOENCODING": "cp437"}])  # fmt: skip
def test_a_process_says_what_it_says_in_the_encoding_of_its_environment(
    environment: dict[str, str], folder: Path
) -> None:
    (folder / "w.json").write_text(json.dumps(WORLD).replace("\\u00e9", "e"))
    done = run_process("world", "check", "w.json", folder=folder, environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("merchant M-\\u65e5\\u672c-e\n  project R\\u0421: 0 vouchers")
