"""The heart: the bytes of a body in, the reply out. No HTTP server, no clock of its own, no state of its own."""

from __future__ import annotations

from collections import Counter

from mockserver.contract.readings import Readings
from mockserver.contract.signature import signatures_match
from mockserver.contract.wire import (
    STATUSES,
    CategoryBody,
    DocumentedError,
    MerchantNotFound,
    PageBody,
    ProjectBody,
    ProjectNotFound,
    Reply,
    SignatureNotValid,
    StatsBody,
    VoucherBody,
    error_reply,
    success_reply,
)
from mockserver.provider.operations.parsing import DetailRequest, parse_request
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.project_store import ProjectStore, Statuses
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Voucher


def answer(merchant_id: str, body: bytes, store: Store, readings: Readings, clock: Clock) -> Reply:
    """Answer one call as the page documents it, under `readings` where the page is silent.

    `merchant_id` is the one in the path, percent-decoded. Never raises for anything a consumer sends: an error of
    the contract is a reply too (ERR-1 to ERR-5).
    """
    try:
        request = parse_request(body, readings)
        project = _authorised_project(merchant_id, request, store, readings)
        with project.lock:
            now = clock.now()
            if project.life_cycle is not None:
                project.life_cycle.settle(now, readings.timezone)
                project.life_cycle.was_read()
            page = _page(merchant_id, project, request, readings)
        return success_reply(page, int(now))
    except DocumentedError as error:
        return error_reply(error, http_status=200 if readings.http_status == "200" else error.rc)


def refusal(merchant_id: str, body: bytes, store: Store, readings: Readings) -> DocumentedError | None:
    """Return the error that `answer` would give a call, or None; no voucher moves, as none is read."""
    try:
        _authorised_project(merchant_id, parse_request(body, readings), store, readings)
    except DocumentedError as error:
        return error
    return None


def project_asked_for(merchant: MerchantStore, projectid: str, readings: Readings) -> ProjectStore | None:
    """Return the merchant's project that a sent `projectid` means (reading `project_match`), or None."""
    project = merchant.project(projectid)
    if project is None and readings.project_match == "project_id_or_name":
        return merchant.project_named(projectid)
    return project


def _authorised_project(merchant_id: str, request: DetailRequest, store: Store, readings: Readings) -> ProjectStore:
    merchant = store.merchant(merchant_id)
    if merchant is None and readings.precedence == "signature-merchant-project":
        raise SignatureNotValid("an unknown merchant has no secret to sign with", reading="precedence")
    if merchant is None:
        raise MerchantNotFound(f"no merchant {merchant_id!r}")
    if readings.precedence == "merchant-project-signature":
        project = _project(merchant, request, readings)
        _check_signature(merchant, request, readings)
        return project
    _check_signature(merchant, request, readings)
    return _project(merchant, request, readings)


def _check_signature(merchant: MerchantStore, request: DetailRequest, readings: Readings) -> None:
    if request.signature is None:
        raise SignatureNotValid("signature is missing", reading="missing_signature")
    ignore_case = readings.signature_case == "ignore"
    if not signatures_match(request.signature, merchant.signature, ignore_case=ignore_case):
        raise SignatureNotValid("signature is not md5(merchant_id + secret_key) of this merchant")


def _project(merchant: MerchantStore, request: DetailRequest, readings: Readings) -> ProjectStore:
    if request.projectid is None:
        raise ProjectNotFound("projectid is missing", reading="missing_projectid")
    project = project_asked_for(merchant, request.projectid, readings)
    if project is None:
        raise ProjectNotFound(f"merchant {merchant.merchant_id!r} has no project {request.projectid!r}")
    return project


def _page(merchant_id: str, project: ProjectStore, request: DetailRequest, readings: Readings) -> PageBody:
    limit = min(request.limit, readings.limit_cap or request.limit)
    matching = STATUSES if request.statuses is None else request.statuses
    total_data = project.count(matching)
    pages = -(-total_data // limit)
    shown_page = min(request.page, max(pages, 1)) if readings.beyond_last == "last" else request.page
    vouchers = project.page(matching, (shown_page - 1) * limit, limit)
    return PageBody(
        current_page=request.page,
        data=ProjectBody(
            id=project.id,
            merchant_id=merchant_id,
            project_id=project.project_id,
            total_voucher=total_data if readings.total_voucher_scope == "filtered" else len(project),
            vouchers=_voucher_bodies(project, vouchers, readings),
            category_totals=_category_totals(project, matching, vouchers, readings),
            stats=StatsBody(*project.stats(matching if readings.stats_scope == "filtered" else STATUSES)),
        ),
        total_data=total_data,
        total_page=pages if total_data else int(readings.empty_total_page),
    )


def _voucher_bodies(project: ProjectStore, vouchers: list[Voucher], readings: Readings) -> list[VoucherBody] | None:
    if not vouchers and readings.empty_vouchers == "null":
        return None
    code_of = readings.code_of
    project_id = project.project_id
    return [
        VoucherBody(
            voucher.id,
            project_id,
            voucher.voucher_code,
            voucher.response_json,
            voucher.note,
            voucher.nominal_gs,
            voucher.created_at[:10],
            voucher.created_at,
            voucher.updated_at,
            code_of[voucher.status],
        )
        for voucher in vouchers
    ]


def _category_totals(
    project: ProjectStore, matching: Statuses, vouchers: list[Voucher], readings: Readings
) -> list[CategoryBody]:
    scope = STATUSES if readings.kategori_scope == "project" else matching
    if readings.kategori_scope == "page":
        # Counted in the order of the list, so first seen is first in.
        totals: dict[int, int] = Counter(voucher.nominal_gs for voucher in vouchers)
    else:
        totals = project.nominals(scope)
    if readings.kategori_order == "nominal":
        order = sorted(totals)
    elif readings.kategori_order == "count":
        order = sorted(totals, key=lambda nominal: (-totals[nominal], nominal))
    elif readings.kategori_scope == "page":
        order = list(totals)
    else:
        order = project.nominals_newest_first(scope)
    return [CategoryBody(str(nominal), totals[nominal]) for nominal in order]
