"""Judging a run: did it end, did it crash, and did it see what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mockserver.contract.wire import STATUSES
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.stage import Expected
from mockserver.testing.survive.status_call.situations import Situation

Symptom = Literal[
    "late", "crash", "output", "false_alarm", "false_success", "wrong_error", "missing", "too_many", "counts"
]
Result = Literal["passed", "failed", "not judged"]

_NAMED = 5
_TOTAL = "total"
_COUNTED = (*(status.value for status in STATUSES), _TOTAL)


@dataclass(frozen=True)
class Problem:
    """One thing that went wrong: what was expected and what it got."""

    symptom: Symptom
    text: str


@dataclass(frozen=True)
class Judgement:
    """What was found. `judged` are the parts that could be: ending, crashing, and those of the output."""

    problems: tuple[Problem, ...]
    judged: tuple[str, ...]

    @property
    def result(self) -> Result:
        """`not judged` when it ended without a crash, and printed nothing that says what it saw."""
        if self.problems:
            return "failed"
        return "passed" if len(self.judged) > len(_ALWAYS) else "not judged"


_ALWAYS = ("ending", "crashing")


def judge(situation: Situation, expected: Expected, run: ClientRun, timeout: float) -> Judgement:
    """Judge a run of a situation; `timeout` (seconds) is what it was given."""
    if not run.ended:
        return Judgement((Problem("late", f"expected it to end within {timeout:g} s; it had to be stopped"),), _ALWAYS)
    crash = _crash(situation, run)
    if crash is not None:
        return Judgement((crash,), _ALWAYS)
    if run.output is None:
        return Judgement((), _ALWAYS)
    malformed = tuple(_malformed(run.output))
    if malformed:
        return Judgement(malformed, (*_ALWAYS, "output"))
    return _judged_output(situation, expected, run, run.output)


def _crash(situation: Situation, run: ClientRun) -> Problem | None:
    if run.exit_status is None:
        return None if run.trace is None else Problem("crash", f"it raised {run.trace}")
    if run.exit_status < 0:
        return Problem("crash", f"it was ended by signal {-run.exit_status}")
    if run.exit_status == 0:
        return None
    if run.trace is not None:
        return Problem("crash", f"it crashed: exit status {run.exit_status}, and nothing caught {run.trace}")
    if situation.outcome == "sees":
        return Problem("crash", f"exit status {run.exit_status} without a traceback; expected 0, as the call is good")
    return None  # an exit status is a fair way to say that the call failed


def _malformed(output: Mapping[str, Any]) -> Iterator[Problem]:
    failed = bool(output.get("error"))
    vouchers = output.get("vouchers", [])
    if not (vouchers is None and failed) and not (
        isinstance(vouchers, (list, tuple)) and all(isinstance(code, str) for code in vouchers)
    ):
        yield Problem("output", f"`vouchers`: expected a list of voucher codes, got {_shown(vouchers)}")
    counts = output.get("counts", {})
    if not (counts is None and failed) and not (
        isinstance(counts, Mapping) and all(isinstance(n, int) and not isinstance(n, bool) for n in counts.values())
    ):
        yield Problem("output", f"`counts`: expected an object of integers by status name, got {_shown(counts)}")
    elif isinstance(counts, Mapping) and counts and not set(counts) & {*_COUNTED}:
        known = ", ".join(_COUNTED)
        yield Problem("output", f"`counts`: expected some of the names {known}, got {_shown(list(counts))}")
    if not isinstance(output.get("error"), (str, type(None))):
        yield Problem("output", f"`error`: expected text or null, got {_shown(output['error'])}")


def _judged_output(situation: Situation, expected: Expected, run: ClientRun, output: Mapping[str, Any]) -> Judgement:
    error = output.get("error")
    judged = (*_ALWAYS, *(part for part in ("vouchers", "counts", "error") if part in output))
    if situation.outcome == "fails" or (error and situation.outcome == "either"):
        if not error and not run.exit_status:
            said = "null" if "error" in output else "left out"
            text = f"took a failure for success: expected {_expected_error(situation)} in `error`, which is {said}"
            return Judgement((Problem("false_success", text),), judged)
        if situation.expected_error.casefold() not in (error or "").casefold():
            text = f"`error`: expected {_expected_error(situation)}, got {_shown(error)}"
            return Judgement((Problem("wrong_error", text),), judged)
        return Judgement((), judged)
    if error:
        return Judgement((Problem("false_alarm", f"took a success for a failure: `error` is {_shown(error)}"),), judged)
    problems: list[Problem] = []
    if "vouchers" in output:
        problems += _vouchers(list(output["vouchers"]), expected)
    if "counts" in output:
        problems += _counts(output["counts"], expected)
    return Judgement(tuple(problems), judged)


def _vouchers(seen: list[str], expected: Expected) -> Iterator[Problem]:
    listed = set(seen)
    missing = [code for code in expected.vouchers if code not in listed]
    if missing:
        text = f"`vouchers`: expected all {len(expected.vouchers)}, got {len(seen)}; missing are {_listed(missing)}"
        yield Problem("missing", text)
    allowed = {*expected.vouchers, *expected.newer}
    strange = [code for code in seen if code not in allowed]
    if strange:
        yield Problem("too_many", f"`vouchers`: not of this project are {_listed(strange)}")
    twice = [code for code, times in Counter(seen).items() if times > 1]
    if twice:
        yield Problem("too_many", f"`vouchers`: expected each once, more than once are {_listed(twice)}")


def _counts(counts: Mapping[str, int], expected: Expected) -> Iterator[Problem]:
    given = {name: counts[name] for name in _COUNTED if name in counts}
    candidates = [{**right, _TOTAL: sum(right.values())} for right in expected.counts]
    if not any(all(right[name] == count for name, count in given.items()) for right in candidates):
        right = candidates[0]
        wrong = [f"{name} {right[name]}, got {count}" for name, count in given.items() if right[name] != count]
        yield Problem("counts", f"`counts`: expected {'; '.join(wrong)}")


def _expected_error(situation: Situation) -> str:
    return f'"{situation.expected_error}"' if situation.expected_error else "some text"


def _listed(codes: list[str]) -> str:
    more = len(codes) - _NAMED
    return ", ".join(codes[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shown(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 160 else f"{text[:160]}…"
