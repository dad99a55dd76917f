"""The status call: a page of a project's vouchers. Bytes in, reply out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from mockserver.contract.project_detail import (
    DEFAULT_LIMIT,
    DEFAULT_PAGE,
    DEFAULT_STATUS,
    PROJECT,
    PROJECT_DETAIL,
    CategoryBody,
    PageBody,
    ProjectBody,
    StatsBody,
    VoucherBody,
)
from mockserver.contract.readings import Readings
from mockserver.contract.wire import GAP, STATUSES, encode
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.forcing import Reserved, forced_by_text
from mockserver.provider.operations.authentication import check_signature, known_merchant
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.parsing import field_value, parse_fields
from mockserver.provider.pieces import Pieces
from mockserver.provider.refusal import (
    Cause,
    FieldMissing,
    FilterNamesNothing,
    PageBeyondLast,
    ProjectUnknown,
    Refusal,
)
from mockserver.provider.reply import Reply, outside_reply, success_reply
from mockserver.provider.request import MAX_REPLY, REPLY_TOO_LARGE
from mockserver.provider.state.changes import Dated, ReadProject
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.project_store import ProjectStore, Statuses
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Project, Voucher

_STATUS = PROJECT_DETAIL.field_of["status"]
_PROJECTID = PROJECT_DETAIL.field_of["projectid"]
# In bytes, with every text empty.
_SHORTEST_VOUCHER = len(encode(VoucherBody(0, "", "", "", "", 0, "", "", "", 0)))


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a consumer asks for (REQ-1 to REQ-3).

    `statuses` are those that match: all without a filter, none when the filter names no status. `reserved` is the
    text in `projectid` that asks for a fault or an error, if it is one; then the project is made up. `unknown_status`
    is a filter that names no status.
    """

    store: Store
    merchant_id: str
    project: ProjectStore
    statuses: Statuses
    page: int
    limit: int
    reserved: str | None
    unknown_status: str | None


class ProjectDetail(Handler[Asked]):
    """The status call (`project/detail`)."""

    operation = PROJECT_DETAIL

    def check(self, merchant_id: str, body: bytes, store: Store, readings: Readings) -> Asked:
        """Return what a call asks for; raises Refusal (ERR-1 to ERR-4)."""
        sent = parse_fields(body, PROJECT_DETAIL, readings)
        merchant = known_merchant(merchant_id, PROJECT_DETAIL, store, readings)
        if readings.precedence != "merchant-project-signature":
            check_signature(merchant, sent.get("signature"), PROJECT_DETAIL, readings)
        project, reserved = _project(merchant, sent.get("projectid"), readings)
        if readings.precedence == "merchant-project-signature":
            check_signature(merchant, sent.get("signature"), PROJECT_DETAIL, readings)
        status = sent.get("status", DEFAULT_STATUS)
        return Asked(
            store,
            merchant_id,
            project,
            _statuses(status, readings),
            sent.get("page", DEFAULT_PAGE),
            sent.get("limit", DEFAULT_LIMIT),
            reserved,
            None if status == DEFAULT_STATUS or status in readings.status_named else status,
        )

    def carry_out(self, checked: Asked, readings: Readings, clock: Clock) -> Reply:
        """Return one page of the project, with what was due by now done; one that is too large is refused."""
        project = checked.project
        with project.lock:
            now = clock.now()
            life_cycle = project.life_cycle
            # A change only where one comes of it: a client that polls is all reads.
            if life_cycle is not None and (life_cycle.is_due(now) or life_cycle.counts_reads):
                checked.store.commit(
                    ReadProject(Dated(now, readings.timezone), checked.merchant_id, project.project_id, is_counted=True)
                )
            page = _written_page(checked, readings)
            reading, cause = _oddity(checked, readings)
        if page is None:
            return outside_reply(400, REPLY_TOO_LARGE)
        return success_reply(PROJECT_DETAIL.success, page, int(now), reading=reading, cause=cause)

    def reserved(self, checked: Asked) -> Reserved | None:
        """Return the `projectid` that asks for a fault or an error."""
        return None if checked.reserved is None else Reserved(checked.reserved, "projectid")

    def project_asked_for(
        self, merchant: MerchantStore | None, fields: Mapping[str, Any], readings: Readings
    ) -> str | None:
        """Return the project_id that a call is about, what it sent where that means no project of the merchant."""
        try:
            sent = field_value(_PROJECTID, fields.get("projectid"), readings, is_form=False)
        except Refusal:
            return None
        project = None if merchant is None else _project_named(merchant, sent, readings)
        return str(sent) if project is None else project.project_id

    def remarks(self, fields: Mapping[str, Any], readings: Readings, cause: Cause | None) -> list[Finding]:  # noqa: ARG002
        """Return why a list is empty, or not the one that was meant."""
        why = "the reading {} says what becomes of it"
        match cause:
            case FilterNamesNothing(value=sent, is_ignored=is_ignored):
                from mockserver.provider.doctor.body import fix_of_text  # noqa: PLC0415 - as in diagnose

                what = "the list is unfiltered" if is_ignored else "the list is empty"
                what = f"{what}: the status in the filter names none"
                return [Finding(what, why.format("unknown_status"), fix_of_text(_STATUS, sent, readings))]
            case PageBeyondLast(pages=pages, shows_last=shows_last):
                fix = f"stop at total_page, which is {pages} here" if pages else "check the filter, or the project"
                what = "the last page came again" if shows_last else "the list is empty"
                return [Finding(f"{what}: the page is past the last", why.format("beyond_last"), fix)]
        return []

    def diagnose(
        self,
        refused: Refusal,  # noqa: ARG002 - its projectid says all
        merchant: MerchantStore,
        fields: Mapping[str, Any],
        store: Store,
        readings: Readings,  # noqa: ARG002
    ) -> list[Finding]:
        """Return what is wrong with a `projectid` that names no project (ERR-4)."""
        from mockserver.provider.doctor.project import diagnose_project  # noqa: PLC0415 - a start need not wait for it

        return diagnose_project(merchant, fields, store)


answer = ProjectDetail().answer


def _project_named(merchant: MerchantStore, projectid: str, readings: Readings) -> ProjectStore | None:
    project = merchant.project(projectid)
    if project is None and readings.project_match == "project_id_or_name":
        return merchant.project_named(projectid)
    return project


def _project(merchant: MerchantStore, projectid: str | None, readings: Readings) -> tuple[ProjectStore, str | None]:
    """Return the project that `projectid` means (reading `project_match`), and its text if that is a reserved one."""
    if projectid is None:
        raise Refusal(PROJECT, FieldMissing("projectid"), reading=_PROJECTID.required_reading)
    project = _project_named(merchant, projectid, readings)
    if project is not None:
        return project, None
    if forced_by_text(projectid, PROJECT_DETAIL) is None:
        raise Refusal(PROJECT, ProjectUnknown("projectid", merchant.merchant_id, projectid))
    # A call that is wrong otherwise gets its own error, a good one a good reply, to be made into what was asked for.
    return ProjectStore(Project(1, projectid, None, generate_vouchers(3, first_id=1))), projectid


def _statuses(text: str, readings: Readings) -> Statuses:
    if text == DEFAULT_STATUS:
        return STATUSES
    if text in readings.status_named:
        return (readings.status_named[text],)
    return STATUSES if readings.unknown_status == "ignored" else ()


def _oddity(asked: Asked, readings: Readings) -> tuple[str | None, Cause | None]:
    """Return which reading decided what a success lists, and how, where that may not be what was meant."""
    if asked.unknown_status is not None:
        known, is_ignored = tuple(readings.status_named), readings.unknown_status == "ignored"
        return "unknown_status", FilterNamesNothing("status", asked.unknown_status, known, is_ignored)
    if asked.page == 1:
        return None, None
    limit = min(asked.limit, readings.limit_cap or asked.limit)
    pages = -(-asked.project.count(asked.statuses) // limit)
    if asked.page <= pages:
        return None, None
    shows_last = readings.beyond_last == "last" and pages > 0
    return "beyond_last", PageBeyondLast("page", asked.page, pages, limit, shows_last)


def _written_page(asked: Asked, readings: Readings) -> Pieces | None:
    """Return a page, None when it is too large; under the project's lock."""
    written = asked.project.written.under(readings)
    key = (asked.statuses, asked.page, asked.limit)
    kept = written.page(key)
    if kept is not None:
        return kept
    page = _page(asked, readings)
    if page is not None:
        written.keep_page(key, page)
    return page


def _page(asked: Asked, readings: Readings) -> Pieces | None:
    """Write a page; each voucher is a piece of its own, which all pages that show it share."""
    project, matching = asked.project, asked.statuses
    limit = min(asked.limit, readings.limit_cap or asked.limit)
    total_data = project.count(matching)
    pages = -(-total_data // limit)
    shown_page = min(asked.page, max(pages, 1)) if readings.beyond_last == "last" else asked.page
    offset = (shown_page - 1) * limit
    if min(limit, total_data - offset) * _SHORTEST_VOUCHER > MAX_REPLY:
        return None
    vouchers = project.page(matching, offset, limit)
    pieces = _written_vouchers(project, vouchers, readings)
    if sum(map(len, pieces)) > MAX_REPLY:
        return None
    body = PageBody(
        current_page=asked.page,
        data=ProjectBody(
            id=project.id,
            merchant_id=asked.merchant_id,
            project_id=project.project_id,
            total_voucher=total_data if readings.total_voucher_scope == "filtered" else len(project),
            vouchers=msgspec.Raw(GAP),
            category_totals=_category_totals(project, matching, vouchers, readings),
            stats=StatsBody(*project.stats(matching if readings.stats_scope == "filtered" else STATUSES)),
        ),
        total_data=total_data,
        total_page=pages if total_data else int(readings.empty_total_page),
    )
    start, _, end = encode(body).partition(GAP)
    return Pieces.of((start, *pieces, end))


def _written_vouchers(project: ProjectStore, vouchers: list[Voucher], readings: Readings) -> list[bytes]:
    if not vouchers:
        return [b"null" if readings.empty_vouchers == "null" else b"[]"]
    written = project.written.vouchers
    pieces = [written.get(voucher.id) or _write_voucher(written, project, voucher, readings) for voucher in vouchers]
    return [b"[", pieces[0][1:], *pieces[1:], b"]"]


def _write_voucher(written: dict[int, bytes], project: ProjectStore, voucher: Voucher, readings: Readings) -> bytes:
    body = VoucherBody(
        voucher.id,
        project.project_id,
        voucher.voucher_code,
        voucher.response_json,
        voucher.note,
        voucher.nominal_gs,
        voucher.created_at[:10],
        voucher.created_at,
        voucher.updated_at,
        readings.code_of[voucher.status],
    )
    # With the comma before it: of all but the first in a list no copy is made.
    written[voucher.id] = b"," + encode(body)
    return written[voucher.id]


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
