"""A run judges on past calls that fail, ends where the target is gone, and holds laws to a project at rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import CheckResult, Violation
from mockserver.contract.readings import Readings
from mockserver.verification.cases import cases
from mockserver.verification.live_guard import BudgetSpent, Limits
from mockserver.verification.run.opening import open_run
from mockserver.verification.run.record import Aborted, Inconclusive
from mockserver.verification.run.run import Run
from mockserver.verification.run.snapshot import Snapshot
from mockserver.verification.target import Failure, NoReply, RawReply
from tests.support.targets import LIVE, ScriptedTarget, failure, reply, run_at
from tests.verification.broken_fake import Call, a_world, right_signature
from tests.verification.variants import add_one, move_one


def broken(run: Run) -> list[tuple[str, str]]:
    return [(item.violation.kind, item.violation.clause) for item in run.record.broken]


def opened(target: ScriptedTarget, **more: Any) -> Run:
    run = run_at(target, **more)
    open_run(run)
    return run


# Calls that get no reply


@pytest.mark.parametrize(
    "answer",
    [failure(Failure.BROKEN_OFF), failure(Failure.TIMEOUT), failure(Failure.TOO_LARGE), reply(500), reply(503)],
    ids=["broken off", "timeout", "too large", "500", "503"],
)
def test_a_call_that_fails_each_time_is_a_violation_of_its_clause_and_the_rest_is_judged(
    answer: RawReply | NoReply,
) -> None:
    run = opened(ScriptedTarget(lambda call: answer if call.fields.get("page") == 2 else None))
    assert run.page("PAGE-1", page=2) is None
    assert broken(run) == [("no_reply", "PAGE-1")]
    found = run.page("PAGE-1", page=1)
    assert found is not None
    assert found[0].size == 30
    shown = run.record.broken[0].exchange
    assert json.loads(shown.request)["page"] == 2, "the call that fails can be repeated from the report"


def test_a_call_that_fails_now_and_then_is_not_blamed() -> None:
    dropped = iter([True, True, False])

    def now_and_then(call: Call) -> NoReply | None:
        return failure(Failure.BROKEN_OFF) if call.fields.get("page") == 2 and next(dropped) else None

    run = opened(ScriptedTarget(now_and_then))
    assert run.page("PAGE-1", page=2) is not None
    assert broken(run) == []


def test_what_fails_the_same_way_again_costs_two_calls() -> None:
    target = ScriptedTarget(lambda call: reply(503) if call.fields.get("page", 1) != 1 else None)
    run = opened(target)
    run.page("PAGE-1", page=2)
    before = len(target.sent)
    run.page("PAGE-1", page=3)
    assert len(target.sent) - before == 2, "the call, and a good one that shows that the target is there"
    assert broken(run) == [("no_reply", "PAGE-1")] * 2


def test_a_target_that_is_gone_ends_the_run() -> None:
    target = ScriptedTarget(lambda call: failure(Failure.UNREACHABLE) if call.number > 1 else None)
    run = opened(target)
    with pytest.raises(Aborted) as aborted:
        run.page("PAGE-1", page=2)
    assert aborted.value.reason.kind == "no_reply"
    assert aborted.value.reason.values["failure"].kind is Failure.UNREACHABLE
    assert broken(run) == []


def test_a_target_that_refuses_a_good_call_after_a_failure_cannot_be_judged() -> None:
    def changed(call: Call) -> RawReply | None:
        if call.number == 1:
            return None
        return reply(500) if call.fields.get("page") == 2 else reply(200, b'{"status":0,"rc":500,"error_msg":"x"}')

    run = opened(ScriptedTarget(changed))
    with pytest.raises(Aborted) as aborted:
        run.page("PAGE-1", page=2)
    assert aborted.value.reason.kind == "good_call_refused"


def test_a_target_that_asks_for_fewer_calls_is_not_blamed() -> None:
    run = opened(ScriptedTarget(lambda call: reply(429) if call.fields.get("page") == 2 else None))
    assert run.page("PAGE-1", page=2) is None
    assert broken(run) == []
    assert [item.reason.kind for item in run.record.unsettled] == ["rate_limited"]


def test_the_budget_ends_the_run() -> None:
    run = opened(ScriptedTarget(), max_requests=2)
    run.page("PAGE-1")
    with pytest.raises(BudgetSpent):
        run.page("PAGE-1")


# Calls, and what they are made for


def test_a_page_that_is_refused_is_a_violation_of_the_clause_that_it_was_asked_for() -> None:
    refused = b'{"status":0,"rc":500,"error_msg":"Project ID tidak ditemukan"}'
    run = opened(ScriptedTarget(lambda call: reply(500, refused) if call.fields.get("page") == 2 else None))
    assert run.page("PAGE-1", page=2) is None
    assert broken(run) == [("no_success", "PAGE-1")]
    violation = run.record.broken[0].violation
    assert (violation.expected, violation.got["outcome"]) == ({"asked": {"page": 2}}, "ERR-4")


def test_a_page_out_of_form_is_blamed_for_its_form_alone() -> None:
    run = opened(ScriptedTarget(lambda call: reply(404) if call.fields.get("page") == 2 else None))
    assert run.page("PAGE-1", page=2) is None
    assert broken(run) == [("not_json", "RES-1")]


def test_a_case_has_one_of_its_outcomes_and_shows_readings() -> None:
    by_name = {case.name: case for case in cases("presence")}
    run = opened(ScriptedTarget(readings=Readings.of({"missing_signature": "json"})))
    run.expect(by_name["no-signature"])
    assert run.record.observations.left("missing_signature") == {"json"}
    assert run.wrong_signatures == 1
    accepting = opened(ScriptedTarget(broken=lambda call: call.honest(signature=run.caller.credentials.signature)))
    accepting.expect(by_name["no-signature"])
    assert broken(accepting) == [("outcome", "ERR-3")]
    expected = accepting.record.broken[0].violation.expected
    assert (expected["case"], expected["outcomes"]) == ("no-signature", ["ERR-3", "ERR-1"])


# Snapshots


def test_a_snapshot_is_the_whole_list() -> None:
    run = opened(ScriptedTarget())
    snapshot = run.some_vouchers()
    assert (snapshot.total, snapshot.is_whole, snapshot.is_consistent) == (37, True, True)
    assert run.snapshot() is snapshot, "it is kept"
    assert sum(snapshot.nominals().values()) == 37


def test_a_capped_list_is_put_together_from_its_pages() -> None:
    target = ScriptedTarget(readings=Readings.of({"max_limit": "5"}))
    snapshot = opened(target).some_vouchers()
    assert (len(snapshot.at), snapshot.is_whole) == (37, True)
    large = ScriptedTarget(readings=Readings.of({"max_limit": "5"}), world=a_world(200))
    snapshot = opened(large).some_vouchers()
    assert (len(snapshot.at), snapshot.is_whole) == (25, False), "both ends of a list of 40 pages"
    assert max(snapshot.at) == 199


def test_an_empty_project_has_no_snapshot_to_hold_laws_to() -> None:
    with pytest.raises(Inconclusive) as why:
        opened(ScriptedTarget(world=a_world(0))).some_vouchers()
    assert why.value.reason.kind == "no_voucher"


def test_pages_that_overlap_on_a_list_that_stands_still_are_a_violation() -> None:
    def overlapping(call: Call) -> Any:
        page, body = call.fields.get("page", 1), call.reply()
        if page > 1 and body["status"]:
            listed = [item for each in range(1, 9) for item in call.reply(page=each)["data"]["data"]["vouchers"]]
            start = (page - 1) * 5 - 1
            body["data"]["data"]["vouchers"] = listed[start : start + len(body["data"]["data"]["vouchers"])]
        return 200, json.dumps(body).encode()

    run = opened(ScriptedTarget(broken=overlapping, readings=Readings.of({"max_limit": "5"})))
    assert run.snapshot() is None
    assert ("pages_overlap", "PAGE-1") in broken(run)


def _claims(run: Run, asked: list[Snapshot]) -> Any:
    """Return a check that blames the target each time, and writes down what it was held to."""

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        asked.append(snapshot)
        found = run.page("SUM-1", limit=1)
        assert found is not None
        return [(Violation("stats_tally", "SUM-1", "", {}, {"codes": {}, "stats": {}}), found[1])]

    return check


def test_a_law_across_calls_is_judged_where_the_project_stands_still() -> None:
    run = opened(ScriptedTarget())
    asked: list[Snapshot] = []
    run.check_while_stable(_claims(run, asked))
    assert (len(asked), broken(run)) == (1, [("stats_tally", "SUM-1")])


def test_a_law_that_finds_nothing_new_costs_no_second_snapshot() -> None:
    target = ScriptedTarget()
    run = opened(target)
    run.some_vouchers()
    before = len(target.sent)
    run.check_while_stable(lambda snapshot: [])
    assert len(target.sent) == before


@pytest.mark.parametrize("move", [move_one, add_one])
def test_a_project_that_moves_is_never_blamed(move: Any) -> None:
    def moving(call: Call) -> Any:
        move(call)
        return call.honest()

    run = opened(ScriptedTarget(broken=moving))
    asked: list[Snapshot] = []
    for _ in range(3):
        run.check_while_stable(_claims(run, asked))
    assert broken(run) == []
    assert [item.reason.kind for item in run.record.unsettled] == ["not_stable", "not_stable", "restless"]
    assert len(asked) == 6, "three tries each, and none once the project is known to be restless"


def test_paging_is_judged_while_statuses_move() -> None:
    def moving(call: Call) -> Any:
        move_one(call)
        return call.honest()

    run = opened(ScriptedTarget(broken=moving))
    run.check_while_stable(_claims(run, []), sees=lambda snapshot: snapshot.order)
    assert broken(run) == [("stats_tally", "SUM-1")]


def test_a_list_that_cannot_be_read_leaves_the_law_open() -> None:
    run = opened(ScriptedTarget(lambda call: reply(500) if call.fields.get("limit") != 30 else None))
    run.check_while_stable(lambda snapshot: [])
    assert [item.reason.kind for item in run.record.unsettled] == ["no_snapshot"]


@pytest.mark.parametrize("answer", [failure(Failure.BROKEN_OFF), reply(503), reply(500)], ids=["drop", "503", "500"])
def test_a_wrong_signature_is_sent_once_to_a_live_target_whatever_comes_back(answer: RawReply | NoReply) -> None:
    """A target may count wrong signatures, so no retry makes them more than were planned."""
    target = ScriptedTarget(lambda call: None if call.fields.get("signature") == right_signature() else answer)
    run = run_at(target, limits=Limits.of(LIVE))
    open_run(run)
    run.expect_each(list(cases("signatures"))[:5])
    wrong = [call for call in target.sent if call.fields.get("signature") != right_signature()]
    assert len(wrong) == run.wrong_signatures == 5
    assert broken(run) == []
    assert [item.reason.kind for item in run.record.unsettled] == ["dropped_once"] * 5
