"""What the scenarios are: named, whole, made from a seed, and fair to a careful client."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import survive
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import each_other_value, readings_about
from mockserver.contract.wire import STATUSES
from mockserver.provider.faults.faults import FAULTS
from mockserver.testing.survive.playing import play
from mockserver.testing.survive.running import InProcess
from mockserver.testing.survive.scenario import ScenarioError
from mockserver.testing.survive.stage import Stage
from mockserver.testing.survive.status_call.catalogue import STATUS_CALL
from mockserver.testing.survive.status_call.scenarios import SCENARIOS, generated, scenario_named
from mockserver.testing.survive.status_call.situations import (
    FAULT_EXPECTATIONS,
    MUTATIONS,
    Situation,
    situation_named,
)
from mockserver.testing.survive.status_call.worlds import setup_for
from tests.support.examples import examples
from tests.support.survive_clients import NoList, careful

READINGS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(entry.tried) for key, entry in readings_about("project_detail").items()}
)
PLAIN = {"status": st.sampled_from(["mixed", *(status.value for status in STATUSES)])}
QUICK = sorted(set(FAULT_EXPECTATIONS) - {"no_reply", "stalled_body", "delay", "slow_body"})
KINDS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(PLAIN),
    st.fixed_dictionaries({**PLAIN, "mutation": st.sampled_from(MUTATIONS)}),
    st.fixed_dictionaries({"error": st.sampled_from([error.clause for error in PROJECT_DETAIL.errors])}),
    st.fixed_dictionaries({"fault": st.sampled_from(QUICK), "fault_from_page": st.integers(1, 3)}),
)
SITUATIONS = st.builds(
    lambda vouchers, readings, kind: Situation(vouchers, readings=tuple(readings.items()), **kind),
    st.integers(0, 95),
    READINGS,
    KINDS,
)


def test_every_reading_s_other_values_every_error_and_every_fault_have_a_scenario() -> None:
    situations = [scenario.situation for scenario in SCENARIOS.values()]
    assert {pair for situation in situations for pair in situation.readings} >= set(each_other_value())
    assert {situation.error for situation in situations} >= {error.clause for error in PROJECT_DETAIL.errors}
    assert {situation.fault for situation in situations} >= set(FAULTS)
    assert {situation.status for situation in situations} >= {status.value for status in STATUSES}
    assert {situation.mutation for situation in situations} >= set(MUTATIONS)


def test_every_scenario_says_what_it_means_where_it_comes_from_and_what_to_do() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.meaning.endswith((".", "?"))
        assert scenario.source
        assert scenario.careful.endswith(".")
    assert len({scenario.situation for scenario in SCENARIOS.values()}) == len(SCENARIOS)


@given(SITUATIONS)
def test_a_name_spells_its_case_out(situation: Situation) -> None:
    assert situation_named(situation.name) == situation


@pytest.mark.parametrize(
    "name",
    [
        "vouchers=31+vouchers=2",
        "vouchers=31+max_limit=10+max_limit=10",
        "error=ERR-1+vouchers=2+error=ERR-2",
        "fault=delay+fault=html_502@2",
    ],
)
def test_a_name_with_a_key_twice_is_refused(name: str) -> None:
    with pytest.raises(ScenarioError, match="appears twice; keep one"):
        scenario_named(name)


@given(SITUATIONS, st.integers())
def test_a_seed_makes_the_same_world_again(situation: Situation, seed: int) -> None:
    assert setup_for(situation, seed, 1) == setup_for(situation, seed, 1)


@given(SITUATIONS)
def test_simpler_cases_come_to_an_end(situation: Situation) -> None:
    def weight(one: Situation) -> int:
        size = one.vouchers or 1000
        return size + sum(map(bool, (one.error, one.fault, one.mutation))) + len(one.readings)

    assert all(weight(simpler) < weight(situation) for simpler in situation.simpler())


def test_another_seed_makes_another_world_and_other_generated_scenarios() -> None:
    situation = Situation(20)
    assert setup_for(situation, 1, 1).project.vouchers != setup_for(situation, 2, 1).project.vouchers
    assert generated(1, 20) == generated(1, 20)
    assert generated(1, 20) != generated(2, 20)
    assert len({scenario.name for scenario in generated(0, 60)}) == 60
    assert all(scenario_named(scenario.name) == scenario for scenario in generated(3, 40))


@pytest.fixture(scope="module")
def stage() -> Any:
    with Stage() as running:
        yield running


@settings(max_examples=examples(150))
@given(situation=SITUATIONS, seed=st.integers(0, 1000))
def test_a_careful_client_survives_any_case(stage: Stage, situation: Situation, seed: int) -> None:
    """The judge is fair: what it expects is what was to be seen."""
    played = play(STATUS_CALL, situation, InProcess(careful, (NoList,)), stage, seed=seed, timeout=60)
    assert played.judgement.result == "passed", (situation.name, played.judgement.problems)


def test_a_careful_client_survives_the_list_and_the_generated_ones() -> None:
    report = survive(careful, errors=NoList, examples=60)
    assert report.survives, str(report)
    assert not report.not_judged
    assert len(report.verdicts) == len(SCENARIOS) + 60


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-vocher", "did you mean 'no-vouchers'"),
        ("vouchers=31+max_limt=10", "did you mean 'max_limit'"),
        ("vouchers=x", "0 to 100000"),
        ("vouchers=3+fault=htmI_502", "did you mean 'html_502'"),
        ("vouchers=3+fault=html_502@0", "page from 1"),
        ("vouchers=3+error=ERR-9", "known are ERR-1"),
        ("vouchers=3+http_status=300", "cannot be '300'"),
        ("vouchers=3+many", "expected KEY=VALUE"),
        ("vouchers=3+error=ERR-1+fault=delay", "exclude each other"),
        ("", "--list"),
    ],
)
def test_an_unknown_name_is_told_what_there_is(name: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        scenario_named(name)


@pytest.mark.parametrize(
    "name", [name for name, scenario in SCENARIOS.items() if scenario.situation.outcome == "fails"]
)
def test_a_call_is_heard_in_every_scenario_that_fails(stage: Stage, name: str) -> None:
    # Where no reply comes, the client waits as long as it is given; on a busy machine its call may take a while.
    for timeout in (0.5, 5, 50):
        played = play(
            STATUS_CALL, SCENARIOS[name].situation, InProcess(careful, (NoList,)), stage, seed=0, timeout=timeout
        )
        if played.observed.calls:
            break
    assert played.observed.calls
