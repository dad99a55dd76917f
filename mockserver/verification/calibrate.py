"""Finds out which readings a target follows, by reading alone: for each entry of the register its probe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.page import NAMES
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.contract.judging.visibility import FILTERS
from mockserver.contract.readings import REGISTER
from mockserver.verification.cases.request_cases import Case, cases
from mockserver.verification.laws.filters import Replies, explained, settle
from mockserver.verification.laws.pages import pages_of
from mockserver.verification.laws.scopes import scope_findings
from mockserver.verification.report.result import masker_of, readings_of
from mockserver.verification.report.wording import described, in_form, worded
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run

Probe = Callable[[Run], None]

_WHY_UNSEEN = {
    "session_key": "a session key was given, and is sent with every call",
    "max_limit": "no reply was cut short; a cap above what there is cannot be seen",
    "status_codes": "no two counts tell every number apart",
    "timezone": "a reply does not say when its vouchers were really made",
    "project_match": "the project's name is not known; give it with --project-name",
}
_NO_DATA = "the project's vouchers cannot show it"


def calibrate(run: Run) -> dict[str, Any]:
    """Probe the target and return a readings file (as `serve --readings` takes it).

    Raises:
        CannotJudge: the target does not answer or does not know the credentials.
        BudgetSpent: the calls were used up before the end.
    """
    run.open()
    for keys, probe in _probes():
        run.law = _law(keys)
        probe(run)
    return document_of(run)


def document_of(run: Run) -> dict[str, Any]:
    """Return what was observed as a readings file, without a secret or a voucher code."""
    listed: dict[str, Any] = {}
    for item in readings_of(run):
        listed[item["key"]] = _entry(run, item)
    document: dict[str, Any] = masker_of(run)(
        {
            "calibrated": {
                "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "host": urlsplit(run.target.base_url).netloc,
                "calls": run.calls,
            },
            "readings": listed,
        }
    )
    return document


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return a line for each reading whose value or visibility changed since an older file."""
    lines = []
    for key, entry in new["readings"].items():
        before = old["readings"].get(key)
        if before is None:
            continue
        earlier = before if isinstance(before, dict) else {"value": before, "seen": "observed"}
        was = (str(earlier.get("value")), earlier.get("seen", "observed"))
        now = (str(entry["value"]), entry["seen"])
        if was != now:
            lines.append(f"{key}: was {was[0]} ({was[1]}), is {now[0]} ({now[1]}): {entry['why']}")
    return lines


def _entry(run: Run, item: dict[str, Any]) -> dict[str, Any]:
    key = item["key"]
    default = REGISTER[key].default
    own_laws = {_law(keys) for keys, _ in _probes() if key in keys}
    blamed = [broken.violation for broken in run.broken if broken.law in own_laws]
    if item["value"] is not None:
        return {"value": item["value"], "seen": "observed", "why": item["evidence"]}
    left = run.observations.left(key) if key != "max_limit" else frozenset({default})
    value = default if default in left else min(left)
    if key == "http_status" and run.http_statuses and not item["left"]:
        return {"value": default, "seen": "other", "why": item["evidence"]}
    if blamed:
        return {"value": value, "seen": "other", "why": f"{blamed[0].got} ({blamed[0].clause})"[:300]}
    why = _WHY_UNSEEN.get(key, _NO_DATA)
    if item["evidence"]:
        why = f"{why}; seen: {item['evidence']}"
    entry = {"value": value, "seen": "unseen", "why": why[:400]}
    if key == "status_codes":
        entry["known"] = _known_codes(left)
    return entry


def _known_codes(left: frozenset[str]) -> Any:
    """Return the numbers that every permutation left agrees on, by the name in `stats`."""
    columns = zip(*(codes.split(",") for codes in left), strict=True)
    return {name: int(column[0]) for name, column in zip(NAMES, columns, strict=True) if len(set(column)) == 1}


def _law(keys: tuple[str, ...]) -> str:
    """Return the name under which a probe's findings are recorded."""
    return f"probe of {', '.join(keys)}"


def _probes() -> list[tuple[tuple[str, ...], Probe]]:
    return [
        (("http_status",), _expect("bodies", "cut-off")),
        (("form_body",), _expect("bodies", "form")),
        (("missing_projectid",), _expect("presence", "no-projectid")),
        (("missing_paging",), _expect("presence", "no-status-page-limit")),
        (("out_of_range",), _expect("presence", "page-0", "limit-0")),
        (("types",), _expect("types", "page-as-text", "limit-as-text", "projectid-as-number", "status-as-number")),
        (("project_match",), _by_name),
        (("max_limit", "status_codes", "kategori_order"), _list),
        (("beyond_last", "empty_vouchers"), _past_the_last),
        (("status_filter", "unknown_status", "status_codes", "empty_total_page", "empty_vouchers"), _filters),
        (("kategori_scope", "kategori_order"), _one_page),
        (("stats_scope", "total_voucher_scope", "kategori_scope"), _scopes),
        (("precedence",), _expect("merchants", "unknown-made-up")),
        (("missing_signature",), _expect("presence", "no-signature")),
        (("precedence",), _expect("signatures", "wrong-and-unknown-project")),
        (("signature_case",), _expect("signatures", "upper-case")),
    ]


def _expect(group: str, *names: str) -> Probe:
    def probe(run: Run) -> None:
        found: dict[str, Case] = {case.name: case for case in cases(group)}
        run.expect_each(found[name] for name in names)

    return probe


def _by_name(run: Run) -> None:
    name = run.credentials.project_name
    if name is not None:
        by_name(run, name)


def by_name(run: Run, name: str) -> None:
    """Ask for the project by its name (reading `project_match`)."""
    exchange = run.call("REQ-3", projectid=name)
    if exchange is None:
        return
    if exchange.outcome == SUCCESS and in_form(exchange):
        named, own = exchange.reply["data"]["data"]["project_id"], run.credentials.project_id
        if named != own:
            wanted = f"the project {own!r} under its name"
            run.breaks(Violation("REQ-3", wanted, repr(named), "data.data.project_id"), exchange)
            return
        run.take(Choice("project_match", frozenset({"project_id_or_name"}), "REQ-3", "a success by name"), exchange)
    elif exchange.outcome == "ERR-4":
        run.take(Choice("project_match", frozenset({"project_id"}), "REQ-3", f"by name: {worded('ERR-4')}"), exchange)
    elif exchange.outcome != SUCCESS:
        wanted = f"{worded('ERR-4')}, or the project of that name"
        run.breaks(Violation("REQ-3", wanted, described(exchange)), exchange)


def _list(run: Run) -> None:
    run.read_picture()

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("SUM-2", limit=picture.total + 10)
        return [] if found is None or not picture.is_whole else scope_findings(found, picture, None)

    run.on_still_picture("the whole list", law)


def _past_the_last(run: Run) -> None:
    run.page("PAGE-1", page=pages_of(run, run.total, 30) + 1, limit=30)


def _filters(run: Run) -> None:
    settle(run, lambda: ask_filters(run))


def ask_filters(run: Run) -> Replies:
    """Ask for each status by its number and by its name, and for one that is none."""
    replies = []
    for text in FILTERS:
        exchange = run.call("FILT-1", status=text, limit=run.total + 10)
        if exchange is not None:
            replies.append((text, exchange))
    return replies


def _one_page(run: Run) -> None:
    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("SUM-2", limit=1)
        return [] if found is None or not picture.is_whole else scope_findings(found, picture, None)

    run.on_still_picture("one page", law)


def _scopes(run: Run) -> None:
    for codes, text in narrow_filters(run)[:2]:
        for limit in (1, run.total + 10):
            judge_scope(run, codes, text, limit)


def narrow_filters(run: Run) -> list[tuple[frozenset[int], str]]:
    """Return (numbers that match, filter) for filters known to leave vouchers out, some that match first."""
    picture = run.picture()
    if picture is None or not picture.is_whole or picture.total == 0:
        return []
    asked = explained(run, picture)
    some = [
        (frozenset({code}), text) for code, text in asked if len(picture.with_status(frozenset({code}))) < picture.total
    ]
    held = {code for code, _ in asked}
    none = [
        str(code)
        for code in range(5)
        if code not in held and run.observations.left("status_filter") <= {"code", "both"}
    ]
    if run.observations.left("unknown_status") == {"empty"}:
        none.append("9")
    if run.observations.left("status_filter") == {"name"} and not none:
        none += [name for name in NAMES if picture.stats[name] == 0][:1]
    return [*some, *((frozenset[int](), text) for text in none[:1])]


def judge_scope(run: Run, codes: frozenset[int], text: str, limit: int) -> None:
    """Hold the sums under a filter to the picture of the project."""

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("SUM-1", status=text, limit=limit)
        return [] if found is None else scope_findings(found, picture, codes)

    run.on_still_picture(f"sums under filter {text}", law)
