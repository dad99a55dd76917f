"""What is said of a journal: nothing where it is one, and each way in which it can be wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.histories.journal import Look, Numbered, faults
from tools.histories.linearizability import NEVER, Operation
from tools.histories.model import DONE, Call

Journal = tuple[list[Numbered], list[Look], dict[str, list[Operation]]]


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Calls, resets and looks one after another, each written down with a longer time than it took."""
    calls: list[Numbered] = []
    looks: list[Look] = []
    resets: dict[str, list[Operation]] = {"M1": [], "M2": []}
    kept: list[tuple[int, str, str]] = []
    last = 0
    for at, kind in enumerate(draw(st.lists(st.sampled_from(["call", "call", "lost", "look", "reset"]), max_size=30))):
        began, ended = 10 * at - draw(st.integers(0, 30)), 10 * at + draw(st.integers(1, 30))
        merchant_id = draw(st.sampled_from(["M1", "M2"]))
        if kind == "reset":
            resets[merchant_id].append(Operation(Call("reset"), DONE, began, ended))
            kept = [one for one in kept if one[2] != merchant_id]
        elif kind == "look":
            shown = [(n, tag) for n, tag, _ in reversed(kept)][: draw(st.integers(1, 9))]
            looks.append(Look(tuple(shown), shown[-1][0] if len(shown) < len(kept) else 0, began, ended))
        else:
            calls.append(Numbered(f"call {at}", merchant_id, began, NEVER if kind == "lost" else ended))
            if kind == "call" or draw(st.booleans()):
                last += 1
                kept.append((last, f"call {at}", merchant_id))
    looks.append(Look(tuple((n, tag) for n, tag, _ in reversed(kept)), 0, 10_000, 10_001))
    return calls, looks, resets


@given(journals())
def test_nothing_is_said_of_one_that_is_right(journal: Journal) -> None:
    assert not list(faults(*journal))


def right() -> Journal:
    calls = [Numbered(str(n), "M1" if n % 2 else "M2", 10 * n, 10 * n + 5) for n in range(1, 9)]
    entries = tuple((n, str(n)) for n in range(8, 0, -1))
    return calls, [Look(entries[4:], 0, 47, 48), Look(entries, 0, 100, 110)], {}


def with_entries(journal: Journal, entries: Sequence[tuple[int, str]], *, began: float = 100) -> Journal:
    calls, looks, resets = journal
    return calls, [*looks[:-1], Look(tuple(entries), 0, began, began + 10)], resets


ENTRIES = right()[1][-1].entries
WRONG: dict[str, tuple[Callable[[], Journal], str]] = {
    "a call that is lost": (lambda: with_entries(right(), ENTRIES[1:]), "call 8 (number None) was acknowledged before"),
    "a call that is lost later": (
        lambda: with_entries(right(), ENTRIES[:-1]),
        "call 1 (number 1) was acknowledged before",
    ),
    "a number that two have": (
        lambda: with_entries(right(), [(4, "5"), *ENTRIES[4:]]),
        "number 4 is of call 5, and of call 4",
    ),
    "a call that is there twice": (
        lambda: with_entries(right(), [(9, "8"), *ENTRIES]),
        "call 8 has the number 8, and the number 9",
    ),
    "a number out of the order of time": (
        lambda: with_entries(right(), [(8, "7"), (7, "8"), *ENTRIES[2:]]),
        "call 7 ended before call 8 began, and its number 8 is the higher one",
    ),
    "a list out of order": (lambda: with_entries(right(), ENTRIES[::-1]), "numbers are not in their order"),
    "a gap": (lambda: with_entries(right(), [(10, "8"), *ENTRIES[1:]]), "there are 2 that no call can have had"),
    "a call of nobody": (lambda: with_entries(right(), [(9, "x"), *ENTRIES]), "request 9 has the tag 'x'"),
    "a call before it was sent": (lambda: with_entries(right(), ENTRIES, began=60), "was there before it was sent"),
    "a call that was forgotten": (
        lambda: (*right()[:2], {"M1": [Operation(Call("reset"), DONE, 20, 30, "client 1")]}),
        "call 1 was forgotten by client 1, and is there afterwards",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_it_says_what_is_wrong(kind: str) -> None:
    made, expected = WRONG[kind]
    said = list(faults(*made()))
    assert [one for one in said if expected in one], said


def test_a_call_that_a_reset_forgot_is_not_missed() -> None:
    calls, looks, _ = with_entries(right(), [one for one in ENTRIES if int(one[1]) % 2 == 0])
    assert list(faults(calls, looks, {}))
    assert not list(faults(calls, looks, {"M1": [Operation(Call("reset"), DONE, 90, 95)]}))
