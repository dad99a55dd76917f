"""How a run goes on, on standard error while it does: a bar on a terminal, or a line for each law."""

from __future__ import annotations

import sys
from contextlib import suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mockserver.contract.foreign_text import harmless
from mockserver.verification.report.wording import reason_text
from mockserver.verification.run.record import LawResult


class Bar:
    """Shows how many calls of the budget were made, and for which law."""

    def __init__(self, most: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("verify", total=most)
        self._bar.start()

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""
        self._bar.update(self._task, completed=made, description=law[:40])

    def judged(self, result: LawResult, made: int) -> None:
        """Hear of a law."""

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class Lines:
    """Writes a line for each law: the calls made so far, the law, and how it came out."""

    def __init__(self, most: int) -> None:
        self._most = most

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""

    def judged(self, result: LawResult, made: int) -> None:
        """Write the line of a law."""
        reason = f" ({reason_text(result.reason)})" if result.reason is not None else ""
        line = f"{made:4d}/{self._most} calls  {result.law}: {result.outcome}{reason}"
        # Who cannot be told how it goes on loses that alone.
        with suppress(OSError):
            print(harmless(line), file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        """Hear that it is over."""
