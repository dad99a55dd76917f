"""Anything that may happen to a fake, in any order; and what can be seen of one."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Merchant, Project, World

NOW = 1_748_754_000.0
ZONES = ["Asia/Jakarta", "UTC"]


def begun(kind: type[Provider] = Provider, **more: Any) -> Any:
    """Return a fake as a history begins with it."""
    return kind(
        world_of("M1", "M2", plan=Plan("timed", seed=4)),
        Readings(),
        MovableClock(FrozenClock(NOW)),
        rules=[Rule(Fault("html_502"), share=0.2, seed=2)],
        **more,
    )


def world_of(*merchant_ids: str, plan: Plan | None = None) -> World:
    """Return merchants with one project of five vouchers each."""
    return World(
        tuple(
            Merchant(
                one, f"secret-of-{one}", None, (Project(n, f"P-{one}", None, generate_vouchers(5, first_id=n * 10)),)
            )
            for n, one in enumerate(merchant_ids, 1)
        ),
        plan,
    )


def called(provider: Provider, merchant: MerchantStore, path: str, **fields: object) -> bytes:
    body = json.dumps({"signature": merchant.signature, **fields}).encode()
    return provider.handle(Request("POST", path.format(merchant_id=merchant.merchant_id), body, (), "t")).body


def page(provider: Provider, merchant: MerchantStore, project_id: str) -> bytes:
    asked = {"projectid": project_id, "status": "", "page": 1, "limit": 30}
    return called(provider, merchant, PROJECT_DETAIL.path, **asked)


def shown(provider: Provider) -> dict[str, Any]:
    """Return what can be seen of a fake: what its calls will get from now on, for a while."""
    pages = [
        page(provider, merchant, project.project_id)
        for _ in range(2)
        for merchant in provider.store.merchants()
        for project in merchant.projects()
    ]
    for merchant in provider.store.merchants():
        provider.clock_of(merchant.merchant_id).advance(7)
        pages += [page(provider, merchant, project.project_id) for project in merchant.projects()]
    found = {
        "pages": pages,
        "world": provider.store.snapshot(),
        "ids": provider.store.highest_ids(),
        "faults": provider.faults.states(),
        "readings": (provider.readings, provider.readings_origin),
        "clocks": [provider.clock_of(one.merchant_id).state for one in provider.store.merchants()],
        "secrets": provider.secrets(),
    }
    for merchant in provider.store.merchants():
        provider.reset_merchant(merchant.merchant_id)
    resets = [provider.store.snapshot(), provider.faults.states()]
    provider.reset()
    resets += [provider.store.snapshot(), provider.faults.states(), provider.clock.state, provider.readings]
    return {**found, "resets": resets}


PLANS = st.builds(
    Plan,
    transition=st.sampled_from(["immediate", "manual", "timed"]),
    after_reads=st.none() | st.integers(1, 3),
    process_after=st.just((1.0, 4.0)),
    done_after=st.just((0.5, 3.0)),
    outcomes=st.just(((VoucherStatus.SUCCESS, 2.0), (VoucherStatus.ERROR_ENGINE, 1.0))),
    seed=st.integers(0, 3),
)
READINGS = st.builds(
    Readings,
    timezone=st.sampled_from(ZONES),
    stats_scope=st.sampled_from(["project", "filtered"]),
    max_limit=st.sampled_from(["none", 2]),
)


class Histories(RuleBasedStateMachine):
    """Anything happens to a fake in any order; where it is served by several, they take turns."""

    def __init__(self, *providers: Provider) -> None:
        super().__init__()
        self.providers = providers
        self.provider = providers[0]
        self.numbers = iter(range(10_000))
        self.turns = 0

    @invariant()
    def another_has_its_turn(self) -> None:
        self.turns = (self.turns * 5 + 3) % 8
        self.provider = self.providers[self.turns // 2 % len(self.providers)]
        with self.provider.up_to_date():  # what an adapter does before it looks
            pass

    @property
    def merchants(self) -> list[MerchantStore]:
        return list(self.provider.store.merchants())

    def drawn(self, index: int) -> tuple[MerchantStore, ProjectStore] | None:
        owned = [(merchant, project) for merchant in self.merchants for project in merchant.projects()]
        return owned[index % len(owned)] if owned else None

    @rule(index=st.integers(0, 9), seconds=st.floats(0, 5), own=st.booleans())
    def wait(self, index: int, seconds: float, own: bool) -> None:
        if own and self.merchants:
            self.provider.own_clock(self.merchants[index % len(self.merchants)]).advance(seconds)
        else:
            self.provider.clock.advance(seconds)

    @rule(at=st.integers(0, 30), runs=st.booleans())
    def freeze(self, at: int, runs: bool) -> None:
        self.provider.change_clock(None, lambda clock: clock.run() if runs else clock.freeze(NOW + at))

    @rule(index=st.integers(0, 9))
    def read(self, index: int) -> None:
        drawn = self.drawn(index)
        if drawn is not None:
            page(self.provider, drawn[0], drawn[1].project_id)

    @rule(index=st.integers(0, 9), count=st.integers(1, 3))
    def submit(self, index: int, count: int) -> None:
        if self.merchants:
            codes = "\n".join(f"CODE{next(self.numbers)}" for _ in range(count))
            merchant = self.merchants[index % len(self.merchants)]
            called(self.provider, merchant, REDEEM_BULK.path, kode_voucher=base64.b64encode(codes.encode()).decode())

    @rule(
        index=st.integers(0, 9),
        to=st.sampled_from(VoucherStatus),
        of=st.none() | st.sampled_from(VoucherStatus),
        count=st.none() | st.integers(0, 4),
        note=st.none() | st.just("moved"),
    )
    def move(
        self, index: int, to: VoucherStatus, of: VoucherStatus | None, count: int | None, note: str | None
    ) -> None:
        drawn = self.drawn(index)
        if drawn is not None:
            self.provider.move_vouchers(*drawn, to, of=of, count=count, note=note)

    @rule(index=st.integers(0, 9), plan=st.none() | PLANS, of_voucher=st.booleans())
    def plan(self, index: int, plan: Plan | None, of_voucher: bool) -> None:
        drawn = self.drawn(index)
        if drawn is None:
            return
        vouchers = drawn[1].snapshot().vouchers
        if of_voucher and vouchers:
            self.provider.set_voucher_plan(*drawn, vouchers[index % len(vouchers)].id, plan)
        else:
            self.provider.set_plan(*drawn, plan)

    @rule(index=st.integers(0, 9), readings=READINGS, own=st.booleans())
    def read_otherwise(self, index: int, readings: Readings, own: bool) -> None:
        if own and self.merchants:
            self.provider.put_merchant_readings(self.merchants[index % len(self.merchants)], readings)
        else:
            self.provider.put_readings(readings, {"timezone": "a test"})

    @rule(index=st.integers(0, 9), vendor_state=st.sampled_from([None, *VENDOR_STATES]))
    def set_vendor_state(self, index: int, vendor_state: str | None) -> None:
        if self.merchants:
            self.provider.set_vendor_state(self.merchants[index % len(self.merchants)], vendor_state)

    @rule(times=st.none() | st.integers(1, 3), of=st.none() | st.sampled_from(["M1", "P-M2"]))
    def fault(self, times: int | None, of: str | None) -> None:
        limits = {"times": times} if times else {"share": 0.5, "seed": 3}
        whose = {} if of is None else {"project_id" if of.startswith("P") else "merchant_id": of}
        self.provider.faults.add(Rule(Fault("rate_limit"), **limits, **whose))  # type: ignore[arg-type]

    @rule(index=st.integers(0, 9))
    def clear_faults(self, index: int) -> None:
        self.provider.faults.clear("M1" if index else None)

    @rule(readings=st.none() | READINGS, plan=st.none() | PLANS)
    def add_merchant(self, readings: Readings | None, plan: Plan | None) -> None:
        number = next(self.numbers)
        stored = self.provider.add_merchant(Merchant(f"N{number}", f"made-up-{number}"), readings)
        project = Project(100 + number, f"P{number}", "named", generate_vouchers(3, first_id=1000 + 10 * number), plan)
        self.provider.add_project(stored, project)

    @rule(index=st.integers(0, 9))
    def remove_merchant(self, index: int) -> None:
        if len(self.merchants) > 1:
            self.provider.remove_merchant(self.merchants[index % len(self.merchants)].merchant_id)

    @rule(index=st.integers(0, 9), remove=st.booleans())
    def change_project(self, index: int, remove: bool) -> None:
        drawn = self.drawn(index)
        if drawn is not None and remove:
            self.provider.remove_project(drawn[0], drawn[1].project_id)
        elif drawn is not None:
            self.provider.rename_project(*drawn, f"called {index}")

    @rule(plan=st.none() | PLANS, is_start=st.booleans())
    def put_world(self, plan: Plan | None, is_start: bool) -> None:
        self.provider.put_world(world_of("M2", "M3", plan=plan), is_start=is_start)

    @rule(index=st.integers(0, 9))
    @precondition(lambda self: self.merchants)
    def reset(self, index: int) -> None:
        if index:
            self.provider.reset_merchant(self.merchants[index % len(self.merchants)].merchant_id)
        else:
            self.provider.reset()

    @rule(n=st.integers(0, 4))
    def compact(self, n: int) -> None:
        if n == 0:
            self.provider.compact()

    @rule(n=st.integers(0, 9))
    def clear_journal(self, n: int) -> None:
        if n == 0:
            self.provider.clear_journal()


def seen(provider: Provider) -> dict[str, Any]:
    """Return what can be seen of a fake without a change to it."""
    with provider.up_to_date():
        pass
    return {
        "world": provider.store.snapshot(),
        "ids": provider.store.highest_ids(),
        "faults": provider.faults.states(),
        "readings": (provider.readings, provider.readings_origin),
        "clocks": [
            provider.clock.state,
            *(provider.clock_of(one.merchant_id).state for one in provider.store.merchants()),
        ],
        "secrets": provider.secrets(),
        "calls": (provider.journal.entries(), provider.journal.total, provider.journal.generation),
    }
