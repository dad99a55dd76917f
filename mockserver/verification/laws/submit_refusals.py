"""BULK-ERR-1, -2 and -5, by submissions that no target can accept: the only ones that may leave this machine."""

from __future__ import annotations

from mockserver.verification.cases import SUBMIT_REFUSALS, Case, cases
from mockserver.verification.laws.law import clause, needs
from mockserver.verification.live_guard import Submitting
from mockserver.verification.run.run import Run


@clause("BULK-ERR-1", "BULK-REQ-1")
@needs(Submitting.REFUSALS)
def submissions_that_are_not_one_json_object(run: Run) -> None:
    """A submission that is not one JSON object is BULK-ERR-1, whoever sends it: JSON is always first."""
    run.expect_each(case for case in cases(SUBMIT_REFUSALS) if not _names_a_signature(case))


@clause("BULK-ERR-5", "BULK-REQ-1")
@needs(Submitting.REFUSALS)
def a_submission_of_an_unknown_merchant(run: Run) -> None:
    """An unknown merchant is BULK-ERR-5, or BULK-ERR-2 where the signature is looked at first (`bulk_precedence`)."""
    run.expect_each(case for case in cases(SUBMIT_REFUSALS) if case.clause == "BULK-ERR-5")


@clause("BULK-ERR-2", "BULK-REQ-3", "BULK-ERR-1")
@needs(Submitting.REFUSALS)
def a_submission_that_nobody_signed(run: Run) -> None:
    """A signature of zeros is BULK-ERR-2, whatever the list is; without a field it may be BULK-ERR-1."""
    run.expect_each(case for case in cases(SUBMIT_REFUSALS) if _names_a_signature(case) and case.clause != "BULK-ERR-5")


def _names_a_signature(case: Case) -> bool:
    return case.formula == "zeros"
