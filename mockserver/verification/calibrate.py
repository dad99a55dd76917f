"""Finds out which readings a target follows: for each entry of the register its probe.

By reading alone, and where the run may submit, by submissions that are refused, or on this machine accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract.judging.page import STATUS_NAMES
from mockserver.contract.judging.violation import Fact
from mockserver.contract.readings import REGISTER, readings_about
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.verification.cases import SUBMIT_REFUSALS, Case, cases
from mockserver.verification.laws import submissions
from mockserver.verification.laws.filter import each_filter_by_code_and_by_name
from mockserver.verification.laws.paging import last_page
from mockserver.verification.laws.requests import a_project_by_its_name, the_session_key_left_out
from mockserver.verification.laws.sums import check_filtered_sums, check_unfiltered_sums, narrow_filters
from mockserver.verification.live_guard import Submitting
from mockserver.verification.report.masked import Shown
from mockserver.verification.report.result import readings_of
from mockserver.verification.report.wording import reason_text
from mockserver.verification.run.opening import open_run
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run
from mockserver.verification.suite import NEEDS

Probe = Callable[[Run], None]

_WHY_UNSEEN = {
    "max_limit": "no reply was cut short; a cap above what there is cannot be seen",
    "timezone": "a reply does not say when its vouchers were really made",
    "bulk_most": "no list was too long; a bound above what was sent cannot be seen",
    "bulk_duplicate": "one merchant's calls do not show whether a code of another merchant is a double too",
}
_WHY_NOT_EMPTY = {
    "empty_vouchers": "every reply listed some voucher",
    "empty_total_page": "every filter that was asked for matches some voucher",
}


def calibrate(run: Run) -> dict[str, Any]:
    """Probe the target and return a readings file (as `serve --readings` takes it).

    Raises:
        Aborted: the target does not answer or does not know the credentials.
        BudgetSpent: the calls were used up before the end.
    """
    open_run(run)
    for keys, probe, needed in _probes():
        if run.submitting < needed:
            continue
        run.record.law = _law(keys)
        try:
            probe(run)
        except Inconclusive as why:
            run.record.leave(why.reason)
    return document_of(run)


def document_of(run: Run) -> dict[str, Any]:
    """Return what was observed as a readings file, without a secret or a voucher code."""
    shown = Shown(run)
    return {
        "calibrated": {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "host": shown.text(urlsplit(run.target.base_url).netloc),
            "calls": run.pace.made,
        },
        "readings": {item["key"]: _entry(run, item, shown) for item in readings_of(run, shown)},
    }


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


def _entry(run: Run, item: dict[str, Any], shown: Shown) -> dict[str, Any]:
    key = item["key"]
    default = REGISTER[key].default
    own_laws = {_law(keys) for keys, _, _ in _probes() if key in keys}
    blamed = [broken.violation for broken in run.record.broken if broken.law in own_laws]
    if item["value"] is not None:
        return {"value": item["value"], "seen": "observed", "why": item["evidence"]}
    left = frozenset({default}) if REGISTER[key].is_number else run.record.observations.left(key)
    value = default if default in left else min(left)
    if key == "http_status" and run.record.http_statuses and not item["left"]:
        return {"value": default, "seen": "other", "why": item["evidence"]}
    if blamed:
        return {"value": value, "seen": "other", "why": f"{shown.got(blamed[0])} ({blamed[0].clause})"[:300]}
    why = shown.text(_why_unseen(run, key, own_laws))
    if item["evidence"]:
        why = f"{why}; seen: {item['evidence']}"
    entry = {"value": value, "seen": "unseen", "why": why[:400]}
    if key == "status_codes":
        entry["known"] = _known_codes(left)
    return entry


def _why_unseen(run: Run, key: str, own_laws: set[str]) -> str:
    """Say what was missing to see a reading that the probes leave open."""
    unsettled = [item.reason for item in run.record.unsettled if item.law in own_laws]
    needed = min((needed for keys, _, needed in _probes() if key in keys), default=Submitting.NOTHING)
    if run.submitting < needed and key != "timezone":
        return reason_text(NEEDS[needed])
    if unsettled and key in readings_about(REDEEM_BULK.name):
        return reason_text(unsettled[-1])
    if key in _WHY_UNSEEN:
        return _WHY_UNSEEN[key]
    if key != "project_match" and run.last_snapshot is not None and run.last_snapshot.total == 0:
        return reason_text(Fact.of("no_voucher"))
    if unsettled:
        return reason_text(unsettled[-1])
    left = sorted(run.record.observations.left(key))
    if key in _WHY_NOT_EMPTY:
        return _WHY_NOT_EMPTY[key]
    if key == "status_codes":
        unknown = [name for name in STATUS_NAMES if name not in _known_codes(frozenset(left))]
        return f"as many vouchers are in one status as in another, so the numbers of {', '.join(unknown)} are open"
    return f"with these vouchers {' and '.join(left)} give the same replies"


def _known_codes(left: frozenset[str]) -> Any:
    """Return the numbers that every permutation left agrees on, by the name in `stats`."""
    columns = zip(*(codes.split(",") for codes in left), strict=True)
    return {name: int(column[0]) for name, column in zip(STATUS_NAMES, columns, strict=True) if len(set(column)) == 1}


def _law(keys: tuple[str, ...]) -> str:
    """Return the name under which a probe's findings are recorded."""
    return f"probe of {', '.join(keys)}"


def _probes() -> list[tuple[tuple[str, ...], Probe, Submitting]]:
    """Return the readings that each probe shows, the probe, and what it needs a run to submit."""
    reading = ((keys, probe, Submitting.NOTHING) for keys, probe in _reading_probes())
    submitting = ((keys, probe, Submitting.ANYTHING) for keys, probe in _submitting_probes())
    refusals = _expect(SUBMIT_REFUSALS)
    return [*reading, (("bulk_precedence", "bulk_missing"), refusals, Submitting.REFUSALS), *submitting]


def _submitting_probes() -> list[tuple[tuple[str, ...], Probe]]:
    return [
        (("bulk_reply", "timezone"), _a_list),
        (("bulk_lines", "bulk_base64", "bulk_empty"), submissions.lists_written_in_other_ways),
        (("bulk_lines",), submissions.what_parts_the_codes),
        (("bulk_duplicate",), submissions.the_same_list_again),
        (("bulk_most",), submissions.a_very_long_list),
    ]


def _a_list(run: Run) -> None:
    submissions.the_documented_submission_is_taken(run)
    submissions.a_list_becomes_a_project_of_its_codes(run)


def _reading_probes() -> list[tuple[tuple[str, ...], Probe]]:
    return [
        (("http_status",), _expect("bodies", "cut-off")),
        (("session_key",), the_session_key_left_out),
        (("form_body",), _expect("bodies", "form")),
        (("missing_projectid",), _expect("presence", "no-projectid")),
        (("missing_paging",), _expect("presence", "no-status-page-limit")),
        (("out_of_range",), _expect("presence", "page-0", "limit-0")),
        (("types",), _expect("types", "page-as-text", "limit-as-text", "projectid-as-number", "status-as-number")),
        (("project_match",), _by_name),
        (("max_limit", "status_codes", "kategori_order"), _list),
        (("beyond_last", "empty_vouchers"), _past_the_last),
        (
            ("status_filter", "unknown_status", "status_codes", "empty_total_page", "empty_vouchers"),
            each_filter_by_code_and_by_name,
        ),
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
        run.expect_each(found[name] for name in names or found)

    return probe


def _by_name(run: Run) -> None:
    if run.caller.credentials.project_name is None:
        run.record.leave(Fact.of("no_project_name"))
    else:
        a_project_by_its_name(run)


def _list(run: Run) -> None:
    snapshot = run.take_snapshot()
    check_unfiltered_sums(run, limit=(run.total if snapshot is None else snapshot.total) + 10)


def _past_the_last(run: Run) -> None:
    run.page("PAGE-1", page=last_page(run, run.total, 30) + 1, limit=30)


def _one_page(run: Run) -> None:
    check_unfiltered_sums(run, limit=1)


def _scopes(run: Run) -> None:
    snapshot = run.snapshot()
    narrow = [] if snapshot is None else narrow_filters(run, snapshot)
    if not narrow:
        run.record.leave(Fact.of("no_snapshot" if snapshot is None else "no_narrow_filter"))
    for codes, text in narrow[:2]:
        for limit in (1, run.total + 10):
            check_filtered_sums(run, codes, text, limit)
