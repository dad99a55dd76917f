"""The fake behind httpx: a transport, and what httpx's own transports reach at the vendor's host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from mockserver.provider.forcing import FAULT_HEADER
from mockserver.testing.in_process import Answer, UndocumentedCall, answer_in_process, is_built_in, patience_ends

if TYPE_CHECKING:
    from mockserver.testing.merchant import FakeMerchant

# httpx's classes are one for the whole process, so is the order in which doubles come and go.
_coming_and_going = threading.Lock()


class HttpxDouble(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as an httpx transport, of a sync or an async client, whatever the host in the client's address."""

    def __init__(self, merchant: FakeMerchant) -> None:
        self._merchant = merchant

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a sync client."""
        __tracebackhide__ = True
        answer = self._answer(request, request.read())
        if answer.delay or answer.spread:
            time.sleep(_seconds(answer, request))
        return _response(answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client."""
        __tracebackhide__ = True
        answer = self._answer(request, await request.aread())
        if answer.delay or answer.spread:
            import anyio  # noqa: PLC0415 - httpx has it, and it knows which loop runs; few calls are late

            await anyio.sleep(_seconds(answer, request))
        return _response(answer, request)

    def knows(self, request: httpx.Request) -> bool:
        """Tell whether the call is to this double's own merchant."""
        return f"/merchant/{self._merchant.merchant_id}/" in request.url.path

    def _answer(self, request: httpx.Request, body: bytes) -> Answer:
        __tracebackhide__ = True
        forced = request.headers.get(FAULT_HEADER)
        provider = self._merchant.server.provider
        try:
            return answer_in_process(provider, request.method, str(request.url), body, origin="httpx", forced=forced)
        except UndocumentedCall as call:
            self._merchant.undocumented_calls.append(str(call))
            raise


def _patience(request: httpx.Request) -> float | None:
    patience: float | None = request.extensions.get("timeout", {}).get("read")
    return patience


def _seconds(answer: Answer, request: httpx.Request) -> float:
    patience = _patience(request)
    gives_up = patience is not None and patience_ends(answer, patience)
    return patience or 0.0 if gives_up else answer.delay + answer.spread


def _response(answer: Answer, request: httpx.Request) -> httpx.Response:
    """Return the response, or raise as httpx does when a fault hits it on the wire."""
    if patience_ends(answer, _patience(request)):
        raise httpx.ReadTimeout(f"no reply within {_patience(request):g} s (a fault of the fake)", request=request)
    if answer.is_cut_off:
        told = "the connection was closed before the reply was there (a fault of the fake)"
        raise httpx.RemoteProtocolError(told, request=request)
    return httpx.Response(answer.http_status, headers=list(answer.headers), content=answer.body)


@contextmanager
def httpx_double(merchant: FakeMerchant) -> Iterator[HttpxDouble]:
    """Answer for `https://v1.apigames.id` in every httpx client of the process until the block ends."""
    double = HttpxDouble(merchant)
    with _coming_and_going:
        interceptions = [
            _interception(httpx.HTTPTransport, "handle_request"),
            _interception(httpx.AsyncHTTPTransport, "handle_async_request"),
        ]
        for interception in interceptions:
            interception.doubles.append(double)
    try:
        yield double
    finally:
        with _coming_and_going:
            for interception in interceptions:
                interception.leave(double)


class _Interception:
    """One method of one of httpx's transports, replaced while a double is there; the newest comes first."""

    def __init__(self, transport: type, method: str) -> None:
        original: Callable[..., Any] = getattr(transport, method)

        def handle(of: Any, request: httpx.Request) -> Any:
            __tracebackhide__ = True
            double = self._chosen(request)
            return original(of, request) if double is None else getattr(double, method)(request)

        handle.interception = self  # type: ignore[attr-defined]  # how the next double finds this one
        self.doubles: list[HttpxDouble] = []
        self._transport, self._method, self._original, self._handle = transport, method, original, handle
        setattr(transport, method, handle)

    def leave(self, double: HttpxDouble) -> None:
        """Take a double away, and with the last one the interception, unless somebody replaced the method since."""
        self.doubles.remove(double)
        if not self.doubles and getattr(self._transport, self._method) is self._handle:
            setattr(self._transport, self._method, self._original)

    def _chosen(self, request: httpx.Request) -> HttpxDouble | None:
        if not is_built_in(str(request.url)):
            return None
        doubles = self.doubles[::-1]
        return next((double for double in doubles if double.knows(request)), doubles[0] if doubles else None)


def _interception(transport: type, method: str) -> _Interception:
    present = getattr(getattr(transport, method), "interception", None)
    return present if isinstance(present, _Interception) else _Interception(transport, method)
