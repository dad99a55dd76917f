"""The suite is proven: every break is caught by a clause that it offends, no conforming server is blamed."""

from __future__ import annotations

import pytest

from tests.verification.breaks import BREAKS
from tests.verification.proof import PAGE, alarms_at, caught_by
from tests.verification.variants import VARIANTS

pytestmark = pytest.mark.once


@pytest.mark.parametrize("number", range(len(BREAKS)), ids=[known.name.replace(" ", "-") for known in BREAKS])
def test_a_break_is_caught_by_a_clause_that_it_offends(number: int) -> None:
    assert set(caught_by(number)) & set(BREAKS[number].clauses)


@pytest.mark.parametrize("number", range(len(VARIANTS)), ids=[known.name.replace(" ", "-") for known in VARIANTS])
def test_a_conforming_server_is_not_blamed(number: int) -> None:
    assert alarms_at(number) == []


def test_names_are_told_apart() -> None:
    for listed in (BREAKS, VARIANTS):
        names = [known.name for known in listed]
        assert len(set(names)) == len(names)


def test_the_table_in_the_docs_is_of_these() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["break", *(known.name for known in BREAKS), "variant", *(known.name for known in VARIANTS)]
    assert "**missed**" not in text
