"""Vouchers that move while they are counted and listed: a state machine against plain lists."""

from __future__ import annotations

import threading

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.world import Project, Voucher
from mockserver.testing.strategies import vouchers as any_vouchers
from tests.support.examples import examples

LATER = "2030-01-01 00:00:00"
filters = st.sampled_from([STATUSES, (), *((status,) for status in STATUSES)])


class Moving(RuleBasedStateMachine):
    @initialize(vouchers=any_vouchers(max_size=20))
    def start(self, vouchers: tuple[Voucher, ...]) -> None:
        self.model = {voucher.id: voucher for voucher in vouchers}
        self.store = ProjectStore(Project(1, "R1", None, vouchers))

    @rule(data=st.data(), to=st.sampled_from(STATUSES), nominal=st.none() | st.sampled_from([0, 25, 100]))
    def move(self, data: st.DataObject, to: VoucherStatus, nominal: int | None) -> None:
        if not self.model:
            return
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        moved = self.store.move(id_, to, updated_at=LATER, nominal_gs=nominal)
        before = self.model[id_]
        assert (moved.status, moved.updated_at, moved.created_at) == (to, LATER, before.created_at)
        assert moved.nominal_gs == (before.nominal_gs if nominal is None else nominal)
        self.model[id_] = moved

    @rule(wanted=filters, offset=st.integers(0, 25), limit=st.integers(1, 25))
    def page(self, wanted: tuple[VoucherStatus, ...], offset: int, limit: int) -> None:
        newest_first = [self.model[id_] for id_ in sorted(self.model, reverse=True)]
        matching = [voucher for voucher in newest_first if voucher.status in wanted]
        assert self.store.page(wanted, offset, limit) == matching[offset : offset + limit]

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        every = list(self.model.values())
        assert self.store.stats(STATUSES) == [sum(one.status is status for one in every) for status in STATUSES]
        for wanted in (STATUSES, (VoucherStatus.SUCCESS,), ()):
            matching = [one for one in every if one.status in wanted]
            nominals = {one.nominal_gs for one in matching}
            assert self.store.count(wanted) == len(matching)
            assert self.store.nominals(wanted) == {
                nominal: sum(one.nominal_gs == nominal for one in matching) for nominal in nominals
            }
            newest = {nominal: max(one.id for one in matching if one.nominal_gs == nominal) for nominal in nominals}
            assert self.store.nominals_newest_first(wanted) == sorted(
                newest, key=lambda nominal: newest[nominal], reverse=True
            )


Moving.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
TestMoving = Moving.TestCase


def test_no_move_is_lost_and_no_picture_is_torn_under_threads() -> None:
    store = ProjectStore(Project(1, "R1", None, generate_vouchers(200, first_id=1)))
    torn: list[list[int]] = []

    def move(start: int) -> None:
        for id_ in range(start, 201, 4):
            for to in (VoucherStatus.PROCESS, VoucherStatus.SUCCESS):
                store.move(id_, to, updated_at=LATER)

    def read() -> None:
        for _ in range(300):
            with store.lock:
                stats = store.stats(STATUSES)
                listed = len(store.page(STATUSES, 0, 500))
            if sum(stats) != 200 or listed != 200:
                torn.append(stats)

    threads = [threading.Thread(target=move, args=(start,)) for start in range(1, 5)]
    threads += [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not torn
    assert store.stats(STATUSES) == [0, 200, 0, 0, 0]


def test_a_move_never_sets_the_clock_of_a_voucher_back() -> None:
    store = ProjectStore(Project(1, "R1", None, generate_vouchers(1, first_id=1)))
    before = store.voucher(1).updated_at
    assert store.move(1, VoucherStatus.SUCCESS, updated_at="2000-01-01 00:00:00").updated_at == before
