"""What counts as surviving a flow: nothing sent twice, and for each code what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.testing.survive.flow.judging import MOST_A_SECOND, Asked, Expected, Submitted, judge
from mockserver.testing.survive.flow.situations import FlowSituation
from mockserver.testing.survive.running import ClientRun

EXPECTED = Expected(("A", "B"), {"A": "success", "B": "error_voucher"})
GOOD: dict[str, Any] = {"codes": {"A": "success", "B": "error_voucher"}, "error": None}
NOBODY_KNOWS = {"codes": {"A": "unknown", "B": "pending"}, "error": "no reply"}
REFUSED = {"codes": {"A": "refused", "B": "refused"}, "error": "Signature Not Valid"}
TAKEN = Submitted(("A", "B"), "R1", None, "clear")
LOST = Submitted(("A", "B"), "R1", None, "lost")
NOT_TAKEN = Submitted(("A", "B"), None, None, "lost")
DOUBLE = Submitted(("A", "B"), None, "BULK-ERR-10", "refused", is_own_double=True)
NO = Submitted(("A", "B"), None, "BULK-ERR-2", "refused")
WORLD, NEVER = FlowSituation(2), FlowSituation(2, plan="never")
LOSING, DOUBTFUL = FlowSituation(2, fault="close_before"), FlowSituation(2, fault="wrong_length")
REFUSING = FlowSituation(2, error="BULK-ERR-2")


def judged(
    situation: FlowSituation,
    submitted: list[Submitted],
    output: dict[str, Any] | None,
    *,
    exit_status: int = 0,
    is_open: bool | None = False,
    polls: tuple[float, ...] = (),
) -> list[str]:
    asked = Asked(calls=1, submitted=submitted, own_polls=1, is_open=is_open, polls=[*polls])
    run = ClientRun(0.1, True, exit_status, None, output, "")
    return [problem.symptom for problem in judge(situation, EXPECTED, asked, run, 10).problems]


@pytest.mark.parametrize(
    ("situation", "submitted", "output", "symptoms"),
    [
        (WORLD, [TAKEN], GOOD, []),
        (WORLD, [TAKEN], {"codes": GOOD["codes"], "error": "1 code failed"}, []),
        (WORLD, [TAKEN], {"error": None}, []),
        (WORLD, [TAKEN], {"codes": {"A": "success"}}, ["missing"]),
        (WORLD, [TAKEN], {"codes": {"A": "success", "B": "success"}}, ["wrong_status"]),
        (WORLD, [TAKEN], {"codes": {"A": "success", "B": "process"}}, ["stopped_early"]),
        (WORLD, [TAKEN], {"codes": {"A": "success", "B": "refused"}}, ["false_failure"]),
        (WORLD, [TAKEN], {"codes": {**GOOD["codes"], "C": "success"}}, ["too_many"]),
        (WORLD, [TAKEN], {"codes": [], "error": "no"}, ["false_alarm"]),
        (WORLD, [TAKEN], {"codes": []}, ["false_alarm"]),
        (WORLD, [TAKEN], {"codes": ["A"]}, ["output"]),
        (WORLD, [TAKEN], {"codes": {"A": "done", "B": "error_voucher"}}, ["output"]),
        (WORLD, [TAKEN], {"codes": {"A": 1}}, ["output"]),
        (WORLD, [TAKEN], {"error": 5}, ["output"]),
        (WORLD, [TAKEN, TAKEN], GOOD, ["sent_again"]),
        (WORLD, [NO], REFUSED, ["false_failure"]),
        (WORLD, [Submitted(("A", "B", "X"), "R1", None, "clear")], GOOD, ["too_many"]),
        (NEVER, [TAKEN], {"codes": {"A": "pending", "B": "process"}}, []),
        (NEVER, [TAKEN], {"codes": {"A": "pending"}}, []),
        (NEVER, [TAKEN], {"codes": {"A": "success", "B": "pending"}}, ["false_success"]),
        (NEVER, [TAKEN], {"codes": {"A": "error_engine", "B": "pending"}}, ["false_failure"]),
        (LOSING, [LOST], NOBODY_KNOWS, []),
        (LOSING, [NOT_TAKEN], NOBODY_KNOWS, []),
        (LOSING, [LOST], {"codes": {}, "error": "no reply"}, []),
        (LOSING, [LOST], {"error": None}, ["false_success"]),
        (LOSING, [LOST], {**REFUSED, "error": "no reply"}, ["false_failure"]),
        (LOSING, [NOT_TAKEN], {**REFUSED, "error": "no reply"}, ["false_failure"]),
        (LOSING, [LOST], GOOD, ["false_success", "false_failure"]),
        (LOSING, [LOST, DOUBLE], NOBODY_KNOWS, ["sent_again"]),
        (LOSING, [LOST, DOUBLE], {**REFUSED, "error": "double"}, ["sent_again", "false_failure"]),
        (LOSING, [NOT_TAKEN, TAKEN], GOOD, ["sent_again"]),
        (DOUBTFUL, [Submitted(("A", "B"), "R1", None, "doubtful")], GOOD, []),
        (DOUBTFUL, [Submitted(("A", "B"), "R1", None, "doubtful")], NOBODY_KNOWS, []),
        (REFUSING, [NO], REFUSED, []),
        (REFUSING, [NO, NO], REFUSED, []),
        (REFUSING, [NO], {"codes": {}, "error": "API: signature not valid"}, []),
        (REFUSING, [NO], {**REFUSED, "error": "HTTP 500"}, ["wrong_error"]),
        (REFUSING, [NO], {"error": None}, ["false_success"]),
        (REFUSING, [NO], GOOD, ["false_success", "false_failure", "wrong_error"]),
    ],
)
def test_what_a_client_did_and_says(
    situation: FlowSituation, submitted: list[Submitted], output: dict[str, Any], symptoms: list[str]
) -> None:
    assert judged(situation, submitted, output) == symptoms


@pytest.mark.parametrize("output", [None, GOOD], ids=["silent", "loud"])
def test_who_asks_no_more_while_codes_are_open_stopped_early_whatever_it_prints(output: dict[str, Any] | None) -> None:
    assert judged(WORLD, [TAKEN], output, is_open=True) == ["stopped_early"]
    assert judged(WORLD, [TAKEN], output, is_open=None) == ["stopped_early"]
    assert judged(NEVER, [TAKEN], None, is_open=True) == []


def test_a_refused_list_may_end_in_an_exit_status_and_a_good_one_not() -> None:
    assert judged(REFUSING, [NO], None, exit_status=1) == []
    assert judged(LOSING, [LOST], None, exit_status=1) == []
    assert judged(WORLD, [TAKEN], GOOD, exit_status=1) == ["crash"]


def test_many_polls_within_a_second_are_no_pause() -> None:
    paused = tuple(0.1 * n for n in range(2, 40))
    assert judged(WORLD, [TAKEN], GOOD, polls=paused[:MOST_A_SECOND]) == []
    assert judged(WORLD, [TAKEN], GOOD, polls=tuple(1.01 / MOST_A_SECOND * n for n in range(40))) == []
    assert judged(WORLD, [TAKEN], GOOD, polls=tuple(0.5 / MOST_A_SECOND * n for n in range(40))) == ["too_fast"]


def test_what_is_not_printed_is_not_judged() -> None:
    asked = Asked(calls=1, submitted=[TAKEN], own_polls=1, is_open=False)
    judgement = judge(WORLD, EXPECTED, asked, ClientRun(0.1, True, 0, None, None, ""), 10)
    assert (judgement.result, judgement.judged) == ("not judged", ("ending", "crashing", "calls"))
