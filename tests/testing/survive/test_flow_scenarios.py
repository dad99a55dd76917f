"""What the flow scenarios are: named, whole, and fair to a careful client."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver import survive
from mockserver.contract.readings import each_other_value, readings_about
from mockserver.contract.redeem_bulk import VENDOR_STATES
from mockserver.provider.faults.faults import FAULTS
from mockserver.testing.survive.flow.catalogue import FLOW
from mockserver.testing.survive.flow.scenarios import SCENARIOS, generated, scenario_named
from mockserver.testing.survive.flow.situations import (
    ENDS,
    ERRORS,
    FAULT_HEADERS,
    MUTATIONS,
    PLANS,
    FlowSituation,
    clarity_of,
    situation_named,
)
from mockserver.testing.survive.playing import play
from mockserver.testing.survive.running import InProcess
from mockserver.testing.survive.scenario import ScenarioError
from mockserver.testing.survive.stage import Stage
from tests.support.examples import examples
from tests.support.flow_clients import FlowClient, careful

READINGS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(entry.tried) for key, entry in readings_about("redeem_bulk").items()}
)
LOSING = [fault for fault in FAULT_HEADERS if clarity_of(fault) == "lost"]
KINDS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"plan": st.sampled_from(PLANS), "ends": st.sampled_from(ENDS)}),
    st.fixed_dictionaries({"mutation": st.sampled_from(MUTATIONS), "late": st.integers(0, 3)}),
    st.fixed_dictionaries({"error": st.sampled_from([*ERRORS])}),
    st.fixed_dictionaries({"fault": st.sampled_from([*FAULT_HEADERS])}),
    st.fixed_dictionaries({"fault": st.sampled_from(LOSING), "prevented": st.just(True)}),
    st.fixed_dictionaries({"poll_fault": st.sampled_from([*FAULT_HEADERS]), "polls_hit": st.integers(0, 3)}),
)
SITUATIONS = st.builds(
    lambda codes, readings, kind: FlowSituation(codes, readings=tuple(readings.items()), **kind),
    st.integers(1, 70),
    READINGS,
    KINDS,
)
# What takes a careful client as long as it is patient.
SLOW = {"no_reply", "stalled_body", "delay", "slow_body"}
QUICK = SITUATIONS.filter(
    lambda one: not {one.fault, one.poll_fault} & SLOW and one.plan in {"reads", "immediate"} and one.ending != "open"
)


def test_every_plan_end_refusal_fault_and_reading_has_a_scenario() -> None:
    situations = [scenario.situation for scenario in SCENARIOS.values()]
    assert {one.plan for one in situations} == set(PLANS)
    assert {one.ends for one in situations} == set(ENDS)
    assert {one.error for one in situations} >= set(ERRORS)
    assert {one.fault for one in situations} >= set(FAULTS) - set(VENDOR_STATES)
    assert {one.mutation for one in situations} >= set(MUTATIONS)
    assert {pair for one in situations for pair in one.readings} >= set(each_other_value(operation="redeem_bulk"))
    assert len(set(situations)) == len(situations)


def test_every_scenario_says_what_it_means_where_it_comes_from_and_what_to_do() -> None:
    for scenario in (*SCENARIOS.values(), *generated(0, 50)):
        assert scenario.meaning.endswith((".", "?"))
        assert scenario.source
        assert scenario.careful.endswith(".")


@given(SITUATIONS)
def test_a_name_spells_its_situation_out(situation: FlowSituation) -> None:
    assert situation_named(situation.name).name == situation.name


@given(SITUATIONS)
def test_simpler_situations_come_to_an_end(situation: FlowSituation) -> None:
    def weight(one: FlowSituation) -> int:
        things = (one.error, one.fault, one.prevented, one.poll_fault, one.mutation, one.late, one.polls_hit != 1)
        return one.codes + sum(map(bool, things)) + len(one.readings) + (one.plan != "reads") + (one.ends != "mixed")

    assert all(weight(simpler) < weight(situation) for simpler in situation.simpler())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-vouchers", "no flow scenario"),
        ("codes=0", "expected 1 to 10000"),
        ("codes=3+fault=htmI_502", "did you mean 'html_502'"),
        ("codes=3+fault=html_502@after", "`before` after the @"),
        ("codes=3+fault=delay@before", "delay loses no reply"),
        ("codes=3+poll_fault=html_502@0", "expected 1 to 10"),
        ("codes=3+error=BULK-ERR-10", "known are BULK-ERR-1"),
        ("codes=3+codes=2", "appears twice; keep one"),
        ("codes=3+many", "expected KEY=VALUE"),
        ("codes=3+bulk_most=x", "cannot be 'x'"),
        ("codes=3+plans=never", "did you mean 'plan'"),
        ("codes=3+error=BULK-ERR-1+fault=delay", "exclude each other"),
        ("", "--flow --list"),
    ],
)
def test_an_unknown_name_is_told_what_there_is(name: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        scenario_named(name)


def test_generated_ones_follow_from_the_seed() -> None:
    assert generated(1, 20) == generated(1, 20) != generated(2, 20)
    assert all(scenario_named(one.name).situation.name == one.name for one in generated(3, 40))


@pytest.fixture(scope="module")
def stage() -> Any:
    with Stage() as running:
        yield running


@settings(max_examples=examples(25))
@given(situation=QUICK)
@example(situation=FlowSituation(readings=(("bulk_duplicate", "list"),), mutation="double_before"))
@example(situation=FlowSituation(11, readings=(("bulk_most", "10"),), fault="close_before"))
def test_a_careful_client_survives_any_situation(stage: Stage, situation: FlowSituation) -> None:
    """The judge is fair: what it expects is what was to be seen."""

    def impatient(env: dict[str, str]) -> dict[str, Any]:
        return careful({**env, "APIGAMES_POLL_SECONDS": "0"})

    played = play(FLOW, situation, InProcess(impatient), stage, seed=0, timeout=60)
    assert played.judgement.result == "passed", (situation.name, played.judgement.problems)


def test_a_careful_client_survives_the_list_and_the_generated_ones() -> None:
    report = survive(careful, flow=True, examples=40, jobs=40)
    assert report.survives, str(report)
    assert not report.not_judged
    assert len(report.verdicts) == len(SCENARIOS) + 40


def test_no_report_has_a_code() -> None:
    """Not even when the client prints them all, and crashes with them."""
    codes: list[str] = []

    def prints(env: dict[str, str]) -> dict[str, Any]:
        codes.extend(env["APIGAMES_VOUCHERS"].split())
        FlowClient("stops-polling-early")(env)
        raise ValueError(env["APIGAMES_VOUCHERS"])

    report = survive(prints, flow=True, scenarios=["partial-failure", "double-code-in-list"])
    text = f"{report} {report.to_document()}"
    assert "HTTP 200" in text
    assert codes
    assert not [code for code in codes if code in text]


def test_money_spent_twice_is_said() -> None:
    report = survive(FlowClient("submits-again"), flow=True, scenarios=["close-before-taken-twice"])
    assert "submitted again: 3 codes of a list that was, or may have been, taken; the vendor took them 2 times" in str(
        report
    )
    assert "mockserver.survive(client, flow=True, scenarios=['close-before-taken-twice'], seed=0)" in str(report)
