"""The page at `/__admin/`: rendered on the server, kept live by a little script, nothing loaded from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from markupsafe import Markup

from mockserver.contract.foreign_text import harmless_lines
from mockserver.provider.provider import Provider
from mockserver.web.admin.access import ADMIN, COOKIE, Access, Problem
from mockserver.web.admin.dashboard.contents import page_contents
from mockserver.web.admin.dashboard.view_requests import call_details
from mockserver.web.admin.lookup import kept_call
from mockserver.web.admin.sessions import SESSION_SECONDS
from mockserver.web.admin.wire import admit, body_as, check_access, present_request, problem, reply

# The page shows text that consumers sent: should any of it ever slip through as markup, it still runs nothing.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def add_page(app: Flask, provider: Provider, access: Access) -> None:
    """Add the page to the app."""
    page = Blueprint(
        "page",
        __name__,
        url_prefix=ADMIN,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    page.before_request(lambda: access.check_origin(present_request()))
    page.register_error_handler(Problem, problem)

    @page.get("/", strict_slashes=False)
    def index() -> Response:
        try:
            check_access(access)
        except Problem as refused:
            return _html("login.html", refused.status, reason=refused.detail)
        is_signed_in = access.sessions.holds(present_request().session)
        with provider.up_to_date():
            contents = page_contents(provider, request.args, request.host_url)
            return _html(f"{contents['view']}.html", **contents, is_signed_in=is_signed_in)

    @page.get("/page/requests/<int:n>")
    def call(n: int) -> Response:
        check_access(access)
        with provider.up_to_date():
            if request.args.get("of", provider.journal.generation) != provider.journal.generation:
                raise Problem(404, f"Request {n} is forgotten: the requests were cleared")
            return _html("call.html", call=call_details(provider, kept_call(provider, n), request.host_url))

    @page.post("/session")
    def sign_in() -> Response:
        asked = present_request()
        access.check_json(asked)
        token = body_as("session")["token"]
        admit(access, access.check_token, replace(asked, headers={"authorization": f"Bearer {token}"}))
        response = reply({})
        session = access.sessions.begin()
        response.set_cookie(COOKIE, session, max_age=SESSION_SECONDS, path=ADMIN, httponly=True, samesite="Strict")
        return response

    @page.delete("/session")
    def sign_out() -> Response:
        access.sessions.end(present_request().session)
        response = reply({})
        response.delete_cookie(COOKIE, path=ADMIN, httponly=True, samesite="Strict")
        return response

    app.jinja_env.finalize = _finalized
    app.jinja_env.bytecode_cache = _compiled_templates()
    app.register_blueprint(page)


class _CompiledTemplates(BytecodeCache):
    """What the templates were compiled to. Each app has an environment of its own, and to compile one takes 10 ms."""

    def __init__(self) -> None:
        self._of: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template what is known of it; the bucket leaves it where its source is another."""
        known = self._of.get(bucket.key)
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember what a template was compiled to."""
        self._of[bucket.key] = bucket.bytecode_to_string()


@cache
def _compiled_templates() -> _CompiledTemplates:
    """Return those of this process: they depend on nothing but the files."""
    return _CompiledTemplates()


def _finalized(value: object) -> object:
    """Return what a template shows of a value: of foreign text nothing that turns a line round, and no control."""
    return harmless_lines(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _html(template: str, status: int = 200, **values: Any) -> Response:
    response = make_response(render_template(template, **values), status)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
