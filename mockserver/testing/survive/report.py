"""The report of `survive`: on a terminal, as JSON (`schemas/survive.json`) and as JUnit."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mockserver.contract.foreign_text import harmless
from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.judgement import Habit, listed
from mockserver.testing.survive.playing import Played, Verdict
from mockserver.testing.survive.scenario import Situation
from mockserver.testing.survive.status_call.catalogue import STATUS_CALL

_EXCHANGES_SHOWN = 3
_REPLY_SHOWN = 800
_COLOURS = {"passed": "green", "failed": "red", "not judged": "yellow"}

# A line of the report and the colour that a terminal may give it.
Line = tuple[str, str | None]


@dataclass(frozen=True)
class SurviveReport:
    """What became of a client in each scenario of a catalogue. `command` is None for a callable; times in seconds."""

    verdicts: tuple[Verdict, ...]
    command: tuple[str, ...] | None
    seed: int
    timeout: float
    took: float
    catalogue: Catalogue = STATUS_CALL

    @property
    def survives(self) -> bool:
        """Whether it failed in no scenario, and called in some; one that was not judged is no failure."""
        return not self.failed and not self.never_called

    @property
    def never_called(self) -> bool:
        """Whether no call reached the endpoint in any scenario, so that nothing is known of the client."""
        return bool(self.verdicts) and not any(verdict.played.observed.calls for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The scenarios in which it failed."""
        return tuple(verdict for verdict in self.verdicts if verdict.result == "failed")

    @property
    def not_judged(self) -> tuple[Verdict, ...]:
        """The scenarios that it ended without a crash, and of which it did not say what it saw."""
        return tuple(verdict for verdict in self.verdicts if verdict.result == "not judged")

    @property
    def habits(self) -> Mapping[str, tuple[str, ...]]:
        """The habits that the failures point at, by name, each with the scenarios; the most telling first."""
        found: dict[str, list[str]] = {}
        for verdict in self.failed:
            if verdict.habit is not None:
                found.setdefault(verdict.habit.name, []).append(verdict.scenario.name)
        return {name: tuple(found[name]) for name in sorted(found, key=lambda name: -len(found[name]))}

    def __bool__(self) -> bool:
        return self.survives

    def __str__(self) -> str:
        return "\n".join(text for text, _ in self.lines())

    def lines(self) -> Iterator[Line]:
        """Yield the report as a terminal shows it, each line with a colour or None; nothing in one commands it."""
        yield from map(_harmless, self._lines())

    def failure_lines(self, verdict: Verdict) -> Iterator[Line]:
        """Yield all there is to know of one failure, as `lines` does."""
        yield from map(_harmless, self._failure_lines(verdict, in_full=True))

    def _lines(self) -> Iterator[Line]:
        for verdict in self.verdicts:
            text = f"{verdict.result:<10}  {verdict.scenario.name}  {verdict.played.run.took:.1f} s"
            yield text, _COLOURS[verdict.result]
        shown: set[Situation] = set()
        for verdict in self.failed:
            least = verdict.smallest or verdict.played
            yield "", None
            yield from self._failure_lines(verdict, in_full=least.situation not in shown)
            shown.add(least.situation)
        yield "", None
        yield from self._summary()

    def _failure_lines(self, verdict: Verdict, *, in_full: bool) -> Iterator[Line]:
        # Not in full when its smallest situation is shown above.
        least = verdict.smallest or verdict.played
        scenario, habit = verdict.scenario, verdict.habit
        yield f"failed      {scenario.name}: {scenario.meaning} ({scenario.source})", "red"
        for problem in verdict.played.judgement.problems:
            yield f"    wrong        {problem.text}", None
        if habit is not None:
            yield f"    habit        {habit.name}: {habit.what} {habit.fix}", "yellow"
        if least.situation != scenario.situation:
            above = "" if in_full else " (shown above)"
            yield f"    smallest     --scenario {shlex.quote(least.situation.name)}{above}", None
        if in_full:
            yield from _sent_lines(least)
            yield f"    should see   {least.expected_in_words}", None
            yield f"    careful      {scenario.careful}", None
        yield f"    replay       {self.replay(scenario.name)}", "cyan"

    def replay(self, name: str) -> str:
        """Return the command, or for a callable the Python, that replays one scenario alone."""
        if self.command is None:
            flow = ", flow=True" if self.catalogue.option else ""
            return f"mockserver.survive(client{flow}, scenarios=[{name!r}], seed={self.seed})"
        timeout = "" if self.timeout == self.catalogue.timeout else f" --timeout {self.timeout:g}"
        option = self.catalogue.option and f"{self.catalogue.option} "
        scenario = f"{option}--scenario {shlex.quote(name)} --seed {self.seed}{timeout}"
        return f"apigames-mock survive {scenario} -- {shlex.join(self.command)}"

    def to_document(self) -> dict[str, Any]:
        """Return the report as `schemas/survive.json` describes it."""
        return {
            "command": None if self.command is None else list(self.command),
            "flow": bool(self.catalogue.option),
            "seed": self.seed,
            "timeout": self.timeout,
            "took": round(self.took, 3),
            "survives": self.survives,
            "totals": {
                "passed": len(self.verdicts) - len(self.failed) - len(self.not_judged),
                "failed": len(self.failed),
                "not_judged": len(self.not_judged),
            },
            "habits": [
                {**asdict(self.catalogue.habits[name]), "scenarios": list(names)} for name, names in self.habits.items()
            ],
            "scenarios": [self._entry(verdict) for verdict in self.verdicts],
        }

    def _entry(self, verdict: Verdict) -> dict[str, Any]:
        scenario, played = verdict.scenario, verdict.played
        entry: dict[str, Any] = {
            "name": scenario.name,
            "result": verdict.result.replace(" ", "_"),
            "took": round(played.run.took, 3),
            "meaning": scenario.meaning,
            "source": scenario.source,
            "judged": list(played.judgement.judged),
            "calls": played.observed.calls,
            "exit_status": played.run.exit_status,
            "traceback": played.run.trace,
        }
        if verdict.smallest is None:
            return entry
        habit: Habit | None = verdict.habit
        least = verdict.smallest
        return entry | {
            "problems": [asdict(problem) for problem in played.judgement.problems],
            "habit": None if habit is None else habit.name,
            "careful": scenario.careful,
            "said": played.run.said,
            "expected": dict(played.expected),
            "smallest": {
                "scenario": least.situation.name,
                "expected": dict(least.expected),
                "sent": [asdict(exchange) for exchange in least.exchanges],
            },
            "replay": self.replay(scenario.name),
        }

    def _summary(self) -> Iterator[Line]:
        for name, scenarios in self.habits.items():
            habit = self.catalogue.habits[name]
            yield f"Habit {name}: {habit.what} {habit.fix}", "yellow"
            yield f"    seen in {listed(scenarios)}", None
        total, failed, unknown = len(self.verdicts), len(self.failed), len(self.not_judged)
        if unknown:
            text = f"In {unknown} of {total} scenarios only ending and crashing were judged"
            yield f"{text}: it printed no JSON such as {self.catalogue.output}, so what it saw is not known.", "yellow"
        yield from self._silence()
        if failed:
            yield f"Does not survive: {failed} of {total} scenarios failed, in {self.took:.1f} s.", "red"
        elif self.never_called:
            yield f"Does not survive: it called in none of {total} scenarios, in {self.took:.1f} s.", "red"
        elif unknown == total:
            yield f"Survives {total} scenarios as far as ending and crashing go, in {self.took:.1f} s.", "green"
        else:
            yield f"Survives all {total} scenarios, in {self.took:.1f} s.", "green"

    def _silence(self) -> Iterator[Line]:
        if self.never_called:
            unmatched = [call for verdict in self.verdicts for call in verdict.played.observed.unmatched][:1]
            got = f"; what arrived was {unmatched[0]}" if unmatched else ""
            yield f"No call reached the endpoint{got}. Does it read APIGAMES_BASE_URL, and POST to the path?", "red"


def _harmless(line: Line) -> Line:
    return harmless(line[0]), line[1]


def _sent_lines(played: Played) -> Iterator[Line]:
    for exchange in played.exchanges[:_EXCHANGES_SHOWN]:
        fault = f" (fault {exchange.fault})" if exchange.fault else ""
        yield f"    it asked     {exchange.operation} {exchange.request}", None
        reply = exchange.reply if len(exchange.reply) <= _REPLY_SHOWN else f"{exchange.reply[:_REPLY_SHOWN]}…"
        yield f"    was sent     HTTP {exchange.http_status}{fault} {' '.join(reply.split()) or 'nothing'}", None
    more = played.observed.calls - _EXCHANGES_SHOWN
    if more > 0:
        yield f"                 and {more} more call{'' if more == 1 else 's'}", None
    if not played.observed.calls:
        yield "    it asked     nothing: no call reached the endpoint", None
