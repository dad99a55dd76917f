"""The suite is proven: every break is caught by a clause that it offends, no conforming server is blamed.

A fair sample of both, with a break for each clause; `make proof` goes through all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.contract.operations import OPERATIONS
from tests.verification.proof import BREAKS, PAGE, alarms_at, caught_by
from tests.verification.variants import VARIANTS

pytestmark = pytest.mark.once

_ONE_IN = 7


def _sampled_breaks() -> Iterator[int]:
    """Yield a break for each clause, one that is to be blamed under it first of all, and one in seven of the others."""
    first = {known.clauses[0]: number for number, known in reversed([*enumerate(BREAKS)])}
    yield from (number for number in range(len(BREAKS)) if number in first.values() or number % _ONE_IN == 0)


def _id(name: str) -> str:
    return name.replace(" ", "-")


@pytest.mark.parametrize("number", [pytest.param(number, id=_id(BREAKS[number].name)) for number in _sampled_breaks()])
def test_a_break_is_caught_by_a_clause_that_it_offends(number: int) -> None:
    assert set(caught_by(number)) & set(BREAKS[number].clauses)


@pytest.mark.parametrize("number", range(0, len(VARIANTS), _ONE_IN), ids=lambda number: _id(VARIANTS[number].name))
def test_a_conforming_server_is_not_blamed(number: int) -> None:
    assert alarms_at(number) == []


def test_there_is_a_break_for_each_clause() -> None:
    assert {id_ for known in BREAKS for id_ in known.clauses} == set(OPERATIONS.clauses)


def test_names_are_told_apart() -> None:
    for listed in (BREAKS, VARIANTS):
        names = [known.name for known in listed]
        assert len(set(names)) == len(names)


def test_the_table_in_the_docs_is_of_these() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["break", *(known.name for known in BREAKS), "variant", *(known.name for known in VARIANTS)]
    assert "**missed**" not in text
