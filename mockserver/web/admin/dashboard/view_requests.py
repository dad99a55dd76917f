"""The view of the calls that arrived: which of them, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.contract.foreign_text import json_text, printable
from mockserver.contract.operation import SUCCESS
from mockserver.contract.readings import REGISTER
from mockserver.provider.journal.recorded import Listed, RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.state.clock import date_time
from mockserver.web.admin.dashboard.place import Place, link
from mockserver.web.admin.routes_journal import whole_call_view

# How many calls are shown at once, and how many of them open.
SHOWN = 50
_MOST_OPEN = 20
# Among how many of the newest a project or a text is looked for: their bodies are decoded for it, once a second.
_SEARCHED = 2000
_MOST_OFFERED = 100
_FILTERS = ("outcome", "operation", "merchant", "project", "text", "reading")


def _is_refused(reply: Reply) -> bool:
    # A fault that puts another reply in place of the mock's refuses nothing.
    return reply.role != SUCCESS and (reply.role is not None or _fault(reply) is None)


def _fault(reply: Reply) -> str | None:
    return getattr(reply, "fault", None)


# What may have become of a call; one that a fault delays may be refused too.
OUTCOMES: Mapping[str, tuple[str, Callable[[Reply], bool]]] = MappingProxyType(
    {
        "": ("all", lambda _: True),
        "answered": ("answered", lambda reply: reply.role == SUCCESS and _fault(reply) is None),
        "refused": ("refused", _is_refused),
        "fault": ("hit by a fault", lambda reply: _fault(reply) is not None),
    }
)


def requests_contents(provider: Provider, place: Place, base_url: str) -> dict[str, Any]:
    """Return what the view shows."""
    journal = provider.journal
    generation = journal.generation
    kept = journal.calls()
    chosen, searched = _chosen(provider, kept, place)
    outcome = place.text("outcome") if place.text("outcome") in OUTCOMES else ""
    found = [one for one in chosen if OUTCOMES[outcome][1](one.reply)]
    window = _window(found, place)
    of_before = place.text("of") not in {"", generation}
    opened = set() if of_before else _opened(place)
    shown = {one.n: one for one in window.calls}
    # What is open stays in sight, however many calls arrive.
    shown |= {one.n: one for one in found if one.n in opened}
    listed = {entry.n: entry for entry in journal.listed(shown.values())}
    with_details = "live" not in place.query
    calls = [
        {
            **_row(listed[n], provider, _mark(kept_call.reply)),
            "is_open": n in opened,
            "details": call_details(provider, kept_call, base_url) if n in opened and with_details else None,
        }
        for n, kept_call in sorted(shown.items(), reverse=True)
    ]
    return {
        "calls": calls,
        "generation": generation,
        "found": len(found),
        "kept": len(kept),
        "forgotten": journal.total - len(kept),
        "searched": searched,
        "window": window,
        "outcomes": [
            {
                "name": words,
                "is_chosen": name == outcome,
                "total": sum(map(is_one, (one.reply for one in chosen))),
                "href": place.link(*_FILTERS, outcome=name),
            }
            for name, (words, is_one) in OUTCOMES.items()
        ],
        "operations": [operation.name for operation in provider.operations],
        "asked": {name: place.text(name) for name in _FILTERS},
        "is_filtered": any(place.text(name) for name in _FILTERS),
        "everything": place.link(),
        "merchants": _some(one.merchant_id for one in provider.store.merchants()),
        "projects": _some(one.project_id for owner in provider.store.merchants() for one in owner.projects()),
        "without_reading": place.link(*(name for name in _FILTERS if name != "reading")),
    }


def call_details(provider: Provider, kept: RawEntry, base_url: str) -> dict[str, Any]:
    """Return what an opened call shows."""
    view = whole_call_view(provider, kept, base_url)
    [entry] = provider.journal.listed([kept])
    project_id = _project_of(kept, entry)
    is_known = provider.store.owner_of(project_id) is not None
    return {
        **view,
        # Without them the body is shown as it was sent.
        "fields": None if view["fields"] is None else _in_lines(view["fields"]),
        "reply": _reply_in_lines(view["reply"]),
        "vouchers": link("vouchers", project=project_id) if is_known else None,
        "reading_link": link("readings", key=view["reading"]) if view["reading"] in REGISTER else None,
    }


def _chosen(provider: Provider, kept: list[RawEntry], place: Place) -> tuple[list[RawEntry], int | None]:
    """Return the calls that the filters but the outcome let through, and among how many they were looked for.

    That is None where it is among all of them.
    """
    operation, reading, merchant = place.text("operation"), place.text("reading"), place.text("merchant").casefold()
    project, text = place.text("project").casefold(), place.text("text").casefold()
    chosen = [
        one
        for one in kept
        if (not operation or (one.call.operation is not None and one.call.operation.name == operation))
        and (not reading or one.reply.reading == reading)
        and (not merchant or merchant in (one.call.merchant_id or "").casefold())
    ]
    if not (project or text):
        return chosen, None
    newest = chosen[-_SEARCHED:]
    listed = provider.journal.listed(newest)
    found = [
        one
        for one, entry in zip(newest, listed, strict=True)
        if project in _project_of(one, entry).casefold() and (not text or text in _searched_text(entry).casefold())
    ]
    return found, len(newest) if len(newest) < len(chosen) else None


def _project_of(kept: RawEntry, entry: Listed) -> str:
    """Return what a call named as its project, or the project that it made; empty for any other call."""
    if kept.reply.made is not None:
        return kept.reply.made.project_id
    operation = kept.call.operation
    if operation is None or operation.project_field is None:
        return ""
    return str(entry.asked.get(operation.project_field, ""))


def _searched_text(entry: Listed) -> str:
    """Return what of a call a text is looked for in; masked, as all of it is."""
    shown = (entry.method, entry.path, entry.origin, entry.explanation, entry.clause, entry.role, entry.fault)
    said = [str(one) for one in (*shown, entry.forced, entry.http_status, entry.rc) if one is not None]
    return "\n".join([*said, json.dumps([entry.headers, entry.fields, entry.asked], ensure_ascii=False)])


@dataclass(frozen=True)
class Window:
    """The calls that are shown at once, oldest first; the links are to those before and after, None without any."""

    calls: list[RawEntry]
    newer: int
    newest_href: str | None
    newer_href: str | None
    older_href: str | None


def _window(found: list[RawEntry], place: Place) -> Window:
    # By number, not by page: what is being read stays where it is while calls arrive.
    before = place.integer("before", 0, 10**10)
    end = len(found) if before == 0 else sum(one.n < before for one in found)
    start = max(end - SHOWN, 0)

    def at(position: int) -> str:
        return place.link(*_FILTERS, before=found[position].n if position < len(found) else None)

    return Window(
        calls=found[start:end],
        newer=len(found) - end,
        newest_href=at(len(found)) if end < len(found) else None,
        newer_href=at(min(end + SHOWN, len(found))) if end < len(found) else None,
        older_href=at(start) if start > 0 else None,
    )


def _opened(place: Place) -> set[int]:
    numbers = [one for one in place.text("open").split(",") if one.isascii() and one.isdigit() and len(one) <= 10]
    return {int(one) for one in numbers[:_MOST_OPEN]}


def _mark(reply: Reply) -> str:
    return "fault" if _fault(reply) is not None else "good" if reply.role == SUCCESS else "bad"


def _row(entry: Listed, provider: Provider, mark: str) -> dict[str, Any]:
    zone = provider.readings.timezone
    return {
        "n": entry.n,
        "when": date_time(entry.at, zone),
        "method": printable(entry.method, 20),
        # Of one operation every call is.
        "operation": entry.operation if len(provider.operations) > 1 else None,
        "who": entry.path if entry.merchant_id is None else entry.merchant_id,
        "asked": [(name, value if isinstance(value, str) else json_text(value)) for name, value in entry.asked.items()],
        "http_status": entry.http_status,
        "rc": entry.rc,
        "said": entry.fault or entry.clause or "outside the contract",
        "why": entry.explanation,
        "mark": mark,
        "took": f"{entry.took * 1000:.2f} ms" + (" before the fault" if entry.fault else ""),
    }


def _reply_in_lines(reply: str) -> str:
    """Return a JSON reply in lines; any other as it is."""
    try:
        return _in_lines(json.loads(reply)) or reply
    except (ValueError, RecursionError):
        return reply


def _in_lines(document: Any) -> str | None:
    """Return JSON in lines; None for a document that is nested too deep for it."""
    try:
        return json_text(document, indent=2)
    except RecursionError:
        return None


def _some(names: Iterable[str]) -> list[str]:
    return [name for name, _ in zip(names, range(_MOST_OFFERED), strict=False)]
