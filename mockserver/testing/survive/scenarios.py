"""The register of scenarios: each case that every client goes through, by name.

Docs, `--list`, report and tests are made from `SCENARIOS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mockserver._text import nearest
from mockserver.contract.readings import REGISTER, each_other_value
from mockserver.contract.wire import DOCUMENTED_ERRORS
from mockserver.provider.faults.faults import FAULTS
from mockserver.testing.survive.advice import ERROR_ADVICE, FAULT_ADVICE, READING_ADVICE, WORLDS
from mockserver.testing.survive.situations import Case, ScenarioError, case_named
from mockserver.testing.survive.worlds import generated_case

GENERATED = "generated-"


@dataclass(frozen=True)
class Scenario:
    """A named case. `meaning` says what the client meets, `source` is the clause, reading or fault it comes from.

    `careful` says how a careful client handles it.
    """

    name: str
    case: Case
    meaning: str
    source: str
    careful: str


def _worlds() -> Iterator[Scenario]:
    for name, case, meaning, source, careful in WORLDS:
        yield Scenario(name, case, meaning, source, careful)


def _errors() -> Iterator[Scenario]:
    for error in DOCUMENTED_ERRORS:
        name, meaning = ERROR_ADVICE[error.clause]
        said = f'rc {error.rc}, "{error.error_msg}"'
        careful = "Looks at `rc` in the body, not at the HTTP status; reports `error_msg`, and lists nothing."
        yield Scenario(name, Case(error=error.clause), f"{meaning}: {said}.", error.clause, careful)
        yield Scenario(
            f"{name}-http-200",
            Case(readings=(("http_status", "200"),), error=error.clause),
            f"The same error under HTTP 200: {said}.",
            f"{error.clause}, reading `http_status=200`",
            "Takes a reply for a success only when `rc` is 200, whatever the HTTP status.",
        )


def _readings() -> Iterator[Scenario]:
    for key, value in each_other_value():
        if key == "http_status":
            continue  # has a scenario for each error
        careful = READING_ADVICE[key]
        question = REGISTER[key].question.split("?")[0]
        yield Scenario(
            f"{key}={value}",
            _reading_case(key, value),
            f"{question}? Here: `{value}`.",
            f"{REGISTER[key].clause}, reading `{key}={value}`",
            careful,
        )


def _reading_case(key: str, value: str) -> Case:
    readings = ((key, value),)
    if key == "precedence":
        # The one call in which this order is seen: an unknown merchant, or a wrong signature and an unknown project.
        return Case(readings=readings, error="ERR-3" if value.startswith("signature") else "ERR-4")
    if key.startswith("empty_"):
        return Case(0, readings=readings)
    return Case(60 if key == "beyond_last" else 75, readings=readings)


def _faults() -> Iterator[Scenario]:
    for name, kind in FAULTS.items():
        yield Scenario(name.replace("_", "-"), Case(fault=name), kind.what, f"fault `{name}`", FAULT_ADVICE[name])
    for name, meaning, case, source in (
        ("no-reply", "The call is taken, and never answered.", Case(fault="no_reply"), "fault `delay` of an hour"),
        (
            "stalled-body",
            "Headers come at once, and the body never does.",
            Case(fault="stalled_body"),
            "fault `slow_body` of an hour",
        ),
        (
            "html-502-on-page-2",
            "The first page comes, every later one is a proxy's HTML page.",
            Case(75, readings=(("max_limit", "10"),), fault="html_502", fault_from_page=2),
            "fault `html_502`, PAGE-1, reading `max_limit=10`",
        ),
    ):
        yield Scenario(name, case, meaning, source, FAULT_ADVICE[name.replace("-", "_")])


def _register(scenarios: Iterable[Scenario]) -> Mapping[str, Scenario]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


SCENARIOS: Mapping[str, Scenario] = _register((*_worlds(), *_errors(), *_readings(), *_faults()))


def generated(seed: int, count: int) -> list[Scenario]:
    """Return so many scenarios that follow from the seed; each is named by its case, and none comes twice."""
    found: dict[str, Scenario] = {}
    number = 0
    while len(found) < count:
        number += 1
        case = generated_case(seed, number)
        found.setdefault(case.name, _composed(case))
    return list(found.values())


def scenario_named(name: str) -> Scenario:
    """Return a scenario of the register, or the one that a name such as `vouchers=31+max_limit=10` spells out.

    Raises:
        ScenarioError: there is none; the message says what there is.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    if "=" in name and name.partition("=")[0] in {"vouchers", "status", "error", "fault", "twist", *REGISTER}:
        return _composed(case_named(name))
    raise ScenarioError(f"there is no scenario {name!r}{nearest(name, SCENARIOS)}; --list shows them all")


def _composed(case: Case) -> Scenario:
    """Return a case that has no entry of its own, told in words."""
    words = [f"{case.vouchers} vouchers" + ("" if case.status == "mixed" else f", all {case.status}")]
    sources = ["RES-1, PAGE-1, SUM-1"] if case.outcome == "sees" else []
    advice = ["Sees every voucher once and every count."] if case.outcome == "sees" else []
    for key, value in case.readings:
        words.append(f"{key}={value}")
        sources.append(f"reading `{key}={value}`")
        advice.append(READING_ADVICE[key])
    if case.error:
        words.append(f"{ERROR_ADVICE[case.error][1].lower()} ({case.error})")
        sources.append(case.error)
        advice.append("Reports `error_msg`, and lists nothing.")
    if case.fault:
        words.append(f"fault {case.fault}" + (f" from page {case.fault_from_page}" if case.fault_from_page > 1 else ""))
        sources.append(f"fault `{case.fault}`")
        advice.append(FAULT_ADVICE[case.fault])
    if case.twist:
        words.append(case.twist.replace("_", " "))
        advice += [careful for _, known, _, _, careful in WORLDS if known.twist == case.twist]
    return Scenario(case.name, case, f"{'; '.join(words)}.", ", ".join(sources), " ".join(advice))
