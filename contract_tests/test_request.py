"""REQ-1 to REQ-3: what a call is made of, and what a target may make of one that is a little different."""

from __future__ import annotations

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.violation import Finding, Violation
from mockserver.contract.project_detail import DEFAULT_LIMIT
from mockserver.verification.calibrate import by_name
from mockserver.verification.cases.request_cases import cases
from mockserver.verification.report.wording import in_form
from mockserver.verification.run.picture import Picture, names_of
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import NotSeen
from mockserver.verification.suite import clause


@clause("REQ-1", "REQ-3")
def test_the_documented_call_succeeds(run: Run) -> None:
    """A POST of one JSON object with the documented fields is a success, in any order and with other fields beside."""
    run.page("REQ-3")
    run.expect_each(case for case in cases("presence") if SUCCESS in case.outcomes and len(case.outcomes) == 1)


@clause("REQ-1")
def test_fields_of_other_types(run: Run) -> None:
    """A field of another JSON type than the example's is ERR-1, or coerced throughout (reading `types`)."""
    run.expect_each(case for case in cases("types") if not case.is_wrong_signature)


@clause("REQ-3")
def test_fields_left_out_or_out_of_range(run: Run) -> None:
    """Paging left out or below 1 is ERR-1 or its default (readings `missing_paging`, `out_of_range`)."""
    run.expect_each(case for case in cases("presence") if not case.is_wrong_signature and len(case.outcomes) > 1)


@clause("REQ-3")
def test_what_is_left_out_is_the_first_page_of_thirty(run: Run) -> None:
    """With `status`, `page` and `limit` left out, page 1 of 30 unfiltered comes, where anything comes."""
    _same_as_first_page(run, "missing_paging", "default", [("status", "page", "limit")], {})
    _same_as_first_page(run, "out_of_range", "default", [()], {"page": 0})
    _same_as_first_page(run, "out_of_range", "default", [()], {"limit": 0})


def _same_as_first_page(
    run: Run, key: str, value: str, left_out: list[tuple[str, ...]], changes: dict[str, object]
) -> None:
    if value not in run.observations.left(key):
        return

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found: list[tuple[Finding, Exchange]] = []
        for names in left_out:
            fields = {name: text for name, text in run.caller.good_fields(**changes).items() if name not in names}
            exchange = run.send_fields("REQ-3", fields)
            if exchange is None or exchange.outcome != SUCCESS or not in_form(exchange):
                continue
            size = min(DEFAULT_LIMIT, run.observations.cap or DEFAULT_LIMIT)
            expected = [name for place, name in picture.order if place < size]
            data = exchange.reply["data"]
            if names_of(data["data"]["vouchers"] or []) != expected:
                got = f"{len(data['data']['vouchers'] or [])} vouchers, other than those"
                wanted = f"the first {len(expected)} vouchers when {', '.join(names) or changes} is left to its default"
                found.append((Violation("REQ-3", wanted, got, "data.data.vouchers"), exchange))
            if data["current_page"] not in {1, changes.get("page", 1)}:
                got = str(data["current_page"])
                found.append((Violation("RES-2", "current_page 1", got, "data.current_page"), exchange))
        return found

    run.on_still_picture(f"defaults ({key})", law, sees=lambda picture: picture.order)


@clause("REQ-3", "ERR-4")
def test_a_project_by_its_name(run: Run) -> None:
    """`projectid` takes a project's id; its name is ERR-4 or the same project (reading `project_match`)."""
    name = run.credentials.project_name
    if name is None:
        raise NotSeen("the project's name is not known; give it with --project-name")
    by_name(run, name)
