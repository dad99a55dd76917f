"""A body in pieces, most of which are shared by all replies that say the same."""

from __future__ import annotations

import msgspec


class Pieces(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A body of `size` bytes that is `start`, all that is `shared`, and `end`.

    The journal keeps the newest replies: what many of them say alike is in memory once. It equals the same body in
    other pieces, or whole.
    """

    start: bytes
    shared: tuple[bytes, ...]
    end: bytes
    size: int

    @classmethod
    def of(cls, shared: tuple[bytes, ...]) -> Pieces:
        """Return what is shared alone."""
        return cls(b"", shared, b"", sum(map(len, shared)))

    def within(self, start: bytes, end: bytes) -> Pieces:
        """Return this with more before and after it."""
        return Pieces(start + self.start, self.shared, self.end + end, len(start) + self.size + len(end))

    def __bytes__(self) -> bytes:
        return b"".join((self.start, *self.shared, self.end))

    def __eq__(self, other: object) -> bool:
        return bytes(self) == bytes(other) if isinstance(other, (bytes, Pieces)) else NotImplemented

    def __hash__(self) -> int:
        return hash(bytes(self))
