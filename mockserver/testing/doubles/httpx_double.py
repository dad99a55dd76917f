"""The fake behind httpx: a transport, and what httpx's own transports reach at the vendor's host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx

from mockserver.testing.doubles.in_process import Answer, Doubled, answer_in_process, is_built_in, is_to
from mockserver.testing.doubles.interception import Replacement, intercepting
from mockserver.testing.doubles.vendor_host import guarding_vendor_host


class HttpxDouble(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as an httpx transport, of a sync or an async client, whatever the host in the client's address.

    What a fault delays, a sync client gets or gives up at once: its read timeout decides. An async client waits, for
    the loop may give up too.
    """

    def __init__(self, merchant: Doubled) -> None:
        self._merchant = merchant

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a sync client."""
        __tracebackhide__ = True
        answer = self._answer(request, request.read())
        _check_begin(answer, request)
        return _response(answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client."""
        __tracebackhide__ = True
        answer = self._answer(request, await request.aread())
        _check_patience(answer.late, request)
        await _sleep(answer.late)
        _check_begin(answer, request)
        return _response(answer, request)

    def claim(self, request: httpx.Request) -> int:
        """Tell how much a request is this double's: of the vendor's host, its own merchant's the most."""
        url = str(request.url)
        return 0 if not is_built_in(url) else 2 if self._is_own(url) else 1

    def _is_own(self, url: str) -> bool:
        return is_to(self._merchant.merchant_id, url, self._merchant.server.provider.operations)

    def _answer(self, request: httpx.Request, body: bytes) -> Answer:
        __tracebackhide__ = True
        return answer_in_process(
            self._merchant,
            request.method,
            str(request.url),
            body,
            origin="httpx",
            headers=request.headers.items(),
        )


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body as it arrives: in parts, and no further than the connection lasts."""

    def __init__(self, answer: Answer, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for part in self._answer.body:
            _check_patience(part.late, self._request)
            yield part.data
        self._check_end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._answer.body:
            _check_patience(part.late, self._request)
            await _sleep(part.late)
            yield part.data
        self._check_end()

    def _check_end(self) -> None:
        received = sum(len(part.data) for part in self._answer.body)
        expected = int(dict(self._answer.headers)["content-length"])
        if self._answer.is_closed and received < expected:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {received} bytes, expected {expected})",
                request=self._request,
            )


def _check_begin(answer: Answer, request: httpx.Request) -> None:
    """Raise as httpx does when there is no reply."""
    _check_patience(answer.late, request)
    if answer.is_lost:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)


def _check_patience(late: float, request: httpx.Request) -> None:
    patience: float | None = request.extensions.get("timeout", {}).get("read")
    if patience is not None and late > patience:
        raise httpx.ReadTimeout("timed out", request=request)


async def _sleep(seconds: float) -> None:
    if seconds:
        import anyio  # noqa: PLC0415 - httpx has it, and it knows which loop runs; few calls are late

        await anyio.sleep(seconds)


def _response(answer: Answer, request: httpx.Request) -> httpx.Response:
    return httpx.Response(
        answer.http_status,
        headers=list(answer.headers),
        stream=_Body(answer, request),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.reason.encode("ascii")},
    )


@contextmanager
def httpx_double(merchant: Doubled) -> Iterator[HttpxDouble]:
    """Answer for `https://v1.apigames.id` in every httpx client of the process until the block ends."""
    double = HttpxDouble(merchant)

    def claim(_: object, request: httpx.Request) -> int:
        return double.claim(request)

    sync = Replacement(httpx.HTTPTransport, "handle_request", claim, lambda _, request: double.handle_request(request))
    with_await = Replacement(
        httpx.AsyncHTTPTransport, "handle_async_request", claim, lambda _, request: double.handle_async_request(request)
    )
    with guarding_vendor_host(merchant.server), intercepting(sync, with_await):
        yield double
