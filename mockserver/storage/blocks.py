"""Calls of a journal as they are written: in one block those of one moment, and once what many of them share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from mockserver.provider.state.log import LoggedCall, ReadCall

# A client that polls sends the same again and again.
_SHORT = 128
_LONGEST = 32_768
_MOST_KNOWN, _MOST_BYTES = 1024, 8 * 1_048_576
_LEAST_SLACK = 10_000
# An id is the number of a call, a tag, and a bit for the kind.
_TAG_BITS = 23
_ID_BITS = _TAG_BITS + 1


class _Written(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One call: it is so far `behind` the last of its block, and `merchant` is the id of its merchant.

    `head`, and `begins` of its reply, are the ids of pieces where they are integers; `ends` is the rest of the reply.
    """

    behind: int
    merchant: bytes | None
    head: int | bytes
    own: bytes
    begins: int | bytes
    ends: bytes


_encode = msgspec.msgpack.Encoder().encode
_DECODER = msgspec.msgpack.Decoder(list[_Written])


class Block(NamedTuple):
    """Calls as they are written, and the pieces that are to be written with them: their ids, and what they are."""

    calls: bytes
    pieces: list[tuple[int, bytes]]

    @property
    def size(self) -> int:
        """How many bytes are to be written."""
        return len(self.calls) + sum([len(piece) for _, piece in self.pieces])


class Blocks:
    """Makes blocks, each of which leans on pieces that the ones before wrote.

    A piece is written when the same comes a second time. Its id says at which call that was, so that it is forgotten
    when no call is kept any more that leans on it: see `oldest_piece`.
    """

    def __init__(self) -> None:
        # What may be written of pieces until this call.
        self._budget, self._budget_ends = 0, 0
        self.forget()

    def forget(self) -> None:
        """Take it that no piece is there any more; those that were written may take up room all the same."""
        # Two processes that write pieces at the same call have two tags.
        self._tag = secrets.randbits(_TAG_BITS) << 1
        self._heads, self._beginnings = _Known(), _Known()
        self._new: list[tuple[_Known, bytes, int, tuple[bytes, ...]]] = []

    def made(self, calls: Sequence[LoggedCall], last: int, most: int) -> Block:
        """Return calls as they are to be written behind call number `last`, where at most `most` are kept.

        `last` may be too low by as much as `slack(most)`. To be followed by `keep` or `drop`.
        """
        if not self._budget_ends - 2 * slack(most) <= last < self._budget_ends:  # later, or numbered from 1 again
            self._budget, self._budget_ends = _MOST_BYTES, last + slack(most)
        pieces: list[tuple[int, bytes]] = []
        written = []
        behind = len(calls)
        oldest = max(last + behind - slack(most), 0) << _ID_BITS
        head_of, beginning_of = self._heads.get, self._beginnings.get
        for n, call in enumerate(calls, last + 1):
            behind -= 1
            head: int | bytes
            begins: int | bytes
            if (known := head_of(call.head)) is not None and known[0] > oldest:
                head = known[0]
            else:
                head = self._new_piece(self._heads, call.head, (call.head,), n << _ID_BITS, pieces)
            if (known := beginning_of(call.asked)) is not None and known[0] > oldest and known[1] == call.begins:
                begins = known[0]
            else:
                begins = self._new_piece(self._beginnings, call.asked, call.begins, (n << _ID_BITS) + 1, pieces)
            written.append(_Written(behind, _as_bytes(call.merchant_id), head, call.own, begins, call.ends))
        return Block(_encode(written), pieces)

    def _new_piece(
        self, kind: _Known, key: bytes, parts: tuple[bytes, ...], number: int, pieces: list[tuple[int, bytes]]
    ) -> int | bytes:
        """Return the id of a piece that is to be written, or the piece itself where it may be the only one."""
        piece = b"".join(parts)
        if not _SHORT <= len(piece) <= _LONGEST or len(key) > _LONGEST:
            return piece
        known = kind.get(key)
        if known is None or known[1] != parts or self._budget < len(piece):
            kind.add(key, 0, parts)
            return piece
        self._budget -= len(piece)
        piece_id = number | self._tag
        pieces.append((piece_id, piece))
        self._new.append((kind, key, known[0], parts))
        kind.add(key, piece_id, parts)
        return piece_id

    def keep(self) -> None:
        """Take it that the pieces of the blocks since the last time are written."""
        self._new.clear()

    def drop(self) -> None:
        """Take it that they are not."""
        for kind, key, before, parts in reversed(self._new):
            kind.add(key, before, parts)
        self._new.clear()


class _Known:
    """The newest pieces, by what they are found by: their id, 0 where they are not written, and their parts."""

    def __init__(self) -> None:
        self._pieces: dict[bytes, tuple[int, tuple[bytes, ...]]] = {}
        self._size = 0
        self.get = self._pieces.get

    def add(self, key: bytes, piece_id: int, parts: tuple[bytes, ...]) -> None:
        before = self._pieces.pop(key, None)
        if before is not None:
            self._size -= _size(key, before[1])
        self._pieces[key] = piece_id, parts
        self._size += _size(key, parts)
        while self._size > _MOST_BYTES or len(self._pieces) > _MOST_KNOWN:
            oldest = next(iter(self._pieces))
            self._size -= _size(oldest, self._pieces.pop(oldest)[1])


def _size(key: bytes, parts: tuple[bytes, ...]) -> int:
    return sum(map(len, parts), len(key))


def slack(most: int) -> int:
    """Return by how much the number of the last call may be wrong when a block is made."""
    return most + _LEAST_SLACK


def oldest_piece(last: int, most: int) -> int:
    """Return below which id no piece is needed, where the newest `most` calls are kept.

    A piece is leant on by calls at most twice `slack` behind its own, the mistake in their numbers included.
    """
    return max(last - most - 2 * slack(most), 0) << _ID_BITS


def newest(
    blocks: Iterable[tuple[int, bytes]],
    after: int,
    most: int,
    find: Callable[[list[int]], Iterable[tuple[int, bytes]]],
) -> list[ReadCall]:
    """Return the newest `most` calls behind number `after`, oldest first.

    `blocks` come with the numbers of their last calls, the newest first; no more of them are taken than are needed.
    `find` returns the pieces with these ids. A call that leans on one that is gone was forgotten meanwhile.
    """
    calls: list[tuple[int, _Written]] = []
    for last, block in blocks:
        calls += [(last - one.behind, one) for one in reversed(_DECODER.decode(block))]
        if len(calls) >= most:
            break
    calls = [one for one in calls[:most] if one[0] > after]
    calls.reverse()
    wanted = {one for _, call in calls for one in (call.head, call.begins) if isinstance(one, int)}
    pieces: dict[int | bytes, bytes] = dict(find(sorted(wanted)))
    return list(_whole(calls, pieces))


def _whole(calls: Iterable[tuple[int, _Written]], pieces: dict[int | bytes, bytes]) -> Iterator[ReadCall]:
    for n, call in calls:
        head, begins = (one if isinstance(one, bytes) else pieces.get(one) for one in (call.head, call.begins))
        if head is not None and begins is not None:
            yield ReadCall(n, head, call.own, begins + call.ends)


def without(block: bytes, merchant_id: str) -> bytes | None:
    """Return a block without the calls of a merchant, None where it has none of them."""
    calls = _DECODER.decode(block)
    merchant = _as_bytes(merchant_id)
    left = [one for one in calls if one.merchant != merchant]
    return None if len(left) == len(calls) else _encode(left)


def _as_bytes(merchant_id: str | None) -> bytes | None:
    # In a path there may be what is not UTF-8.
    return None if merchant_id is None else merchant_id.encode("utf-8", "surrogatepass")
