"""Vouchers move by plan, and what belongs together moves together."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock, MovableClock, date_time
from mockserver.provider.state.lifecycle import NoSuchVoucher, move_many, set_plan, set_voucher_plan
from mockserver.provider.state.plan import Plan, plan_from_document, plan_to_document
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.world import WorldError
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import world_from_document
from tests.support.asking import NOW, ask
from tests.support.examples import examples
from tests.support.laws import assert_lawful

PENDING, SUCCESS, PROCESS, ERROR_ENGINE, ERROR_VOUCHER = VoucherStatus
ZONE = "Asia/Jakarta"


def provider_with(count: int = 10, **keys: Any) -> Provider:
    """A provider of one project; `world`, `project` and `voucher` are the plans of each."""
    generated: Any = {"generate": {"count": count, "seed": 3}}
    if "voucher" in keys:
        generated = [{"id": 1, "voucher_code": "A", "plan": keys["voucher"]}, {"id": 2, "voucher_code": "B"}]
    project = {"project_id": "P", "vouchers": generated, **({"plan": keys["project"]} if "project" in keys else {})}
    document: dict[str, Any] = {"merchants": [{"merchant_id": "M", "secret_key": "made-up", "projects": [project]}]}
    if "world" in keys:
        document["plan"] = keys["world"]
    clock = MovableClock(FrozenClock(NOW))
    return Provider(world_from_document(document, Readings(), clock), Readings(), clock)


def read(provider: Provider) -> dict[str, Any]:
    content = json.dumps({"projectid": "P", "limit": 1000, "signature": sign("M", "made-up")}).encode()
    reply = ask(provider, content, merchant_id="M")
    assert_lawful(reply)
    return reply


def stats(provider: Provider) -> dict[str, int]:
    found: dict[str, int] = {k: v for k, v in read(provider)["data"]["data"]["stats"].items() if v}
    return found


def project_of(provider: Provider) -> ProjectStore:
    merchant = provider.store.merchant("M")
    assert merchant is not None
    project = merchant.project("P")
    assert project is not None
    return project


def test_without_a_plan_nothing_moves_by_itself() -> None:
    provider = provider_with()
    provider.clock.advance(1e6)
    assert stats(provider) == {"pending": 10}
    assert project_of(provider).life_cycle is None


@pytest.mark.parametrize("where", ["world", "project"])
def test_immediate_ends_at_once(where: str) -> None:
    assert stats(provider_with(10, **{where: {"transition": "immediate"}})) == {"success": 10}


def test_timed_goes_by_the_fakes_clock() -> None:
    provider = provider_with(project={"transition": "timed", "process_after": 2, "done_after": 3})
    assert stats(provider) == {"pending": 10}
    provider.clock.advance(1.9)
    assert stats(provider) == {"pending": 10}
    provider.clock.advance(0.1)
    assert stats(provider) == {"process": 10}
    provider.clock.advance(3)
    assert stats(provider) == {"success": 10}


def test_a_transition_is_dated_when_it_was_due_and_not_when_it_was_read() -> None:
    provider = provider_with(count=1, project={"transition": "timed", "process_after": 2, "done_after": 3})
    provider.clock.advance(3600)
    reply = read(provider)
    voucher = reply["data"]["data"]["vouchers"][0]
    assert voucher["updated_at"] == max(date_time(NOW + 5, ZONE), voucher["cretaed_at"])
    assert reply["ts"] == NOW + 3600


def test_manual_moves_a_step_after_so_many_reads() -> None:
    provider = provider_with(project={"transition": "manual", "after_reads": 2})
    seen = [next(iter(stats(provider))) for _ in range(6)]
    assert seen == ["pending", "pending", "process", "process", "success", "success"]


def test_a_vouchers_plan_goes_before_its_projects() -> None:
    provider = provider_with(project={"transition": "manual"}, voucher={"transition": "immediate"})
    assert stats(provider) == {"pending": 1, "success": 1}


def test_a_projects_plan_goes_before_the_worlds() -> None:
    provider = provider_with(world={"transition": "immediate"}, project={"transition": "manual"})
    assert stats(provider) == {"pending": 10}


def test_a_seed_makes_mixed_outcomes_repeatable() -> None:
    def ends(seed: int) -> list[tuple[int, int]]:
        plan = {
            "transition": "immediate",
            "outcomes": {"success": 5, "error_engine": 3, "error_voucher": 2},
            "seed": seed,
        }
        vouchers = read(provider_with(200, project=plan))["data"]["data"]["vouchers"]
        return [(voucher["status"], voucher["nominal_gs"]) for voucher in vouchers]

    assert ends(1) == ends(1)
    assert ends(1) != ends(2)
    assert {status for status, _ in ends(1)} == {1, 3, 4}


def test_a_range_of_seconds_spreads_the_vouchers() -> None:
    plan = {"transition": "timed", "process_after": [0, 100], "done_after": 1000}
    provider = provider_with(200, project=plan)
    provider.clock.advance(50)
    assert 60 < stats(provider)["process"] < 140


def test_a_success_makes_the_nominal_known_and_an_error_does_not() -> None:
    provider = provider_with()
    assert {v["nominal_gs"] for v in read(provider)["data"]["data"]["vouchers"]} == {0}
    project = project_of(provider)
    moved = move_many(project, SUCCESS, now=NOW, zone=ZONE, count=4)
    assert all(voucher.nominal_gs in {25, 50, 100} and '"success"' in voucher.response_json for voucher in moved)
    failed = move_many(project, ERROR_VOUCHER, now=NOW, zone=ZONE, of=PENDING)
    assert all(voucher.nominal_gs == 0 and voucher.note != "-" and not voucher.response_json for voucher in failed)
    assert stats(provider) == {"success": 4, "error_voucher": 6}


def test_what_is_given_is_taken() -> None:
    provider = provider_with(count=1)
    (moved,) = move_many(project_of(provider), SUCCESS, now=NOW, zone=ZONE, note="ok", response_json="{}", nominal_gs=7)
    assert (moved.note, moved.response_json, moved.nominal_gs) == ("ok", "{}", 7)


def test_a_voucher_is_not_updated_before_it_was_created() -> None:
    """The clock may stand at a time before that (RES-6)."""
    project = project_of(provider_with(count=1))
    (moved,) = move_many(project, PROCESS, now=0, zone=ZONE)
    assert moved.updated_at == moved.created_at
    (moved,) = move_many(project, SUCCESS, now=1_800_000_000, zone=ZONE)
    assert moved.updated_at == date_time(1_800_000_000, ZONE)


@pytest.mark.parametrize("chosen", [{}, {"of": PENDING}, {"ids": [1]}])
def test_a_negative_count_moves_nothing(chosen: dict[str, Any]) -> None:
    project = project_of(provider_with())
    with pytest.raises(ValueError, match="expected a count of 0 or more"):
        move_many(project, SUCCESS, now=NOW, zone=ZONE, count=-1, **chosen)
    assert move_many(project, SUCCESS, now=NOW, zone=ZONE, count=0) == []


def test_a_named_voucher_takes_what_is_given_where_it_is_too() -> None:
    provider = provider_with(project={"transition": "timed", "process_after": 10, "done_after": 10})
    project = project_of(provider)
    provider.clock.advance(5)
    (oldest, *_) = project.ids_in((PENDING,))
    (changed,) = move_many(project, PENDING, now=provider.clock.now(), zone=ZONE, ids=[oldest], note="see me")
    assert (changed.status, changed.note) == (PENDING, "see me")
    assert move_many(project, PENDING, now=provider.clock.now(), zone=ZONE, ids=[oldest]) == []
    assert move_many(project, PENDING, now=provider.clock.now(), zone=ZONE, note="all of them") == []
    provider.clock.advance(5)
    assert stats(provider) == {"process": 10}, "its plan goes on as it was"


def test_a_voucher_with_a_plan_of_its_own_goes_on_when_the_project_gets_another() -> None:
    own = {"transition": "timed", "process_after": 10, "done_after": 100}
    provider = provider_with(voucher=own)
    read(provider)
    provider.clock.advance(9)
    manual = plan_from_document({"transition": "manual"})
    set_plan(project_of(provider), manual, now=provider.clock.now(), zone=ZONE)
    provider.clock.advance(1)
    assert stats(provider) == {"pending": 1, "process": 1}


def test_some_are_the_oldest_and_named_ones_are_named() -> None:
    provider = provider_with()
    project = project_of(provider)
    ids = [voucher.id for voucher in project.snapshot().vouchers]
    assert [voucher.id for voucher in move_many(project, PROCESS, now=NOW, zone=ZONE, count=2)] == sorted(ids)[:2]
    code = project.voucher(ids[0]).voucher_code
    moved = move_many(project, SUCCESS, now=NOW, zone=ZONE, ids=[ids[1]], codes=[code])
    assert {voucher.id for voucher in moved} == {ids[0], ids[1]}


def test_an_unknown_voucher_moves_nothing() -> None:
    provider = provider_with()
    for chosen in ({"ids": [999_999]}, {"codes": ["nope"]}):
        with pytest.raises(NoSuchVoucher, match="no voucher"):
            move_many(project_of(provider), SUCCESS, now=NOW, zone=ZONE, **chosen)
    assert stats(provider) == {"pending": 10}


def test_a_plan_goes_on_from_a_move_by_hand() -> None:
    provider = provider_with(project={"transition": "timed", "process_after": 10, "done_after": 10})
    move_many(project_of(provider), PROCESS, now=provider.clock.now(), zone=ZONE, count=3)
    provider.clock.advance(10)
    assert stats(provider) == {"process": 7, "success": 3}
    move_many(project_of(provider), PENDING, now=provider.clock.now(), zone=ZONE, of=SUCCESS)
    provider.clock.advance(9)
    assert stats(provider) == {"pending": 3, "process": 7}
    provider.clock.advance(1)
    assert stats(provider) == {"process": 3, "success": 7}


def test_a_new_plan_starts_when_it_is_set() -> None:
    provider = provider_with()
    provider.clock.advance(1000)
    plan = plan_from_document({"transition": "timed", "process_after": 5, "done_after": 5})
    set_plan(project_of(provider), plan, now=provider.clock.now(), zone=ZONE)
    assert stats(provider) == {"pending": 10}
    provider.clock.advance(5)
    assert stats(provider) == {"process": 10}
    set_plan(project_of(provider), None, now=provider.clock.now(), zone=ZONE)
    provider.clock.advance(1000)
    assert stats(provider) == {"process": 10}


def test_a_voucher_gets_a_plan_of_its_own() -> None:
    provider = provider_with(voucher={"transition": "manual"})
    set_voucher_plan(project_of(provider), 2, Plan(transition="immediate"), now=NOW, zone=ZONE)
    assert stats(provider) == {"pending": 1, "success": 1}


def test_a_project_that_is_added_starts_its_plan_then() -> None:
    provider = provider_with()
    merchant = provider.store.merchant("M")
    assert merchant is not None
    document = {
        "merchants": [
            {
                "merchant_id": "X",
                "secret_key": "made-up",
                "projects": [
                    {
                        "id": 9,
                        "project_id": "P2",
                        "plan": {"transition": "immediate"},
                        "vouchers": [{"voucher_code": "Z"}],
                    }
                ],
            }
        ]
    }
    world = world_from_document(document, Readings(), provider.clock)
    added = provider.add_project(merchant, world.merchants[0].projects[0])
    assert added.stats(tuple(VoucherStatus))[1] == 1


def test_a_world_with_plans_reads_back_as_it_was_written() -> None:
    plan = {
        "transition": "timed",
        "process_after": 1.0,
        "done_after": [3.0, 20.0],
        "outcomes": {"error_engine": 2},
        "seed": 9,
    }
    provider = provider_with(world=plan, voucher={"transition": "manual", "after_reads": 3})
    document = world_to_document(provider.store.snapshot(), Readings(), with_secrets=True)
    assert document["plan"] == plan
    again = world_from_document(document, Readings(), provider.clock)
    assert again == provider.store.snapshot()


def test_plans_that_cannot_be_are_refused_in_words() -> None:
    with pytest.raises(WorldError, match=r"plan\.process_after: expected \[least, most\]"):
        provider_with(project={"transition": "timed", "process_after": [5, 2]})
    with pytest.raises(WorldError, match="every weight is 0"):
        provider_with(project={"transition": "timed", "outcomes": {"success": 0}})
    with pytest.raises(WorldError, match="expected one of 'immediate', 'manual', 'timed'"):
        provider_with(world={"transition": "random"})


@pytest.mark.parametrize(
    "document",
    [
        {"transition": "manual", "after_reads": 2},
        {"transition": "timed", "nominal_gs": [1, 2]},
        {"transition": "immediate"},
    ],
)
def test_a_plan_is_written_as_it_was_read(document: dict[str, Any]) -> None:
    assert plan_to_document(plan_from_document(document)) == document


_PLANS = st.fixed_dictionaries(
    {"transition": st.sampled_from(["immediate", "manual", "timed"])},
    optional={
        "process_after": st.floats(0, 20),
        "done_after": st.floats(0, 20),
        "outcomes": st.sampled_from([{"success": 1}, {"success": 1, "error_engine": 1, "error_voucher": 2}]),
        "seed": st.integers(0, 5),
    },
)


class Living(RuleBasedStateMachine):
    """Whatever is moved, planned and waited for, every reply keeps every law, and no voucher is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = provider_with(12, project={"transition": "manual"})
        self.project = project_of(self.provider)
        self.ids = sorted(voucher.id for voucher in self.project.snapshot().vouchers)
        self.updated = {voucher.id: voucher.updated_at for voucher in self.project.snapshot().vouchers}

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.provider.clock.advance(seconds)

    @rule(
        to=st.sampled_from(VoucherStatus),
        of=st.none() | st.sampled_from(VoucherStatus),
        count=st.none() | st.integers(0, 6),
    )
    def move(self, to: VoucherStatus, of: VoucherStatus | None, count: int | None) -> None:
        before = self.project.count((of,)) if of is not None else len(self.project)
        moved = move_many(self.project, to, now=self.provider.clock.now(), zone=ZONE, of=of, count=count)
        immediate = any(voucher.status is not to for voucher in moved)
        assert immediate or all(voucher.status is to for voucher in moved)
        assert len(moved) <= max(before, 12)

    @rule(index=st.integers(0, 11), to=st.sampled_from(VoucherStatus))
    def move_one(self, index: int, to: VoucherStatus) -> None:
        move_many(self.project, to, now=self.provider.clock.now(), zone=ZONE, ids=[self.ids[index]])

    @rule(plan=_PLANS)
    def plan(self, plan: dict[str, Any]) -> None:
        set_plan(self.project, plan_from_document(plan), now=self.provider.clock.now(), zone=ZONE)

    @rule(index=st.integers(0, 11), plan=st.none() | _PLANS)
    def plan_one(self, index: int, plan: dict[str, Any] | None) -> None:
        made = None if plan is None else plan_from_document(plan)
        set_voucher_plan(self.project, self.ids[index], made, now=self.provider.clock.now(), zone=ZONE)

    @invariant()
    def every_law_holds(self) -> None:
        reply = read(self.provider)
        vouchers = reply["data"]["data"]["vouchers"]
        assert sorted(voucher["id"] for voucher in vouchers) == self.ids
        for voucher in vouchers:
            assert voucher["updated_at"] >= self.updated[voucher["id"]]
            assert voucher["updated_at"] <= max(date_time(reply["ts"], ZONE), voucher["cretaed_at"])
            self.updated[voucher["id"]] = voucher["updated_at"]
            if voucher["status"] == 1:
                assert voucher["nominal_gs"] > 0
            if voucher["status"] in {0, 2}:
                assert voucher["note"] == "-"


Living.TestCase.settings = settings(max_examples=examples(40), stateful_step_count=25, deadline=None)
test_living = Living.TestCase


def test_every_law_holds_while_eight_threads_read_and_move() -> None:
    plan = {
        "transition": "timed",
        "process_after": [0, 5],
        "done_after": [0, 5],
        "outcomes": {"success": 3, "error_engine": 1},
    }
    provider = provider_with(60, project=plan)
    project = project_of(provider)
    failures: list[BaseException] = []
    moves = 40

    def move_about(seed: int) -> None:
        for number in range(moves):
            to = list(VoucherStatus)[(seed + number) % 5]
            move_many(project, to, now=provider.clock.now(), zone=ZONE, count=1 + number % 4)
            provider.clock.advance(0.05)

    def look() -> None:
        for _ in range(60):
            read(provider)

    def guarded(work: Any, *args: Any) -> None:
        try:
            work(*args)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(move_about, seed)) for seed in range(4)]
    threads += [threading.Thread(target=guarded, args=(look,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    read(provider)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"transition": "tmed"}, "no transition 'tmed'; did you mean 'timed'"),
        ({"transition": None}, "no transition None"),
        ({"process_after": 5}, r"process_after: expected \[least, most\] in seconds .*, got 5"),
        ({"process_after": (0, float("inf"))}, r"process_after: expected \[least, most\]"),
        ({"process_after": (False, True)}, r"process_after: expected \[least, most\]"),
        ({"done_after": (3.0, 1.0)}, r"done_after: expected \[least, most\]"),
        ({"outcomes": ((VoucherStatus.SUCCESS, 0),)}, "every weight is 0"),
        ({"outcomes": ((PENDING, 1),)}, "outcomes: expected pairs as in"),
        ({"outcomes": {"success": 1}}, "outcomes: expected pairs as in"),
        ({"outcomes": 5}, "outcomes: expected pairs as in .*, got 5"),
        ({"nominal_gs": ()}, "nominal_gs: expected at least one whole number"),
        ({"nominal_gs": 25}, "nominal_gs: expected at least one whole number"),
        ({"nominal_gs": (25, -5)}, "nominal_gs: expected at least one whole number, 0 or more"),
        ({"nominal_gs": ("25",)}, "nominal_gs: expected at least one whole number"),
        ({"nominal_gs": (2.5,)}, "nominal_gs: expected at least one whole number"),
        ({"after_reads": "x"}, "after_reads: expected how many calls, 1 or more, got 'x'"),
        ({"after_reads": 0}, "after_reads: expected how many calls"),
        ({"after_reads": True}, "after_reads: expected how many calls"),
    ],
)
def test_a_plan_that_cannot_move_anything_is_refused_when_it_is_made(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Plan(**wrong)
