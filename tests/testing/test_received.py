"""The calls that a fake merchant received, and what is asserted of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import Any

import pytest
import requests

from mockserver import FakeMerchant, FakeServer
from mockserver.provider.state.world import Merchant, World
from tests.support.merchants import ask


def test_requests_are_what_was_received_with_secrets_masked(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1)
    ask(merchant, project, session_key=merchant.session_key)
    ask(merchant, project, page=2, signature="marked-signature")
    first, second = merchant.requests
    assert first.fields is not None
    assert first.fields["projectid"] == project.project_id
    assert (second.rc, second.clause) == (500, "ERR-3")
    assert [entry.n for entry in merchant.requests.matching(page=2)] == [2]
    shown = f"{merchant.requests!r} {merchant.requests} {merchant!r} {project!r} {first} {second}"
    for secret in (merchant.secret_key, merchant.signature, merchant.session_key, "marked-signature"):
        assert secret not in shown


@pytest.mark.parametrize("gone", [False, True])
def test_the_secrets_of_every_merchant_are_masked_in_the_calls_of_each(gone: bool) -> None:
    server = FakeServer()
    world = World((Merchant("M250101OTHER0001", "the-others-secret", "the-others-session"),))
    other = server.merchant(world=world, keep_ids=True)
    mine = server.merchant()
    if gone:
        server.remove(other)
    project = mine.project(pending=1)
    ask(mine, project, status="the-others-secret", note="the-others-session")
    ask(mine, "the-others-secret")
    with pytest.raises(AssertionError) as failed:
        mine.assert_called(projectid="the-others-session")
    shown = f"{mine.requests!r} {mine.requests} {mine.calls_in_words()} {failed.value}"
    assert "***" in shown
    assert "the-others" not in shown


def test_the_calls_of_a_merchant_that_was_removed_are_still_masked() -> None:
    server = FakeServer()
    merchant = server.merchant(world=World((Merchant("M1", "my-own-secret"),)), keep_ids=True)
    ask(merchant, merchant.project(pending=1), status="my-own-secret")
    server.remove(merchant)
    assert "my-own-secret" not in repr(merchant.requests)


def test_thousands_of_merchants_with_secrets_that_are_made_up_leave_nothing_to_look_for() -> None:
    server = FakeServer()
    kept = server.merchant()
    for _ in range(3000):
        server.remove(server.merchant())
    assert server.provider.secrets() == frozenset()
    assert kept.secret_key not in server.provider.journal.mask(f"secret_key {kept.secret_key}")


def test_requests_are_a_sequence(merchant: FakeMerchant) -> None:
    assert merchant.requests == []
    assert str(merchant.requests) == "no call arrived"
    project = merchant.project()
    for page in (1, 2, 3):
        ask(merchant, project, page=page)
    assert len(merchant.requests[1:]) == 2
    assert merchant.requests[-1].n == 3
    assert repr(merchant.requests[:1]).startswith('[#1 POST projectid="')
    assert merchant.requests != "three"


def test_a_call_that_did_not_arrive_is_said_to_be_none(merchant: FakeMerchant) -> None:
    with pytest.raises(IndexError, match=r"there is no call \[0\]; no call arrived"):
        merchant.requests[0]
    ask(merchant, merchant.project())
    with pytest.raises(IndexError, match=r"there is no call \[1\]; there is one"):
        merchant.requests[1]


def test_assert_called_returns_the_calls_or_says_why_each_is_not_the_one(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1)
    with pytest.raises(AssertionError, match="no call arrived at all"):
        merchant.assert_called()
    merchant.assert_not_called()
    ask(merchant, project, page=2)
    assert len(merchant.assert_called(page=2)) == 1
    merchant.assert_called(page=lambda page: page > 1, times=1)
    with pytest.raises(AssertionError, match="page: expected 3, got 2"):
        merchant.assert_called(page=3)
    with pytest.raises(AssertionError, match="expected exactly 2 calls with page=2; 1 call matched"):
        merchant.assert_called(page=2, times=2)
    with pytest.raises(AssertionError, match="expected no call with page=2; 1 call matched"):
        merchant.assert_not_called(page=2)
    merchant.assert_not_called(page=3)
    with pytest.raises(TypeError, match="did you mean 'page'"):
        merchant.assert_called(pge=1)
    with pytest.raises(TypeError, match="only assert_called takes it"):
        merchant.assert_not_called(times=2)


@pytest.mark.parametrize("times", ["1", -1, 1.5, True])
def test_a_number_of_calls_that_is_none_says_what_is(merchant: FakeMerchant, times: Any) -> None:
    with pytest.raises(ValueError, match=f"times={times!r}: expected how many calls"):
        merchant.assert_called(times=times)


def test_a_secret_that_was_looked_for_stands_in_no_failure(merchant: FakeMerchant) -> None:
    ask(merchant, merchant.project())
    wanted: dict[str, Any] = {
        "projectid": merchant.signature,
        "body": merchant.secret_key,
        "path": [merchant.session_key],
    }
    with pytest.raises(AssertionError, match=r"projectid='\*\*\*', body='\*\*\*'") as failed:
        merchant.assert_called(**wanted)
    for secret in (merchant.signature, merchant.secret_key, merchant.session_key):
        assert secret not in str(failed.value)


def test_a_failure_shows_calls_that_reached_nobody(merchant: FakeMerchant) -> None:
    url = f"{merchant.url}/merchant/M000000NOBODY/kiosgamer/project/detail"
    requests.post(url, json={"signature": merchant.signature}, timeout=5)
    with pytest.raises(AssertionError, match=r"for no merchant that the server knows:\n.*M000000NOBODY") as failed:
        merchant.assert_called()
    assert merchant.signature not in str(failed.value)


def later(merchant: FakeMerchant, pages: Iterable[int], start: threading.Event) -> threading.Thread:
    """A thread that calls for these pages, once told to."""
    project = merchant.project(pending=1)

    def work() -> None:
        start.wait(30)
        for page in pages:
            ask(merchant, project, page=page)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_calls_of_another_thread_are_waited_for(merchant: FakeMerchant) -> None:
    start = threading.Event()
    thread = later(merchant, [1, 2, 3], start)
    with pytest.raises(AssertionError, match="no call arrived at all"):
        merchant.assert_called(page=2, within=0)
    start.set()
    assert len(merchant.assert_called(page=2, within=30)) == 1
    assert [call.fields and call.fields["page"] for call in merchant.wait_for(times=3, within=30)] == [1, 2, 3]
    thread.join()
    merchant.assert_called(times=3, within=30)


def test_what_does_not_arrive_in_time_is_told_with_what_did(merchant: FakeMerchant) -> None:
    ask(merchant, merchant.project(pending=1))
    with pytest.raises(AssertionError, match="expected at least 2 calls within 0 s; 1 call matched of 1 that arrived"):
        merchant.wait_for(times=2, within=0)
    with pytest.raises(AssertionError, match="page: expected 2, got 1"):
        merchant.wait_for(page=2, within=0)
    with pytest.raises(AssertionError, match="expected exactly 2 calls"):
        merchant.assert_called(times=2, within=0)
    with pytest.raises(TypeError, match="did you mean 'page'"):
        merchant.wait_for(pge=2)


def test_a_call_of_another_process_is_waited_for(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1)
    code = (
        "import os, urllib.request as u; e = os.environ; "
        "u.urlopen(e['APIGAMES_BASE_URL'] + f'/merchant/{e[\"APIGAMES_MERCHANT_ID\"]}/kiosgamer/project/detail', b'{')"
    )
    environment = {**os.environ, **merchant.environment(project), "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL):
        merchant.wait_for(clause="ERR-1", within=60)


@pytest.mark.parametrize("within", ["1", -1, True, float("nan"), float("inf")])
def test_a_time_to_wait_that_is_none_says_what_is(merchant: FakeMerchant, within: Any) -> None:
    for wait in (merchant.assert_called, merchant.wait_for):
        with pytest.raises(ValueError, match=r"within=.*: expected seconds, 0 or more"):
            wait(within=within)
