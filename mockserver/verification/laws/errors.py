"""ERR-1, ERR-2, ERR-4 and ERR-5: each documented error by its exact status, rc and message."""

from __future__ import annotations

from mockserver.contract.judging.violation import Violation
from mockserver.verification.cases import UNKNOWN_PROJECT, cases
from mockserver.verification.laws.law import clause
from mockserver.verification.run.run import Run


@clause("ERR-1", "REQ-1")
def bodies_that_are_not_one_json_object(run: Run) -> None:
    """A body that is not one JSON object is ERR-1, whoever sends it: JSON is always first."""
    run.expect_each(case for case in cases("bodies") if not case.name.startswith("odd-"))


@clause("ERR-1")
def odd_bodies(run: Run) -> None:
    """What parsers disagree on is ERR-1 or an ordinary reply, never a crash."""
    run.expect_each(case for case in cases("bodies") if case.name.startswith("odd-"))


@clause("ERR-2")
def unknown_merchants(run: Run) -> None:
    """An unknown merchant is ERR-2, or ERR-3 where the signature is looked at first (reading `precedence`)."""
    run.expect_each(cases("merchants"))


@clause("ERR-4")
def unknown_projects(run: Run) -> None:
    """A projectid that no project of the merchant has is ERR-4, also when it is near to one."""
    run.expect_each(cases("projects"))
    own = run.caller.credentials.project_id
    near = {
        "the project's number": str(run.project_number),
        "all but its last letter": own[:-1],
        "its id in other case": own.swapcase(),
    }
    for what, text in near.items():
        if text in {own, "", run.caller.credentials.project_name}:
            continue
        exchange = run.call("ERR-4", projectid=text)
        if exchange is not None and exchange.outcome != "ERR-4":
            run.record.add(Violation("near_project", "ERR-4", "", {"for": what}, exchange.received), exchange)


@clause("ERR-5")
def the_error_envelope(run: Run) -> None:
    """An error has `status` 0, `rc` and `error_msg`, and never `data`, `ts` or `message`.

    Every error of the run is held to it when it comes; here, one good call with an unknown project.
    """
    run.call("ERR-5", projectid=UNKNOWN_PROJECT, page=2)
