"""What a query asks of the journal; without Flask, for the server's lane asks too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from mockserver.provider.matchers import MatcherError, Matchers
from mockserver.web.access import Problem

LONGEST_WAIT = 60.0
_OURS = frozenset({"wait", "count", "newest", "since"})


def matchers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the matchers in a query: each compares the text of a value.

    Raises:
        Problem: 400 for a name that no call has.
    """
    wanted = {name: _is(value) for name, value in pairs if name not in _OURS}
    try:
        Matchers(**wanted)
    except MatcherError as error:
        raise Problem(400, str(error)) from None
    return wanted


def wait_seconds(text: str | None) -> float:
    """Return how long a query wants to wait, 0 when it does not; at most `LONGEST_WAIT`.

    Raises:
        Problem: 400 when it is not a number from 0 up.
    """
    try:
        seconds = float(text or 0)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST_WAIT:
        raise Problem(400, f"wait: expected seconds from 0 to {LONGEST_WAIT:g}")
    return seconds


def _is(wanted: str) -> Callable[[Any], bool]:
    def matches(got: Any) -> bool:
        return got is not None and (got if isinstance(got, str) else json.dumps(got)) == wanted

    return matches
