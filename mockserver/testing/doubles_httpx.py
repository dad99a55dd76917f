"""The fake behind httpx: a transport, and what httpx's own transports reach at the vendor's host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from mockserver.testing.in_process import UndocumentedCall, answer_in_process, is_built_in

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
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client."""
        __tracebackhide__ = True
        return self._answer(request, await request.aread())

    def knows(self, request: httpx.Request) -> bool:
        """Tell whether the call is to this double's own merchant."""
        return f"/merchant/{self._merchant.merchant_id}/" in request.url.path

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        __tracebackhide__ = True
        try:
            answer = answer_in_process(self._merchant.server.provider, request.method, str(request.url), body, "httpx")
        except UndocumentedCall as call:
            self._merchant.undocumented_calls.append(str(call))
            raise
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
