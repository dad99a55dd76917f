"""The opening of a run: the first call, and what can be found out when it is refused."""

from __future__ import annotations

from dataclasses import replace

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.violation import Choice, Fact, Violation
from mockserver.contract.near_misses import FORMULAS, OTHER_CASES
from mockserver.verification.run.caller import TargetFailed
from mockserver.verification.run.record import Aborted
from mockserver.verification.run.run import Run, has_documented_form, page_of

MADE_UP_SESSION_KEY = "apigames-mock-verify"


def open_run(run: Run) -> None:
    """Make the first call, and find out what can be found out when it is refused.

    The run is left with the session key and the project id that the target takes, and knows how many vouchers there
    are.

    Raises:
        Aborted: the target does not answer, or does not know the credentials.
    """
    try:
        _open(run)
    except TargetFailed as failure:
        raise Aborted("no_reply", failure=failure.cause) from None


def _open(run: Run) -> None:
    exchange = run.caller.call(run.caller.good_fields())
    if exchange.outcome == "ERR-1" and run.caller.session_key is None:
        exchange = _open_with_session_key(run, exchange)
    if exchange.http_status >= 300 and not exchange.speaks_the_contract:
        raise Aborted("not_the_endpoint", http_status=exchange.http_status)
    run.record.judge(exchange)
    if exchange.outcome != SUCCESS:
        _refused(run, exchange)
    if run.caller.session_key is None:
        seen = Fact.of("without_session_key", outcome=SUCCESS)
        run.record.add(Choice("session_key", frozenset({"optional"}), "REQ-1", seen), exchange)
    page = page_of(exchange)
    if page is None:
        raise Aborted("not_in_form")
    _follow_the_project(run, exchange)
    run.total, run.project_number = page.total, exchange.reply["data"]["data"]["id"]


def _open_with_session_key(run: Run, without: Exchange) -> Exchange:
    run.caller.session_key = MADE_UP_SESSION_KEY
    exchange = run.caller.call(run.caller.good_fields())
    if exchange.outcome == SUCCESS:
        seen = Fact.of("without_session_key", outcome="ERR-1")
        run.record.add(Choice("session_key", frozenset({"required"}), "REQ-1", seen), without)
        run.record.judge(without)
        return exchange
    run.caller.session_key = None
    return without


def _refused(run: Run, exchange: Exchange) -> None:
    """Say why a good call was refused: of the target's own doing, or for want of credentials it knows."""
    outcome = exchange.outcome
    if outcome == "ERR-3":
        _try_formulas(run, exchange)
        raise Aborted("signature_refused")
    if outcome in {"ERR-2", "ERR-4"}:
        raise Aborted("unknown_to_target", outcome=outcome)
    if outcome == "ERR-1":
        got = {"outcome": outcome, "session_key_tried": run.caller.credentials.session_key is None}
        run.record.add(Violation("documented_request_refused", "REQ-3", "", {}, got), exchange)
    elif not run.record.broken:
        run.record.add(Violation("undocumented_reply", "ERR-5", "", {}, exchange.received), exchange)
    raise Aborted("first_call_undocumented")


def _try_formulas(run: Run, exchange: Exchange) -> None:
    tried = {"upper_case": OTHER_CASES["upper_case"], **FORMULAS}
    allowed = run.limits.wrong_signatures
    own = run.caller.credentials
    for name, formula in list(tried.items())[: None if allowed is None else allowed - 1]:
        signature = formula(own.merchant_id, own.secret_key)
        try:
            other = run.caller.call(run.caller.good_fields(signature=signature), once=allowed is not None)
        except TargetFailed:
            return
        if other.outcome == SUCCESS:
            got = {"outcome": exchange.outcome, "formula": name}
            run.record.add(Violation("other_formula", "REQ-2", "", {}, got), other, formula=name)
            raise Aborted("signs_otherwise")


def _follow_the_project(run: Run, exchange: Exchange) -> None:
    """A reply that names another project than asked for: the name was given, or the echo is wrong."""
    own = run.caller.credentials
    named = exchange.reply["data"]["data"]["project_id"]
    if named == own.project_id:
        return
    again = run.caller.call(run.caller.good_fields(projectid=named))
    if has_documented_form(again) and again.reply["data"]["data"]["project_id"] == named:
        seen = Fact.of("name_of_project", asked=own.project_id, project_id=named)
        run.record.add(Choice("project_match", frozenset({"project_id_or_name"}), "REQ-3", seen), again)
        run.caller.credentials = replace(own, project_id=named, project_name=own.project_id)
        return
    place, expected = "data.data.project_id", {"project_id": own.project_id}
    run.record.add(Violation("project_id", "RES-3", place, expected, {"project_id": named}), exchange)
