"""The admin side under `/__admin/`: its API put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from mockserver.contract.bundle import bundled
from mockserver.contract.schemas import UnknownSchema, schema
from mockserver.provider.provider import Provider
from mockserver.web.admin.access import ADMIN, Access, Problem
from mockserver.web.admin.calls import ADMIN_CALLS
from mockserver.web.admin.openapi import admin_openapi
from mockserver.web.admin.query import check_names
from mockserver.web.admin.routes_control import control_routes
from mockserver.web.admin.routes_journal import journal_routes
from mockserver.web.admin.routes_projects import project_routes
from mockserver.web.admin.routes_world import world_routes
from mockserver.web.admin.wire import admit, check_access, present_request, problem, reply

_QUERIES = {(call.method, call.path): call.query for call in ADMIN_CALLS}
# For probes that have no key: they look at access themselves.
_PROBES = frozenset({"admin.health", "admin.ready"})
# Those that look at nothing, and those that wait, or write what they saw at length, and say themselves when they look.
_OWN_INSTANT = frozenset({*_PROBES, "admin.openapi", "admin.get_schema", "admin.get_requests", "admin.get_world"})
_AS_DOCUMENTED = str.maketrans("<>", "{}")


def add_admin(app: Flask, provider: Provider, access: Access) -> None:
    """Add the admin side to the app."""
    admin = Blueprint("admin", __name__, url_prefix=ADMIN)
    admin.before_request(lambda: None if request.endpoint in _PROBES else check_access(access))
    admin.before_request(_check_query)
    admin.before_request(lambda: None if request.endpoint in _PROBES else _catch_up(provider))
    _about_routes(admin, provider, access)
    world_routes(admin, provider, access)
    project_routes(admin, provider)
    control_routes(admin, provider)
    journal_routes(admin, provider)
    admin.register_error_handler(Problem, problem)
    app.register_blueprint(admin)
    for rule in app.url_map.iter_rules():
        endpoint = rule.endpoint
        if endpoint.startswith(f"{admin.name}.") and "GET" in (rule.methods or ()) and endpoint not in _OWN_INSTANT:
            app.view_functions[endpoint] = _at_one_instant(provider, app.view_functions[endpoint])


def _at_one_instant(provider: Provider, view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that shows the state as it is at one instant, and nothing that is not kept yet."""

    @wraps(view)
    def shown(**values: Any) -> Any:
        with provider.up_to_date():
            return view(**values)

    return shown


def admin_problem(error: HTTPException, access: Access) -> Response:
    """Write problem details for a path or a method that the admin side does not have."""
    try:
        # Not whether it is JSON: which methods there are comes before what they take.
        admit(access, access.check_caller)
    except Problem as refused:
        return problem(refused)
    detail = {
        404: f"There is no such path; GET {ADMIN}/openapi.json lists those there are",
        405: f"This path has no such method; GET {ADMIN}/openapi.json lists those there are",
        413: "The body is too large",
    }
    response = problem(Problem(error.code or 500, detail.get(error.code or 500, error.description or "")))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _about_routes(admin: Blueprint, provider: Provider, access: Access) -> None:
    @admin.get("/health")
    def health() -> Response:
        if access.asks_for_the_key(present_request()):
            return reply({"status": "ok"})
        check_access(access)
        merchants = len(list(provider.store.merchants()))
        return reply({"status": "ok", "version": _version(), "merchants": merchants, "requests": provider.journal.last})

    @admin.get("/ready")
    def ready() -> Response:
        if not access.asks_for_the_key(present_request()):
            check_access(access)
        _catch_up(provider)
        return reply({"status": "ready"})

    @admin.get("/openapi.json")
    def openapi() -> Response:
        return reply(admin_openapi(provider.operations))

    @admin.get("/schemas/<name>")
    def get_schema(name: str) -> Response:
        try:
            return reply(bundled(schema(name)))
        except UnknownSchema as error:
            raise Problem(404, str(error)) from None


def _catch_up(provider: Provider) -> None:
    with provider.up_to_date():
        pass


def _check_query() -> None:
    path = str(request.url_rule).replace("<int:", "<").translate(_AS_DOCUMENTED).removeprefix(ADMIN)
    asked = ("get" if request.method == "HEAD" else request.method.lower(), path)
    # The journal is asked by matchers too, and says itself which there are.
    if asked in _QUERIES and asked != ("get", "/requests"):
        check_names(request.args, _QUERIES[asked])


def _version() -> str:
    try:
        return version("apigames-mock")
    except PackageNotFoundError:
        return "unknown"
