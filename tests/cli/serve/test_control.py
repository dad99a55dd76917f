"""The options of `serve` for clock, plan, faults, admin side and doctor."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from mockserver.cli.serve.control import clock_from, rule_from
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.state.clock import date_time
from mockserver.testing.admin_client import AdminClient
from tests.support.asking import DEMO_PROJECT, PAGE_PROJECT, PATH, fields
from tests.support.command import Serving, run


def test_all_of_them_at_once(tmp_path: Path) -> None:
    options = ["--clock", "2024-08-15 14:32:18", "--plan", '{"transition": "timed", "process_after": 5}']
    options += ["--fault", "html-502;times=1", "--doctor-header", "--journal", "2", "--allowed-host", "mock"]
    with Serving(*options, folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        assert admin.clock()["date_time"] == "2024-08-15 14:32:18"
        assert requests.post(serving.url + PATH, json=fields(), timeout=30).status_code == 502
        reply = requests.post(serving.url + PATH, json=fields(signature="x"), timeout=30)
        assert "5 characters" not in reply.headers["x-apigames-mock-doctor"]
        assert "1 characters; md5 in hex has 32" in reply.headers["x-apigames-mock-doctor"]
        admin.advance(5)
        assert admin.project(PAGE_PROJECT)["stats"]["process"] == 3
        requests.post(serving.url + PATH, json=fields(), timeout=30)
        assert [call["n"] for call in admin.requests()] == [3, 2]
        headers = {"Host": "mock:8787"}
        assert requests.get(f"{serving.url}/__admin/health", headers=headers, timeout=30).status_code == 200
        admin.reset()
        assert admin.clock()["date_time"] == "2024-08-15 14:32:18"
        assert admin.faults()[0]["left"] == 1
        status, _, err = serving.stop(signal.SIGTERM)
    assert status == 0
    assert "ERR-3: the signature is 1 characters" in err


def test_a_rule_says_whether_the_call_is_carried_out_all_the_same() -> None:
    assert rule_from("close_before;carried_out=0;times=1;operation=redeem_bulk") == Rule(
        Fault("close_before", carried_out=False), times=1, operation="redeem_bulk"
    )
    assert rule_from("close_before;carried_out=1").fault.carried_out


def test_without_the_switch_nothing_of_it_is_on_the_wire(tmp_path: Path) -> None:
    with Serving(folder=tmp_path) as serving:
        reply = requests.post(serving.url + PATH, json=fields(signature="x"), timeout=30)
        assert not [name for name in reply.headers if name.lower().startswith("x-")]


def test_beyond_this_machine_a_token_is_made_and_printed_once(tmp_path: Path) -> None:
    with Serving("--host", "0.0.0.0", folder=tmp_path) as serving:
        assert requests.get(f"{serving.url}/__admin/world", timeout=30).status_code == 401
        _, out, err = serving.stop(signal.SIGTERM)
    lines = [line for line in err.splitlines() if "admin token" in line]
    assert len(lines) == 1
    assert out == ""


def test_a_given_token_is_taken_and_not_printed(tmp_path: Path) -> None:
    environment = {"APIGAMES_MOCK_ADMIN_TOKEN": "a-marked-token"}
    with Serving("--host", "0.0.0.0", folder=tmp_path, environment=environment) as serving:
        assert AdminClient(serving.url, "a-marked-token").health()["status"] == "ok"
        _, _, err = serving.stop(signal.SIGTERM)
    assert "a-marked-token" not in err


def test_it_stops_at_once_while_somebody_waits(tmp_path: Path) -> None:
    with Serving(folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        admin.health()

        def wait() -> None:
            with suppress(OSError):
                admin.requests(wait=60, projectid="never")

        waiting = threading.Thread(target=wait)
        waiting.start()
        requests.post(serving.url + PATH, json=fields(projectid=DEMO_PROJECT), timeout=30)
        status, _, _ = serving.stop(signal.SIGTERM)
        waiting.join()
    assert status == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--clock", "noon"], "--clock 'noon': expected real, frozen"),
        (["--clock", "1e99"], "--clock '1e99'"),
        (["--plan", "soon"], "--plan 'soon': expected immediate, manual, timed"),
        (["--clock", "2024-08-15T14:32:18+99:00"], "expected real, frozen"),
        (["--plan", '{"transition": "timed", "x": 1}'], "the top: unknown key 'x'; known are transition"),
        (["--plan", '{"transition": "timed", "done_after": [1]}'], "done_after: expected at least 2 items"),
        (["--plan", '{"transition": "timed", "done_after": [0, NaN]}'], "done_after[1]: NaN"),
        (["--fault", "dely"], "did you mean 'delay'"),
        (["--fault", "delay;second=1"], "no parameter 'second'"),
        (["--fault", "html_502,times=3"], "options are parted by `;`, as in 'html_502;times=3'"),
        (["--fault", "delay seconds=2, share=0.1"], "options are parted by `;`, as in 'delay;seconds=2;share=0.1'"),
        (["--fault", f"delay;times={10**12}"], "expected `times` of 1 to 1000000000"),
        (["--fault", f"delay;share=0.5;seed={10**30}"], "expected a `seed` of"),
        (["--allowed-host", "http://mock:8787"], "no Host header can match 'http://mock:8787'; expected a name"),
        (["--fault", "delay;seconds=x"], "seconds: expected a number"),
        (["--fault", "delay;carried_out=no"], "carried_out: expected 0 or 1, got 'no'"),
        (["--fault", "delay;times=1;share=0.5"], "exclude each other"),
        (["--fault", "delay;merchant_id=\udcff"], "--fault is not UTF-8 text"),
        (["--journal", "-1"], "--journal"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(tmp_path: Path, options: list[str], said: str) -> None:
    done = run("serve", "--port", "0", *options, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("token", "said"),
    [("é", "the admin token cannot be sent as a bearer token"), (" x ", "no white space around")],
)
def test_a_token_that_cannot_be_sent_is_one_clear_line(tmp_path: Path, token: str, said: str) -> None:
    done = run("serve", "--port", "0", "--admin-token", token, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2024-08-15 14:32:18", "2024-08-15 14:32:18"),
        ("2024-08-15T14:32:18Z", "2024-08-15 21:32:18"),
        ("2024-08-15T14:32:18+09:00", "2024-08-15 12:32:18"),
    ],
)
def test_a_time_without_a_zone_is_in_that_of_the_reading_and_one_with_a_zone_in_its_own(
    written: str, shown: str
) -> None:
    assert date_time(clock_from(written, "Asia/Jakarta").now(), "Asia/Jakarta") == shown


def test_lists_and_flags_come_from_pyproject_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.apigames-mock]\nfault = ["empty_body;times=1"]\ndoctor-header = true\nplan = "immediate"\n'
    )
    with Serving(folder=tmp_path) as serving:
        assert requests.post(serving.url + PATH, json=fields(), timeout=30).content == b""
        reply = requests.post(serving.url + PATH, json=fields(projectid="DW"), timeout=30)
        assert "name of one" in reply.headers["x-apigames-mock-doctor"]
        assert AdminClient(serving.url).project(PAGE_PROJECT)["stats"]["success"] == 3
