"""Admin calls on projects and their vouchers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.provider import Provider
from mockserver.provider.state.lifecycle import NoSuchVoucher
from mockserver.provider.state.plan import Plan, plan_from_document
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.web.admin.access import Problem
from mockserver.web.admin.lookup import number, settle_all, settled
from mockserver.web.admin.query import MOST_LIMIT, MOST_NUMBER
from mockserver.web.admin.views import project_view, stats_view, voucher_view
from mockserver.web.admin.wire import body_as, reply

_NAMES = {status.value for status in STATUSES}


def project_routes(admin: Blueprint, provider: Provider) -> None:
    """Add the routes."""

    @admin.get("/projects")
    def get_projects() -> Response:
        settle_all(provider)
        views = [
            project_view(merchant, project)
            for merchant in provider.store.merchants()
            for project in merchant.projects()
        ]
        return reply({"projects": views})

    @admin.get("/projects/<project_id>")
    def get_project(project_id: str) -> Response:
        return reply(project_view(*settled(provider, project_id)))

    @admin.patch("/projects/<project_id>")
    def patch_project(project_id: str) -> Response:
        document = body_as("project-change")
        plan = _plan(document)
        with provider.changing:
            merchant, project = settled(provider, project_id)
            if "project_name" in document:
                provider.rename_project(merchant, project, document["project_name"])
            if "plan" in document:
                provider.set_plan(merchant, project, plan)
            return reply(project_view(merchant, project))

    @admin.delete("/projects/<project_id>")
    def delete_project(project_id: str) -> Response:
        with provider.changing:
            merchant, project = settled(provider, project_id)
            provider.remove_project(merchant, project.project_id)
        return reply({})

    @admin.get("/projects/<project_id>/vouchers")
    def get_vouchers(project_id: str) -> Response:
        _, project = settled(provider, project_id)
        page, limit = number("page", 1, MOST_NUMBER), number("limit", 30, MOST_LIMIT)
        statuses = (_status(request.args["status"]),) if request.args.get("status") else STATUSES
        with project.lock:
            vouchers = project.page(statuses, (page - 1) * limit, limit)
            total = project.count(statuses)
        return reply({"vouchers": [*map(voucher_view, vouchers)], "page": page, "limit": limit, "total": total})

    @admin.patch("/projects/<project_id>/vouchers")
    def patch_vouchers(project_id: str) -> Response:
        document = body_as("move")
        chosen = {key: document[key] for key in ("count", "ids", "codes") if key in document}
        if "from" in document:
            chosen["of"] = VoucherStatus(document["from"])
        with provider.changing:
            merchant, project = settled(provider, project_id)
            moved = _move(provider, merchant, project, document, **chosen)
            return reply({"moved": moved, "stats": stats_view(project)})

    @admin.get("/projects/<project_id>/vouchers/<int:voucher_id>")
    def get_voucher(project_id: str, voucher_id: int) -> Response:
        _, project = settled(provider, project_id)
        return reply(voucher_view(_voucher(project, voucher_id)))

    @admin.patch("/projects/<project_id>/vouchers/<int:voucher_id>")
    def patch_voucher(project_id: str, voucher_id: int) -> Response:
        document = body_as("voucher-change")
        plan = _plan(document)
        with provider.changing:
            merchant, project = settled(provider, project_id)
            _voucher(project, voucher_id)
            if "to" in document:
                _move(provider, merchant, project, document, ids=[voucher_id])
            if "plan" in document:
                provider.set_voucher_plan(merchant, project, voucher_id, plan)
            return reply(voucher_view(project.voucher(voucher_id)))


def _move(provider: Provider, merchant: MerchantStore, project: ProjectStore, document: Any, **chosen: Any) -> int:
    given = {key: document[key] for key in ("note", "response_json", "nominal_gs") if key in document}
    try:
        moved = provider.move_vouchers(merchant, project, VoucherStatus(document["to"]), **chosen, **given)
    except NoSuchVoucher as error:
        raise Problem(404, str(error)) from None
    return len(moved)


def _voucher(project: ProjectStore, voucher_id: int) -> Any:
    if not project.has(voucher_id):
        raise Problem(404, f"Project {project.project_id!r} has no voucher with the id {voucher_id}")
    return project.voucher(voucher_id)


def _plan(document: Any) -> Plan | None:
    if document.get("plan") is None:
        return None
    try:
        return plan_from_document(document["plan"])
    except ValueError as error:
        raise Problem(422, f"plan.{error}") from None


def _status(name: str) -> VoucherStatus:
    if name not in _NAMES:
        raise Problem(400, f"status: expected one of {', '.join(status.value for status in STATUSES)}")
    return VoucherStatus(name)
