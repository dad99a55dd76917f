"""What is found of a run: problems, and the habit that they point at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scenario import Situation

Symptom = Literal[
    "late",
    "crash",
    "output",
    "false_alarm",
    "false_success",
    "wrong_error",
    "missing",
    "too_many",
    "counts",
    "sent_again",
    "too_fast",
    "false_failure",
    "stopped_early",
    "wrong_status",
]
Result = Literal["passed", "failed", "not judged"]

ALWAYS = ("ending", "crashing")
_NAMED = 5


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
        return "passed" if set(self.judged) - {*ALWAYS, "calls"} else "not judged"


@dataclass(frozen=True)
class Habit:
    """A habit of clients by name: `what` the client does, and the `fix`."""

    name: str
    what: str
    fix: str


@dataclass(frozen=True)
class Doubt:
    """A habit that a failure points at as well as at another: how the client does in `situation` tells which it is.

    `if_it_fails` is None where it is the habit that the failure there points at.
    """

    situation: Situation
    if_it_fails: str | None
    if_it_passes: str


def bad_end(run: ClientRun, timeout: float, *, is_good: bool) -> Problem | None:
    """Return what is wrong with how a run ended, or None.

    `timeout` (seconds) is what it was given; `is_good` says that nothing was to fail, and so no exit status is due.
    """
    if not run.ended:
        return Problem("late", f"expected it to end within {timeout:g} s; it had to be stopped")
    if run.exit_status is None:
        return None if run.trace is None else Problem("crash", f"it raised {run.trace}")
    if run.exit_status < 0:
        return Problem("crash", f"it was ended by signal {-run.exit_status}")
    if run.exit_status == 0:
        return None
    if run.trace is not None:
        return Problem("crash", f"it crashed: exit status {run.exit_status}, and nothing caught {run.trace}")
    if is_good:
        return Problem("crash", f"exit status {run.exit_status} without a traceback; expected 0, as the call is good")
    return None  # an exit status is a fair way to say that the call failed


def shown(value: object) -> str:
    """Return a value of the output as a problem quotes it."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 160 else f"{text[:160]}…"


def listed(names: Sequence[str]) -> str:
    """Return the first few of a list, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
