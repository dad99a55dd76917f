"""The calls a merchant received, readable where a test prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from mockserver.provider.journal import Entry
from mockserver.provider.matchers import Matchers, summary


class Received(Sequence[Entry]):
    """Calls, oldest first, with secrets and signatures masked. What was sent is in `fields`: `received[0].fields`."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Received: ...
    def __getitem__(self, index: int | slice) -> Entry | Received:
        return Received(self._entries[index]) if isinstance(index, slice) else self._entries[index]

    def __repr__(self) -> str:
        return f"[{'; '.join(map(summary, self))}]"

    def __str__(self) -> str:
        return "\n".join(map(summary, self)) or "no call arrived"

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Received, list, tuple)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compares with lists, which have none

    def matching(self, **matchers: object) -> Received:
        """Return the calls that match, as in `matching(page=2)`; see `assert_called`."""
        return Received(Matchers(**matchers).find(self))
