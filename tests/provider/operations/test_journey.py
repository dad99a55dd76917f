"""Submit, then poll, while an operator adds, moves, removes and resets: a state machine against plain dicts."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES, encode_codes
from mockserver.contract.signature import sign
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.plan import FINAL, Plan
from mockserver.provider.state.world import Merchant, World
from mockserver.provider.submissions import submissions
from mockserver.web.app import create_app
from tests.support.asking import NOW
from tests.support.examples import examples

SECRETS = {"M-one": "secret-of-one", "M-two": "secret-of-two"}
merchants = st.sampled_from(sorted(SECRETS))
# Few codes, so that doubles come often.
lists = st.lists(st.sampled_from([f"CODE{number}" for number in range(9)]), min_size=1, max_size=3)
# The project is made although nobody hears of it, or the call is lost before.
LOST = ("close_before", "html_504", "truncated_json")
PREVENTED = ("close_before; carried_out=0", "rate_limit", "maintenance", "BULK-ERR-7")


def call(
    provider: Provider, operation: Operation, merchant_id: str, *, fault: str = "", **fields: Any
) -> tuple[Reply, Any]:
    """Return the reply, and its body where that is JSON."""
    content = json.dumps({**fields, "signature": sign(merchant_id, SECRETS[merchant_id])}).encode()
    headers = ((FAULT_HEADER.lower(), fault),) if fault else ()
    reply = provider.handle(Request("POST", operation.path_of(merchant_id), content, headers))
    return reply, json.loads(reply.body) if reply.body.endswith(b"}") else None


def polled(provider: Provider, merchant_id: str, project_id: str, limit: int) -> tuple[dict[str, int], list[Any]]:
    """Return the stats of a project and all its vouchers, newest first, page by page."""
    stats, vouchers, page = {}, [], 1
    while True:
        asked: dict[str, Any] = {"projectid": project_id, "status": "", "page": page, "limit": limit}
        _, sent = call(provider, PROJECT_DETAIL, merchant_id, **asked)
        assert sent["rc"] == 200
        stats = sent["data"]["data"]["stats"]
        vouchers += sent["data"]["data"]["vouchers"]
        if page >= sent["data"]["total_page"]:
            return stats, vouchers
        page += 1


class Journey(RuleBasedStateMachine):
    """`model` is what each merchant has: by project_id, the status of each code, oldest first."""

    @initialize(duplicate=st.sampled_from(["merchant", "list", "anyone"]))
    def start(self, duplicate: str) -> None:
        self.duplicate = duplicate
        world = World(tuple(Merchant(merchant_id, secret) for merchant_id, secret in SECRETS.items()))
        self.provider = Provider(world, Readings.of({"bulk_duplicate": duplicate}), FrozenClock(NOW))
        self.admin = create_app(self.provider).test_client()
        self.forget()

    def forget(self) -> None:
        self.model: dict[str, dict[str, list[list[str]]]] = {merchant_id: {} for merchant_id in SECRETS}
        self.submitted = set[str]()
        self.vendor_state: dict[str, str | None] = dict.fromkeys(SECRETS)

    def codes_of(self, *merchant_ids: str) -> set[str]:
        return {code for one in merchant_ids for project in self.model[one].values() for code, _ in project}

    def refused_as(self, merchant_id: str, codes: list[str]) -> str | None:
        """The clause that a right submission is refused with, or None."""
        if self.vendor_state[merchant_id] is not None:
            return REDEEM_BULK.error_of[self.vendor_state[merchant_id] or ""].clause
        known = {"list": [], "merchant": [merchant_id], "anyone": [*SECRETS]}[self.duplicate]
        is_double = len({*codes}) < len(codes) or not self.codes_of(*known).isdisjoint(codes)
        return "BULK-ERR-10" if is_double else None

    @rule(merchant_id=merchants, codes=lists)
    def submit(self, merchant_id: str, codes: list[str]) -> None:
        expected = self.refused_as(merchant_id, codes)
        reply, sent = call(self.provider, REDEEM_BULK, merchant_id, kode_voucher=encode_codes(codes))
        assert reply.clause == (expected or "BULK-RES-1")
        if expected is None:
            project_id = sent["data"]["project_id"]
            assert project_id not in {*self.model["M-one"], *self.model["M-two"]}
            self.model[merchant_id][project_id] = [[code, "pending"] for code in codes]
            self.submitted.add(project_id)

    @rule(merchant_id=merchants, codes=lists, fault=st.sampled_from(LOST))
    def submit_and_lose_the_reply(self, merchant_id: str, codes: list[str], fault: str) -> None:
        expected = self.refused_as(merchant_id, codes)
        kode_voucher = encode_codes(codes)
        reply, _ = call(self.provider, REDEEM_BULK, merchant_id, fault=fault, kode_voucher=kode_voucher)
        with self.provider.up_to_date():
            (newest,), _ = submissions(self.provider.store, self.provider.journal, newest=1)
        assert (newest.reply, newest.fault) == ("lost", reply.fault)  # type: ignore[attr-defined] # of a fault
        if expected is None:
            assert (newest.outcome, newest.codes) == ("accepted", len(codes))
            assert newest.project_id is not None
            self.model[merchant_id][newest.project_id] = [[code, "pending"] for code in codes]
            self.submitted.add(newest.project_id)
        else:
            assert newest.project_id is None

    @rule(merchant_id=merchants, codes=lists, fault=st.sampled_from(PREVENTED))
    def submit_and_lose_the_call(self, merchant_id: str, codes: list[str], fault: str) -> None:
        call(self.provider, REDEEM_BULK, merchant_id, fault=fault, kode_voucher=encode_codes(codes))

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data(), limit=st.integers(1, 3))
    def poll(self, data: st.DataObject, limit: int) -> None:
        merchant_id, project_id = self.some_project(data)
        expected = self.model[merchant_id][project_id]
        stats, vouchers = polled(self.provider, merchant_id, project_id, limit)
        numbers = [STATUSES.index(VoucherStatus(status)) for _, status in expected]
        assert [(one["voucher_code"], one["status"]) for one in reversed(vouchers)] == [
            (code, number) for (code, _), number in zip(expected, numbers, strict=True)
        ]
        assert stats == {one.value: sum(status == one.value for _, status in expected) for one in STATUSES}

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data(), to=st.sampled_from(STATUSES), count=st.integers(0, 3))
    def move(self, data: st.DataObject, to: VoucherStatus, count: int) -> None:
        merchant_id, project_id = self.some_project(data)
        body = {"from": "pending", "to": to.value, "count": count}
        reply = self.admin.patch(f"/__admin/projects/{project_id}/vouchers", json=body)
        assert reply.status_code == 200
        pending = [one for one in self.model[merchant_id][project_id] if one[1] == "pending"]
        for one in pending[:count]:
            one[1] = to.value

    @rule(merchant_id=merchants, codes=lists, number=st.integers(0, 3))
    def add_project(self, merchant_id: str, codes: list[str], number: int) -> None:
        project_id, vouchers = f"P{number}", [{"voucher_code": code} for code in reversed(codes)]
        body = {"project_id": project_id, "vouchers": vouchers}
        reply = self.admin.post(f"/__admin/merchants/{merchant_id}/projects", json=body)
        if len({*codes}) < len(codes):
            assert reply.status_code == 422
        elif project_id in {*self.model["M-one"], *self.model["M-two"]}:
            assert reply.status_code == 409
        elif self.codes_of(merchant_id).isdisjoint(codes):
            assert reply.status_code == 201
            self.model[merchant_id][project_id] = [[code, "pending"] for code in codes]
        else:
            assert reply.status_code == 409

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data())
    def remove_project(self, data: st.DataObject) -> None:
        merchant_id, project_id = self.some_project(data)
        assert self.admin.delete(f"/__admin/projects/{project_id}").status_code == 200
        del self.model[merchant_id][project_id]

    @rule(merchant_id=merchants, state=st.sampled_from([None, *VENDOR_STATES]))
    def set_vendor_state(self, merchant_id: str, state: str | None) -> None:
        reply = self.admin.patch(f"/__admin/merchants/{merchant_id}", json={"vendor_state": state})
        assert reply.status_code == 200
        self.vendor_state[merchant_id] = state

    @rule(merchant_id=st.none() | merchants)
    def reset(self, merchant_id: str | None) -> None:
        query = "" if merchant_id is None else f"?merchant_id={merchant_id}"
        assert self.admin.post(f"/__admin/reset{query}", json={}).status_code == 200
        if merchant_id is None:
            self.forget()
        else:
            self.model[merchant_id] = {}
            self.vendor_state[merchant_id] = None

    @invariant()
    def the_world_is_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.provider.up_to_date():
            held = self.provider.store.snapshot().merchants
            found, _ = submissions(self.provider.store, self.provider.journal, newest=1000)
        assert {
            one.merchant_id: {
                project.project_id: [[voucher.voucher_code, voucher.status.value] for voucher in project.vouchers[::-1]]
                for project in one.projects
            }
            for one in held
        } == self.model
        projects = [project for one in held for project in one.projects]
        vouchers = [voucher.id for project in projects for voucher in project.vouchers]
        assert len({project.id for project in projects}) == len(projects)
        assert len({*vouchers}) == len(vouchers)
        there = {*self.model["M-one"], *self.model["M-two"]}
        assert {one.project_id for one in found if one.project is not None} == self.submitted & there

    def some_project(self, data: st.DataObject) -> tuple[str, str]:
        owned = sorted((merchant_id, one) for merchant_id, projects in self.model.items() for one in projects)
        chosen: tuple[str, str] = data.draw(st.sampled_from(owned))
        return chosen


Journey.TestCase.settings = settings(max_examples=examples(30), stateful_step_count=20, deadline=None)
TestJourney = Journey.TestCase

# Which numbers a status may go to, as SUM-1 numbers them: pending 0, process 2, and the ends, where it stays.
FOLLOWS = {0: {0, 1, 2, 3, 4}, 2: {1, 2, 3, 4}, 1: {1}, 3: {3}, 4: {4}}
plans = st.builds(
    Plan,
    transition=st.just("timed"),
    process_after=st.tuples(st.integers(0, 4), st.integers(4, 9)),
    done_after=st.tuples(st.integers(0, 4), st.integers(4, 9)),
    outcomes=st.just(tuple((end, 1) for end in FINAL)),
)


@given(plan=plans, count=st.integers(1, 12), steps=st.lists(st.floats(0, 5), max_size=8), limit=st.integers(1, 5))
@settings(max_examples=examples(40))
def test_what_was_submitted_finishes_under_a_plan_and_is_coherent_at_every_instant(
    plan: Plan, count: int, steps: list[float], limit: int
) -> None:
    world = World((Merchant("M-one", SECRETS["M-one"]),), plan)
    provider = Provider(world, Readings(), FrozenClock(NOW))
    codes = [f"CODE{number}" for number in range(count)]
    _, sent = call(provider, REDEEM_BULK, "M-one", kode_voucher=encode_codes(codes))
    project_id = sent["data"]["project_id"]
    before = dict.fromkeys(codes, 0)
    for seconds in (0.0, *steps, 30.0):
        provider.clock.advance(seconds)
        stats, vouchers = polled(provider, "M-one", project_id, limit)
        now = {one["voucher_code"]: one["status"] for one in vouchers}
        assert [*now] == codes[::-1]
        assert [*stats.values()] == [sum(status == number for status in now.values()) for number in range(5)]
        assert all(status in FOLLOWS[before[code]] for code, status in now.items())
        before = now
    assert stats["pending"] == stats["process"] == 0


def test_a_fault_of_a_submitted_project_hits_the_calls_for_it_alone() -> None:
    provider = Provider(World((Merchant("M-one", SECRETS["M-one"]),)), Readings(), FrozenClock(NOW))
    first, second = (
        call(provider, REDEEM_BULK, "M-one", kode_voucher=encode_codes([code]))[1]["data"]["project_id"]
        for code in ("CODE1", "CODE2")
    )
    provider.faults.add(Rule(Fault("html_502"), project_id=first))
    http_statuses = []
    for project_id in (first, second):
        fields: dict[str, Any] = {"projectid": project_id, "status": "", "page": 1, "limit": 30}
        http_statuses.append(call(provider, PROJECT_DETAIL, "M-one", **fields)[0].http_status)
    assert http_statuses == [502, 200]
    assert call(provider, REDEEM_BULK, "M-one", kode_voucher=encode_codes(["CODE3"]))[1]["rc"] == 0
