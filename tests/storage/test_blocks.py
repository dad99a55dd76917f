"""Calls come out of blocks as they went in, whoever wrote others between them and whatever was not kept."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockserver.provider.state.log import LoggedCall, ReadCall
from mockserver.storage.blocks import Block, Blocks, newest, oldest_piece, slack, without
from tests.support.examples import examples

MERCHANTS = st.sampled_from([None, "M1", "M\udc80", "M\0"])
BYTES = [b"", b"short", b"a" * 200, b"b" * 200, b"c" * 40_000]
LONG = st.integers(0, len(BYTES) - 1).map(lambda n: BYTES[n])
CALLS = st.builds(
    LoggedCall,
    MERCHANTS,
    LONG,
    LONG,
    st.binary(max_size=9),
    st.tuples(LONG, LONG) | st.tuples(LONG),
    st.binary(max_size=9),
)


class Writing(RuleBasedStateMachine):
    """Two write blocks to one store, of which one may not know of what the other wrote last."""

    most = 5

    def __init__(self) -> None:
        super().__init__()
        self.writers = Blocks(), Blocks()
        self.stored: dict[int, bytes] = {}
        self.pieces: dict[int, bytes] = {}
        self.calls: dict[int, LoggedCall] = {}
        self.last = 0
        # What each of them wrote last.
        self.known = [0, 0]

    @rule(
        who=st.integers(0, 1),
        calls=st.lists(CALLS, min_size=1, max_size=4) | st.tuples(CALLS).map(lambda one: list(one) * 3),
        late_by=st.integers(0, 6) | st.integers(0, slack(5)),
    )
    def write(self, who: int, calls: list[LoggedCall], late_by: int) -> None:
        known = max(self.last - late_by, self.known[who])
        made: Block = self.writers[who].made(calls, known, self.most)
        assert not set(dict(made.pieces)) & set(self.pieces)
        self.pieces.update(made.pieces)
        self.stored[self.last + len(calls)] = made.calls
        self.calls.update(enumerate(calls, self.last + 1))
        self.known[who] = self.last = self.last + len(calls)
        self.writers[who].keep()

    @rule(who=st.integers(0, 1), calls=st.lists(CALLS, min_size=1, max_size=4))
    def fail_to_write(self, who: int, calls: list[LoggedCall]) -> None:
        self.writers[who].made(calls, self.last, self.most)
        self.writers[who].drop()

    @rule(calls=st.sampled_from([1, slack(5) - 1, slack(5), 2 * slack(5)]))
    def others_write_much_that_is_forgotten(self, calls: int) -> None:
        self.last += calls
        self.forget_old()
        self.calls = {}
        self.stored = {}

    @rule(merchant_id=MERCHANTS.filter(bool))
    def forget_merchant(self, merchant_id: str) -> None:
        for n, block in self.stored.items():
            self.stored[n] = without(block, merchant_id) or block
        self.calls = {n: call for n, call in self.calls.items() if call.merchant_id != merchant_id}

    @rule()
    def forget_old(self) -> None:
        self.stored = {n: block for n, block in self.stored.items() if n > self.last - self.most}
        self.pieces = {one: piece for one, piece in self.pieces.items() if one >= oldest_piece(self.last, self.most)}

    @invariant()
    def the_newest_are_there(self) -> None:
        oldest = self.last - self.most
        for after in (0, self.last - 2, oldest):
            found = newest(
                sorted(self.stored.items(), reverse=True),
                max(after, oldest),
                self.most,
                lambda ids: [(one, self.pieces[one]) for one in ids if one in self.pieces],
            )
            assert found == [
                ReadCall(n, call.head, call.own, b"".join(call.begins) + call.ends)
                for n, call in self.calls.items()
                if n > max(after, oldest)
            ]


TestWriting = Writing.TestCase
TestWriting.settings = settings(max_examples=examples(50))


def test_what_comes_again_is_written_once() -> None:
    call = LoggedCall("M1", b"asked", b"h" * 300, b"own", (b"r" * 8000, b"s" * 90), b"end")
    writer = Blocks()
    sizes = []
    for n in range(4):
        block = writer.made([call] * 2, 2 * n, 1000)
        writer.keep()
        sizes.append((len(block.calls) > 8000, len(block.pieces)))
    assert sizes == [(True, 2), (False, 0), (False, 0), (False, 0)]


@pytest.mark.parametrize("others_change_much", [False, True])
def test_however_much_comes_again_little_of_it_is_known_and_written_as_pieces(others_change_much: bool) -> None:
    writer = Blocks()
    pieces = 0
    for n in range(2000):
        for again in range(2):
            call = LoggedCall("M1", b"%d" % n, b"%d" % n * 50, b"", (b"r" * 30_000, b"%d" % n), b"")
            pieces += sum(len(piece) for _, piece in writer.made([call], 2 * n + again, 1000).pieces)
            writer.keep()
        if others_change_much:
            writer.forget()
    assert 7_000_000 < pieces <= 8 * 1_048_576
    assert max(writer._heads._size, writer._beginnings._size) <= 8 * 1_048_576


def test_calls_that_are_numbered_from_1_again_lean_on_pieces_too() -> None:
    writer = Blocks()
    call = LoggedCall("M1", b"asked", b"h" * 300, b"own", (b"r" * 8000,), b"end")
    for first in (10**9, 0):
        assert len(writer.made([call] * 2, first, 1000).pieces) == 2
        writer.keep()
        writer._budget = 0  # as after much else
        writer.forget()


def test_a_piece_is_kept_as_long_as_a_kept_call_may_lean_on_it() -> None:
    most, writer = 5, Blocks()
    call = LoggedCall("M1", b"asked", b"h" * 300, b"", (b"r" * 300,), b"")
    writer.made([call], 0, most)
    ((piece, _), _) = writer.made([call], 1, most).pieces
    writer.keep()
    furthest = next(n for n in range(2, 10**6) if writer.made([call], n, most).pieces)
    # The number of the last call may have been wrong by the slack, and it is kept until `most` are behind it.
    assert piece >= oldest_piece(furthest + slack(most) + most - 1, most)
    assert piece < oldest_piece(furthest + slack(most) + most + 1, most)
