"""`--apigames-readings=each`: every test once under the defaults and once under each other value of each reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings, each_other_value
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.testing.plugin.settings import DEFAULTS, marked

# The parameter that a test is at, in its callspec, and the property of its reports.
_READING = "apigames_reading"
# The property of a report that says how the test came to its reading, and whether it called the fake by then.
_RUN = "apigames_run"
_AS_PARAMETER, _AGAIN, _ONCE = "as a parameter", "again", "once"
_PARAMETER_AGAIN = "again as a parameter"
_SILENT = "no call"
# The reading that a test which pytest cannot multiply is run again at.
_AT = pytest.StashKey[tuple[str, str]]()
# A scenario of `survive` has readings of its own.
_OF_SCENARIOS = {"apigames_scenario", "apigames_flow_scenario", "apigames_stage"}
_TESTS_NAMED = 5


class EveryReading:
    """Multiplies the tests that call the fake, and says at the end which readings the client survives.

    A test that has a fixture of ours among its own is multiplied as it is collected. Of any other it shows only when it
    runs that it calls the fake (`request.getfixturevalue`, a step of pytest-bdd, a `unittest.TestCase`): it is run
    again. So is one that submits voucher codes, for the readings that are about submissions alone.

    `calls` counts what the fake was called, `submissions` those calls that submitted, whoever called. `is_worker` says
    that this is a worker of xdist: it wants the ids of reports as they are, and its controller changes them.
    """

    def __init__(
        self, base: Readings, calls: Callable[[], int], submissions: Callable[[], int], *, is_worker: bool
    ) -> None:
        self._base = base
        self._calls = calls
        self._submissions = submissions
        self._is_worker = is_worker
        self._calls_before = 0
        self._is_cut_short = self._is_interrupted = False

    @pytest.hookimpl(trylast=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run the test once under the defaults and once under each other value that its marker leaves open."""
        ours = {name for name in metafunc.fixturenames if name.startswith("apigames")}
        if ours <= _OF_SCENARIOS:
            return
        metafunc.fixturenames.append(_READING)  # or pytest takes it for an argument that the test does not have
        open_values = self._open_values(metafunc.definition)
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
        if _is_parameter(item):
            item.user_properties.append((_READING, _named_reading(item)))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        """Run a test that turns out to call the fake, or to submit, again, once under each other value of its own."""
        before = self._calls_before = self._calls()
        submissions_before = self._submissions()
        yield
        if not isinstance(item, pytest.Function) or reading_at(item):
            return
        again: list[tuple[str, str]] = []
        if not _is_parameter(item) and self._calls() != before:
            again += self._open_values(item)
        # A test is multiplied before anybody knows whether it submits.
        if self._submissions() != submissions_before and not _OF_SCENARIOS & set(item.fixturenames):
            again += self._open_values(item, REDEEM_BULK.name)
        for pair in again:
            if item.session.shouldstop or item.session.shouldfail:
                return
            item.stash[_AT] = pair
            try:
                item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            finally:
                del item.stash[_AT]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Note with a report how the test came to its reading, and whether it has called the fake."""
        outcome: Any = yield
        has_called = self._calls() != self._calls_before
        properties: list[tuple[str, object]] = outcome.get_result().user_properties
        if _AT in item.stash:
            properties[:] = [one for one in properties if one[0] != _READING]
        if _is_parameter(item) and _AT not in item.stash:
            way = _AS_PARAMETER
        elif has_called or _AT in item.stash:
            again = _PARAMETER_AGAIN if _is_parameter(item) else _AGAIN
            way = again if isinstance(item, pytest.Function) else _ONCE
            properties.append((_READING, _named_reading(item)))
        else:
            return
        properties.append((_RUN, way if has_called else f"{way}, {_SILENT}"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Give a test that was run again the id that it would have as a parameter."""
        properties = dict(report.user_properties)
        reading = properties.get(_READING, DEFAULTS)
        run = str(properties.get(_RUN, ""))
        if self._is_worker or reading == DEFAULTS or not run.startswith(_AGAIN):
            return
        if run.startswith(_PARAMETER_AGAIN):
            report.nodeid = _at_reading(report.nodeid, str(reading))
        else:
            report.nodeid = f"{report.nodeid}[{reading}]"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Note whether the run was cut short."""
        self._is_cut_short = bool(session.shouldstop or session.shouldfail)

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was cut short."""
        self._is_interrupted = True

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which readings the client does not survive."""
        outcomes = _outcomes(terminalreporter)
        if not outcomes.ran and not outcomes.silent and not outcomes.once:
            return
        terminalreporter.section("apigames readings")
        base = "the defaults" if self._base == Readings() else "the readings of this run"
        for line in _verdict(outcomes, base, is_whole=not (self._is_cut_short or self._is_interrupted)):
            terminalreporter.line(line)

    def _open_values(self, node: pytest.Item, operation: str = PROJECT_DETAIL.name) -> list[tuple[str, str]]:
        pinned = _pinned(node)
        return [(key, value) for key, value in each_other_value(self._base, operation) if key not in pinned]


def reading_at(item: pytest.Item) -> dict[str, str]:
    """Return the reading, a key and its value, that an `each` run is at with this test; none under the defaults."""
    callspec = getattr(item, "callspec", None)
    reading = None if callspec is None else callspec.params.get(_READING)
    reading = item.stash.get(_AT, reading)
    return {} if reading is None else dict([reading])


def _is_parameter(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and _READING in callspec.params


def _named_reading(item: pytest.Item) -> str:
    return "".join(map("=".join, reading_at(item).items())) or DEFAULTS


def _pinned(node: pytest.Item) -> Iterable[str]:
    try:
        pinned: dict[str, Any] = marked(node.iter_markers("apigames"))["readings"]
    except ValueError:
        return ()  # the fixture says what is wrong with the marker
    return pinned


@dataclass
class _Outcomes:
    """Test ids without their reading: by reading those that `ran` and called the fake, and those that `failed`.

    `silent` are those that ran and called nothing, by reading; `once` those that pytest cannot run again.
    """

    ran: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    silent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    once: set[str] = field(default_factory=set)


def _outcomes(terminalreporter: Any) -> _Outcomes:
    outcomes = _Outcomes()
    for outcome in ("passed", "failed", "error", "xpassed", "xfailed", ""):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", ()))
            reading, run = properties.get(_READING), str(properties.get(_RUN, ""))
            if reading is None:
                continue
            test = _without(report.nodeid, reading)
            has_failed = outcome in {"failed", "error"}
            if has_failed:
                outcomes.failed[reading].add(test)
            if has_failed or not run.endswith(_SILENT):
                (outcomes.once if run == _ONCE else outcomes.ran[reading]).add(test)
            elif outcome:
                outcomes.silent[reading].add(test)
    for reading in outcomes.silent:
        outcomes.silent[reading] -= outcomes.ran[reading]
    return outcomes


def _at_reading(nodeid: str, reading: str) -> str:
    """Return the id that a test has at a reading, of the one that it has as a parameter at the defaults."""
    before, is_last, after = nodeid.rpartition(DEFAULTS)
    return f"{before}{reading}{after}" if is_last else nodeid


def _without(nodeid: str, reading: str) -> str:
    return nodeid.replace(f"[{reading}]", "").replace(f"-{reading}]", "]").replace(f"[{reading}-", "[")


def _verdict(outcomes: _Outcomes, base: str, *, is_whole: bool) -> Iterable[str]:
    ran = {reading: tests for reading, tests in outcomes.ran.items() if tests}
    always = outcomes.failed.get(DEFAULTS, set())
    tests = set().union(*ran.values())
    fatal = {reading: sorted(outcomes.failed[reading] - always) for reading in _in_order(ran)}
    fatal = {reading: broken for reading, broken in fatal.items() if broken}
    others = len([reading for reading in ran if reading != DEFAULTS])
    under = f"{base} and {others}" if DEFAULTS in ran else str(others)
    yield f"{_counted(tests)} ran under {under} other answers to what the vendor's page leaves open."
    if not is_whole:
        yield "The run ended early: of what did not run, nothing is known."
    if outcomes.once:
        once = sorted(outcomes.once)
        yield f"{_counted(once)} ran under {base} alone, for pytest cannot run them again: {_named(once)}"
    silent = sorted(set().union(*outcomes.silent.values()) - tests)
    if silent:
        yield f"{_counted(silent)} made no call to the fake and says nothing here: {_named(silent)}"
    unknown = [reading for reading in _in_order(outcomes.silent) if reading not in ran]
    if unknown and tests:
        yield f"Under {len(unknown)} other answers no test made a call, so nothing is known of them: {_named(unknown)}"
    if DEFAULTS not in ran and tests:
        yield f"None ran under {base}: what failed may fail there too."
    if always:
        yield f"{_counted(always)} failed under {base} already and says nothing here: {_named(sorted(always))}"
    if fatal:
        yield f"The client does not survive {len(fatal)} of them:"
    elif not others or len(always) == len(tests):
        yield "Nothing can be said."
    elif is_whole and not unknown and not outcomes.once:
        yield "The client survives every one of them."
    elif is_whole:
        yield "The client survives every one of these."
    for reading, broken in fatal.items():
        entry = REGISTER[reading.partition("=")[0]]
        yield f"  {reading}  ({entry.clause}: {entry.question})"
        yield f"      {_named(broken)}"


def _in_order(ran: Iterable[str]) -> list[str]:
    keys = list(REGISTER)
    readings = [reading for reading in ran if reading != DEFAULTS]
    return sorted(readings, key=lambda reading: (keys.index(reading.partition("=")[0]), reading))


def _counted(tests: Iterable[str]) -> str:
    number = len(list(tests))
    return f"{number} test{'' if number == 1 else 's'}"


def _named(tests: list[str]) -> str:
    more = len(tests) - _TESTS_NAMED
    return ", ".join(tests[:_TESTS_NAMED]) + (f" and {more} more" if more > 0 else "")
