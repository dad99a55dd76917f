"""The progress bar of a long run, on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """Shows how many calls of the budget were made, and for which law."""

    def __init__(self, most: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("verify", total=most)
        self._bar.start()

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""
        self._bar.update(self._task, completed=made, description=law[:40])

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
