"""Whatever a target answers costs bounded time and memory, and ends in exit 1 or 3 with one clear reason."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from mockserver.contract.wire import PATH_TEMPLATE
from mockserver.verification.report.result import exit_status_of
from mockserver.verification.settings import Settings, SettingsError
from mockserver.verification.suite import perform
from mockserver.verification.target import HttpTarget, NoReply, checked_base_url
from tests.verification.hostile import HOSTILE, MEGABYTE, hundred_megabytes, served
from tests.verification.suite_runner import laws


@pytest.mark.parametrize("behaviour", HOSTILE, ids=lambda behaviour: behaviour.__name__)
def test_a_hostile_target_is_broken_or_cannot_be_judged(behaviour: Callable[[socket.socket], None]) -> None:
    with served(behaviour) as url:
        run = Settings(url, "M1", "secret-secret", "R1", timeout=0.7).run()
        for law in laws():
            perform(run, law)
        run.target.close()
    assert exit_status_of(run) in {1, 3}
    assert run.blocked
    assert run.calls <= 4


def test_a_large_reply_is_not_kept() -> None:
    with served(hundred_megabytes) as url:
        target = HttpTarget(url, max_reply=MEGABYTE)
        with pytest.raises(NoReply, match="larger than 1 MiB"):
            target.post("M1", b"{}")
        target.close()


@pytest.mark.parametrize("merchant", ["M1", "a b", "..", "é", "%2F", "?x=1#y"])
def test_one_path_is_called_and_no_other(merchant: str) -> None:
    url = HttpTarget("http://127.0.0.1:1/").url(merchant)
    path = url.removeprefix("http://127.0.0.1:1")
    assert path.count("/") == PATH_TEMPLATE.count("/")
    assert "?" not in path
    assert "#" not in path


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:8787", "ftp://x", "http://", "http://a:b@c", "http://x/?a", "http://x:y"]
)
def test_a_base_url_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the base URL"):
        checked_base_url(text)


def test_a_host_that_is_not_loopback_makes_no_run() -> None:
    with pytest.raises(SettingsError, match="allow-live"):
        Settings("http://127.0.0.1.example.com", "M1", "s", "R1").run()
