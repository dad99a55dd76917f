"""Each reading is narrowed down by what is seen; what contradicts it is a violation and changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.judging.violation import Choice, Fact, Violation
from mockserver.contract.readings import REGISTER
from mockserver.verification.run.observations import Observations


def choice(key: str, *values: str, at_least: int = 0) -> Choice:
    return Choice(key, frozenset(values), "PAGE-1", Fact.of("vouchers", vouchers=len(values)), at_least=at_least)


def seen(observations: Observations, key: str) -> tuple[str | None, tuple[str, ...]]:
    (found,) = (item for item in observations.all() if item.key == key)
    return found.value, found.left


def test_a_reading_is_narrowed_down_to_one_value() -> None:
    known = Observations()
    assert seen(known, "kategori_scope") == (None, ("project", "filtered", "page"))
    assert known.take(choice("kategori_scope", "project", "page")) is None
    assert seen(known, "kategori_scope") == (None, ("project", "page"))
    assert not known.would_narrow(choice("kategori_scope", "project", "page", "filtered"))
    assert known.would_narrow(choice("kategori_scope", "page"))
    assert known.take(choice("kategori_scope", "page", "filtered")) is None
    assert seen(known, "kategori_scope") == ("page", ("page",))


def test_nothing_is_observed_of_what_was_not_seen() -> None:
    for item in Observations().all():
        assert (item.value, item.evidence) == (None, None)


def test_a_contradiction_is_a_violation_that_shows_both_and_changes_nothing() -> None:
    known = Observations()
    first, second = choice("beyond_last", "empty"), choice("beyond_last", "last")
    known.take(first)
    violation = known.take(second)
    assert violation == Violation(
        "reading_inconsistent", "PAGE-1", "", {"key": "beyond_last", "before": first.seen}, {"seen": second.seen}
    )
    assert seen(known, "beyond_last") == ("empty", ("empty",))


def test_what_was_observed_before_is_held_to() -> None:
    known = Observations({"beyond_last": "last", "max_limit": "10"})
    assert known.take(choice("beyond_last", "last")) is None
    for other in (choice("beyond_last", "empty"), choice("max_limit", "none", at_least=11), choice("max_limit", "9")):
        violation = known.take(other)
        assert violation is not None
        assert (violation.kind, violation.expected["key"]) == ("reading_changed", other.key)


@pytest.mark.parametrize(
    ("choices", "cap", "conflicts"),
    [
        ([choice("max_limit", "none", at_least=30)], None, False),
        ([choice("max_limit", "10")], 10, False),
        ([choice("max_limit", "4", "5", "6")], None, False),
        ([choice("max_limit", "none", at_least=7), choice("max_limit", "10")], 10, False),
        ([choice("max_limit", "none", at_least=30), choice("max_limit", "10")], None, True),
        ([choice("max_limit", "10"), choice("max_limit", "none", at_least=10)], 10, False),
        ([choice("max_limit", "10"), choice("max_limit", "none", at_least=11)], 10, True),
        ([choice("max_limit", "10"), choice("max_limit", "11")], 10, True),
        ([choice("max_limit", "10"), choice("max_limit", "9", "10")], 10, False),
    ],
)
def test_a_cap_is_one_number_and_no_longer_list_contradicts_it(
    choices: list[Choice], cap: int | None, conflicts: bool
) -> None:
    known = Observations()
    found = [known.take(one) for one in choices]
    assert known.cap == cap
    assert (found[-1] is not None) is conflicts


def test_no_cap_is_said_with_how_far_it_was_looked() -> None:
    known = Observations()
    known.take(choice("max_limit", "none", at_least=30))
    known.take(choice("max_limit", "none", at_least=7))
    (item,) = (item for item in known.all() if item.key == "max_limit")
    assert item.evidence == Fact.of("no_cap", below=30)


_ORDERS = REGISTER["kategori_order"].values


@given(st.lists(st.frozensets(st.sampled_from(_ORDERS), min_size=1), max_size=6))
def test_what_is_left_explains_everything_that_was_taken(taken: list[frozenset[str]]) -> None:
    known = Observations()
    accepted = [values for values in taken if known.take(choice("kategori_order", *values)) is None]
    left = known.left("kategori_order")
    assert left
    assert left == frozenset(_ORDERS).intersection(*accepted)
