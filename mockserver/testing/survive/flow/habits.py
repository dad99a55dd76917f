"""The habits of clients that submit and poll, and which of them a failure points at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.contract.wire import VoucherStatus
from mockserver.testing.survive.flow.judging import ENDED, MOST_A_SECOND, OPEN, Asked, Expected
from mockserver.testing.survive.flow.situations import FlowSituation, clarity_of
from mockserver.testing.survive.judgement import Doubt, Habit, Symptom
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.status_call.habits import HABITS as STATUS_CALL_HABITS
from mockserver.testing.survive.status_call.habits import misses_message

_LISTED = (
    Habit(
        "submits-again",
        "It submits a list again because no reply arrived: the codes count twice.",
        "Submit once. Without a reply the list is unknown: say so, and let a person ask the vendor.",
    ),
    Habit(
        "submits-taken-again",
        "It submits codes again whose list it knows was taken, as the project is late or codes failed.",
        "What was taken is not sent again: poll on, and let a person look at the codes that failed.",
    ),
    Habit(
        "double-is-failure",
        "It submits again, and takes BULK-ERR-10, which is about its own first try, for a failure.",
        "Submit once. A double after a try of yours that had no reply says that the first one was taken.",
    ),
    Habit(
        "lost-reply-is-failure",
        "It books a list as failed because its reply did not arrive.",
        "No reply is no answer: the codes are unknown, and may be taken.",
    ),
    Habit(
        "success-is-rc-200",
        "It takes rc 0 of the submit call for a failure, as only rc 200 is a success to it.",
        "A submission succeeds with rc 0 (BULK-RES-1), the status call with rc 200 (RES-1).",
    ),
    Habit(
        "accepted-is-success",
        "It books codes as redeemed because their list was taken.",
        "A list that was taken is pending: what became of each code says the status call alone.",
    ),
    Habit(
        "stops-polling-early",
        "It stops polling while codes are pending or in process.",
        "Poll until `pending` and `process` of `stats` are 0.",
    ),
    Habit(
        "polls-without-pause",
        f"It polls without a pause, more than {MOST_A_SECOND} times a second.",
        "Pause between two polls, a few seconds in production.",
    ),
    Habit(
        "project-id-lost",
        "It does not keep the project_id of the reply, or asks for something else.",
        "Store `data.project_id` before anything else, and ask for exactly that.",
    ),
    Habit(
        "never-ends",
        "It polls for ever when the codes do not finish.",
        "Stop after so many polls, and say that the codes are pending still.",
    ),
    Habit(
        "late-project-is-failure",
        "It takes a project that the status call does not know yet for a failure.",
        "A project that you were just given may appear late: go on polling.",
    ),
    Habit(
        "failed-poll-is-final",
        "It gives up, or books a failure, because one status call failed.",
        "A failed status call says nothing of the codes: poll again after the pause.",
    ),
    Habit(
        "one-status-for-all",
        "It takes the status of one code for that of all.",
        "Each code has a status of its own: look each one up.",
    ),
    Habit(
        "ended-is-success",
        "It books every code that is open no more as a success.",
        "Look at the status: `error_engine` and `error_voucher` are ends too.",
    ),
    Habit(
        "codes-by-position",
        "It takes the places of the vouchers for those of the codes that it submitted.",
        "Look each code up by `voucher_code`: the newest voucher is listed first (RES-5).",
    ),
    Habit(
        "moments-mixed",
        "It joins pages that were read at two moments.",
        "Once `stats` has nothing open, read every page anew.",
    ),
)
_SHARED = (
    "http-500-hides-envelope",
    "http-200-is-success",
    "error-from-message",
    "first-page-only",
    "crash-on-added-field",
    "crash-on-html",
    "crash-on-cut-body",
    "crash-on-lost-connection",
    "no-timeout",
    "endless-retry",
    "fields-left-out",
)
_OF_BOTH_CALLS = Habit(
    "fault-for-success",
    "A broken reply or a refusal is taken for success.",
    "Only a whole reply with rc 0 is a submission, and one with rc 200 a status.",
)
HABITS: Mapping[str, Habit] = MappingProxyType(
    {habit.name: habit for habit in (*_LISTED, *(STATUS_CALL_HABITS[name] for name in _SHARED), _OF_BOTH_CALLS)}
)
# Those that no client of the status call can have.
OWN_HABITS = tuple(habit.name for habit in _LISTED)

_CUT = {"close_middle", "truncated_json", "wrong_length", "empty_body"}
_HTML = {"html_502", "html_503", "html_504"}
_FEW_CALLS = 3
_HTTP_WORDS = re.compile(r"\b[45]\d\d\b|\bHTTP\b|bad request|internal server error", re.IGNORECASE)


def doubt_of(situation: FlowSituation, habit: Habit | None) -> Doubt | None:
    """Return what leaves it open which habit a failure in a situation shows; None when nothing does."""
    if habit is not None and habit.name == "submits-again":
        # What it makes of the refusal shows only where the first try was taken, and the second is told so.
        told = FlowSituation(1, fault=situation.fault)
        return None if told == situation else Doubt(told, None, habit.name)
    if habit is not None and habit.name == "one-status-for-all":
        # Where the one status is a success, both say the same.
        return Doubt(FlowSituation(1, ends=VoucherStatus.ERROR_ENGINE.value), None, habit.name)
    return None


def habit_of(
    situation: FlowSituation, symptom: Symptom, run: ClientRun, asked: Asked, expected: Expected
) -> Habit | None:
    """Return the habit that a failure points at, or None when it could be anything."""
    if not asked.calls:
        return None  # whatever it does, it is not what it does with replies
    name = _named(_Clues(situation, symptom, run, asked, expected))
    return None if name is None else HABITS[name]


@dataclass(frozen=True)
class _Clues:
    situation: FlowSituation
    symptom: Symptom
    run: ClientRun
    asked: Asked
    expected: Expected

    @property
    def output(self) -> Mapping[str, Any]:
        return self.run.output or {}

    @property
    def said(self) -> list[str]:
        """What it says of the codes."""
        codes = self.output.get("codes")
        return [str(word) for word in codes.values()] if isinstance(codes, Mapping) else []

    @property
    def says_failure(self) -> bool:
        said = self.said
        return bool(self.output.get("error")) if not said else any(word not in OPEN | {"success"} for word in said)

    @property
    def was_taken(self) -> bool:
        """Whether it was told, and could read, that a list of its was taken."""
        return any(one.project_id is not None and one.clarity == "clear" for one in self.asked.submitted)

    @property
    def is_first_page_alone(self) -> bool:
        """Whether it read one page of several."""
        cap = min(30, self.situation.in_force.limit_cap or 30)
        return self.asked.highest_page == 1 and self.situation.codes > cap

    @property
    def is_taken_sent_again(self) -> bool:
        """Whether it was refused what it knew to be taken, and had polled for."""
        is_double = any(one.is_own_double for one in self.asked.submitted)
        return is_double and self.was_taken and bool(self.asked.own_polls)

    @property
    def is_refusal_met(self) -> bool:
        return any(one.clause for one in self.asked.submitted)


def _named(clues: _Clues) -> str | None:
    return _POINTING.get(clues.symptom, _after_acceptance)(clues)


def _sent_again(clues: _Clues) -> str | None:
    if clues.was_taken and clarity_of(clues.situation.fault) == "clear":
        # Who took the reply for a failure has nothing to poll for.
        return "submits-taken-again" if clues.asked.own_polls else "success-is-rc-200"
    if any(one.is_own_double for one in clues.asked.submitted) and clues.says_failure:
        return "double-is-failure"
    return "submits-again"


def _late(clues: _Clues) -> str | None:
    lists = [one.codes for one in clues.asked.submitted]
    if len(lists) - len(set(lists)) >= _FEW_CALLS:
        return "endless-retry"
    if len(set(lists)) > _FEW_CALLS:
        return None  # it submits in parts, and that takes its time
    return "never-ends" if clues.asked.own_polls > _FEW_CALLS else "no-timeout"


def _crash(clues: _Clues) -> str | None:
    if clues.is_taken_sent_again:
        return "submits-taken-again"
    situation, trace = clues.situation, clues.run.trace or ""
    fault = situation.fault or situation.poll_fault
    is_refused = situation.ending == "refused"
    if is_refused or situation.late or fault == "rate_limit":
        if misses_message(clues.run):
            return "error-from-message"
        if is_refused and situation.in_force.http_status == "200":
            return "http-200-is-success"
        if is_refused or _HTTP_WORDS.search(trace):
            return "http-500-hides-envelope"
    if fault is not None:
        if fault in _HTML and fault.removeprefix("html_") in trace:
            return "http-500-hides-envelope"  # what it raised is about the status, and it looked no further
        return "crash-on-html" if fault in _HTML else "crash-on-cut-body" if fault in _CUT else _lost(fault)
    if situation.mutation == "added_fields":
        return "crash-on-added-field"
    if clues.was_taken and not clues.asked.own_polls:
        # It looked for the text of a failure in a success.
        return "success-is-rc-200" if "error_msg" in trace else None
    return _after_acceptance(clues)


def _lost(fault: str) -> str | None:
    return None if fault in {"wrong_content_type", "rate_limit"} else "crash-on-lost-connection"


def _false_success(clues: _Clues) -> str | None:
    if clues.situation.ending == "refused":
        return "http-200-is-success" if clues.situation.in_force.http_status == "200" else "fault-for-success"
    if clues.situation.ending == "unknown":
        return "fault-for-success"
    return "accepted-is-success" if not clues.asked.own_polls else _wrong_status(clues)


def _wrong_error(clues: _Clues) -> str | None:
    is_error_status = clues.situation.in_force.http_status != "200"
    said = str(clues.output.get("error") or "")
    return "http-500-hides-envelope" if is_error_status and _HTTP_WORDS.search(said) else "error-from-message"


def _wrong_status(clues: _Clues) -> str | None:
    said, right = clues.said, [*clues.expected.final.values()]
    if not clues.asked.own_polls:
        return "accepted-is-success" if len(set(said)) == 1 < len(set(right)) else None
    if len(set(said)) == 1:
        is_ended = set(said) == {VoucherStatus.SUCCESS.value} and len(set(right)) == 1
        return "ended-is-success" if is_ended else "one-status-for-all" if len(set(right)) > 1 else None
    return "codes-by-position" if sorted(said) == sorted(right) else None


def _missing(clues: _Clues) -> str | None:
    return "first-page-only" if clues.is_first_page_alone else _after_acceptance(clues)


def _too_many(clues: _Clues) -> str | None:
    sent = {code for one in clues.asked.submitted for code in one.codes}
    return "fields-left-out" if sent - set(clues.expected.codes) else None


def _after_acceptance(clues: _Clues) -> str | None:
    """Return what keeps a client from what was to be seen, from the submission on."""
    asked, situation = clues.asked, clues.situation
    if any(one.is_own_double for one in asked.submitted):
        return "submits-taken-again" if clues.is_taken_sent_again else "double-is-failure"
    if not clues.was_taken:
        if situation.ending in {"unknown", "either"} and clues.says_failure:
            return "lost-reply-is-failure"
        return "fields-left-out" if clues.is_refusal_met and situation.ending == "finishes" else None
    if not asked.own_polls:
        if "success" in clues.said:
            return "accepted-is-success"
        is_asked = asked.other_polls or not clues.says_failure
        return "project-id-lost" if is_asked else "success-is-rc-200"
    if situation.late:
        return "late-project-is-failure"
    if situation.poll_fault:
        return "failed-poll-is-final"
    if asked.is_open is None:
        return "fields-left-out"  # each of its status calls was refused
    if clues.symptom == "stopped_early":
        if asked.is_open is False and set(clues.said) & ENDED:
            return "first-page-only" if clues.is_first_page_alone else "moments-mixed"
        return "stops-polling-early"
    return None


_POINTING = {
    "late": _late,
    "crash": _crash,
    "sent_again": _sent_again,
    "too_fast": lambda _: "polls-without-pause",
    "false_success": _false_success,
    "wrong_error": _wrong_error,
    "wrong_status": _wrong_status,
    "missing": _missing,
    "too_many": _too_many,
}
