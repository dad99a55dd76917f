"""The register of laws: every clause has one, each says what it holds a target to, and their order is that of a run."""

from __future__ import annotations

import pytest

from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER
from mockserver.verification.laws.law import clause, clauses_of, name_of, needed_by
from mockserver.verification.laws.registry import ALL_LAWS, GROUPS, LAWS, laws_for
from mockserver.verification.live_guard import Submitting


def test_every_clause_has_a_law() -> None:
    assert {id_ for law in LAWS for id_ in clauses_of(law)} == set(PROJECT_DETAIL.clauses)
    assert {id_ for law in ALL_LAWS for id_ in clauses_of(law)} == set(OPERATIONS.clauses)


def test_a_run_that_submits_nothing_is_held_to_no_law_of_submissions() -> None:
    assert laws_for(Submitting.NOTHING) == LAWS
    assert laws_for(Submitting.REFUSALS) == laws_for(Submitting.ANYTHING) == ALL_LAWS
    assert {needed_by(law) for law in GROUPS["submissions"]} == {Submitting.ANYTHING}
    assert {needed_by(law) for law in GROUPS["submit_refusals"]} == {Submitting.REFUSALS}


def test_every_law_says_what_it_holds_a_target_to() -> None:
    assert all(law.__doc__ and clauses_of(law) for law in ALL_LAWS)
    assert len({name_of(law) for law in ALL_LAWS}) == len(ALL_LAWS)


def test_every_reading_completes_a_clause() -> None:
    assert all(entry.clause in OPERATIONS.named(entry.operation).clauses for entry in REGISTER.values())


def test_what_is_asked_first_tells_how_to_ask_later_and_wrong_signatures_come_last() -> None:
    reading = ["request", "errors", "reply", "paging", "filter", "sums"]
    assert list(GROUPS) == [*reading, "submit_refusals", "submissions", "signature"]
    assert name_of(LAWS[0]) == "the documented call succeeds"
    assert name_of(LAWS[-1]) == "no other signature is taken"


def test_a_law_names_clauses_that_there_are() -> None:
    with pytest.raises(ValueError, match="there is no clause RES-9; known are REQ-1"):
        clause("RES-1", "RES-9")
