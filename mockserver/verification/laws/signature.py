"""REQ-2 and ERR-3: the documented signature is taken and no other. Wrong ones come last in a run."""

from __future__ import annotations

from mockserver.contract.judging.exchange import SUCCESS
from mockserver.contract.judging.violation import Violation
from mockserver.verification.cases import Case, cases
from mockserver.verification.laws.law import clause
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run

# The first of the group are those that breaks are likeliest to let through; the others follow as calls are left.
_ALWAYS = 14
_KEPT = 6
_SECONDS = 15.0


@clause("REQ-2")
def the_documented_signature_is_taken(run: Run) -> None:
    """md5(merchant_id + secret_key) in lower-case hex is taken."""
    exchange = run.call("REQ-2")
    if exchange is not None and exchange.outcome != SUCCESS:
        run.record.add(Violation("signature_refused", "REQ-2", "", {}, exchange.received), exchange)


@clause("ERR-3")
def no_other_signature_is_taken(run: Run) -> None:
    """A signature that is missing, of another type or nearly right is ERR-3 (or ERR-1, as a reading has it)."""
    odd = [case for group in ("presence", "types") for case in cases(group) if case.is_wrong_signature]
    near = [*cases("signatures")]
    wanted = [near[0], odd[0], *near[1:_ALWAYS], *odd[1:], *near[_ALWAYS:]]
    allowed = run.limits.wrong_signatures
    if allowed is None:
        in_time = run.seconds < _SECONDS
        sent: list[Case] = wanted[: max(_ALWAYS, run.room - _KEPT) if in_time else _ALWAYS]
    else:
        sent = wanted[: max(0, allowed - run.wrong_signatures)]
    if not sent:
        raise Inconclusive("no_wrong_signature")
    for place, case in enumerate(sent):
        # A target that drops calls costs more of them than were counted on.
        if place >= _ALWAYS and run.room < _KEPT:
            sent = sent[:place]
            break
        run.expect_each([case])
    run.notes["wrong signatures"] = f"{len(sent)} of {len(wanted)} sent"
