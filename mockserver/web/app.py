"""The complete fake as a Flask app: for `flask run`, any WSGI server and test clients. Routes only."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.internal_error import report
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply, outside_reply
from mockserver.provider.request import INTERNAL_ERROR, MAX_BODY, UNAVAILABLE, Request
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.web.admin.access import Access, Problem, is_admin
from mockserver.web.admin.blueprint import add_admin, admin_problem
from mockserver.web.admin.dashboard import add_page
from mockserver.web.admin.wire import problem

# A call would be in the journal of one of them, and what a test changes be changed in another.
_SEVERAL = (
    "Several processes serve this mock, each with a fake of its own; serve it from one with threads, as "
    "gunicorn --workers 1 --threads 8, or give them one state: Provider(..., log=open_log('sqlite:///mock.db'))"
)


def create_app(provider: Provider, access: Access | None = None) -> Flask:
    """Return the app that serves this provider; `access` is who may use its admin side (None: this machine).

    A WSGI server that says that it has several processes (`wsgi.multiprocess`) gets 503, which says what to do, unless
    the provider has a state that they share.
    """
    access = access or Access()
    app = Flask("mockserver", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect to a tidier path would be a reply that the page does not document.
    app.url_map.merge_slashes = False

    # Every path that is not the admin side's comes to the provider as it was sent: it alone says which there are.
    @app.before_request
    def answer_what_is_not_the_admin_side() -> Response | None:
        is_for_admin = is_admin(request.environ["PATH_INFO"])
        if request.environ.get("wsgi.multiprocess") and not provider.is_shared:
            return problem(Problem(503, _SEVERAL)) if is_for_admin else _response(outside_reply(503, _SEVERAL))
        if is_for_admin:
            return None
        return _response(provider.handle(_request()))

    @app.errorhandler(HTTPException)
    def problem_of_the_admin_side(error: HTTPException) -> Response:
        return admin_problem(error, access)

    @app.errorhandler(StateUnavailable)
    @app.errorhandler(StateError)
    def state_unavailable(_: Exception) -> Response:
        return problem(Problem(503, UNAVAILABLE))

    @app.errorhandler(Exception)
    def internal_error(error: Exception) -> Response:
        report(error)
        return problem(Problem(500, INTERNAL_ERROR))

    add_admin(app, provider, access)
    add_page(app, provider, access)

    return app


def _request() -> Request:
    try:
        body, is_too_large = request.get_data(cache=False), False
    except RequestEntityTooLarge:
        body, is_too_large = b"", True
    return Request(
        request.method,
        # Not request.path, which drops all but one of the slashes that it begins with.
        request.environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        body,
        tuple((name.lower(), value) for name, value in request.headers),
        f"{request.remote_addr}:{request.environ.get('REMOTE_PORT', '')}",
        is_too_large=is_too_large,
    )


def _response(reply: Reply) -> Response:
    if isinstance(reply, FaultyReply):
        return _faulty_response(reply)
    return Response(reply.body, reply.http_status, dict(reply.headers), content_type=reply.content_type)


def _faulty_response(reply: FaultyReply) -> Response:
    """Show what WSGI can show of a fault; a thread waits where the server's lane would not."""
    if reply.close == "before":
        return _response(outside_reply(500, f"Fault {reply.fault}: WSGI cannot close a connection; use the server"))
    time.sleep(reply.delay)
    response = Response(_body(reply), reply.http_status, dict(reply.headers), content_type=reply.content_type)
    response.content_length = reply.content_length
    return response


def _body(reply: FaultyReply) -> Iterator[bytes]:
    time.sleep(reply.body_seconds / 2)
    yield reply.body[: len(reply.body) // 2]
    time.sleep(reply.body_seconds / 2)
    yield reply.body[len(reply.body) // 2 :]
