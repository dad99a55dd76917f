"""One fake for a process and its forks, or an error that says what to do."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

import pytest
import requests

from mockserver import FakeMerchant, FakeServer, ServerError
from tests.support.merchants import ask

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    # A fork of a process with threads is what is tested here.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def in_a_fork(work: Callable[[], Any]) -> Any:
    """Do work in a forked process; return what it returns, or the text of what it raises."""
    results: Any = multiprocessing.get_context("fork").SimpleQueue()

    def run() -> None:
        try:
            results.put(work())
        except BaseException as error:
            results.put(f"{type(error).__name__}: {error}")

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    result = results.get()
    process.join(30)
    return result


def test_a_url_that_was_read_before_the_fork_is_the_same_in_it() -> None:
    server = FakeServer()
    merchant = server.merchant()
    project = merchant.project(pending=3)
    url = merchant.url
    assert in_a_fork(lambda: [merchant.url, server.url, ask(merchant, project)["rc"]]) == [url, url, 200]
    merchant.assert_called(times=1)
    server.stop()


@pytest.mark.parametrize("read", ["url", "server.url", "environment"])
def test_a_url_that_is_first_read_in_a_fork_says_what_to_do(read: str) -> None:
    merchant = FakeServer().merchant()
    reads: dict[str, Callable[[], object]] = {
        "url": lambda: merchant.url,
        "server.url": lambda: merchant.server.url,
        "environment": merchant.environment,
    }
    said = in_a_fork(reads[read])
    assert said.startswith("ServerError: url was first read in process ")
    assert f"a fork of {os.getpid()} where its merchants are" in said
    assert said.endswith("read url once before the fork")
    merchant.server.stop()


@pytest.mark.parametrize("is_started", [False, True])
def test_a_merchant_of_the_fork_is_served_there(is_started: bool) -> None:
    """What pytest-forked does: the whole test runs in it."""
    server = FakeServer()
    before = server.merchant()
    if is_started:
        assert before.url

    def test() -> list[Any]:
        merchant = server.merchant()
        rc = ask(merchant, merchant.project(pending=1))["rc"]
        found = [rc, len(merchant.assert_called()), merchant.url == server.url]
        server.stop()
        return found

    assert in_a_fork(test) == [200, 1, True]
    assert ask(before, before.project(pending=1))["rc"] == 200
    server.stop()


def test_a_fork_that_ends_leaves_the_server_of_its_parent_alone() -> None:
    server = FakeServer()
    merchant = server.merchant()
    project = merchant.project()
    assert merchant.url
    assert in_a_fork(server.stop) is None
    assert ask(merchant, project)["rc"] == 200
    server.stop()
    with pytest.raises(ServerError):
        merchant.url  # noqa: B018


def test_a_spawned_process_gets_the_environment(apigames: FakeMerchant) -> None:
    """It has no copy of the fake, and needs none."""
    project = apigames.project(pending=2)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(listed, (apigames.environment(project), apigames.signature)) == 2
    apigames.assert_called(times=1)


def listed(environment: dict[str, str], signature: str) -> Any:
    url = f"{environment['APIGAMES_BASE_URL']}/merchant/{environment['APIGAMES_MERCHANT_ID']}/kiosgamer/project/detail"
    body = {"projectid": environment["APIGAMES_PROJECT_ID"], "signature": signature}
    return requests.post(url, json=body, timeout=30).json()["data"]["total_data"]
