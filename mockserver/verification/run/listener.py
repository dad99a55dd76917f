"""What hears how a run goes on."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Hears how a run goes on."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call: how many were made, and for which law."""

    def close(self) -> None:
        """Hear that it is over."""


class Silence:
    """Hears and says nothing."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""

    def close(self) -> None:
        """Hear that it is over."""
