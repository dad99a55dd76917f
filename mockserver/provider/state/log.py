"""What a log of changes is to the fake that writes and reads it; `storage/` has those that outlive the process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec


class StateError(ValueError):
    """A state that cannot be used; the message says why, and what to do."""


class StateUnavailable(Exception):
    """The state cannot be reached at present; the message says why. What was asked for may or may not be written."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """How far a log is: the number of its last change, and of the last call in its journal.

    `epoch` is another number each time that it begins anew.
    """

    change: int
    call: int
    epoch: int


class LoggedCall(msgspec.Struct, frozen=True, gc=False):
    """A call of the journal as a log keeps it.

    `own` is of this call alone; `head`, and how the reply to what was `asked` begins, may come again and again.
    `begins`, in pieces, and `ends` are the reply.
    """

    merchant_id: str | None
    asked: bytes
    head: bytes
    own: bytes
    begins: tuple[bytes, ...]
    ends: bytes


class ReadCall(msgspec.Struct, frozen=True, gc=False):
    """A call that was read again: its number in the journal, and what `LoggedCall` says, with the reply whole."""

    n: int
    head: bytes
    own: bytes
    reply: bytes


class Log(Protocol):
    """Changes in their order, numbered from 1, and the newest calls of the journal.

    Every method raises StateUnavailable where the log cannot be reached; the next call tries again. Between `begin`
    and `commit` or `rollback` nobody else writes, and nobody sees what is written. No two threads use one at a time.
    """

    name: str

    def head(self) -> Head:
        """Return how far it is."""

    def first(self) -> int:
        """Return the number of the first change that is there, which `replace` may have put in the place of others."""

    def changes(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Yield the changes behind this number, with their own."""

    def calls(self, after: int, most: int) -> list[ReadCall]:
        """Return the newest `most` calls behind this number, oldest first."""

    def record(self, calls: Sequence[LoggedCall], keep: int, seen: Head) -> int | None:
        """Write calls behind the last if no change was made since `seen`, and keep them for good.

        Return the number of the first, None where nothing is written. `keep` is as in `append_calls`; not to be used
        between `begin` and the end of that.
        """

    def begin(self) -> Head:
        """Let nobody else write, and return how far it is."""

    def append(self, changes: Sequence[bytes]) -> None:
        """Write changes behind the last."""

    def append_calls(self, calls: Sequence[LoggedCall], keep: int) -> int:
        """Write calls behind the last, and return the number of the first; the newest `keep` are kept, or more."""

    def forget_calls(self, merchant_id: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call, or those of one merchant; with `numbers_too` they are numbered from 1 again."""

    def lean_on_nothing(self) -> None:
        """Take it that others may have forgotten calls: what is written from now on leans on none of before."""

    def replace(self, change: bytes) -> None:
        """Put one change, which says all that they did, in the place of those there are; it has the last's number."""

    def commit(self) -> None:
        """Keep what was written, for good."""

    def rollback(self) -> None:
        """Keep nothing of it; never raises."""

    def close(self) -> None:
        """Let go of it; never raises."""
