"""An error of the mock itself: what it was and where is said once, and nothing of the call that it hit."""

from __future__ import annotations

import logging
import traceback

# Nobody need listen: Python writes to standard error what no handler takes.
ERRORS = "mockserver.errors"


def report(error: Exception) -> None:
    """Log the kind of an error and the lines of code it came through; its text may hold what a consumer sent."""
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    logging.getLogger(ERRORS).error("internal error of the mock: %s\n%s", type(error).__name__, places.rstrip())
