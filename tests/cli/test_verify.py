"""`apigames-mock verify` and `calibrate` as a user has them: exit statuses, reports, the guard."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from mockserver import serve
from mockserver.contract.readings import Readings
from mockserver.contract.schemas import schema, validator
from mockserver.contract.signature import sign
from mockserver.verification.laws import registry
from mockserver.verification.run.run import Run
from tests.support.command import CLEAN, run
from tests.verification.breaks import BREAKS
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, BrokenFake
from tests.verification.hostile import gzip_bomb, html, served

SESSION = "session-key-that-is-marked"
_BY_NAME = {known.name: known.broken for known in BREAKS}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving(app: BrokenFake) -> Iterator[str]:
    """Serve a fake, broken or not, over HTTP."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def options(url: str, **changes: str) -> list[str]:
    known = {"base-url": url, "merchant-id": MERCHANT, "secret-key": SECRET, "project-id": PROJECT, **changes}
    return [part for name, value in known.items() for part in (f"--{name}", value)]


def test_the_contract_holds_at_the_fake(tmp_path: Path) -> None:
    with serving(BrokenFake()) as url:
        ended = run("verify", *options(url), folder=tmp_path)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr
    assert "the contract holds" in ended.stdout
    assert not list(tmp_path.iterdir()), "nothing is written into the user's folder"


def test_a_broken_clause_is_exit_1_with_a_line_that_repeats_it(tmp_path: Path) -> None:
    with serving(BrokenFake(_BY_NAME["total_page rounded down"])) as url:
        ended = run("verify", *options(url), folder=tmp_path)
    assert ended.returncode == 1
    assert "PAGE-2" in ended.stdout
    assert re.search(r"curl -sS -X POST \S+/merchant/\S+ .*\$SIGNATURE", ended.stdout)


def test_lists_are_submitted_where_that_was_asked_for(tmp_path: Path) -> None:
    with serve() as merchant:
        ended = run(
            "verify",
            *options(merchant.url, **_credentials(merchant)),
            *("--submit", "--report-json", "r.json"),
            folder=tmp_path,
        )
        codes = [code for one in merchant.submissions if one.is_accepted for code in one.codes]
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert validator(schema("report")).is_valid(report)
    assert {item["outcome"] for item in report["clauses"] if item["operation"] == "redeem_bulk"} == {"holds"}
    assert len(codes) > 100
    assert not [code for code in codes if len(code) == 15 and code in ended.stdout]


@pytest.mark.parametrize("command", ["verify", "calibrate"])
def test_refusals_are_submitted_and_leave_nothing_behind(command: str, tmp_path: Path) -> None:
    with serve() as merchant:
        ended = run(command, *options(merchant.url, **_credentials(merchant)), "--submit-refusals", folder=tmp_path)
        assert len(merchant.submissions) == 11 - 2, "two are of another merchant"
        assert not any(one.is_accepted for one in merchant.submissions)
        assert len(merchant.projects) == 1, "the one that was read"
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr


def _credentials(merchant: Any) -> dict[str, str]:
    project = merchant.project(pending=3, success=2)
    return {
        "merchant-id": merchant.merchant_id,
        "secret-key": merchant.secret_key,
        "project-id": project.project_id,
    }


@pytest.mark.parametrize("command", ["verify", "calibrate"])
def test_no_list_is_submitted_beyond_this_machine_whatever_leave_there_is(command: str, tmp_path: Path) -> None:
    given = [*options("https://v1.apigames.id"), "--submit", "--allow-live"]
    ended = run(command, *given, folder=tmp_path, environment={"APIGAMES_ALLOW_LIVE": "1"})
    assert ended.returncode == 4
    assert "submitted on this machine only, so nothing was sent; give --submit-refusals" in ended.stderr
    planned = run(command, *given, "--dry-run", folder=tmp_path)
    assert planned.returncode == 0
    assert "--submit is refused for a host that is not this machine" in planned.stdout


@pytest.mark.parametrize(
    ("command", "option"),
    [("verify", "--report-json"), ("verify", "--report-html"), ("verify", "--junit-xml"), ("calibrate", "--output")],
)
@pytest.mark.parametrize(
    ("place", "said"), [("no/such/out", "there is no folder 'no/such'"), (".", "'.' is a folder; expected a file")]
)
def test_a_result_without_a_place_to_go_is_said_before_the_first_call(
    command: str, option: str, place: str, said: str, tmp_path: Path
) -> None:
    with serve() as merchant:
        ended = run(command, *options(merchant.url), option, place, folder=tmp_path)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert not merchant.server.provider.journal.total


def test_a_report_can_go_to_standard_output_alone(tmp_path: Path) -> None:
    with serving(BrokenFake()) as url:
        ended = run("verify", *options(url), "--report-json", "-", folder=tmp_path)
    assert not list(validator(schema("report")).iter_errors(json.loads(ended.stdout)))
    assert "the contract holds" in ended.stderr


@pytest.mark.parametrize(
    ("name", "clause"),
    [("sha256 asked for in place of the documented signature", "REQ-2"), ("message mended", "RES-1")],
)
def test_what_the_first_call_shows_is_exit_1(name: str, clause: str, tmp_path: Path) -> None:
    with serving(BrokenFake(_BY_NAME[name])) as url:
        ended = run("verify", *options(url), folder=tmp_path)
    assert ended.returncode == 1
    assert clause in ended.stdout


@pytest.mark.parametrize(
    "changes",
    [{"secret-key": "another"}, {"merchant-id": "M000000NONE0000X"}, {"project-id": "R0"}, {"max-requests": "20"}],
    ids=["secret", "merchant", "project", "budget"],
)
def test_what_cannot_be_judged_is_exit_3(changes: dict[str, str], tmp_path: Path) -> None:
    with serving(BrokenFake()) as url:
        ended = run("verify", *options(url, **changes), folder=tmp_path)
    assert ended.returncode == 3, ended.stdout
    assert "could not be judged" in ended.stdout


def test_a_hostile_target_is_exit_1_or_3_without_a_traceback(tmp_path: Path) -> None:
    for behaviour in (html, gzip_bomb):
        with served(behaviour) as url:
            ended = run("verify", *options(url, timeout="2"), folder=tmp_path)
        assert ended.returncode in {1, 3}, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "APIGAMES_BASE_URL"),
        (options("ftp://x"), "http"),
        (options("http://user:pass@127.0.0.1:1"), "scheme"),
        (options("http://127.0.0.1:1", rate="fast"), "2/s"),
        (options("http://127.0.0.1:1", **{"merchant-id": ".."}), "--merchant-id '..' would change the path"),
        (options("http://127.0.0.1:1", **{"project-id": "a%2Fb"}), "--project-id 'a%2Fb' would change the path"),
        (options("http://127.0.0.1:1", readings="nowhere.json"), "nowhere.json"),
        (options("http://127.0.0.1:1", **{"env-file": "nowhere.env"}), "nowhere.env"),
    ],
)
def test_wrong_usage_is_exit_2_in_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    ended = run("verify", *arguments, folder=tmp_path)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["verify", "calibrate"])
def test_a_host_that_is_not_loopback_is_exit_4(command: str, tmp_path: Path) -> None:
    for host in ("https://v1.apigames.id", "http://localhost.example.com", "http://10.0.0.1"):
        ended = run(command, *options(host), folder=tmp_path)
        assert ended.returncode == 4
        assert "--allow-live" in ended.stderr


@pytest.mark.parametrize("command", ["verify", "calibrate"])
@pytest.mark.parametrize(
    ("flags", "in_file", "in_environment", "says"),
    [
        ((), "1", "0", "APIGAMES_ALLOW_LIVE of the environment says '0'"),
        ((), "no", "1", "APIGAMES_ALLOW_LIVE of live.env says 'no'"),
        (("--allow-live",), "", "no", "APIGAMES_ALLOW_LIVE of the environment says 'no'"),
        (("--allow-live",), "0", "", "APIGAMES_ALLOW_LIVE of live.env says '0'"),
        ((), "yes", "", "APIGAMES_ALLOW_LIVE of live.env says 'yes'"),
    ],
)
def test_one_no_stands_over_every_yes(
    command: str, flags: tuple[str, ...], in_file: str, in_environment: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "live.env").write_text(f"APIGAMES_ALLOW_LIVE={in_file}\n")
    # No name of the reserved domain resolves, should the guard fail.
    ended = run(
        command,
        *options("http://live.invalid"),
        *("--env-file", "live.env", *flags),
        folder=tmp_path,
        environment={"APIGAMES_ALLOW_LIVE": in_environment},
    )
    assert ended.returncode == 4
    assert says in ended.stderr


def test_leave_that_is_given_twice_over_is_leave(tmp_path: Path) -> None:
    (tmp_path / "live.env").write_text("APIGAMES_ALLOW_LIVE=1\n")
    ended = run(
        "calibrate",
        *options("http://live.invalid"),
        *("--env-file", "live.env", "--allow-live"),
        folder=tmp_path,
        environment={"APIGAMES_ALLOW_LIVE": "1"},
    )
    assert ended.returncode == 3
    assert "live.invalid cannot be reached" in ended.stderr


def test_a_secret_of_the_command_line_is_read_last(tmp_path: Path) -> None:
    with serving(BrokenFake()) as url:
        known = {"APIGAMES_SECRET_KEY": SECRET, "APIGAMES_MERCHANT_ID": "M000000NONE0000X"}
        ended = run("calibrate", *options(url, **{"secret-key": "wrong"}), folder=tmp_path, environment=known)
    assert ended.returncode == 0, ended.stderr
    assert "--secret-key is left aside, since APIGAMES_SECRET_KEY is set" in ended.stderr
    assert "wrong" not in ended.stderr
    shown = run("verify", "--help", folder=tmp_path).stdout
    assert " ".join(shown.split()).count("A process list shows it") == 2


def test_a_variable_that_appears_twice_in_a_file_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "live.env").write_text("APIGAMES_ALLOW_LIVE=0\nAPIGAMES_ALLOW_LIVE=1\n")
    ended = run("verify", *options("http://live.invalid"), "--env-file", "live.env", folder=tmp_path)
    assert ended.returncode == 2
    assert "line 2: APIGAMES_ALLOW_LIVE appears twice" in ended.stderr


def test_the_plan_is_printed_and_nothing_is_called(tmp_path: Path) -> None:
    ended = run("verify", *options("https://v1.apigames.id"), "--dry-run", folder=tmp_path)
    assert ended.returncode == 0
    assert "at most 200 calls, at most 2 a second" in ended.stdout
    assert "10 wrong signatures at most" in ended.stdout
    assert SECRET not in ended.stdout


def test_credentials_come_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "live.env"
    with serving(BrokenFake()) as url:
        file.write_text(
            f'# the target\nexport APIGAMES_BASE_URL="{url}"\nAPIGAMES_MERCHANT_ID={MERCHANT}\n'
            f"APIGAMES_PROJECT_ID='{PROJECT}' \nAPIGAMES_SECRET_KEY=wrong\n"
        )
        ended = run("calibrate", "--env-file", "live.env", folder=tmp_path, environment={"APIGAMES_SECRET_KEY": SECRET})
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["readings"]["http_status"]["value"] == "rc"


def test_a_departure_from_an_observed_reading_is_exit_1(tmp_path: Path) -> None:
    file = tmp_path / "readings.json"
    with serving(BrokenFake()) as url:
        assert run("calibrate", *options(url), "--output", "readings.json", folder=tmp_path).returncode == 0
        assert run("verify", *options(url), "--readings", str(file), folder=tmp_path).returncode == 0
    with serving(BrokenFake(readings=Readings.of({"beyond_last": "last"}))) as url:
        ended = run("verify", *options(url), "--readings", str(file), folder=tmp_path)
        again = run("calibrate", *options(url), "--compare", "readings.json", folder=tmp_path)
    assert ended.returncode == 1
    assert "as observed before" in ended.stdout
    assert "beyond_last: was empty (observed), is last (observed)" in again.stderr


def test_no_report_holds_a_secret(tmp_path: Path) -> None:
    def leaky(call: Any) -> Any:
        status, body = call.honest()
        reply = json.loads(body)
        reply["echo"] = {"sent": call.body.decode("utf-8", "replace"), "secret": SECRET, "session_key": SESSION}
        reply["total"] = sign(MERCHANT, SECRET)
        return status, json.dumps(reply).encode()

    summary = tmp_path / "summary.md"
    with serving(BrokenFake(leaky)) as url:
        ended = run(
            "verify",
            *options(url, **{"session-key": SESSION}),
            *("--report-json", "r.json", "--report-html", "r.html", "--junit-xml", "r.xml"),
            folder=tmp_path,
            environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
        )
    assert ended.returncode == 1
    written = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.iterdir())]
    assert len(written) == 4
    signature = sign(MERCHANT, SECRET)
    for text in (*written, ended.stdout, ended.stderr):
        assert SECRET not in text
        assert SESSION not in text
        assert signature not in text
        assert signature.upper() not in text
        assert not re.search("[0-9a-f]{32}", text)
    assert "::error title=" in ended.stdout
    assert "| clause | expected | got |" in summary.read_text()


def test_the_reports_say_the_same(tmp_path: Path) -> None:
    with serving(BrokenFake(_BY_NAME["oldest first"])) as url:
        run(
            "verify",
            *options(url),
            *("--report-json", "r.json", "--report-html", "r.html", "--junit-xml", "r.xml"),
            folder=tmp_path,
        )
    report = json.loads((tmp_path / "r.json").read_text())
    assert validator(schema("report")).is_valid(report)
    assert "RES-5" in {item["clause"] for item in report["violations"]}
    suite = ET.parse(tmp_path / "r.xml").getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", "0")) == sum(law["outcome"] == "broken" for law in report["laws"])
    page = (tmp_path / "r.html").read_text()
    assert "RES-5" in page
    assert not re.search(r"<(script|link|img)|src=|https?://(?!127\.0\.0\.1)", page)


def test_it_needs_neither_pytest_nor_hypothesis_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A process of its own: what is hidden there is missing, and what it writes in its folder is all it writes."""
    hidden = "import sys; sys.modules.update(dict.fromkeys(('pytest', '_pytest', 'hypothesis', 'flask', 'uvicorn')))"
    line = f"{hidden}; from mockserver.cli.main import main; main(sys.argv[1:])"
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    with serving(BrokenFake()) as url:
        ended = subprocess.run(
            [sys.executable, "-c", line, "verify", *options(url)],
            cwd=tmp_path,
            env={**CLEAN, "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert "the contract holds" in ended.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["pytest.ini"]


def test_a_closed_pipe_changes_neither_status_nor_files(tmp_path: Path) -> None:
    with serving(BrokenFake(_BY_NAME["oldest first"])) as url:
        command = [sys.executable, "-m", "mockserver", "verify", *options(url), "--report-json", "r.json"]
        line = f"{shlex.join(command)} | true; exit ${{PIPESTATUS[0]}}"
        ended = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=CLEAN, capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"Traceback" not in ended.stderr
    assert (tmp_path / "r.json").is_file()


def test_a_failure_of_our_own_is_exit_70_and_shows_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(run: Run) -> None:
        raise RuntimeError(f"with {SECRET} in it")

    monkeypatch.setattr(registry, "LAWS", (failing,))
    with serving(BrokenFake()) as url:
        ended = run("verify", *options(url), folder=tmp_path)
    assert ended.returncode == 70
    assert ended.stderr.startswith("apigames-mock: verify failed of itself: RuntimeError in test_verify.py line")
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stdout + ended.stderr


def test_progress_is_a_line_for_each_law_where_it_is_asked_for(tmp_path: Path) -> None:
    with serving(BrokenFake()) as url:
        ended = run("verify", *options(url), "--progress", folder=tmp_path)
        quiet = run("verify", *options(url), folder=tmp_path)
    lines = ended.stderr.splitlines()
    assert len(lines) == len(registry.LAWS)
    assert re.fullmatch(r" +\d+/200 calls  the documented call succeeds: holds", lines[0])
    assert quiet.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_calls_no_more_and_reports_what_was_found(number: signal.Signals, tmp_path: Path) -> None:
    called: list[int] = []
    stopped = threading.Event()

    def stops(call: Any) -> Any:
        called.append(call.number)
        if call.number == 12:
            os.kill(ended.pid, number)
            stopped.wait(10)
        return _BY_NAME["oldest first"](call)

    with serving(BrokenFake(stops)) as url:
        ended = subprocess.Popen(
            [sys.executable, "-m", "mockserver", "verify", *options(url), "--report-json", "r.json"],
            cwd=tmp_path,
            env=CLEAN,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = ended.communicate(timeout=30)
        stopped.set()
    assert ended.returncode == 130, err
    assert max(called) == 12
    assert f"not judged to the end: stopped by {number.name}" in out
    assert "Traceback" not in err
    report = json.loads((tmp_path / "r.json").read_text())
    assert validator(schema("report")).is_valid(report)
    assert report["exit_status"] == 130
    assert "RES-5" in {item["clause"] for item in report["violations"]}
    assert report["laws"][-1] == {
        "law": "no other signature is taken",
        "clauses": ["ERR-3"],
        "operation": "project_detail",
        "outcome": "not judged",
        "reason": f"stopped by {number.name}",
    }


# Whoever has the secrets could hand them on by starting a process, or leave them in a temporary file.
_WATCHED = """
import os, sys
begun = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "tempfile.")
def watch(event, arguments, into=os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)):
    if event.startswith(begun):
        os.write(into, (event + "\\n").encode())
sys.addaudithook(watch)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
@pytest.mark.parametrize("command", ["verify", "calibrate"])
def test_a_run_starts_no_process_and_leaves_nothing_when_it_is_killed(command: str, tmp_path: Path) -> None:
    called: list[int] = []
    killed = threading.Event()

    def kills(call: Any) -> Any:
        called.append(call.number)
        if call.number == 12:
            os.kill(ended.pid, signal.SIGKILL)
            killed.wait(10)
        return call.honest()

    hooks, temporary, seen = tmp_path / "hooks", tmp_path / "temporary", tmp_path / "seen"
    hooks.mkdir()
    temporary.mkdir()
    (hooks / "sitecustomize.py").write_text(_WATCHED)
    environment = {"PYTHONPATH": str(hooks), "SEEN": str(seen), "TMPDIR": str(temporary), "APIGAMES_SECRET_KEY": SECRET}
    with serving(BrokenFake(kills)) as url:
        words = [sys.executable, "-m", "mockserver", command, *options(url)]
        ended = subprocess.Popen(
            words, cwd=temporary, env={**CLEAN, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        ended.communicate(timeout=60)
        killed.set()
    assert ended.returncode == -signal.SIGKILL
    assert max(called) == 12
    assert seen.read_text() == "", "it was watched, and began nothing"
    assert list(temporary.iterdir()) == []
