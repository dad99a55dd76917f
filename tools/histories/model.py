"""A merchant of the fake as a small state: what a client may ask of it, and what it gets.

It is written from the documents, and not from the code that it judges.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from tools.histories.linearizability import UNKNOWN, Operation

STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")
VOUCHERS = 4
# What the clock of all shows, which stands still.
NOW = 1_748_754_000

UNKNOWN_MERCHANT = "unknown merchant"
UNKNOWN_PROJECT = "unknown project"
FAULT = "fault"
DONE = "done"


class Merchant(NamedTuple):
    """A merchant that is here: each voucher of its first project as status and note, and what was submitted since.

    That is each code with the project it became.
    `ahead` is how far its clock is moved, in seconds; `left` how many calls its fault will hit (None: it has none).
    """

    vouchers: tuple[tuple[str, str], ...] = (("pending", "-"),) * VOUCHERS
    submitted: frozenset[tuple[str, str]] = frozenset()
    ahead: int = 0
    left: int | None = None


class Call(NamedTuple):
    """What is asked: one of the methods of `MerchantModel`, with its arguments."""

    name: str
    arguments: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.arguments))})"


State = Merchant | None
Step = tuple[Any, State]


class MerchantModel:
    """One merchant, or None where there is none of its id. Each public method is a call: its result, and the state."""

    start: State = Merchant()

    def step(self, state: State, call: Call) -> Step:
        """Return what a call returns in a state, and the state after it."""
        done: Step = getattr(self, call.name)(state, *call.arguments)
        return done

    def changes(self, operation: Operation) -> bool:
        """Whether an operation may have changed the state: a page does where a fault was taken by it."""
        call = operation.call
        assert isinstance(call, Call)
        if call.name in {"page", "page_of"}:
            return operation.result in (UNKNOWN, FAULT)
        return call.name not in {"clock", "faults", "summary"}

    def page(self, state: State) -> Step:
        """The page of the first project: what its clock shows, and each voucher."""
        if state is not None and state.left:
            return FAULT, state._replace(left=state.left - 1)
        return (UNKNOWN_MERCHANT if state is None else (NOW + state.ahead, state.vouchers)), state

    def page_of(self, state: State, code: str, project_id: str) -> Step:
        """The page of the project that this code became."""
        if state is not None and state.left:
            return FAULT, state._replace(left=state.left - 1)
        if state is None:
            return UNKNOWN_MERCHANT, state
        return ((NOW + state.ahead, code) if (code, project_id) in state.submitted else UNKNOWN_PROJECT), state

    def submit(self, state: State, code: str, project_id: str = "") -> Step:
        """A code is submitted, which a merchant may have once; it becomes this project, where its reply says so."""
        if state is None:
            return UNKNOWN_MERCHANT, state
        if code in {submitted for submitted, _ in state.submitted}:
            return "double", state
        return "taken", state._replace(submitted=state.submitted | {(code, project_id)})

    def move(self, state: State, places: tuple[int, ...], to: str, note: str) -> Step:
        """Vouchers go to a status, and get a note: how many, and how many are in each status after it."""
        if state is None:
            return UNKNOWN_PROJECT, state
        after = state._replace(
            vouchers=tuple((to, note) if at in places else one for at, one in enumerate(state.vouchers))
        )
        return (len(places), _stats(after)), after

    def move_some(self, state: State, of: str, to: str, count: int, note: str) -> Step:
        """The oldest `count` vouchers of a status go to another."""
        if state is None:
            return UNKNOWN_PROJECT, state
        places = [at for at, (status, _) in enumerate(state.vouchers) if status == of != to][:count]
        return self.move(state, tuple(places), to, note)

    def advance(self, state: State, seconds: int) -> Step:
        """The clock of the merchant is moved on: what it shows then."""
        if state is None:
            return UNKNOWN_MERCHANT, state
        return NOW + state.ahead + seconds, state._replace(ahead=state.ahead + seconds)

    def clock(self, state: State) -> Step:
        """What its clock shows."""
        return (UNKNOWN_MERCHANT if state is None else NOW + state.ahead), state

    def put_fault(self, state: State, times: int) -> Step:
        """The next so many calls of a page are hit by a fault: how many are left."""
        return (UNKNOWN_MERCHANT, state) if state is None else (times, state._replace(left=times))

    def faults(self, state: State) -> Step:
        """How many calls its fault will hit."""
        return (UNKNOWN_MERCHANT if state is None else state.left), state

    def summary(self, state: State) -> Step:
        """How many projects it has, and how many vouchers of the first are in each status."""
        return (UNKNOWN_MERCHANT if state is None else (1 + len(state.submitted), _stats(state))), state

    def reset(self, state: State) -> Step:
        """It is as it was when it was added."""
        return (UNKNOWN_MERCHANT, state) if state is None else (DONE, Merchant())

    def add(self, state: State) -> Step:
        """It is added, where it is not here."""
        return (DONE, Merchant()) if state is None else ("is here", state)

    def remove(self, state: State) -> Step:
        """It goes."""
        return (UNKNOWN_MERCHANT, state) if state is None else (DONE, None)


def _stats(state: Merchant) -> tuple[int, ...]:
    counted = Counter(status for status, _ in state.vouchers)
    return tuple(counted[status] for status in STATUSES)
