"""The complete fake as a Flask app: for `flask run`, any WSGI server and test clients. Routes only."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from mockserver.contract.wire import Reply, outside_reply
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.faults.forcing import FAULT_HEADER
from mockserver.provider.provider import MAX_BODY, Provider
from mockserver.web.admin.access import Access, Problem, is_admin
from mockserver.web.admin.blueprint import add_admin, admin_problem
from mockserver.web.admin.dashboard import add_page
from mockserver.web.admin.wire import problem
from mockserver.web.internal_error import report
from mockserver.web.words import ENDPOINT_RULE, INTERNAL_ERROR, TOO_LARGE, outside_message


def create_app(provider: Provider, access: Access | None = None) -> Flask:
    """Return the app that serves this provider; `access` is who may use its admin side (None: this machine)."""
    access = access or Access()
    app = Flask("mockserver", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect to a tidier path would be a reply that the page does not document.
    app.url_map.merge_slashes = False

    @app.before_request
    def keep_leading_slashes() -> None:
        # Flask drops all but one of them before it looks for a route, so a wrong path would find the endpoint.
        if request.environ["PATH_INFO"].startswith("//"):
            abort(404)

    @app.post(ENDPOINT_RULE, provide_automatic_options=False)
    def project_detail(merchant_id: str) -> Response:
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return _refuse(413, TOO_LARGE)
        forced = request.headers.get(FAULT_HEADER)
        reply = provider.call(merchant_id, body, path=request.path, origin=_origin(), forced=forced)
        response = _response(reply)
        advice = provider.header_of(merchant_id, body, reply)
        if advice is not None:
            response.headers.set(*advice)
        return response

    @app.errorhandler(HTTPException)
    def outside_the_contract(error: HTTPException) -> Response:
        if is_admin(request.path):
            return admin_problem(error, access)
        code = error.code or 500
        response = _refuse(code, outside_message(code, request.method))
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def internal_error(error: Exception) -> Response:
        report(error)
        if is_admin(request.path):
            return problem(Problem(500, INTERNAL_ERROR))
        return _refuse(500, INTERNAL_ERROR)

    add_admin(app, provider, access)
    add_page(app, provider, access)

    def _refuse(http_status: int, error_msg: str) -> Response:
        where = {"method": request.method, "path": request.path, "origin": _origin()}
        return _response(provider.refuse(http_status, error_msg, **where))

    return app


def _origin() -> str:
    return f"{request.remote_addr}:{request.environ.get('REMOTE_PORT', '')}"


def _response(reply: Reply) -> Response:
    if isinstance(reply, FaultyReply):
        return _faulty_response(reply)
    return Response(reply.body, reply.http_status, content_type="application/json")


def _faulty_response(reply: FaultyReply) -> Response:
    """Show what WSGI can show of a fault; a thread waits where the server's lane would not."""
    if reply.cut == "before":
        return _response(outside_reply(500, f"Fault {reply.fault}: WSGI cannot close a connection; use the server"))
    time.sleep(reply.delay)
    response = Response(_body(reply), reply.http_status, dict(reply.headers), content_type=reply.content_type)
    response.content_length = len(reply.body) if reply.announced is None else reply.announced
    return response


def _body(reply: FaultyReply) -> Iterator[bytes]:
    time.sleep(reply.spread / 2)
    yield reply.body[: len(reply.body) // 2]
    time.sleep(reply.spread / 2)
    yield reply.body[len(reply.body) // 2 :]
