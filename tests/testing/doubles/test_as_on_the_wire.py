"""The doubles show what the wire shows: each fault, through each feature of the library, beside the server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from mockserver import FakeMerchant
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.request import FAULT_HEADER

BUILT_IN = "https://v1.apigames.id"
SLOW = {"delay", "slow_body"}
# Far from both what the server needs and what such a fault takes in all.
SHORT = 1.0

# A call: the base URL and the fault's header in, what the client saw out.
Call = Callable[[str, dict[str, str], dict[str, Any]], Any]


def with_requests(**options: Any) -> Call:
    def call(url: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
        with requests.Session() as session:
            retries = options.get("retries")
            if retries is not None:
                session.mount("https://", HTTPAdapter(max_retries=retries))
                session.mount("http://", HTTPAdapter(max_retries=retries))
            reply = session.request(
                options.get("method", "POST"),
                url,
                json=body,
                headers=headers,
                stream=options.get("stream", False),
                timeout=options.get("timeout", 5),
            )
            status = reply.status_code, reply.reason, sorted(reply.headers.items())
            return *status, b"".join(reply.iter_content(1000)) if options.get("stream") else reply.content

    return call


def with_httpx(**options: Any) -> Call:
    def call(url: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
        transport = httpx.HTTPTransport(retries=2)
        with httpx.Client(transport=transport, timeout=options.get("timeout", 5)) as client:
            if not options.get("stream"):
                return seen(client.post(url, json=body, headers=headers))
            with client.stream("POST", url, json=body, headers=headers) as reply:
                begun = reply.status_code
                try:
                    reply.read()
                except httpx.HTTPError as error:
                    return begun, type(error).__name__, str(error)
                return begun, seen(reply)

    return call


def with_async_httpx(url: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(timeout=5) as client:
            return await client.post(url, json=body, headers=headers)

    return seen(asyncio.run(ask()))


def seen(reply: httpx.Response) -> Any:
    return reply.status_code, reply.reason_phrase, reply.http_version, sorted(reply.headers.items()), reply.content


# A request that is sent again is not a GET, so it must be allowed; what it waits between is not looked at here.
AGAIN: dict[str, Any] = {"total": 2, "allowed_methods": None, "backoff_factor": 0, "respect_retry_after_header": False}
STATUSES = [429, 500, 502, 503, 504]

CALLS: dict[str, Call] = {
    "requests": with_requests(),
    "requests, HEAD": with_requests(method="HEAD"),
    "requests, streamed": with_requests(stream=True),
    "requests, retries": with_requests(retries=Retry(**AGAIN)),
    "requests, retries in figures": with_requests(retries=2),
    "requests, statuses retried": with_requests(retries=Retry(**AGAIN, status_forcelist=STATUSES)),
    "requests, statuses let through at last": with_requests(
        retries=Retry(**AGAIN, status_forcelist=STATUSES, raise_on_status=False)
    ),
    "requests, a short timeout": with_requests(timeout=(5, SHORT)),
    "requests, retries and a short timeout": with_requests(timeout=SHORT, retries=Retry(**AGAIN)),
    "httpx": with_httpx(),
    "httpx, streamed": with_httpx(stream=True),
    "httpx, a short timeout": with_httpx(timeout=httpx.Timeout(5, read=SHORT)),
    "httpx, async": with_async_httpx,
}


def outcome(call: Call, merchant: FakeMerchant, base: str, fault: str) -> Any:
    """What the client saw, and what its calls got."""
    before = len(merchant.requests)
    body = {"projectid": merchant.projects[0].project_id, "signature": merchant.signature}
    url = f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    try:
        result = call(url, {FAULT_HEADER: fault}, body)
    except (requests.RequestException, httpx.HTTPError) as error:
        result = type(error).__name__, placeless(str(error))
    return plain(result), [(entry.rc, entry.fault) for entry in merchant.requests[before:]]


def placeless(text: str) -> str:
    """An error's text, without what tells one address from another."""
    text = re.sub(r"HTTPS?ConnectionPool\([^)]*\)", "Pool", text)
    return re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", "<object>", text)


def plain(result: Any) -> Any:
    """A result whose `Date` is replaced by whether it is now."""
    if isinstance(result, tuple):
        return tuple(map(plain, result))
    if not isinstance(result, list):
        return result
    return [(name.lower(), is_now(value) if name.lower() == "date" else value) for name, value in result]


def is_now(value: str) -> bool:
    return abs(parsedate_to_datetime(value).timestamp() - time.time()) < 60


PATIENT = [name for name in CALLS if "short timeout" not in name]
SEEN = [
    *((name, fault) for name in PATIENT for fault in [*FAULTS, "ERR-3"] if fault not in SLOW),
    *((name, f"{fault}; seconds=0.2") for name in PATIENT for fault in sorted(SLOW)),
    *((name, f"{fault}; seconds=100") for name in CALLS if name not in PATIENT for fault in sorted(SLOW)),
]


@pytest.mark.parametrize(("name", "fault"), SEEN)
def test_a_fault_is_seen_as_on_the_wire(apigames: FakeMerchant, name: str, fault: str) -> None:
    apigames.project(pending=3)
    apigames.clock.freeze()
    on_the_wire = outcome(CALLS[name], apigames, apigames.url, fault)
    with apigames.responses(), apigames.httpx():
        assert outcome(CALLS[name], apigames, BUILT_IN, fault) == on_the_wire


@pytest.mark.parametrize("post", [requests.post, httpx.post])
@pytest.mark.parametrize("patience", [None, 1.0])
def test_a_sync_client_is_not_kept_waiting(apigames: FakeMerchant, post: Any, patience: float | None) -> None:
    """Its own timeout decides, and without one the reply is there."""
    project = apigames.project(pending=3)
    body = {"projectid": project.project_id, "signature": apigames.signature}
    url = f"{BUILT_IN}/merchant/{apigames.merchant_id}/kiosgamer/project/detail"
    headers = {FAULT_HEADER: "delay; seconds=3000"}
    with apigames.responses(), apigames.httpx():
        if patience is None:
            assert post(url, json=body, headers=headers, timeout=None).json()["rc"] == 200
        else:
            with pytest.raises((requests.ReadTimeout, httpx.ReadTimeout)):
                post(url, json=body, headers=headers, timeout=patience)


def test_an_adapter_of_one_s_own_is_asked_as_on_the_wire(apigames: FakeMerchant) -> None:
    class Own(HTTPAdapter):
        def build_response(self, req: Any, resp: Any) -> requests.Response:
            reply = super().build_response(req, resp)
            reply.headers["X-Own"] = type(self).__name__
            return reply

    with apigames.responses(), requests.Session() as session:
        session.mount("https://", Own())
        url = f"{BUILT_IN}/merchant/{apigames.merchant_id}/kiosgamer/project/detail"
        assert session.post(url, data="{").headers["X-Own"] == "Own"
