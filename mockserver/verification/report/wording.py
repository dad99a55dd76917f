"""Says in words what came, and whether it has the documented form."""

from __future__ import annotations

from mockserver.contract.judging.checks import Violation, findings
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.wire import DOCUMENTED_ERRORS
from mockserver.verification.cases.request_cases import ANY


def in_form(exchange: Exchange) -> bool:
    """Whether a success has every documented field in its type, so that laws can be held to it."""
    return not any(isinstance(finding, Violation) and _is_shape(finding) for finding in findings(exchange))


def _is_shape(violation: Violation) -> bool:
    return (
        violation.expected in {"the documented fields and types", "an integer"} or "reply that is" in violation.expected
    )


def worded(outcome: str) -> str:
    """Say an outcome in words: `ERR-3 "Signature Not Valid"`."""
    for error in DOCUMENTED_ERRORS:
        if error.clause == outcome:
            return f'{outcome} (rc {error.rc}, "{error.error_msg}")'
    return {"success": "a success", ANY: "any documented reply"}.get(outcome, outcome)


def described(exchange: Exchange) -> str:
    """Say in short what came."""
    if exchange.outcome is not None:
        return worded(exchange.outcome)
    text = exchange.body[:200].decode("utf-8", "replace")
    return f"HTTP {exchange.http_status} {text!r}"
