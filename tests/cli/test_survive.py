"""`apigames-mock survive` as its users meet it: exit status, report, documents, and no secret in any of them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from mockserver.contract.schemas import schema, validator
from mockserver.testing.survive.flow.scenarios import SCENARIOS as FLOW_SCENARIOS
from mockserver.testing.survive.status_call.scenarios import SCENARIOS
from tests.support.command import CLEAN, run, run_process
from tests.support.survive_clients import CLIENTS

CAREFUL = [sys.executable, str(CLIENTS / "careful" / "client.py")]
EMPTY = [sys.executable, str(CLIENTS / "habits" / "crash_on_empty_list.py")]
QUIET = [sys.executable, "-c", "pass"]
# Asks once, takes whatever comes, and prints nothing.
CALLS = (
    "import os, urllib.error, urllib.request as asking\n"
    "base, merchant = (os.environ[f'APIGAMES_{name}'] for name in ('BASE_URL', 'MERCHANT_ID'))\n"
    "try: asking.urlopen(f'{base}/merchant/{merchant}/kiosgamer/project/detail', b'{}')\n"
    "except urllib.error.HTTPError: pass\n"
)
CALLING = [sys.executable, "-c", CALLS]
TWO = ["--scenario", "no-vouchers", "--scenario", "one-voucher"]


def test_a_client_that_survives(tmp_path: Path) -> None:
    done = run("survive", *TWO, "--", *CAREFUL, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed      no-vouchers" in done.stdout
    assert "Survives all 2 scenarios" in done.stdout
    assert not done.stderr


def test_a_client_that_does_not_is_told_all_about_it(tmp_path: Path) -> None:
    done = run("survive", *TWO, "--seed", "7", "--", *EMPTY, folder=tmp_path)
    assert done.returncode == 1
    for said in (
        "failed      no-vouchers",
        "passed      one-voucher",
        "crash-on-empty-list",
        "IndexError",
        "was sent     HTTP 200",
        "should see   0 vouchers",
        "1 of 2 scenarios failed",
    ):
        assert said in done.stdout


def test_the_replay_line_replays_the_failure_alone(tmp_path: Path) -> None:
    done = run("survive", *TWO, "--seed", "7", "--", *EMPTY, folder=tmp_path)
    line = next(line for line in done.stdout.splitlines() if line.startswith("    replay"))
    words = shlex.split(line.removeprefix("    replay"))
    assert words[:6] == ["apigames-mock", "survive", "--scenario", "no-vouchers", "--seed", "7"]
    again = run(*words[1:], folder=tmp_path)
    assert again.returncode == 1
    assert "1 of 1 scenarios failed" in again.stdout


def test_a_client_without_json_is_judged_by_ending_and_crashing_and_that_is_said(tmp_path: Path) -> None:
    done = run("survive", *TWO, "--", *CALLING, folder=tmp_path)
    assert done.returncode == 0
    assert "not judged  no-vouchers" in done.stdout
    assert "only ending and crashing were judged" in done.stdout
    assert "No call reached the endpoint" not in done.stdout
    assert "as far as ending and crashing go" in done.stdout


@pytest.mark.parametrize(("said", "result"), [("", "not judged"), ('{"error": "connection refused"}', "passed    ")])
def test_a_client_that_never_called_does_not_survive(said: str, result: str, tmp_path: Path) -> None:
    words = ["--scenario", "html-502", "--scenario", "html-503", "--json", "r.json"]
    done = run("survive", *words, "--", sys.executable, "-c", f"print({said!r})", folder=tmp_path)
    assert done.returncode == 1
    assert f"{result}  html-502" in done.stdout
    assert "No call reached the endpoint" in done.stdout
    assert "Does not survive: it called in none of 2 scenarios" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["survives"] is False


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "behind --"),
        (["--scenario", "no-vocher", "--", *QUIET], 2, "did you mean 'no-vouchers'"),
        (["--timeout", "0", "--", *QUIET], 2, "--timeout"),
        (["--sceario", "x", "--", *QUIET], 2, "--scenario"),
        (["--json", "-", "--junit", "-", "--", *QUIET], 2, "standard output"),
        (["--scenario", "one-voucher", "--json", "no/such/folder.json", "--", *QUIET], 2, "there is no folder"),
        (["--", "no-such-program-of-mine"], 3, "cannot run 'no-such-program-of-mine'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], status: int, said: str, tmp_path: Path) -> None:
    done = run("survive", *arguments, folder=tmp_path)
    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_client_s_own_options_are_its_own(tmp_path: Path) -> None:
    code = f"{CALLS}import sys; sys.exit(sys.argv[1:] != ['--seed', 'x', '--help'])"
    done = run("survive", *TWO, "--", sys.executable, "-c", code, "--seed", "x", "--help", folder=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_list_has_every_scenario(tmp_path: Path) -> None:
    done = run("survive", "--list", folder=tmp_path)
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(SCENARIOS)


def test_the_documents(tmp_path: Path) -> None:
    scenarios = [*TWO, "--scenario", "html-502"]
    done = run("survive", *scenarios, "--json", "r.json", "--junit", "r.xml", "--", *EMPTY, folder=tmp_path)
    assert done.returncode == 1
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    validator(schema("survive")).validate(report)
    assert report["command"] == EMPTY
    assert [scenario["result"] for scenario in report["scenarios"]] == ["failed", "passed", "passed"]
    assert report["habits"][0]["name"] == "crash-on-empty-list"
    failed = report["scenarios"][0]
    assert failed["expected"]["vouchers"] == []
    assert failed["exit_status"] == 1
    assert failed["traceback"].startswith("IndexError")
    suite = parse(tmp_path / "r.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "0",
    }
    assert "crash-on-empty-list" in (suite[0][0].text or "")


FLOW = ["--flow", "--scenario", "one-code", "--scenario", "maintenance"]
FLOW_CAREFUL = [sys.executable, str(CLIENTS / "careful" / "flow.py")]
# Submits, and books whatever it is told as a success.
BOOKS = (
    "import base64, hashlib, json, os, urllib.error, urllib.request as asking\n"
    "names = ('BASE_URL', 'MERCHANT_ID', 'SECRET_KEY', 'VOUCHERS')\n"
    "base, merchant, secret, codes = (os.environ[f'APIGAMES_{name}'] for name in names)\n"
    "signature = hashlib.md5((merchant + secret).encode()).hexdigest()\n"
    "body = {'kode_voucher': base64.b64encode(codes.encode()).decode(), 'signature': signature}\n"
    "try: asking.urlopen(f'{base}/merchant/{merchant}/kiosgamer/redem/bulk', json.dumps(body).encode())\n"
    "except urllib.error.HTTPError: pass\n"
    "print(json.dumps({'codes': dict.fromkeys(codes.split(), 'success'), 'error': None}))\n"
)


def test_a_client_of_the_whole_journey(tmp_path: Path) -> None:
    done = run("survive", *FLOW, "--", *FLOW_CAREFUL, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed      one-code" in done.stdout
    assert "Survives all 2 scenarios" in done.stdout


def test_the_documents_of_a_flow(tmp_path: Path) -> None:
    done = run(
        "survive", *FLOW, "--json", "r.json", "--junit", "r.xml", "--", sys.executable, "-c", BOOKS, folder=tmp_path
    )
    assert done.returncode == 1
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    validator(schema("survive")).validate(report)
    assert report["flow"] is True
    first, refused = report["scenarios"]
    assert (first["habit"], first["expected"]) == ("accepted-is-success", {"outcome": "sees", "codes": [["success"]]})
    assert refused["expected"]["codes"] == [["refused"]] * 3
    assert 'should see   1 code refused; error "Redem sedang maintenance"' in done.stdout
    assert "replay       apigames-mock survive --flow --scenario maintenance --seed 0 -- " in done.stdout
    assert parse(tmp_path / "r.xml").getroot()[0].get("failures") == "2"


def test_each_list_has_its_own_scenarios(tmp_path: Path) -> None:
    done = run("survive", "--flow", "--list", folder=tmp_path)
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(FLOW_SCENARIOS)
    done = run("survive", "--flow", "--scenario", "no-vouchers", "--", *QUIET, folder=tmp_path)
    assert (done.returncode, "--flow --list shows them all" in done.stderr) == (2, True)
    assert len(done.stderr.splitlines()) == 1


def test_a_document_on_standard_output_is_alone_there(tmp_path: Path) -> None:
    done = run("survive", *TWO, "--json", "-", "--", *QUIET, folder=tmp_path)
    validator(schema("survive")).validate(json.loads(done.stdout))
    assert "only ending and crashing" in done.stderr
    done = run("survive", *TWO, "--junit", "-", "--", *QUIET, folder=tmp_path)
    assert done.stdout.startswith("<?xml")
    assert 'skipped="2"' in done.stdout


def test_no_secret_reaches_a_report(tmp_path: Path) -> None:
    """Not even when the client prints every one of them, and crashes with them."""
    code = (
        "import hashlib, os, pathlib\n"
        "names = ('SECRET_KEY', 'SESSION_KEY', 'MERCHANT_ID')\n"
        "secret, session, merchant = (os.environ[f'APIGAMES_{name}'] for name in names)\n"
        "signature = hashlib.md5((merchant + secret).encode()).hexdigest()\n"
        "with pathlib.Path('secrets').open('a') as file: print(secret, session, signature, file=file)\n"
        "raise ValueError(f'{secret} {session} {signature}')\n"
    )
    words = ["survive", *TWO, "--scenario", "wrong-signature", "--json", "r.json", "--junit", "r.xml", "--"]
    done = run(*words, sys.executable, "-c", code, folder=tmp_path)
    assert done.returncode == 1
    texts = [done.stdout, done.stderr, *((tmp_path / name).read_text() for name in ("r.json", "r.xml"))]
    secrets = (tmp_path / "secrets").read_text().split()
    assert len(secrets) >= 9
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_a_terminal_without_the_letters_gets_others(tmp_path: Path) -> None:
    words = ["survive", "--scenario", "unusual-values", "--", sys.executable, "-c", "raise ValueError('\\u2713 🎮')"]
    done = run_process(*words, folder=tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert "ValueError" in done.stdout
    assert not done.stderr


def test_a_stopped_run_leaves_no_client_behind(tmp_path: Path) -> None:
    """Ctrl-C ends it, with one line."""
    code = "import os, pathlib, time; pathlib.Path(str(os.getpid())).touch(); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "survive", "--timeout", "600", *TWO, "--", sys.executable, "-c", code],
        cwd=tmp_path,
        env=CLEAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while len(list(tmp_path.iterdir())) < 2:
            assert process.poll() is None
        process.send_signal(2)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.strip() == "apigames-mock: stopped"
    for path in tmp_path.iterdir():
        assert not Path(f"/proc/{path.name}").exists()
