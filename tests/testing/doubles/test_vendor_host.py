"""No call of a test leaves for the vendor's real host, through whatever library."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import ssl
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import anyio
import httpx
import pytest
import requests
import responses
import urllib3

import mockserver
from mockserver import EscapedCall, FakeMerchant, FakeServer
from mockserver.testing.doubles.vendor_host import holding_places
from tests.support.plugin_runs import run, run_process

pytest_plugins = ["pytester"]

HOST = "v1.apigames.id"
BASE = f"https://{HOST}"


class LeftTheMachine(Exception):
    """What a test gets when a call went as far as the system."""


class Stopping:
    """Stops whatever gets past the guard before it leaves; an audit hook stays, so it is told when to."""

    def __init__(self) -> None:
        self.is_on = False
        # Hooks are asked in the order in which they came: that of the guard is first.
        with mockserver.serve():
            sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host = arguments[0]
            if host not in {"127.0.0.1", "localhost"}:
                raise LeftTheMachine(host)


@pytest.fixture(scope="module")
def stopping() -> Stopping:
    return Stopping()


@pytest.fixture(autouse=True)
def nothing_leaves(stopping: Stopping) -> Iterator[None]:
    """Whatever happens here, the vendor is not called."""
    stopping.is_on = True
    yield
    stopping.is_on = False


def by_raw_socket(host: str = HOST) -> None:
    with closing(socket.socket()) as raw:
        raw.settimeout(0.01)
        raw.connect((host, 443))


def by_tls_to_an_address() -> None:
    """A library that resolves by itself: only TLS tells whose host it is."""
    with closing(socket.socket()) as raw:
        ssl.create_default_context().wrap_socket(raw, server_hostname=HOST, do_handshake_on_connect=False)


def by_tls_in_memory() -> None:
    ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=HOST)


def by_anyio() -> None:
    anyio.run(anyio.connect_tcp, HOST, 443)


WAYS: dict[str, tuple[Callable[[], object], str]] = {
    "urllib": (lambda: urllib.request.urlopen(BASE), "urllib.request"),
    "http.client": (lambda: http.client.HTTPSConnection(HOST).connect(), "http.client"),
    "urllib3": (lambda: urllib3.PoolManager().request("GET", BASE), "urllib3"),
    "requests": (lambda: requests.get(BASE, timeout=5), "requests"),
    "httpx": (lambda: httpx.get(BASE), "httpx"),
    "asyncio": (lambda: asyncio.run(asyncio.wait_for(asyncio.open_connection(HOST, 443), 5)), "asyncio"),
    "anyio": (by_anyio, "anyio"),
    "create_connection": (lambda: socket.create_connection((HOST, 443)), "socket"),
    "connect": (by_raw_socket, ""),
    "gethostbyname": (lambda: socket.gethostbyname("V1.APIGAMES.ID."), ""),
    "gethostbyname_ex": (lambda: socket.gethostbyname_ex(HOST), ""),
    "bytes": (lambda: socket.getaddrinfo(HOST.encode(), 443), "socket"),
    "TLS": (by_tls_to_an_address, ""),
    "TLS in memory": (by_tls_in_memory, ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_call_fails_at_once_with_who_called_and_what_to_use_instead(way: str) -> None:
    call, library = WAYS[way]
    with mockserver.serve() as server:
        with pytest.raises(EscapedCall) as caught:
            call()
        said = str(caught.value)
        assert server.undocumented_calls == [said]
    through = f"through {library}: " if library else ": "
    assert re.search(rf"test_vendor_host\.py:\d+ \(.*\) was about to call v1\.apigames\.id ?{re.escape(through)}", said)
    assert "Nothing was sent. Expected: " in said
    expected = {"requests": "apigames_responses, ", "httpx": "apigames_httpx, "}.get(library, "the base URL")
    assert expected in said


@pytest.fixture
def in_use(request: pytest.FixtureRequest) -> Iterator[None]:
    server = FakeServer()
    with {"responses": server.merchant().responses, "httpx": server.merchant().httpx}[request.param]():
        yield


@pytest.mark.parametrize("in_use", ["responses", "httpx"], indirect=True)
@pytest.mark.usefixtures("in_use")
def test_each_double_guards(in_use: None) -> None:
    with pytest.raises(EscapedCall):
        urllib.request.urlopen(BASE)


@pytest.mark.usefixtures("apigames")
def test_so_does_the_fixture_alone(apigames: FakeMerchant) -> None:
    with pytest.raises(EscapedCall):
        urllib.request.urlopen(BASE)
    apigames.undocumented_calls.clear()


def test_a_mock_that_lies_over_the_double_opens_no_way() -> None:
    """What moto's `mock_aws` does: a mock of `responses` that lets through whatever it does not know."""
    with mockserver.serve() as server, server.responses(), responses.RequestsMock() as over:
        over.add_passthru("https://")
        with pytest.raises(EscapedCall, match="apigames_responses, begun after any other mock of requests"):
            requests.get(BASE, timeout=5)


def test_one_that_began_before_keeps_the_rest() -> None:
    server = FakeServer()
    merchant = server.merchant()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as under:
        under.add_passthru("https://")
        with merchant.responses():
            url = f"{BASE}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
            assert requests.post(url, data="{", timeout=5).json()["rc"] == 400
            with pytest.raises(LeftTheMachine):
                requests.get("https://example.com/", timeout=5)


def replaced() -> list[object]:
    names = [
        (socket, "getaddrinfo"),
        (socket, "gethostbyname"),
        (socket.socket, "connect"),
        (ssl.SSLContext, "wrap_bio"),
    ]
    return [getattr(owner, name) for owner, name in names]


def test_other_hosts_are_left_alone_and_everything_is_put_back() -> None:
    before = replaced()
    inherited = "connect" in vars(socket.socket)
    with mockserver.serve() as server:
        with pytest.raises(LeftTheMachine, match=r"example\.com"):
            urllib.request.urlopen("http://example.com/")
        assert (
            requests.post(f"{server.url}/merchant/M/kiosgamer/project/detail", data="{", timeout=5).status_code == 400
        )
    assert replaced() == before
    assert ("connect" in vars(socket.socket)) is inherited
    with pytest.raises(LeftTheMachine):
        socket.getaddrinfo(HOST, 443)


def test_places_that_are_held_refuse_nothing_of_themselves_and_are_put_back() -> None:
    before = replaced()
    with holding_places(FakeServer()):
        held = replaced()
        by_tls_in_memory()
        with mockserver.serve() as server, pytest.raises(EscapedCall):
            by_tls_in_memory()
        server.undocumented_calls.clear()
        by_tls_in_memory()
        assert replaced() == held
    assert replaced() == before
    with holding_places(FakeServer(allow_vendor_host=True)):
        assert replaced() == before


def test_it_can_be_switched_off() -> None:
    with mockserver.serve(allow_vendor_host=True) as server, server.responses(), server.httpx():
        with pytest.raises(LeftTheMachine, match=HOST):
            socket.getaddrinfo(HOST, 443)
        assert server.undocumented_calls == []


SWALLOWED = """
import urllib.request

def test_swallowed(apigames):
    try:
        urllib.request.urlopen(BASE)
    except BaseException:
        pass
"""


def test_a_test_fails_even_when_the_code_under_test_swallows_it(pytester: pytest.Pytester) -> None:
    result = run(pytester, SWALLOWED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*.py:* (test_swallowed) was about to call v1.apigames.id through urllib.request: *"])


@pytest.mark.parametrize("switch", ["option", "ini"])
def test_a_run_can_switch_it_off(pytester: pytest.Pytester, switch: str) -> None:
    if switch == "ini":
        pytester.makeini("[pytest]\napigames_allow_vendor_host = true\n")
    pytester.makeconftest("import socket\nsocket.getaddrinfo = lambda *_, **__: 1 / 0  # as far as it may go")
    result = run_process(pytester, SWALLOWED, *(["--apigames-allow-vendor-host"] if switch == "option" else []))
    result.assert_outcomes(passed=1)
