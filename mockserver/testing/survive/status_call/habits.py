"""The habits of clients that break them, as public code shows them, and which of them a failure points at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.contract.project_detail import DEFAULT_LIMIT, PROJECT_DETAIL
from mockserver.testing.survive.judgement import Doubt, Habit, Symptom
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.status_call.judging import Asked, Expected
from mockserver.testing.survive.status_call.situations import FAULT_EXPECTATIONS, Situation

_LISTED = (
    Habit("pending-filter-lost", 'The filter "0" is lost because it is falsy.', 'Compare with "" or null; send "0".'),
    Habit("success-is-rc-0", "Success is tested as rc == 0.", "Success is rc 200 (RES-1)."),
    Habit(
        "error-from-message",
        "The failure text is read from `message`, or not passed on.",
        "An error has `error_msg` (ERR-5).",
    ),
    Habit("first-page-only", "Only the first page is read.", "Read pages 1 to `total_page`."),
    Habit(
        "http-500-hides-envelope",
        "An exception on HTTP 400 or 500 hides the envelope.",
        "Read the body of an error too: `rc` and `error_msg` are there.",
    ),
    Habit(
        "http-200-is-success", "A failure is taken for success because HTTP said 200.", "Look at `rc` before `data`."
    ),
    Habit("crash-on-empty-list", "It fails on an empty list.", "Look whether there is a first before touching it."),
    Habit("crash-on-null", "It fails on `null` in place of an empty list.", "Take `null` for an empty list."),
    Habit("crash-on-added-field", "It fails on a field that it does not know.", "Pick the fields you know."),
    Habit("crash-on-html", "It fails on an HTML page of a proxy.", "Check that the body is JSON, report it if not."),
    Habit("crash-on-cut-body", "It fails on a body that is cut off or empty.", "Catch what the parser raises."),
    Habit("crash-on-lost-connection", "It fails when the connection does.", "Catch what the HTTP library raises."),
    Habit("no-timeout", "It has no timeout.", "Give every call a time limit of a few seconds."),
    Habit("endless-retry", "It asks again and again what fails each time.", "Give up after a few times, and say so."),
    Habit("endless-page-loop", "Its page loop never ends when the last page repeats.", "Stop at `total_page`."),
    Habit(
        "totals-stand-still",
        "It trusts that totals hold still between two pages.",
        "Read `total_page` of each reply anew, drop repeated ids, and count from one reply.",
    ),
    Habit("status-by-position", "Status numbers are read by position.", "Count by the names in `stats`."),
    Habit(
        "last-page-lost",
        "It works out the number of pages itself, and loses the last one.",
        "Take the number of pages from `total_page`, or round up.",
    ),
    Habit("page-size-assumed", "It takes its own `limit` for the page size.", "Take the pages from `total_page`."),
    Habit("fields-left-out", "It leaves out, or changes, fields of the call.", "Send what the page shows."),
    Habit("part-for-whole", "Some pages are taken for the list when a later one fails.", "Report the failure."),
    Habit("fault-for-success", "A broken reply is taken for success.", "Only a whole reply with rc 200 is one."),
)
HABITS: Mapping[str, Habit] = MappingProxyType({habit.name: habit for habit in _LISTED})

_CUT = {"close_middle", "truncated_json", "wrong_length", "empty_body"}
_LOST = {"close_before", "no_reply", "stalled_body", "delay", "slow_body"}
_HTML = {"html_502", "html_503", "html_504"}
_ENVELOPES = {name for name, one in FAULT_EXPECTATIONS.items() if one.error} | {"rate_limit"}
_FEW_CALLS, _MANY_CALLS = 3, 40
_THREE_PAGES = Situation(2 * DEFAULT_LIMIT + 1)
_HTTP_WORDS = re.compile(r"\b[45]\d\d\b|\bHTTP\b|bad request|internal server error", re.IGNORECASE)
# A line that begins with white space is one of the client's source, as a traceback quotes it.
_MESSAGE = re.compile(r"""^\S.*['"\[`]message['"\]`]""", re.MULTILINE)


def doubt_of(situation: Situation, habit: Habit | None) -> Doubt | None:
    """Return what leaves it open which habit a failure in a situation shows; None when nothing does."""
    if habit is None:
        return None
    if habit.name == "page-size-assumed":
        # Each stops early in a list that a cap cuts short. Without a cap the others do, too.
        return Doubt(_THREE_PAGES, None, habit.name)
    if habit.name == "first-page-only" and situation.vouchers <= 2 * DEFAULT_LIMIT:
        # Of two pages, who loses the last one reads the first alone.
        return Doubt(_THREE_PAGES, None, habit.name)
    if habit.name == "endless-page-loop" and not situation.vouchers % DEFAULT_LIMIT:
        # A last page that is full looks like any other to both. One of them stops at a last page that is not.
        return Doubt(Situation(31, readings=situation.readings), "endless-page-loop", "page-size-assumed")
    return None


def habit_of(
    situation: Situation, symptom: Symptom, run: ClientRun, observed: Asked, expected: Expected
) -> Habit | None:
    """Return the habit that a failure points at, or None when it could be anything."""
    if not observed.calls:
        return None  # whatever it does, it is not what it does with replies
    name = _POINTING[symptom](_Clues(situation, run, observed, expected))
    return None if name is None else HABITS[name]


def misses_message(run: ClientRun) -> bool:
    """Return whether what a client broke with, or complained of, is that there is no `message`."""
    return bool(_MESSAGE.search(run.trace or "") or _MESSAGE.search(run.said))


@dataclass(frozen=True)
class _Clues:
    situation: Situation
    run: ClientRun
    observed: Asked
    expected: Expected

    @property
    def output(self) -> Mapping[str, Any]:
        return self.run.output or {}

    @property
    def error(self) -> str:
        return self.output.get("error") or ""

    @property
    def keys(self) -> set[str]:
        return {key for key, _ in self.situation.readings}

    @property
    def is_http_200(self) -> bool:
        return self.situation.in_force.http_status == "200"

    @property
    def first_pages(self) -> str:
        """The habit of a client that reads the first page alone, as far as is known."""
        return "page-size-assumed" if "max_limit" in self.keys else "first-page-only"

    @property
    def stopped_early(self) -> bool:
        """Whether it never asked for a second page that was there."""
        return self.observed.highest_page <= 1 < self.pages

    @property
    def lost_the_last(self) -> bool:
        """Whether the last of three pages or more is the one that it did not ask for."""
        return 2 <= self.observed.highest_page == self.pages - 1

    @property
    def pages(self) -> int:
        """How many pages there were at the limit that it asked for."""
        size = min(self.observed.limit, self.situation.in_force.limit_cap or self.observed.limit)
        return -(-self.situation.vouchers // max(size, 1))


def _late(clues: _Clues) -> str | None:
    if clues.situation.outcome == "fails" and clues.observed.calls > _FEW_CALLS:
        return "endless-retry"
    return "endless-page-loop" if clues.observed.calls > _MANY_CALLS else "no-timeout"


def _crash(clues: _Clues) -> str | None:
    situation = clues.situation
    if situation.error or situation.fault in _ENVELOPES:
        if misses_message(clues.run):
            return "error-from-message"
        return "http-200-is-success" if situation.error and clues.is_http_200 else "http-500-hides-envelope"
    if situation.fault in _HTML and situation.fault.removeprefix("html_") in (clues.run.trace or ""):
        return "http-500-hides-envelope"  # what it raised is about the status, and it looked no further
    for faults, name in (
        (_HTML, "crash-on-html"),
        (_CUT, "crash-on-cut-body"),
        (_LOST, "crash-on-lost-connection"),
    ):
        if situation.fault in faults:
            return name
    return _world(clues)


def _world(clues: _Clues) -> str | None:
    """Return what a good reply broke."""
    situation = clues.situation
    if situation.mutation == "added_fields":
        return "crash-on-added-field"
    if situation.mutation in {"totals_grow", "statuses_move"}:
        return "totals-stand-still"
    if situation.vouchers == 0:
        return "crash-on-null" if "empty_vouchers" in clues.keys else "crash-on-empty-list"
    return None


def _false_alarm(clues: _Clues) -> str | None:
    if any(error.error_msg.casefold() in clues.error.casefold() for error in PROJECT_DETAIL.errors):
        return "fields-left-out"
    return _world(clues) or ("success-is-rc-0" if not clues.situation.fault else None)


def _false_success(clues: _Clues) -> str | None:
    situation = clues.situation
    if situation.fault and situation.fault_from_page > 1:
        if clues.stopped_early:
            return clues.first_pages
        return "fault-for-success" if clues.output.get("vouchers") == [] else "part-for-whole"
    if situation.error or situation.fault in _ENVELOPES:
        # Nothing in it tells a failure that was not looked for from one whose text was looked for in another place.
        return "http-200-is-success" if clues.is_http_200 else "fault-for-success"
    return "fault-for-success"


def _wrong_error(clues: _Clues) -> str | None:
    if any(error.error_msg.casefold() in clues.error.casefold() for error in PROJECT_DETAIL.errors):
        return "fields-left-out"  # it was told of another error than the one that the call was to meet
    is_error_status = not clues.is_http_200
    return "http-500-hides-envelope" if is_error_status and _HTTP_WORDS.search(clues.error) else "error-from-message"


def _missing(clues: _Clues) -> str | None:
    if clues.situation.fault and not clues.output.get("vouchers"):
        return "fault-for-success"
    if clues.stopped_early:
        return clues.first_pages
    if clues.situation.mutation == "totals_grow":
        return "totals-stand-still"
    if clues.lost_the_last and "max_limit" not in clues.keys:
        return "last-page-lost"
    return "page-size-assumed" if "max_limit" in clues.keys else None


def _too_many(clues: _Clues) -> str | None:
    return "totals-stand-still" if clues.situation.mutation == "totals_grow" else None


def _counts(clues: _Clues) -> str | None:
    pending = (clues.output.get("counts") or {}).get("pending")
    takes_all = any(pending == sum(right.values()) != right["pending"] for right in clues.expected.counts)
    if takes_all and "0" not in clues.observed.filters:
        return "pending-filter-lost"
    if clues.stopped_early:
        return clues.first_pages
    if clues.situation.mutation in {"totals_grow", "statuses_move"}:
        return "totals-stand-still"
    return "status-by-position" if "status_codes" in clues.keys else None


_POINTING = {
    "late": _late,
    "crash": _crash,
    "output": _world,
    "false_alarm": _false_alarm,
    "false_success": _false_success,
    "wrong_error": _wrong_error,
    "missing": _missing,
    "too_many": _too_many,
    "counts": _counts,
}
