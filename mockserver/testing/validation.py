"""Checks of what a test hands in: a slip is named where it was made, not where it comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from mockserver.contract.schemas import schema
from mockserver.provider.state.plan import Plan


def check_number(name: str, value: object, expected: str) -> None:
    """Raise ValueError unless `value` is a whole number, 0 or more; `expected` says what it counts."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}={value!r}: expected {expected}, 0 or more")


def check_seconds(name: str, value: object) -> None:
    """Raise ValueError unless `value` is a number of seconds, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise ValueError(f"{name}={value!r}: expected seconds, 0 or more")


def check_share(name: str, value: object) -> None:
    """Raise ValueError unless `value` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{name}={value!r}: expected a number from 0 to 1")


def check_text(name: str, value: object) -> None:
    """Raise ValueError unless `value` is text that UTF-8 can hold, or None."""
    if value is None:
        return
    if not isinstance(value, str):
        raise ValueError(f"{name}={value!r}: expected text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}={value!r}: expected text without half of a surrogate pair") from None


@cache
def project_id_pattern() -> re.Pattern[str]:
    """Return what a project id that a path can hold matches."""
    return re.compile(schema("world")["$defs"]["path-text"]["pattern"])


def check_project(project_id: object, project_name: object, plan: object) -> None:
    """Raise ValueError unless a project can have these; None leaves one out."""
    check_text("project_id", project_id)
    if isinstance(project_id, str) and not project_id_pattern().fullmatch(project_id):
        raise ValueError(
            f"project_id={project_id!r}: expected text that a path can hold: not empty, without a slash, not . or .. "
            "alone; leave it out and one is made up"
        )
    check_text("project_name", project_name)
    if plan is not None and not isinstance(plan, Plan):
        raise ValueError(f"plan={plan!r}: expected a mockserver.Plan, as in plan=mockserver.Plan('timed')")


def check_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Return voucher codes as they can be submitted; raises ValueError for what is none, or appears twice."""
    if isinstance(codes, str):
        raise ValueError(f"expected a list of voucher codes, got one text of {len(codes)} characters")
    wanted = tuple(codes)
    if not wanted:
        raise ValueError("expected at least one voucher code")
    for number, code in enumerate(wanted, 1):
        if not isinstance(code, str) or not code.strip() or code != code.strip() or "\n" in code:
            raise ValueError(f"code {number} is not one line of text without white space around it")
    if len(set(wanted)) != len(wanted):
        raise ValueError("a voucher code appears twice; give each once (BULK-ERR-10)")
    return wanted
