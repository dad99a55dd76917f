"""An error of the mock itself: what it was and where is said once, and nothing of the call that it hit."""

from __future__ import annotations

import logging
import traceback

# Nobody need listen: Python writes to standard error what no handler takes.
ERRORS = "mockserver.errors"


def report(error: BaseException) -> None:
    """Log the kind of an error and the lines of code that raised it; its text may hold what a consumer sent."""
    logging.getLogger(ERRORS).error("internal error of the mock: %s", kind_and_places(error))


def kind_and_places(error: BaseException) -> str:
    """Return the kind of an error and the lines of code that raised it, a line each."""
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    return f"{type(error).__name__}\n{places.rstrip()}".rstrip()
