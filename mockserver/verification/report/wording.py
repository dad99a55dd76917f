"""Says in words what came, or why nothing did, and whether it has the documented form."""

from __future__ import annotations

from mockserver.contract.judging.checks import shape_violations
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.verification.cases.request_cases import ANY
from mockserver.verification.run.caller import TargetFailed
from mockserver.verification.target import Failure, NoReply


def in_form(exchange: Exchange) -> bool:
    """Whether a success has every documented field in its type, so that laws can be held to it."""
    return not shape_violations(exchange)


def worded(outcome: str) -> str:
    """Say an outcome in words: `ERR-3 "Signature Not Valid"`."""
    for error in PROJECT_DETAIL.errors:
        if error.clause == outcome:
            return f'{outcome} (rc {error.rc}, "{error.error_msg}")'
    return {"success": "a success", ANY: "any documented reply"}.get(outcome, outcome)


def described(exchange: Exchange) -> str:
    """Say in short what came."""
    if exchange.outcome is not None:
        return worded(exchange.outcome)
    text = exchange.body[:200].decode("utf-8", "replace")
    return f"HTTP {exchange.http_status} {text!r}"


def failure_text(failure: TargetFailed) -> str:
    """Say why a call got no reply to judge, and where it helps what to do."""
    cause = failure.cause
    if isinstance(cause, NoReply):
        return _no_reply_text(cause)
    if cause.is_redirect:
        return (
            f"HTTP {cause.http_status} sends the call elsewhere; redirects are not followed, so give the address itself"
        )
    return f"HTTP {cause.http_status} outside the contract, {cause.times} times"


def _no_reply_text(failure: NoReply) -> str:
    host, seconds, size = failure.host, f"{failure.seconds:g} s", f"{failure.most_bytes / 1_048_576:g} MiB"
    return {
        Failure.UNREACHABLE: f"{host} cannot be reached; see that it runs and that --base-url is right",
        Failure.TLS: f"no TLS connection to {host}: see that --base-url has the right scheme and host, and that its "
        "certificate is valid",
        Failure.TIMEOUT: f"{host} did not answer within {seconds}; give more with --timeout",
        Failure.ENDLESS: f"the reply did not end within {seconds}; give more with --timeout",
        Failure.TOO_LARGE: f"the reply is larger than {size}; it was not read to its end",
        Failure.BROKEN_OFF: f"{host} broke off before the reply was whole ({failure.detail})",
        Failure.UNKNOWN_COMPRESSION: f"the reply is compressed as {failure.detail!r}, which was not asked for",
        Failure.BROKEN_COMPRESSION: f"the reply's compression ({failure.detail}) is broken",
    }[failure.kind]
