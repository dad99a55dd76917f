"""A run goes through the laws, and keeps how each came out."""

from __future__ import annotations

import json

import pytest

from mockserver.contract.judging.violation import Fact, Violation
from mockserver.verification.laws.law import clause
from mockserver.verification.laws.registry import LAWS
from mockserver.verification.live_guard import BudgetSpent
from mockserver.verification.report.result import exit_status_of
from mockserver.verification.run.record import Aborted, Inconclusive
from mockserver.verification.run.run import Run
from mockserver.verification.suite import judge, perform, stop
from mockserver.verification.target import Failure
from tests.support.targets import ScriptedTarget, failure, run_at
from tests.verification.broken_fake import SECRET, BrokenFake, a_world
from tests.verification.suite_runner import judged


@clause("RES-1")
def it_holds(run: Run) -> None:
    run.page("RES-1")


@clause("RES-1")
def it_is_broken(run: Run) -> None:
    exchange = run.call("RES-1")
    assert exchange is not None
    run.record.add(Violation("ts_stands_still", "RES-2", "ts", {}, {"ts": 1, "seconds": 2}), exchange)


@clause("RES-1")
def it_is_not_seen(run: Run) -> None:
    raise Inconclusive("no_voucher")


@clause("RES-1")
def it_is_left_open(run: Run) -> None:
    run.record.leave(Fact.of("restless"))


@clause("RES-1")
def it_ends_the_run(run: Run) -> None:
    raise Aborted("not_in_form")


@clause("RES-1")
def it_spends_the_budget(run: Run) -> None:
    raise BudgetSpent("all of it")


def outcomes(run: Run) -> list[tuple[str, str, str | None]]:
    return [(item.law, item.outcome, None if item.reason is None else item.reason.kind) for item in run.results]


def test_each_law_holds_is_broken_or_is_left_open_with_a_reason() -> None:
    run = run_at(ScriptedTarget())
    judge(run, [it_holds, it_is_broken, it_is_not_seen, it_is_left_open, it_holds])
    assert outcomes(run) == [
        ("it holds", "holds", None),
        ("it is broken", "broken", None),
        ("it is not seen", "not seen", "no_voucher"),
        ("it is left open", "not seen", "restless"),
        ("it holds", "holds", None),
    ]
    assert run.results[1].clauses == ("RES-2", "RES-1"), "what is violated comes first"
    assert exit_status_of(run) == 1


@pytest.mark.parametrize(("law", "reason"), [(it_ends_the_run, "not_in_form"), (it_spends_the_budget, "budget_spent")])
def test_once_a_run_cannot_go_on_no_law_is_judged_and_no_call_is_made(law: object, reason: str) -> None:
    target = ScriptedTarget()
    run = run_at(target)
    judge(run, [law, it_holds])  # type: ignore[list-item]
    assert [item[1:] for item in outcomes(run)] == [("not judged", reason)] * 2
    assert len(target.sent) == 1, "the opening alone"
    assert exit_status_of(run) == 3


def test_an_opening_that_fails_is_a_result_of_its_own() -> None:
    run = run_at(ScriptedTarget(lambda call: failure(Failure.UNREACHABLE)))
    judge(run, [it_holds])
    assert outcomes(run) == [("opening", "not judged", "no_reply"), ("it holds", "not judged", "no_reply")]


def test_a_failure_of_our_own_is_no_judgement_and_shows_no_secret() -> None:
    def fails(run: Run) -> None:
        raise RuntimeError(SECRET)

    run = run_at(ScriptedTarget())
    with pytest.raises(RuntimeError):
        perform(run, fails)
    assert run.crash is not None
    assert run.crash.startswith("RuntimeError in test_suite.py line ")
    assert SECRET not in run.crash


def test_a_stopped_run_keeps_what_it_found_and_calls_no_more() -> None:
    def stops(run: Run) -> None:
        it_is_broken(run)
        stop(run, "SIGTERM")
        raise AssertionError("a law that is under way ends at once")

    target = ScriptedTarget()
    run = run_at(target)
    judge(run, [it_holds, stops, it_holds])
    assert [item[1:] for item in outcomes(run)] == [("holds", None), ("broken", "stopped"), ("not judged", "stopped")]
    assert len(target.sent) == 3
    assert exit_status_of(run) == 130


def test_a_run_that_is_stopped_between_two_laws_begins_no_other() -> None:
    run = run_at(ScriptedTarget())
    perform(run, it_holds)
    stop(run, "SIGINT")
    judge(run, [it_holds])
    assert outcomes(run)[-1] == ("it holds", "not judged", "stopped")
    with pytest.raises(KeyboardInterrupt):
        stop(run, "SIGINT")


def test_calls_stay_within_the_budget_and_every_law_is_judged() -> None:
    run = judged(BrokenFake(world=a_world(137)))
    assert run.pace.made <= 200
    assert {result.law for result in run.results if result.outcome != "holds"} <= {"ts is now and moves on"}


def test_no_second_run_is_like_the_first_but_for_its_seed() -> None:
    first, again, other = (judged(BrokenFake(), seed=seed) for seed in (1, 1, 2))
    requests = [[made.request for made in run.caller.made] for run in (first, again, other)]
    assert requests[0] == requests[1]
    assert requests[0] != requests[2]


def test_a_session_key_goes_with_every_call_but_the_one_that_asks_whether_it_must() -> None:
    run = judged(BrokenFake(), session_key="session-of-mine")
    sent = [made.fields for made in run.caller.made if "signature" in made.fields]
    without = [fields for fields in sent if "session_key" not in fields]
    assert {fields["session_key"] for fields in sent if fields not in without} == {"session-of-mine"}
    assert len(without) == 1
    assert run.record.observations.left("session_key") == {"optional"}
    assert not run.record.broken


def test_a_secret_stands_in_no_repr() -> None:
    run = judged(BrokenFake())
    shown = f"{run.caller.credentials!r} {run!r} {run.caller.made[0]!r}"
    assert SECRET not in shown
    assert run.caller.credentials.signature not in shown


def test_a_target_that_drops_one_kind_of_request_is_judged_to_the_end() -> None:
    def drops(call: object) -> object:
        fields = getattr(call, "fields", {})
        return failure(Failure.BROKEN_OFF) if fields.get("status") == "3" else None

    run = run_at(ScriptedTarget(drops))  # type: ignore[arg-type]
    judge(run, LAWS)
    assert run.aborted is None
    assert {item.violation.kind for item in run.record.broken} == {"no_reply"}
    assert {item.violation.clause for item in run.record.broken} <= {"FILT-1", "SUM-1"}
    assert json.loads(run.record.broken[0].exchange.request)["status"] == "3"
