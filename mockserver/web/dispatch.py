"""Who answers a request: the provider on the loop, or for the admin side the Flask app beside it.

The detour through WSGI would cost the endpoint a thread and ten times the work of an answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from mockserver.provider.internal_error import report
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply, outside_reply
from mockserver.provider.request import INTERNAL_ERROR, MAX_BODY, UNAVAILABLE, Request
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.web.admin.access import Access, Problem, is_admin
from mockserver.web.admin.long_poll import is_wait, wait_for_calls
from mockserver.web.http_request import BadRequest, HttpRequest, Response
from mockserver.web.wsgi import WsgiBridge, access_request, in_thread

# A body of up to this size is read and thrown away before its 413, so that the client gets to read the reply.
_DRAINED = 32 * MAX_BODY
# What somebody without the key of the admin side may send: enough to send it.
_UNKNOWN_BYTES = 65_536
# Bodies and replies together, beyond which the other calls of a turn have to wait for the next.
_BATCH_BYTES = 1_048_576
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


class Dispatcher:
    """Answers the requests of one server.

    `batch` is None where the state is this process's alone; otherwise calls go through it.
    """

    def __init__(self, provider: Provider, access: Access) -> None:
        self._provider = provider
        self.batch = Batch(provider) if provider.is_shared else None
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

    def answer(self, request: HttpRequest, origin: str) -> Reply:
        """Answer a call; `origin` says where it came from."""
        return self._provider.handle(_call(request, origin))

    async def administer(self, request: HttpRequest) -> Response:
        """Answer what is the admin side's."""
        try:
            flask = self._flask or await self._built()
            if is_wait(request):
                await wait_for_calls(request, self._provider.journal, self._access)
            return await flask.answer(request)
        except (StateUnavailable, StateError):
            return _problem(503, "Service Unavailable", UNAVAILABLE)
        except Exception as error:
            report(error)
            return _problem(500, "Internal Server Error", INTERNAL_ERROR)

    @staticmethod
    def options() -> Response:
        """Return the answer to who asks what may be asked of the server as a whole, at the path `*`."""
        return Response(204, [("allow", _METHODS)])

    def refuse(self, refusal: BadRequest, *, method: str, path: str, origin: str | None) -> Reply:
        """Return the reply to what is no request; it is a call in the journal unless `origin` is None."""
        if origin is not None:
            try:
                return self._provider.refuse(
                    refusal.http_status, refusal.error_msg, method=method, path=path, origin=origin
                )
            except (StateUnavailable, StateError):
                pass  # it was said, and what is no request needs no state for its answer
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


class Batch:
    """The calls that arrive in one or two turns of the loop, answered together: they share one write to the log.

    They are answered when all that the turn brought was read: so each sees what was acknowledged before it was sent.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._waiting: list[tuple[HttpRequest, Request, Callable[[HttpRequest, Reply], None]]] = []

    def add(self, request: HttpRequest, origin: str, deliver: Callable[[HttpRequest, Reply], None]) -> None:
        """Answer a request soon; `deliver` gets it and its reply, once what comes of it is written."""
        if not self._waiting:
            # One turn later than soon: what comes until then is recorded with it, at the price of one.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._run)
        self._waiting.append((request, _call(request, origin), deliver))

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            # Long ones are not all made before the first is sent.
            replies = self._provider.handle_together([call for _, call, _ in waiting], _BATCH_BYTES)
        except Exception as error:
            report(error)
            replies = [outside_reply(500, INTERNAL_ERROR)] * len(waiting)
        rest = waiting[len(replies) :]
        if rest:
            asyncio.get_running_loop().call_soon(self._run)
            self._waiting = rest
        for (request, _, deliver), reply in zip(waiting, replies, strict=False):
            deliver(request, reply)


def _call(request: HttpRequest, origin: str) -> Request:
    return Request(request.method, request.path, request.body, tuple(request.headers), origin, request.is_too_large)


def _problem(status: int, title: str, detail: str) -> Response:
    # Without Flask, which may be what failed.
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("content-length", str(len(body))),
    ]
    return Response(status, headers, body)
