"""Whatever a target answers costs bounded time and memory, and ends in exit 1 or 3 with one clear reason."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
import pytest

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.verification.credentials import Credentials
from mockserver.verification.laws.registry import LAWS
from mockserver.verification.live_guard import Limits, Pace, changes_the_path
from mockserver.verification.report.result import exit_status_of
from mockserver.verification.report.wording import failure_text
from mockserver.verification.run.run import Run
from mockserver.verification.settings import Settings, SettingsError
from mockserver.verification.suite import judge
from mockserver.verification.target import Failure, HttpTarget, NoReply, checked_base_url
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, BrokenFake
from tests.verification.hostile import (
    HOSTILE,
    MEGABYTE,
    bomb_in_a_bomb,
    cut_off,
    gzip_of_nothing,
    hundred_megabytes,
    never_ends,
    not_http,
    resets,
    says_nothing,
    served,
)


@pytest.mark.parametrize("behaviour", HOSTILE, ids=lambda behaviour: behaviour.__name__)
def test_a_hostile_target_is_broken_or_cannot_be_judged(behaviour: Callable[[socket.socket], None]) -> None:
    with served(behaviour) as url:
        run = Settings(url, "M1", "secret-secret", "R1", timeout=0.7).run()
        judge(run, LAWS)
        run.target.close()
    assert exit_status_of(run) in {1, 3}
    assert run.aborted
    assert run.pace.made <= 4


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (says_nothing, Failure.TIMEOUT),
        (never_ends, Failure.ENDLESS),
        (resets, Failure.BROKEN_OFF),
        (cut_off, Failure.BROKEN_OFF),
        (not_http, Failure.BROKEN_OFF),
        (hundred_megabytes, Failure.TOO_LARGE),
        (bomb_in_a_bomb, Failure.UNKNOWN_COMPRESSION),
        (gzip_of_nothing, Failure.BROKEN_COMPRESSION),
    ],
)
def test_why_there_is_no_reply_is_data(behaviour: Callable[[socket.socket], None], kind: Failure) -> None:
    with served(behaviour) as url:
        failure = _failure_at(url)
    assert failure.kind is kind
    assert (failure.host, failure.seconds, failure.most_bytes) == (url.removeprefix("http://"), 0.5, MEGABYTE)


def test_a_server_that_speaks_no_tls_and_one_that_is_not_there_are_told_apart() -> None:
    with served(not_http) as url:
        assert _failure_at(url.replace("http:", "https:")).kind is Failure.TLS
    assert _failure_at(url).kind is Failure.UNREACHABLE


@pytest.mark.parametrize("kind", Failure)
def test_each_failure_is_one_line_for_people(kind: Failure) -> None:
    text = failure_text(NoReply(kind, "host:80", seconds=1.5, most_bytes=MEGABYTE, detail="gzip"))
    assert len(text.splitlines()) == 1


def _failure_at(url: str) -> NoReply:
    target = HttpTarget(url, timeout=0.5, max_reply=MEGABYTE)
    with pytest.raises(NoReply) as caught:
        target.post("M1", b"{}")
    target.close()
    return caught.value


@pytest.mark.parametrize("merchant", ["M1", "a b", "...", ".a", "é", "%2F", "%2e%2e", "?x=1#y", "a/../b", "a\\b"])
def test_one_path_is_called_and_no_other(merchant: str) -> None:
    url = HttpTarget("http://127.0.0.1:1/").url(merchant)
    # As httpx sends it.
    path = httpx.URL(url).raw_path.decode()
    assert path == PROJECT_DETAIL.path_of(merchant)
    assert path.count("/") == PROJECT_DETAIL.path.count("/")
    assert not {"?", "#"} & set(path)


@pytest.mark.parametrize("merchant", [".", ".."])
def test_a_step_in_a_path_is_not_called(merchant: str) -> None:
    with pytest.raises(ValueError, match="step in a path"):
        HttpTarget("http://127.0.0.1:1/").post(merchant, b"{}")


_CHANGES_THE_PATH = [".", "..", "../x", "a/b", "a\\b", "a?b", "a#b", "%2e%2e", "%2E.", "a%2fb", "a%3Fb", "%252e%252e"]


@pytest.mark.parametrize("identifier", _CHANGES_THE_PATH)
def test_an_id_that_changes_the_path_makes_no_run(identifier: str) -> None:
    assert changes_the_path(identifier)
    for merchant_id, project_id in (("M1", identifier), (identifier, "R1")):
        with pytest.raises(SettingsError, match="would change the path"):
            Settings("http://127.0.0.1:1", merchant_id, "s", project_id).run()


@pytest.mark.parametrize("identifier", ["M240315GAME2847K", "R240815XPQR000012", "a b", "é", "a.b", "...", "a&b=c"])
def test_any_other_id_is_one_piece_of_the_path(identifier: str) -> None:
    assert not changes_the_path(identifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8787",
        "ftp://x",
        "http://",
        "http://a:b@c",
        "http://x/?a",
        "http://x:y",
        "http://x:0",
        "http://[::1",
        "http://x\\@127.0.0.1",
        "http://127.0.0.1\\@x",
        "http://127.0.0.1 .x",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://\u2102.example",
    ],
)
def test_a_base_url_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the base URL"):
        checked_base_url(text)


def test_a_host_that_is_not_loopback_makes_no_run() -> None:
    with pytest.raises(SettingsError, match="allow-live"):
        Settings("http://127.0.0.1.example.com", "M1", "s", "R1").run()


class _BreaksOff(httpx.BaseTransport):
    """The fake, whose connection breaks off at one kind of body."""

    def __init__(self, at: bytes) -> None:
        self._fake = httpx.WSGITransport(app=BrokenFake())
        self._at = at
        self.broken_off = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._at in request.read():
            self.broken_off += 1
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return self._fake.handle_request(request)


def _judged(base_url: str, transport: httpx.BaseTransport) -> Run:
    target = HttpTarget(base_url, transport=transport)
    limits = Limits.of("http://localhost")
    run = Run(target, Credentials(MERCHANT, SECRET, PROJECT, None, None), limits, pace=Pace(limits, sleep=_at_once))
    judge(run, LAWS)
    target.close()
    return run


def _at_once(seconds: float) -> None:
    pass


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "127.0.0.1:4290", "within.example:80", "larger.reached.example"])
def test_what_a_host_is_called_says_nothing_of_its_failures(host: str) -> None:
    transport = _BreaksOff(at=b"bukan JSON")
    run = _judged(f"http://{host}", transport)
    assert [broken.violation.clause for broken in run.record.broken] == ["ERR-1"]
    assert run.record.broken[0].violation.got["failure"].kind is Failure.BROKEN_OFF
    assert transport.broken_off == 4, "twice, and twice again after a good call"
