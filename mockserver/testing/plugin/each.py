"""`--apigames-readings=each`: every test once under the defaults and once under each other value of each reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from mockserver.contract.readings import REGISTER, Readings, each_other_value
from mockserver.testing.plugin.settings import DEFAULTS, marked

# The parameter that a test is at, in its callspec, and the property of its reports.
_READING = "apigames_reading"
# A scenario of `survive` has readings of its own.
_OF_SCENARIOS = {"apigames_scenario", "apigames_stage"}
_TESTS_NAMED = 5


class EveryReading:
    """Multiplies the tests that use a fixture of ours, and says at the end which readings the client survives."""

    def __init__(self, base: Readings) -> None:
        self._base = base
        self._is_cut_short = self._is_interrupted = False

    @pytest.hookimpl(trylast=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run the test once under the defaults and once under each other value that its marker leaves open."""
        ours = {name for name in metafunc.fixturenames if name.startswith("apigames")}
        if ours <= _OF_SCENARIOS:
            return
        metafunc.fixturenames.append(_READING)  # or pytest takes it for an argument that the test does not have
        pinned = _pinned(metafunc.definition)
        open_values = [(key, value) for key, value in each_other_value(self._base) if key not in pinned]
        ids = [DEFAULTS, *map("=".join, open_values)]
        metafunc.parametrize(_READING, [None, *open_values], ids=ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out a test at a reading that a marker of its parameters fixes; those are known only now."""
        fixed = {item for item in items if reading_at(item).keys() & set(_pinned(item))}
        if fixed:
            items[:] = [item for item in items if item not in fixed]
            config.hook.pytest_deselected(items=list(fixed))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the reading in the test's properties, which travel with its reports (JUnit and xdist too)."""
        callspec = getattr(item, "callspec", None)
        if callspec is not None and _READING in callspec.params:
            reading = callspec.params[_READING]
            item.user_properties.append((_READING, DEFAULTS if reading is None else "=".join(reading)))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Note whether the run was cut short."""
        self._is_cut_short = bool(session.shouldstop or session.shouldfail)

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was cut short."""
        self._is_interrupted = True

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which readings the client does not survive."""
        ran, failed = _outcomes(terminalreporter)
        if not ran:
            return
        terminalreporter.section("apigames readings")
        base = "the defaults" if self._base == Readings() else "the readings of this run"
        for line in _verdict(ran, failed, base, is_whole=not (self._is_cut_short or self._is_interrupted)):
            terminalreporter.line(line)


def reading_at(item: pytest.Item) -> dict[str, str]:
    """Return the reading, a key and its value, that an `each` run is at with this test; none under the defaults."""
    callspec = getattr(item, "callspec", None)
    reading = None if callspec is None else callspec.params.get(_READING)
    return {} if reading is None else dict([reading])


def _pinned(node: pytest.Item) -> Iterable[str]:
    try:
        pinned: dict[str, Any] = marked(node.iter_markers("apigames"))["readings"]
    except ValueError:
        return ()  # the fixture says what is wrong with the marker
    return pinned


def _outcomes(terminalreporter: Any) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return which tests ran under each reading, and which of them failed; by test id without the reading."""
    ran: dict[str, set[str]] = defaultdict(set)
    failed: dict[str, set[str]] = defaultdict(set)
    for outcome in ("passed", "failed", "error", "xpassed", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            reading = dict(getattr(report, "user_properties", ())).get(_READING)
            if reading is not None:
                test = _without(report.nodeid, reading)
                ran[reading].add(test)
                if outcome in {"failed", "error"}:
                    failed[reading].add(test)
    return ran, failed


def _without(nodeid: str, reading: str) -> str:
    return nodeid.replace(f"[{reading}]", "").replace(f"-{reading}]", "]").replace(f"[{reading}-", "[")


def _verdict(ran: dict[str, set[str]], failed: dict[str, set[str]], base: str, *, is_whole: bool) -> Iterable[str]:
    always = failed.get(DEFAULTS, set())
    tests = set().union(*ran.values())
    fatal = {reading: sorted(failed[reading] - always) for reading in _in_order(ran) if failed[reading] - always}
    others = len([reading for reading in ran if reading != DEFAULTS])
    under = f"{base} and {others}" if DEFAULTS in ran else str(others)
    yield f"{_counted(tests)} ran under {under} other answers to what the vendor's page leaves open."
    if not is_whole:
        yield "The run ended early: of what did not run, nothing is known."
    if DEFAULTS not in ran:
        yield f"None ran under {base}: what failed may fail there too."
    if always:
        yield f"{_counted(always)} failed under {base} already and says nothing here: {_named(sorted(always))}"
    if fatal:
        yield f"The client does not survive {len(fatal)} of them:"
    elif not others or len(always) == len(tests):
        yield "Nothing can be said."
    elif is_whole:
        yield "The client survives every one of them."
    for reading, broken in fatal.items():
        entry = REGISTER[reading.partition("=")[0]]
        yield f"  {reading}  ({entry.clause}: {entry.question})"
        yield f"      {_named(broken)}"


def _in_order(ran: Iterable[str]) -> list[str]:
    keys = list(REGISTER)
    readings = [reading for reading in ran if reading != DEFAULTS]
    return sorted(readings, key=lambda reading: (keys.index(reading.partition("=")[0]), reading))


def _counted(tests: set[str]) -> str:
    return f"{len(tests)} test{'' if len(tests) == 1 else 's'}"


def _named(tests: list[str]) -> str:
    more = len(tests) - _TESTS_NAMED
    return ", ".join(tests[:_TESTS_NAMED]) + (f" and {more} more" if more > 0 else "")
