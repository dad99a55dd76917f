"""An error of the mock itself: what the consumer gets, and where its cause is said."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import requests

from mockserver.contract.readings import Readings
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world_file import built_in_world
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import PATH
from tests.support.command import Serving
from tests.support.raw_http import envelope, exchange

# `serve` with a provider that fails at what it is asked, as a defect of the mock would make it.
FAILING = """
from mockserver.provider.provider import Provider

def fail(self, *args, **kwargs):
    raise RuntimeError("-".join(["marked", "text", repr(args)]))

Provider.reset = Provider.reply_to = fail
"""


class Failing(Provider):
    def reset(self) -> None:
        raise RuntimeError("marked-text")

    def reply_to(self, *_: object, **__: object) -> Reply:
        raise RuntimeError("marked-text")


@pytest.fixture
def provider() -> Provider:
    return Failing(built_in_world(Readings(), SystemClock()))


def test_on_the_admin_side_it_is_problem_details_and_no_call(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    reply = requests.post(f"{server.url}/__admin/reset", json={}, timeout=30)
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"].startswith("Internal error of the mock")
    assert server.provider.journal.total == 0
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("internal error of the mock: RuntimeError\n")
    assert 'test_internal_error.py", line' in said
    assert "marked-text" not in said.replace('RuntimeError("marked-text")', "")


def test_flask_alone_says_the_same() -> None:
    client = create_app(Failing(built_in_world(Readings(), SystemClock()))).test_client()
    reply = client.post("/__admin/reset", json={})
    assert (reply.status_code, reply.content_type) == (500, "application/problem+json")


def test_on_the_endpoint_it_is_an_envelope_and_a_call_in_the_journal(server: Server) -> None:
    reply = requests.post(server.url + PATH, data="sent-text", timeout=30)
    assert (reply.status_code, reply.json()["rc"]) == (500, 500)
    (entry,) = server.provider.journal.entries()
    assert (entry.method, entry.path, entry.http_status, entry.clause) == ("POST", PATH, 500, None)


def test_a_journal_that_fails_leaves_the_envelope(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.provider.journal, "record", None)
    reply = requests.post(server.url + PATH, data="sent-text", timeout=30)
    assert (reply.status_code, reply.json()["rc"]) == (500, 500)


def test_an_admin_side_that_cannot_be_built_is_problem_details(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("mockserver.web.app.create_app", None)
        for path in ("/__admin/health", "/__admin/requests?wait=1"):
            reply = requests.get(server.url + path, timeout=30)
            assert (reply.status_code, reply.headers["content-type"]) == (500, "application/problem+json")
            assert reply.json()["detail"].startswith("Internal error of the mock")
    assert requests.get(f"{server.url}/__admin/health", timeout=30).status_code == 200
    assert [record.getMessage().partition("\n")[0] for record in caplog.records] == [
        "internal error of the mock: TypeError"
    ] * 2


def test_whatever_fails_in_serving_is_an_envelope(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answering = [(Provider, "handle"), (Provider, "handle_together")]
    for failing in (answering, [(server.connections.dispatcher, "body_bytes")]):
        with monkeypatch.context() as broken:
            for where, name in failing:
                broken.setattr(where, name, None)
            received = exchange(server, b"GET / HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n")
        assert received.startswith(b"HTTP/1.1 500 ")
        assert envelope(received)["rc"] == 500
    monkeypatch.setattr(server.provider.journal, "record", None)
    assert envelope(exchange(server, b"hello\r\n\r\n"))["rc"] == 400


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_its_cause_stands_once_on_standard_error_without_what_was_sent(tmp_path: Path, log_format: str) -> None:
    with Serving("--log-format", log_format, folder=tmp_path, before=FAILING) as serving:
        assert requests.post(f"{serving.url}/__admin/reset", json={}, timeout=30).status_code == 500
        assert requests.post(serving.url + PATH, data="sent-text", timeout=30).json()["rc"] == 500
        _, _, err = serving.stop(signal.SIGTERM)
    assert err.count("internal error of the mock: RuntimeError") == 2
    assert err.count("line 5, in fail") == 2
    assert "marked-text" not in err
    assert "sent-text" not in err
    if log_format == "json":
        lines = [json.loads(line) for line in err.splitlines() if "internal error" in line]
        assert [(line["level"], line["message"].splitlines()[0]) for line in lines] == [
            ("error", "internal error of the mock: RuntimeError")
        ] * 2


def test_what_is_not_http_is_not_logged_a_second_time(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    requests.post(f"{server.url}/__admin/reset", json={}, timeout=30)
    caplog.clear()
    exchange(server, b"hello\r\n\r\n", half_close=True)
    assert caplog.records == []
