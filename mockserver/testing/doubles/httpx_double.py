"""The fake behind httpx: a transport, and what httpx's own transports reach at the vendor's host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from mockserver.testing.doubles.in_process import (
    Answer,
    UndocumentedCall,
    answer_in_process,
    is_built_in,
    is_to,
    patience_ends,
)
from mockserver.testing.doubles.interception import intercepting

if TYPE_CHECKING:
    from mockserver.testing.merchant import FakeMerchant


class HttpxDouble(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as an httpx transport, of a sync or an async client, whatever the host in the client's address."""

    def __init__(self, merchant: FakeMerchant) -> None:
        self._merchant = merchant

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a sync client."""
        __tracebackhide__ = True
        answer = self._answer(request, request.read())
        if answer.delay or answer.body_seconds:
            time.sleep(_seconds(answer, request))
        return _response(answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client."""
        __tracebackhide__ = True
        answer = self._answer(request, await request.aread())
        if answer.delay or answer.body_seconds:
            import anyio  # noqa: PLC0415 - httpx has it, and it knows which loop runs; few calls are late

            await anyio.sleep(_seconds(answer, request))
        return _response(answer, request)

    def claim(self, request: httpx.Request) -> int:
        """Tell how much a request is this double's: of the vendor's host, its own merchant's the most."""
        url = str(request.url)
        return 0 if not is_built_in(url) else 2 if self._is_own(url) else 1

    def _is_own(self, url: str) -> bool:
        return is_to(self._merchant.merchant_id, url, self._merchant.server.provider.operations)

    def _answer(self, request: httpx.Request, body: bytes) -> Answer:
        __tracebackhide__ = True
        provider = self._merchant.server.provider
        try:
            return answer_in_process(
                provider, request.method, str(request.url), body, origin="httpx", headers=request.headers.items()
            )
        except UndocumentedCall as call:
            self._merchant.undocumented_calls.append(str(call))
            raise


def _patience(request: httpx.Request) -> float | None:
    patience: float | None = request.extensions.get("timeout", {}).get("read")
    return patience


def _seconds(answer: Answer, request: httpx.Request) -> float:
    patience = _patience(request)
    gives_up = patience is not None and patience_ends(answer, patience)
    return patience or 0.0 if gives_up else answer.delay + answer.body_seconds


def _response(answer: Answer, request: httpx.Request) -> httpx.Response:
    """Return the response, or raise as httpx does when a fault hits it on the wire."""
    if patience_ends(answer, _patience(request)):
        raise httpx.ReadTimeout(f"no reply within {_patience(request):g} s (a fault of the fake)", request=request)
    if answer.is_cut_off:
        told = "the connection was closed before the reply was there (a fault of the fake)"
        raise httpx.RemoteProtocolError(told, request=request)
    # A stream, as from a socket: the client notes when it has read it, and may want the raw bytes.
    return httpx.Response(answer.http_status, headers=list(answer.sent_headers), stream=httpx.ByteStream(answer.body))


@contextmanager
def httpx_double(merchant: FakeMerchant) -> Iterator[HttpxDouble]:
    """Answer for `https://v1.apigames.id` in every httpx client of the process until the block ends."""
    double = HttpxDouble(merchant)
    sync = (httpx.HTTPTransport, "handle_request", lambda _, request: double.handle_request(request))
    with_await = (
        httpx.AsyncHTTPTransport,
        "handle_async_request",
        lambda _, request: double.handle_async_request(request),
    )
    with intercepting(double, sync, with_await):
        yield double
