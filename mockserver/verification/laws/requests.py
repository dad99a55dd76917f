"""REQ-1 to REQ-3: what a call is made of, and what a target may make of one that is a little different."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Violation
from mockserver.contract.project_detail import DEFAULT_LIMIT
from mockserver.verification.cases import cases
from mockserver.verification.laws.law import clause
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run, has_documented_form
from mockserver.verification.run.snapshot import Snapshot, name_of


@clause("REQ-1", "REQ-3")
def the_documented_call_succeeds(run: Run) -> None:
    """A POST of one JSON object with the documented fields is a success, in any order and with other fields beside."""
    run.page("REQ-3")
    run.expect_each(case for case in cases("presence") if SUCCESS in case.outcomes and len(case.outcomes) == 1)


@clause("REQ-1")
def fields_of_other_types(run: Run) -> None:
    """A field of another JSON type than the example's is ERR-1, or coerced throughout (reading `types`)."""
    run.expect_each(case for case in cases("types") if not case.is_wrong_signature)


@clause("REQ-1")
def the_session_key_left_out(run: Run) -> None:
    """`session_key` may be left out, or must be there (reading `session_key`); a run that has none finds out first."""
    if run.caller.session_key is None:
        return
    fields = {name: value for name, value in run.caller.good_fields().items() if name != "session_key"}
    exchange = run.send_fields("REQ-1", fields)
    if exchange is None:
        return
    value = {SUCCESS: "optional", "ERR-1": "required"}.get(exchange.outcome or "")
    if value is None:
        run.record.add(Violation("session_key_left_out", "REQ-1", "", {}, exchange.received), exchange)
        return
    seen = Fact.of("without_session_key", outcome=exchange.outcome)
    run.record.add(Choice("session_key", frozenset({value}), "REQ-1", seen), exchange)


@clause("REQ-3")
def fields_left_out_or_out_of_range(run: Run) -> None:
    """Paging left out or below 1 is ERR-1 or its default (readings `missing_paging`, `out_of_range`)."""
    run.expect_each(case for case in cases("presence") if not case.is_wrong_signature and len(case.outcomes) > 1)


@clause("REQ-3")
def what_is_left_out_is_the_first_page_of_thirty(run: Run) -> None:
    """With `status`, `page` and `limit` left out, page 1 of 30 unfiltered comes, where anything comes."""
    _same_as_first_page(run, "missing_paging", left_out=("status", "page", "limit"))
    _same_as_first_page(run, "out_of_range", page=0)
    _same_as_first_page(run, "out_of_range", limit=0)


def _same_as_first_page(run: Run, key: str, left_out: Sequence[str] = (), **changes: int) -> None:
    """Hold a call to the first page, where the reading may be that its default is taken."""
    if "default" not in run.record.observations.left(key):
        return

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        fields = {name: value for name, value in run.caller.good_fields(**changes).items() if name not in left_out}
        exchange = run.send_fields("REQ-3", fields)
        if exchange is None or not has_documented_form(exchange):
            return []
        found: list[tuple[CheckResult, Exchange]] = []
        size = min(DEFAULT_LIMIT, run.record.observations.cap or DEFAULT_LIMIT)
        first = [name for place, name in snapshot.order if place < size]
        data = exchange.reply["data"]
        vouchers = data["data"]["vouchers"] or []
        if [name_of(voucher) for voucher in vouchers] != first:
            expected = {"vouchers": len(first), "left_out": [*left_out], "changes": changes}
            got = {"vouchers": len(vouchers)}
            found.append((Violation("default_page", "REQ-3", "data.data.vouchers", expected, got), exchange))
        if data["current_page"] not in {1, changes.get("page", 1)}:
            got = {"current_page": data["current_page"]}
            found.append((Violation("current_page", "RES-2", "data.current_page", {"page": 1}, got), exchange))
        return found

    run.check_while_stable(check, sees=lambda snapshot: snapshot.order)


@clause("REQ-3", "ERR-4")
def a_project_by_its_name(run: Run) -> None:
    """`projectid` takes a project's id; its name is ERR-4 or the same project (reading `project_match`)."""
    name = run.caller.credentials.project_name
    if name is None:
        raise Inconclusive("no_project_name")
    exchange = run.call("REQ-3", projectid=name)
    if exchange is None:
        return
    seen = Fact.of("by_name", outcome=exchange.outcome)
    if has_documented_form(exchange):
        named, own = exchange.reply["data"]["data"]["project_id"], run.caller.credentials.project_id
        if named != own:
            expected, got = {"project_id": own}, {"project_id": named}
            violation = Violation("other_project_by_name", "REQ-3", "data.data.project_id", expected, got)
            run.record.add(violation, exchange)
            return
        run.record.add(Choice("project_match", frozenset({"project_id_or_name"}), "REQ-3", seen), exchange)
    elif exchange.outcome == "ERR-4":
        run.record.add(Choice("project_match", frozenset({"project_id"}), "REQ-3", seen), exchange)
    elif exchange.outcome != SUCCESS:
        run.record.add(Violation("project_by_name", "REQ-3", "", {}, exchange.received), exchange)
