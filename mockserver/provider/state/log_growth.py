"""When a snapshot is to take the place of the changes in a log."""

from __future__ import annotations

# What opening a state costs for each of its changes, in bytes of a snapshot that are opened in the same time; measured.
_COST_OF_A_CHANGE = 4096
_LEAST = 16 * 1_048_576


class LogGrowth:
    """How much there is to do behind the newest snapshot of a log, `snapshot` its number and `size` its bytes.

    What is there from the start counts as one.
    """

    def __init__(self, least: int = _LEAST) -> None:
        self.least = least
        self.restart(0, 0)

    def restart(self, snapshot: int, size: int) -> None:
        """Begin behind this one."""
        self.snapshot, self.size = snapshot, size
        self._behind = 0
        self._due_at = max(self.least, size)

    def add(self, size: int) -> None:
        """Count a change of so many bytes."""
        self._behind += size + _COST_OF_A_CHANGE

    def postpone(self) -> None:
        """Take it that no snapshot can be made before there is twice as much."""
        self._due_at = 2 * self._behind

    @property
    def is_due(self) -> bool:
        """Whether a snapshot pays."""
        return self._behind > self._due_at
