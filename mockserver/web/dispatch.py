"""Who answers a request: the provider on the loop, or for the admin side the Flask app beside it.

The detour through WSGI would cost the endpoint a thread and ten times the work of an answer.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from mockserver.provider.internal_error import report
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply, outside_reply
from mockserver.provider.request import INTERNAL_ERROR, MAX_BODY, Request
from mockserver.web.admin.access import Access, Problem, is_admin
from mockserver.web.admin.long_poll import is_wait, wait_for_calls
from mockserver.web.http_request import BadRequest, HttpRequest, Response
from mockserver.web.wsgi import WsgiBridge, access_request, in_thread

# A body of up to this size is read and thrown away before its 413, so that the client gets to read the reply.
_DRAINED = 32 * MAX_BODY
# What somebody without the key of the admin side may send: enough to send it.
_UNKNOWN_BYTES = 65_536
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


class Dispatcher:
    """Answers the requests of one server."""

    def __init__(self, provider: Provider, access: Access) -> None:
        self._provider = provider
        self._access = access
        self._flask: WsgiBridge | None = None
        self._building = asyncio.Lock()

    def body_bytes(self, request: HttpRequest) -> tuple[int, int]:
        """Return how many bytes of a request's body are kept at most, and how many are read; its head is enough."""
        if not is_admin(request.path):
            return MAX_BODY, _DRAINED
        try:
            self._access.check(access_request(request))
        except Problem:
            return _UNKNOWN_BYTES, _UNKNOWN_BYTES
        return self._access.most_bytes, self._access.most_bytes

    def answer(self, request: HttpRequest, origin: str) -> Reply | Response:
        """Answer what is not the admin side's; `origin` says where it came from."""
        if request.path == "*":
            return Response(204, [("allow", _METHODS)])
        return self._provider.handle(
            Request(request.method, request.path, request.body, tuple(request.headers), origin, request.is_too_large)
        )

    async def administer(self, request: HttpRequest) -> Response:
        """Answer what is the admin side's."""
        try:
            flask = self._flask or await self._built()
            if is_wait(request):
                await wait_for_calls(request, self._provider.journal, self._access)
            return await flask.answer(request)
        except Exception as error:
            report(error)
            return _internal_problem()

    def refuse(self, refusal: BadRequest, *, method: str, path: str, origin: str | None) -> Reply:
        """Return the reply to what is no request; it is a call in the journal unless `origin` is None."""
        if origin is not None:
            try:
                return self._provider.refuse(
                    refusal.http_status, refusal.error_msg, method=method, path=path, origin=origin
                )
            except Exception as error:
                report(error)
        return outside_reply(refusal.http_status, refusal.error_msg)

    async def _built(self) -> WsgiBridge:
        async with self._building:
            if self._flask is None:
                self._flask = WsgiBridge(await in_thread(self._app))
        return self._flask

    def _app(self) -> Any:
        # Imported when first needed: the endpoint alone starts twice as fast without Flask.
        from mockserver.web.app import create_app  # noqa: PLC0415

        return create_app(self._provider, self._access)


def _internal_problem() -> Response:
    # Without Flask, which may be what failed.
    document = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": INTERNAL_ERROR}
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("content-length", str(len(body))),
    ]
    return Response(500, headers, body)
