"""The register of laws: every clause has one, each says what it holds a target to, and their order is that of a run."""

from __future__ import annotations

import pytest

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import readings_about
from mockserver.verification.laws.law import clause, clauses_of, name_of
from mockserver.verification.laws.registry import GROUPS, LAWS


def test_every_clause_has_a_law() -> None:
    assert {id_ for law in LAWS for id_ in clauses_of(law)} == set(PROJECT_DETAIL.clauses)


def test_every_law_says_what_it_holds_a_target_to() -> None:
    assert all(law.__doc__ and clauses_of(law) for law in LAWS)
    assert len({name_of(law) for law in LAWS}) == len(LAWS)


def test_every_reading_completes_a_clause() -> None:
    about = readings_about(PROJECT_DETAIL.name)
    assert {entry.clause for entry in about.values()} <= set(PROJECT_DETAIL.clauses)


def test_what_is_asked_first_tells_how_to_ask_later_and_wrong_signatures_come_last() -> None:
    assert list(GROUPS) == ["request", "errors", "reply", "paging", "filter", "sums", "signature"]
    assert name_of(LAWS[0]) == "the documented call succeeds"
    assert name_of(LAWS[-1]) == "no other signature is taken"


def test_a_law_names_clauses_that_there_are() -> None:
    with pytest.raises(ValueError, match="there is no clause RES-9; known are REQ-1"):
        clause("RES-1", "RES-9")
