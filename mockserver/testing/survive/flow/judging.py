"""Judging a flow: what it sent, and what it says became of each code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.plan import FINAL
from mockserver.testing.survive.flow.situations import Clarity, FlowSituation
from mockserver.testing.survive.judgement import ALWAYS, Judgement, Problem, Symptom, bad_end, listed, shown
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scene import Observed

REFUSED, UNKNOWN = "refused", "unknown"
ENDED = frozenset(status.value for status in FINAL)
OPEN = frozenset({VoucherStatus.PENDING.value, VoucherStatus.PROCESS.value, UNKNOWN})
WORDS = (*(status.value for status in VoucherStatus), REFUSED, UNKNOWN)

# More status calls for a first page within one second are no pause.
MOST_A_SECOND = 10
_NAMED = 3


@dataclass(frozen=True)
class Submitted:
    """One submission as the vendor's side knows it: the project that it became or the clause that refused it.

    `clarity` is what its reply left to the client; `is_own_double` says that a code of it was refused because this
    client had submitted it before.
    """

    codes: tuple[str, ...]
    project_id: str | None
    clause: str | None
    clarity: Clarity
    is_own_double: bool = False


@dataclass
class Asked(Observed):
    """What a client asked. `polls` are the times (in seconds) of its status calls for a first page.

    `own_polls` and `other_polls` count the status calls for projects that it was told of, and for others;
    `highest_page` is of the former. `is_open` says whether the newest status reply that it could read had open codes,
    None when there was none.
    """

    submitted: list[Submitted] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    own_polls: int = 0
    other_polls: int = 0
    highest_page: int = 0
    is_open: bool | None = None

    @property
    def resubmitted(self) -> list[str]:
        """The codes that were sent again although an earlier submission of them was, or may have been, taken."""
        taken: dict[str, None] = {}
        again: dict[str, None] = {}
        for one in self.submitted:
            again.update((code, None) for code in one.codes if code in taken)
            if one.clarity != "refused":
                taken.update((code, None) for code in one.codes)
        return [*again]

    @property
    def most_a_second(self) -> int:
        """How many polls there were at most within one second."""
        times = self.polls
        return max((sum(start <= at < start + 1 for at in times) for start in times), default=0)

    def projects_of(self, code: str) -> list[Submitted]:
        """Return the submissions that made a project with this code."""
        return [one for one in self.submitted if one.project_id is not None and code in one.codes]


@dataclass(frozen=True)
class Expected:
    """What became of each code in truth: `final` is the status that it ends in when it was taken."""

    codes: tuple[str, ...]
    final: Mapping[str, str]


def allowed(situation: FlowSituation, expected: Expected, asked: Asked, code: str) -> frozenset[str]:
    """Return what a client may say of a code, after what it did."""
    if situation.ending == "finishes" and not asked.resubmitted:
        return frozenset({expected.final[code]})
    is_finishing = situation.plan != "never" and not (situation.poll_fault and not situation.polls_hit)
    settled = frozenset({expected.final[code]}) if is_finishing else OPEN
    with_code = [one for one in asked.submitted if code in one.codes]
    clarities = {one.clarity for one in with_code if one.project_id is not None}
    if "clear" in clarities:
        return settled
    if "doubtful" in clarities:
        return settled | OPEN
    if clarities or any(one.clarity != "refused" for one in with_code):
        return OPEN
    return OPEN | {REFUSED}


def judge(situation: FlowSituation, expected: Expected, asked: Asked, run: ClientRun, timeout: float) -> Judgement:
    """Judge a run of a flow; `timeout` (seconds) is what it was given."""
    end = bad_end(run, timeout, is_good=situation.ending == "finishes")
    if end is not None:
        return Judgement((end,), ALWAYS)
    problems = [*_sent_wrong(expected, asked)]
    judged: tuple[str, ...] = (*ALWAYS, "calls")
    if run.output is not None:
        malformed = [*_malformed(run.output)]
        if malformed:
            return Judgement((*problems, *malformed), (*judged, "output"))
        judged = (*judged, *(part for part in ("codes", "error") if part in run.output))
        problems += _said_wrong(situation, expected, asked, run)
    if not problems and situation.ending == "finishes":
        problems += _stopped_early(asked)
    return Judgement(tuple(problems), judged)


def _sent_wrong(expected: Expected, asked: Asked) -> Iterator[Problem]:
    again = asked.resubmitted
    if again:
        count = len(again)
        projects = max(len(asked.projects_of(code)) for code in again)
        became = f"; the vendor took them {projects} times" if projects > 1 else ""
        text = f"submitted again: {count} code{'s' * (count != 1)} of a list that was, or may have been, taken{became}"
        yield Problem("sent_again", text)
    if asked.most_a_second > MOST_A_SECOND:
        text = f"polled {asked.most_a_second} times within one second; expected at most {MOST_A_SECOND}"
        yield Problem("too_fast", text)
    sent = {code for one in asked.submitted for code in one.codes}
    strange = len(sent - set(expected.codes))
    if strange:
        yield Problem("too_many", f"submitted {strange} code{'s' * (strange != 1)} that it was not given")


def _malformed(output: Mapping[str, Any]) -> Iterator[Problem]:
    codes = _codes_in(output)
    if codes is None:
        yield Problem("output", "`codes`: expected an object, each code with what became of it")
    else:
        wrong = sorted({shown(word) for word in codes.values() if word not in WORDS})
        if wrong:
            yield Problem("output", f"`codes`: expected one of {', '.join(WORDS)} for each, got {listed(wrong)}")
    if not isinstance(output.get("error"), (str, type(None))):
        yield Problem("output", f"`error`: expected text or null, got {shown(output['error'])}")


def _codes_in(output: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return `codes`, also where it is left out or is the empty list that PHP makes of an empty array."""
    codes = output.get("codes")
    if codes is None or codes == []:
        return {}
    return codes if isinstance(codes, Mapping) else None


def _said_wrong(situation: FlowSituation, expected: Expected, asked: Asked, run: ClientRun) -> Iterator[Problem]:
    output = run.output or {}
    codes, error = _codes_in(output) or {}, output.get("error")
    if codes:
        yield from _codes_wrong(situation, expected, asked, codes)
    elif situation.ending == "finishes" and (error or "codes" in output):
        said = f"`error` is {shown(error)}" if error else "`codes` is empty"
        yield Problem("false_alarm", f"took a success for a failure: {said}")
    elif situation.ending in {"refused", "unknown"} and not error and not run.exit_status:
        said = "null" if "error" in output else "left out"
        yield Problem("false_success", f"took a failure for success: expected some text in `error`, which is {said}")
    is_refused = any(one.clause for one in asked.submitted)  # a list in parts may be taken where a whole is not
    if situation.ending == "refused" and is_refused and "error" in output and (error or codes):
        wanted = situation.expected_error
        if wanted.casefold() not in (error or "").casefold():
            yield Problem("wrong_error", f'`error`: expected "{wanted}", got {shown(error)}')


def _codes_wrong(
    situation: FlowSituation, expected: Expected, asked: Asked, said: Mapping[str, str]
) -> Iterator[Problem]:
    wrong: dict[Symptom, list[str]] = {}
    for number, code in enumerate(expected.codes, 1):
        right = allowed(situation, expected, asked, code)
        word = said.get(code)
        symptom = _symptom(word, right)
        if symptom is not None:
            told = f"code {number}: expected {' or '.join(sorted(right))}, got {word or 'nothing'}"
            wrong.setdefault(symptom, []).append(told)
    for found, places in wrong.items():
        more = len(places) - _NAMED
        yield Problem(found, "; ".join(places[:_NAMED]) + (f"; and {more} more" if more > 0 else ""))
    strange = len(said.keys() - set(expected.codes))
    if strange:
        yield Problem("too_many", f"`codes`: {strange} of them it was not given")


def _symptom(word: str | None, right: frozenset[str]) -> Symptom | None:
    if word in right:
        return None
    if word is None:
        # Where nobody knows, saying nothing of a code says the same.
        return None if UNKNOWN in right else "missing"
    if word in OPEN:
        return "stopped_early"
    if word in ENDED and right & ENDED:
        return "wrong_status"
    return "false_success" if word == VoucherStatus.SUCCESS.value else "false_failure"


def _stopped_early(asked: Asked) -> Iterator[Problem]:
    if not any(one.project_id for one in asked.submitted):
        yield Problem("missing", "expected its list to be taken; it submitted none that was")
    elif asked.is_open is None:
        yield Problem("stopped_early", "never asked what became of its project")
    elif asked.is_open:
        yield Problem("stopped_early", "asked no more while codes were open")
