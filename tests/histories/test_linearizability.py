"""The checker says of a history whether one order explains it: as trying every order does, but at any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.histories.linearizability import (
    NEVER,
    UNKNOWN,
    Operation,
    Undecided,
    explained,
    smallest,
    told,
)
from tools.histories.model import DONE, FAULT, NOW, Call, Merchant, MerchantModel


class Register:
    """A number that is read, written, and taken from while it is above 0."""

    start = 0

    def step(self, state: int, call: Any) -> tuple[Any, int]:
        name, value = call
        if name == "write":
            return "ok", value
        if name == "take":
            return ("taken", state - 1) if state else ("none", state)
        return state, state

    def changes(self, operation: Operation) -> bool:
        return bool(operation.call[0] != "read")


REGISTER = Register()
RESULTS = st.one_of(st.integers(0, 2), st.sampled_from(["ok", "taken", "none", UNKNOWN]))
CALLS = st.one_of(st.tuples(st.just("write"), st.integers(0, 2)), st.sampled_from([("read", 0), ("take", 0)]))


@st.composite
def any_histories(draw: st.DrawFn) -> list[Operation]:
    found = []
    for _ in range(draw(st.integers(1, 5))):
        call, result = draw(CALLS), draw(RESULTS | st.just(UNKNOWN))
        began = draw(st.integers(0, 9))
        ended = began + draw(st.integers(1, 5))
        found.append(Operation(call, result, began, ended))
    return found


def is_explained_by_trying(history: Sequence[Operation]) -> bool:
    known = [one for one in history if one.is_known]
    unknown = [one for one in history if not one.is_known]
    for bits in range(1 << len(unknown)):
        happened = known + [one for at, one in enumerate(unknown) if bits >> at & 1]
        for order in permutations(happened):
            if all(a.began <= b.ended for at, b in enumerate(order) for a in order[:at]) and _gives(order):
                return True
    return False


def _gives(order: Sequence[Operation]) -> bool:
    state = REGISTER.start
    for one in order:
        result, state = REGISTER.step(state, one.call)
        if one.is_known and result != one.result:
            return False
    return True


@given(any_histories())
def test_it_says_what_trying_every_order_says(history: list[Operation]) -> None:
    found = explained(history, REGISTER)
    assert (found is None) == is_explained_by_trying(history)
    if found is not None:
        less = smallest(found, REGISTER)
        assert not is_explained_by_trying(less.history)
        assert len(less.history) <= len(history)
        assert less.next


@st.composite
def merchant_calls(draw: st.DrawFn) -> list[Call]:
    numbers = iter(range(100))
    statuses = st.sampled_from(["pending", "success", "process"])
    kinds: dict[str, Any] = {
        "page": st.just(()),
        "summary": st.just(()),
        "faults": st.just(()),
        "clock": st.just(()),
        "reset": st.just(()),
        "add": st.just(()),
        "remove": st.just(()),
        "page_of": st.tuples(st.sampled_from("ABC"), st.just("P")),
        "submit": st.tuples(st.sampled_from("ABC"), st.sampled_from(["P", "Q"])),
        "advance": st.tuples(st.integers(1, 3)),
        "put_fault": st.tuples(st.integers(1, 3)),
        "move": st.tuples(st.just((0, 2)), statuses, st.just(f"note {next(numbers)}")),
        "move_some": st.tuples(statuses, statuses, st.integers(1, 2), st.just("some")),
    }
    names = draw(st.lists(st.sampled_from([*kinds, *["page"] * 6]), min_size=1, max_size=40))
    return [Call(name, draw(kinds[name])) for name in names]


def run_in_order(calls: Sequence[Call]) -> list[Operation]:
    """One call after another, as one client makes them."""
    state, history = MerchantModel.start, []
    for at, call in enumerate(calls):
        result, state = MerchantModel().step(state, call)
        history.append(Operation(call, result, 10 * at, 10 * at + 9))
    return history


@given(merchant_calls(), st.data())
def test_what_happened_in_one_order_is_explained_however_the_calls_overlap(
    calls: list[Call], data: st.DataObject
) -> None:
    wider = []
    for one in run_in_order(calls):
        before, after = data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40)))
        lost = data.draw(st.integers(0, 9)) == 0
        ended = one.ended + after
        wider.append(
            replace(
                one, began=one.began - before, ended=NEVER if lost else ended, result=UNKNOWN if lost else one.result
            )
        )
    assert explained(data.draw(st.permutations(wider)), MerchantModel()) is None


@given(merchant_calls(), st.data())
def test_a_result_of_another_state_is_refused(calls: list[Call], data: st.DataObject) -> None:
    """A stale read, a write that was lost, a fault that hit once too often: each is a result that cannot be there."""
    history = run_in_order(calls)
    at = data.draw(st.integers(0, len(history) - 1))
    other, _ = MerchantModel().step(
        data.draw(st.sampled_from([None, Merchant(), Merchant(ahead=9, left=2)])), calls[at]
    )
    wrong = [*history[:at], replace(history[at], result=other), *history[at + 1 :]]
    found = explained(wrong, MerchantModel())
    assert (found is None) == follows(wrong)
    if found is not None:
        assert not [one for one in smallest(found, MerchantModel()).history if one.began > wrong[-1].began]


def follows(history: Sequence[Operation]) -> bool:
    """One call after another has one order alone."""
    state = MerchantModel.start
    for one in history:
        result, state = MerchantModel().step(state, one.call)
        if result != one.result:
            return False
    return True


def at(began: int, ended: float, name: str, *arguments: Any, gives: Any) -> Operation:
    return Operation(Call(name, arguments), gives, began, ended, "client 1")


PENDING = (("pending", "-"),) * 4
MOVED = (("success", "n"), *PENDING[1:])
MOVE = ("move", (0,), "success", "n")

REFUSED = {
    "a stale read": [
        at(0, 1, *MOVE, gives=(1, (3, 1, 0, 0, 0))),
        at(2, 3, "page", gives=(NOW, PENDING)),
    ],
    "an order that two clients see differently": [
        at(0, 10, *MOVE, gives=(1, (3, 1, 0, 0, 0))),
        at(1, 2, "page", gives=(NOW, MOVED)),
        at(3, 4, "page", gives=(NOW, PENDING)),
    ],
    "one fault that hits twice": [
        at(0, 1, "put_fault", 1, gives=1),
        at(2, 9, "page", gives=FAULT),
        at(2, 9, "page", gives=FAULT),
    ],
    "one code that is taken twice": [
        at(0, 9, "submit", "A", gives="taken"),
        at(0, 9, "submit", "A", gives="taken"),
    ],
    "a submission that is lost": [
        at(0, 1, "submit", "A", "P", gives="taken"),
        at(2, 3, "page_of", "A", "P", gives="unknown project"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_it_refuses(kind: str) -> None:
    assert explained(REFUSED[kind], MerchantModel()) is not None
    # Of calls at the same time any may be first, and one that is lost may have been.
    together = [replace(one, began=0, ended=99) for one in REFUSED[kind][:1]] + REFUSED[kind][1:]
    lost = [replace(together[0], result=UNKNOWN, ended=NEVER), *together[1:]]
    if kind in {"a stale read", "a submission that is lost"}:
        assert explained(together, MerchantModel()) is None
    if "fault" not in kind:
        assert (explained(lost, MerchantModel()) is None) == ("differently" not in kind)


def test_a_failure_is_told_with_the_least_that_shows_it() -> None:
    before = [at(n, n, "page", gives=(NOW, PENDING)) for n in range(0, 2000, 10)]
    stale = [
        at(2000, 2001, *MOVE, gives=(1, (3, 1, 0, 0, 0))),
        at(2002, 2003, "page", gives=(NOW, PENDING)),
    ]
    after = [at(n, n, "page", gives=(NOW, MOVED)) for n in range(3000, 5000, 10)]
    found = explained([*before, *stale, *after], MerchantModel())
    assert found is not None
    less = smallest(found, MerchantModel())
    assert less.history == tuple(stale)
    text = told(less)
    assert "no order explains these 2 operations. The longest order, of 1, ends" in text
    assert "client 1: page() -> (1748754000, (('pending', '-')," in text
    assert "but there it returns (1748754000, (('success', 'n')," in text


def test_a_long_history_is_checked_in_no_time_and_an_endless_one_is_given_up() -> None:
    model = MerchantModel()
    history = []
    state = model.start
    for n in range(3000):
        call = Call("move", ((n % 4,), "success", f"n{n}")) if n % 3 else Call("page")
        result, state = model.step(state, call)
        history.append(Operation(call, result, n, n + 6))
        if n % 100 == 0:
            history.append(Operation(Call("submit", (f"C{n}",)), UNKNOWN, n, NEVER))
    assert explained(history, model) is None
    with pytest.raises(Undecided):
        explained([*history, at(9000, 9001, "summary", gives=DONE)], model, most=5000)
