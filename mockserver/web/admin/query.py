"""What a query asks of the journal; without Flask, for the server's lane asks too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from mockserver._text import nearest
from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import Operations
from mockserver.provider.journal.matchers import MatcherError, Matchers
from mockserver.web.admin.access import Problem

LONGEST_WAIT = 60.0
MOST_COUNT = 10**6
MOST_NUMBER = 10**9
# How many vouchers a page has at most.
MOST_LIMIT = 1000
# How many calls a list has unless told, and at most.
NEWEST = 1000
MOST_NEWEST = 10_000
_HEADER = re.compile(r"headers\[([^\[\]]+)\]")
_OURS = frozenset({"wait", "count", "newest", "since", "before"})


def matchers_of(pairs: Iterable[tuple[str, str]], operations: Operations) -> dict[str, Any]:
    """Return the matchers in a query: each compares a value as text or as JSON; `null` is what was left out.

    A header is matched by `headers[NAME]`.

    Raises:
        Problem: 400 for a name that no call has, or that of a header that is masked.
    """
    asked = {name: None if value == "null" else value for name, value in pairs if name not in _OURS}
    headers = {found[1]: asked.pop(name) for name in [*asked] if (found := _HEADER.fullmatch(name))}
    if "headers" in asked:
        raise Problem(400, "headers: expected the name of one, as in headers[content-type]=application/json")
    try:
        Matchers(operations, **asked, headers=headers)
    except MatcherError as error:
        raise Problem(400, str(error)) from None
    wanted = {name: _is(value) for name, value in asked.items()}
    return {**wanted, "headers": {name: _is(value) for name, value in headers.items()}} if headers else wanted


def check_names(sent: Iterable[str], known: Collection[str]) -> None:
    """Let a query through that has none but these names; raises Problem (400) with the nearest one."""
    for name in sent:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise Problem(400, f"'{printable(name)}' is not in the query of this call{nearest(name, known)}; {takes}")


def integer(name: str, text: str | None, default: int, most: int) -> int:
    """Return an integer of the query, from 1 to `most`; raises Problem (400) for anything else."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= most):
        raise Problem(400, f"{name}: expected an integer from 1 to {most}")
    return int(text)


def wait_count(text: str | None) -> int:
    """Return how many calls a query waits for, 1 when it does not say; raises Problem (400)."""
    return integer("count", text, 1, MOST_COUNT)


def after_number(text: str | None) -> int:
    """Return the number that calls `since` the one in the query are above, 0 without one; raises Problem (400)."""
    return integer("since", text, 1, MOST_NUMBER) - 1


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


def _is(wanted: str | None) -> Callable[[Any], bool] | None:
    if wanted is None:
        return None

    def matches(got: Any) -> bool:
        return wanted in (got, json.dumps(got))

    return matches
