"""The opening of a run: the first call, and what can be found out when it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.contract.judging.checks import Choice, Violation
from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.near_misses import FORMULAS, OTHER_CASES
from mockserver.verification.cases.request_cases import Credentials
from mockserver.verification.live_guard import Limits
from mockserver.verification.report.wording import described, failure_text
from mockserver.verification.run.caller import Caller, TargetFailed
from mockserver.verification.run.calls import page_of
from mockserver.verification.run.record import Record
from mockserver.verification.run.unjudged import CannotJudge

MADE_UP_SESSION_KEY = "apigames-mock-verify"


@dataclass(frozen=True)
class Opened:
    """What the first success shows: how many vouchers there are, and the project's `id`."""

    total: int
    project_number: int


def opened(caller: Caller, record: Record, limits: Limits) -> Opened:
    """Make the first call, and find out what can be found out when it is refused.

    The caller is left with the session key and the project id that the target takes.

    Raises:
        CannotJudge: the target does not answer, or does not know the credentials.
    """
    try:
        return _opened(caller, record, limits)
    except TargetFailed as failure:
        raise CannotJudge(failure_text(failure)) from None


def _opened(caller: Caller, record: Record, limits: Limits) -> Opened:
    exchange = caller.call(caller.good_fields())
    if exchange.outcome == "ERR-1" and caller.session_key is None:
        exchange = _open_with_session_key(caller, record, exchange)
    if exchange.http_status >= 300 and not exchange.speaks_the_contract:
        raise CannotJudge(
            f"HTTP {exchange.http_status} with a body outside the contract; see that --base-url is the endpoint's "
            "(scheme, host and port, without the path)"
        )
    record.judge(exchange)
    if exchange.outcome != SUCCESS:
        _refused(caller, record, limits, exchange)
    if caller.session_key is None:
        record.take(Choice("session_key", frozenset({"optional"}), "REQ-1", "a success without one"), exchange)
    page = page_of(exchange)
    if page is None:
        raise CannotJudge("the first reply is not in the documented form, so nothing further was judged")
    _follow_the_project(caller, record, exchange)
    return Opened(page.total, exchange.reply["data"]["data"]["id"])


def _open_with_session_key(caller: Caller, record: Record, without: Exchange) -> Exchange:
    caller.session_key = MADE_UP_SESSION_KEY
    exchange = caller.call(caller.good_fields())
    if exchange.outcome == SUCCESS:
        record.take(Choice("session_key", frozenset({"required"}), "REQ-1", "ERR-1 without one"), without)
        record.judge(without)
        return exchange
    caller.session_key = None
    return without


def _refused(caller: Caller, record: Record, limits: Limits, exchange: Exchange) -> None:
    """Say why a good call was refused: of the target's own doing, or for want of credentials it knows."""
    outcome = exchange.outcome
    if outcome == "ERR-3":
        _try_formulas(caller, record, limits, exchange)
        raise CannotJudge(
            "the signature is refused, and so is every near-miss formula: merchant id and secret key do not belong "
            "together, or the merchant is unknown"
        )
    if outcome in {"ERR-2", "ERR-4"}:
        what = "merchant id" if outcome == "ERR-2" else "project id"
        raise CannotJudge(f"the target does not know this {what} ({outcome}); give one of its own")
    if outcome == "ERR-1":
        got = "ERR-1, with session_key and without" if caller.credentials.session_key is None else "ERR-1"
        record.breaks(Violation("REQ-3", "a success for the documented request", got), exchange)
    elif not record.broken:
        expected = "a success or a documented error"
        record.breaks(Violation("ERR-5", expected, described(exchange)), exchange)
    raise CannotJudge("the first call was not answered as documented, so nothing further was judged")


def _try_formulas(caller: Caller, record: Record, limits: Limits, exchange: Exchange) -> None:
    tried = {"upper_case": OTHER_CASES["upper_case"], **FORMULAS}
    allowed = limits.wrong_signatures
    for name, formula in list(tried.items())[: None if allowed is None else allowed - 1]:
        signature = formula(caller.credentials.merchant_id, caller.credentials.secret_key)
        try:
            other = caller.call(caller.good_fields(signature=signature))
        except TargetFailed:
            return
        if other.outcome == SUCCESS:
            expected = "md5(merchant_id + secret_key) accepted"
            got = f"refused ({exchange.outcome}), while the formula {name!r} is accepted"
            record.breaks(Violation("REQ-2", expected, got), other, formula=name)
            raise CannotJudge("the target signs in another way, so nothing further was judged")


def _follow_the_project(caller: Caller, record: Record, exchange: Exchange) -> None:
    """A reply that names another project than asked for: the name was given, or the echo is wrong."""
    asked, named = caller.credentials.project_id, exchange.reply["data"]["data"]["project_id"]
    if named == asked:
        return
    again = caller.call(caller.good_fields(projectid=named))
    if again.outcome == SUCCESS and again.reply["data"]["data"].get("project_id") == named:
        values = frozenset({"project_id_or_name"})
        record.take(Choice("project_match", values, "REQ-3", f"{asked!r} names {named!r}"), again)
        own = caller.credentials
        caller.credentials = Credentials(own.merchant_id, own.secret_key, named, own.session_key, asked)
        return
    record.breaks(Violation("RES-3", f"project_id {asked!r}, as asked", repr(named), "data.data.project_id"), exchange)
