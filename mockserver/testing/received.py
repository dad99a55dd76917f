"""The calls a merchant received, readable where a test prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from mockserver.contract.operation import Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.provider.journal.matchers import Matchers, summary
from mockserver.provider.journal.recorded import Entry
from mockserver.provider.journal.shown import LazyEntry


class Received(Sequence[Entry]):
    """Calls, oldest first, with secrets and signatures masked.

    What was sent is in `fields`, as in `received[0].fields`; None when the body was not a JSON object, nor a form that
    was let in. `operations` are those that the calls may be of.
    """

    def __init__(self, entries: Sequence[Entry | LazyEntry], operations: Operations = OPERATIONS) -> None:
        self._entries = tuple(entries)
        self._operations = operations

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return map(_whole, self._entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Received: ...
    def __getitem__(self, index: int | slice) -> Entry | Received:
        if isinstance(index, slice):
            return Received(self._entries[index], self._operations)
        try:
            return _whole(self._entries[index])
        except IndexError:
            raise IndexError(f"there is no call [{index}]; {self._counted()}") from None

    def __repr__(self) -> str:
        return f"[{'; '.join(map(summary, self))}]"

    def __str__(self) -> str:
        return "\n".join(map(summary, self)) or "no call arrived"

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Received, list, tuple)) else NotImplemented

    def _counted(self) -> str:
        number = len(self)
        return f"there are {number}" if number > 1 else "there is one" if number else "no call arrived, or none matched"

    __hash__ = None  # type: ignore[assignment]  # compares with lists, which have none

    def matching(self, **matchers: object) -> Received:
        """Return the calls that match, as in `matching(page=2)`; see `assert_called`."""
        return Received(Matchers(self._operations, **matchers).find(self._entries), self._operations)


def _whole(entry: Entry | LazyEntry) -> Entry:
    return entry if isinstance(entry, Entry) else entry.entry
