"""The view of one project and its vouchers, with all projects to pick it from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import date_time
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.web.admin.access import ADMIN
from mockserver.web.admin.dashboard.place import Place, link
from mockserver.web.admin.lookup import settle_all
from mockserver.web.admin.views import project_view, voucher_view

PAGE_SIZES = (10, 30, 100)
_PAGE_SIZE = 30
# How many projects are offered at once: a search finds the others.
_MOST_PROJECTS = 50
# A note that is longer is cut until somebody wants all of it.
_LONG_NOTE = 80


class Segment(NamedTuple):
    """A part of the bar of `stats`; `start` and `width` are percentages of it."""

    status: str
    total: int
    start: float
    width: float


def vouchers_contents(provider: Provider, place: Place) -> dict[str, Any]:
    """Return what the view shows."""
    settle_all(provider)
    owned = [(merchant, project) for merchant in provider.store.merchants() for project in merchant.projects()]
    sought = place.text("find").casefold()
    found = [pair for pair in owned if sought in _searched_text(*pair)]
    chosen = _chosen(owned, found, place.text("project"))
    return {
        "projects": [_card(merchant, project, place) for merchant, project in found[:_MOST_PROJECTS]],
        "found": len(found),
        "more_projects": max(len(found) - _MOST_PROJECTS, 0),
        "all_projects": len(owned),
        "find": place.text("find"),
        "project": None if chosen is None else _opened(provider, *chosen, place),
        "unknown": place.text("project") if chosen is None or not _is_named(chosen[1], place.text("project")) else "",
        "statuses": [status.value for status in STATUSES],
    }


def _searched_text(merchant: MerchantStore, project: ProjectStore) -> str:
    return f"{project.project_id}\n{project.project_name}\n{merchant.merchant_id}".casefold()


def _is_named(project: ProjectStore, name: str) -> bool:
    return name in {"", project.project_id}


def _chosen(
    owned: list[tuple[MerchantStore, ProjectStore]], found: list[tuple[MerchantStore, ProjectStore]], project_id: str
) -> tuple[MerchantStore, ProjectStore] | None:
    named = (pair for pair in owned if pair[1].project_id == project_id)
    return next(named, found[0] if found else owned[0] if owned else None)


def _card(merchant: MerchantStore, project: ProjectStore, place: Place) -> dict[str, Any]:
    view = project_view(merchant, project)
    href = place.link("find", "limit", project=project.project_id)
    return {**view, "bar": _bar(view["stats"]), "href": href}


def _opened(provider: Provider, merchant: MerchantStore, project: ProjectStore, place: Place) -> dict[str, Any]:
    status = place.text("status")
    statuses = (VoucherStatus(status),) if status in {one.value for one in STATUSES} else STATUSES
    limit = place.integer("limit", _PAGE_SIZE, PAGE_SIZES[-1])
    with project.lock:
        card = _card(merchant, project, place)
        total = project.count(statuses)
        pages = max(-(-total // limit), 1)
        page = min(place.integer("page", 1, 10**9), pages)
        vouchers = [voucher_view(voucher) for voucher in project.page(statuses, (page - 1) * limit, limit)]

    def to(**changes: object) -> str:
        return place.link("find", "status", "limit", **{"project": project.project_id, **changes})

    zone = provider.readings_of(merchant.merchant_id).timezone
    return {
        **card,
        "submitted": None if project.submitted_at is None else date_time(project.submitted_at, zone),
        "vouchers": [{**one, "is_long": len(one["note"]) > _LONG_NOTE} for one in vouchers],
        "total": total,
        "page": page,
        "pages": pages,
        "limit": limit,
        "sizes": [(size, to(limit=size)) for size in PAGE_SIZES],
        "status": statuses[0].value if len(statuses) == 1 else "",
        "filters": [("", to(status="")), *((one.value, to(status=one.value)) for one in STATUSES)],
        "first": to() if page > 1 else None,
        "previous": to(page=page - 1) if page > 1 else None,
        "next": to(page=page + 1) if page < pages else None,
        "last": to(page=pages) if page < pages else None,
        "api": f"{ADMIN}/projects/{project.id}",
        "requests": link("requests", project=project.project_id),
    }


def _bar(stats: Mapping[str, int]) -> list[Segment]:
    total = sum(stats.values()) or 1
    start, segments = 0.0, []
    for status, count in stats.items():
        width = 100 * count / total
        segments.append(Segment(status, count, round(start, 3), round(width, 3)))
        start += width
    return segments
