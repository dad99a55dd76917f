"""Judging a run: did it end, did it crash, and did it see what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.wire import STATUSES
from mockserver.testing.survive.judgement import ALWAYS, Judgement, Problem, bad_end, listed, shown
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scene import Observed
from mockserver.testing.survive.status_call.situations import Situation

_TOTAL = "total"
_COUNTED = (*(status.value for status in STATUSES), _TOTAL)


@dataclass(frozen=True)
class Expected:
    """What was there to see: every code of `vouchers` (those of `newer` were added meanwhile and may be missing).

    `counts` are all that may be right, one for each state that the client was shown.
    """

    vouchers: tuple[str, ...]
    newer: tuple[str, ...]
    counts: tuple[Mapping[str, int], ...]


@dataclass
class Asked(Observed):
    """What a client asked: the highest page, the smallest limit, and the values of its filter."""

    highest_page: int = 0
    limit: int = 30
    filters: set[str] = field(default_factory=set)


def judge(situation: Situation, expected: Expected, run: ClientRun, timeout: float) -> Judgement:
    """Judge a run of a situation; `timeout` (seconds) is what it was given."""
    end = bad_end(run, timeout, is_good=situation.outcome == "sees")
    if end is not None:
        return Judgement((end,), ALWAYS)
    if run.output is None:
        return Judgement((), ALWAYS)
    malformed = tuple(_malformed(run.output))
    if malformed:
        return Judgement(malformed, (*ALWAYS, "output"))
    return _judged_output(situation, expected, run, run.output)


def _malformed(output: Mapping[str, Any]) -> Iterator[Problem]:
    failed = bool(output.get("error"))
    vouchers = output.get("vouchers", [])
    if not (vouchers is None and failed) and not (
        isinstance(vouchers, (list, tuple)) and all(isinstance(code, str) for code in vouchers)
    ):
        yield Problem("output", f"`vouchers`: expected a list of voucher codes, got {shown(vouchers)}")
    counts = output.get("counts", {})
    if not (counts is None and failed) and not (
        isinstance(counts, Mapping) and all(isinstance(n, int) and not isinstance(n, bool) for n in counts.values())
    ):
        yield Problem("output", f"`counts`: expected an object of integers by status name, got {shown(counts)}")
    elif isinstance(counts, Mapping) and counts and not set(counts) & {*_COUNTED}:
        known = ", ".join(_COUNTED)
        yield Problem("output", f"`counts`: expected some of the names {known}, got {shown(list(counts))}")
    if not isinstance(output.get("error"), (str, type(None))):
        yield Problem("output", f"`error`: expected text or null, got {shown(output['error'])}")


def _judged_output(situation: Situation, expected: Expected, run: ClientRun, output: Mapping[str, Any]) -> Judgement:
    error = output.get("error")
    judged = (*ALWAYS, *(part for part in ("vouchers", "counts", "error") if part in output))
    if situation.outcome == "fails" or (error and situation.outcome == "either"):
        if not error and not run.exit_status:
            said = "null" if "error" in output else "left out"
            text = f"took a failure for success: expected {_expected_error(situation)} in `error`, which is {said}"
            return Judgement((Problem("false_success", text),), judged)
        if situation.expected_error.casefold() not in (error or "").casefold():
            text = f"`error`: expected {_expected_error(situation)}, got {shown(error)}"
            return Judgement((Problem("wrong_error", text),), judged)
        return Judgement((), judged)
    if error:
        return Judgement((Problem("false_alarm", f"took a success for a failure: `error` is {shown(error)}"),), judged)
    problems: list[Problem] = []
    if "vouchers" in output:
        problems += _vouchers(list(output["vouchers"]), expected)
    if "counts" in output:
        problems += _counts(output["counts"], expected)
    return Judgement(tuple(problems), judged)


def _vouchers(seen: list[str], expected: Expected) -> Iterator[Problem]:
    present = set(seen)
    missing = [code for code in expected.vouchers if code not in present]
    if missing:
        text = f"`vouchers`: expected all {len(expected.vouchers)}, got {len(seen)}; missing are {listed(missing)}"
        yield Problem("missing", text)
    allowed = {*expected.vouchers, *expected.newer}
    strange = [code for code in seen if code not in allowed]
    if strange:
        yield Problem("too_many", f"`vouchers`: not of this project are {listed(strange)}")
    twice = [code for code, times in Counter(seen).items() if times > 1]
    if twice:
        yield Problem("too_many", f"`vouchers`: expected each once, more than once are {listed(twice)}")


def _counts(counts: Mapping[str, int], expected: Expected) -> Iterator[Problem]:
    given = {name: counts[name] for name in _COUNTED if name in counts}
    candidates = [{**right, _TOTAL: sum(right.values())} for right in expected.counts]
    if not any(all(right[name] == count for name, count in given.items()) for right in candidates):
        right = candidates[0]
        wrong = [f"{name} {right[name]}, got {count}" for name, count in given.items() if right[name] != count]
        yield Problem("counts", f"`counts`: expected {'; '.join(wrong)}")


def _expected_error(situation: Situation) -> str:
    return f'"{situation.expected_error}"' if situation.expected_error else "some text"
