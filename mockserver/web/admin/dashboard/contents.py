"""What stands on the page: plain values for the template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import SUCCESS
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.journal.recorded import Listed
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import date_time
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.web.admin.access import ADMIN
from mockserver.web.admin.lookup import settle_all
from mockserver.web.admin.views import clock_view, faults_view, project_view, readings_view, voucher_view

_MOST_PROJECTS = 100
_NEWEST_CALLS = 30
PAGE_SIZES = (10, 30, 100)


class Segment(NamedTuple):
    """A part of the bar of `stats`; `start` and `width` are percentages of it."""

    status: str
    total: int
    start: float
    width: float


def page_contents(provider: Provider, query: Mapping[str, str], base_url: str) -> dict[str, Any]:
    """Return everything that the page shows; `query` says which project, status and page of it."""
    settle_all(provider)
    owned = [(merchant, project) for merchant in provider.store.merchants() for project in merchant.projects()]
    chosen = _chosen(owned, query.get("project"))
    generation = provider.journal.generation
    entries, kept = provider.journal.newest(_NEWEST_CALLS)
    readings = readings_view(provider.readings, provider.readings_origin)["readings"]
    return {
        "base_url": base_url.rstrip("/"),
        "paths": [operation.path for operation in provider.operations],
        "clock": clock_view(provider.clock, provider.readings.timezone, None),
        "projects": [_card(merchant, project) for merchant, project in owned[:_MOST_PROJECTS]],
        "more_projects": max(len(owned) - _MOST_PROJECTS, 0),
        "project": None if chosen is None else _opened(*chosen, query),
        "calls": [_row(entry, provider) for entry in reversed(entries)],
        "generation": generation,
        "kept_calls": kept,
        "total_calls": provider.journal.total,
        "faults": faults_view(provider.faults.states())["faults"],
        "known_faults": list(FAULTS.values()),
        "readings": readings,
        "changed_readings": sum(one["value"] != one["default"] for one in readings.values()),
        "statuses": [status.value for status in STATUSES],
        "page_sizes": PAGE_SIZES,
    }


def _chosen(
    owned: list[tuple[MerchantStore, ProjectStore]], project_id: str | None
) -> tuple[MerchantStore, ProjectStore] | None:
    found = (pair for pair in owned if pair[1].project_id == project_id)
    return next(found, owned[0] if owned else None)


def _card(merchant: MerchantStore, project: ProjectStore) -> dict[str, Any]:
    view = project_view(merchant, project)
    return {**view, "bar": _bar(view["stats"]), "href": f"?{urlencode({'project': project.project_id})}#project"}


def _opened(merchant: MerchantStore, project: ProjectStore, query: Mapping[str, str]) -> dict[str, Any]:
    status = query.get("status", "")
    statuses = (VoucherStatus(status),) if status in {one.value for one in STATUSES} else STATUSES
    limit = _integer(query.get("limit"), 10, PAGE_SIZES[-1])
    with project.lock:
        card = _card(merchant, project)
        total = project.count(statuses)
        pages = max(-(-total // limit), 1)
        page = min(_integer(query.get("page"), 1, 10**9), pages)
        vouchers = [voucher_view(voucher) for voucher in project.page(statuses, (page - 1) * limit, limit)]

    def link(**changes: object) -> str:
        asked = {"project": project.project_id, "status": status, "limit": limit, "page": page} | changes
        return f"?{urlencode({key: value for key, value in asked.items() if value not in {'', None}})}#project"

    return {
        **card,
        "vouchers": vouchers,
        "total": total,
        "page": page,
        "pages": pages,
        "limit": limit,
        "status": statuses[0].value if len(statuses) == 1 else "",
        "filters": [("", link(status="", page=1)), *((one.value, link(status=one.value, page=1)) for one in STATUSES)],
        "first": link(page=1),
        "previous": link(page=page - 1) if page > 1 else None,
        "next": link(page=page + 1) if page < pages else None,
        "last": link(page=pages),
        "api": f"{ADMIN}/projects/{project.id}",
    }


def _bar(stats: Mapping[str, int]) -> list[Segment]:
    total = sum(stats.values()) or 1
    start, segments = 0.0, []
    for status, count in stats.items():
        width = 100 * count / total
        segments.append(Segment(status, count, round(start, 3), round(width, 3)))
        start += width
    return segments


def _row(entry: Listed, provider: Provider) -> dict[str, Any]:
    shown = " ".join(f"{name}={printable(repr(value), 200)}" for name, value in entry.asked.items())
    return {
        "n": entry.n,
        "when": date_time(entry.at, provider.readings.timezone)[11:],
        "method": entry.method,
        # Of one operation every call is.
        "operation": entry.operation if len(provider.operations) > 1 else None,
        "who": entry.path if entry.merchant_id is None else entry.merchant_id,
        "asked": shown,
        "http_status": entry.http_status,
        "rc": entry.rc,
        "clause": entry.clause,
        "fault": entry.fault,
        "took": f"{entry.took * 1000:.2f} ms" + (" before the fault" if entry.fault else ""),
        "is_good": entry.role == SUCCESS and entry.fault is None,
    }


def _integer(text: str | None, default: int, most: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return default
    return min(max(int(text), 1), most)
