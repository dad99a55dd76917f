"""The result of a run as a document (`schemas/report.json`): what every report is made from. It holds no secret."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract.judging.violation import Fact
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.causes import Cause, causes_of
from mockserver.verification.report.masked import Shown
from mockserver.verification.report.wording import seen_text
from mockserver.verification.run.observations import Observed
from mockserver.verification.run.run import Run

STOPPED = 130
HOLDS, BROKEN, NOT_SEEN, NOT_JUDGED = "holds", "broken", "not seen", "not judged"
_RANK = (BROKEN, NOT_JUDGED, HOLDS, NOT_SEEN)
_VERDICTS = {
    0: "the contract holds",
    1: "the contract is broken",
    3: "could not be judged",
    STOPPED: "not judged to the end",
}


def exit_status_of(run: Run) -> int:
    """Return 130 where the run was stopped, 1 where a clause is broken, 3 where it could not be judged, else 0."""
    if run.is_stopped:
        return STOPPED
    if run.record.broken:
        return 1
    return 3 if run.aborted else 0


def result_of(run: Run) -> dict[str, Any]:
    """Return what came of a run."""
    status = exit_status_of(run)
    shown = Shown(run)
    causes = causes_of(run.record.broken, run.caller.made)
    clauses = [_clause(run, one, id_, shown) for one in run.operations for id_ in one.clauses]
    own = run.caller.credentials
    return {
        "target": shown.text(run.target.base_url),
        "host": shown.text(urlsplit(run.target.base_url).hostname or ""),
        "merchant_id": shown.text(own.merchant_id),
        "project_id": shown.text(own.project_id),
        "operations": [one.name for one in run.operations],
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(run.seconds, 2),
        "calls": run.pace.made,
        "seed": run.seed,
        "exit_status": status,
        "verdict": _VERDICTS[status],
        "reason": shown.reason(run.aborted) or None,
        "summary": _summary(clauses, causes),
        "clauses": clauses,
        "laws": [
            {
                "law": item.law,
                "clauses": [*item.clauses],
                "operation": _operation_of(item.clauses),
                "outcome": item.outcome,
                "reason": shown.reason(item.reason),
            }
            for item in run.results
        ],
        "violations": [_violation(cause, shown) for cause in causes],
        "readings": [
            item for item in readings_of(run, shown) if item["operation"] in {one.name for one in run.operations}
        ],
        "drift": sorted(map(shown.text, run.record.drift)),
        "http_statuses": [{"rc": rc, "http_status": http} for rc, http in sorted(run.record.http_statuses)],
        "notes": {name: shown.text(note) for name, note in run.notes.items()},
        "crash": run.crash,
    }


def was_judged(document: dict[str, Any]) -> bool:
    """Whether anything of the target of a result document could be judged."""
    return any(item["outcome"] != NOT_JUDGED for item in document["clauses"])


def readings_of(run: Run, shown: Shown) -> list[dict[str, Any]]:
    """Return what was seen of each reading, in the order of the register."""
    return [
        {
            "key": item.key,
            "operation": REGISTER[item.key].operation,
            "question": REGISTER[item.key].question,
            "value": item.value,
            "left": [*item.left] if len(item.left) <= 6 else [],
            "evidence": shown.text(seen_text(item.evidence)),
        }
        for item in (_http_status(run, seen) for seen in run.record.observations.all())
    ]


def _http_status(run: Run, item: Observed) -> Observed:
    pairs = sorted(run.record.http_statuses)
    if item.key != "http_status" or not pairs:
        return item
    fits = [
        value
        for value, fit in (
            ("rc", all(rc == http for rc, http in pairs)),
            ("200", all(http == 200 for _, http in pairs)),
        )
        if fit
    ]
    seen = Fact.of("http_statuses", pairs=pairs)
    return Observed(item.key, fits[0] if len(fits) == 1 else None, tuple(fits), seen)


def _operation_of(clauses: Sequence[str]) -> str:
    """Return the operation that a law calls: that of any clause beyond the status call's, since it reads on the way."""
    operations = reversed([*OPERATIONS])
    return next((one.name for one in operations if any(id_ in one.clauses for id_ in clauses)), PROJECT_DETAIL.name)


def _clause(run: Run, operation: Operation, id_: str, shown: Shown) -> dict[str, Any]:
    laws = [item for item in run.results if id_ in item.clauses]
    violated = {broken.violation.clause for broken in run.record.broken}
    outcomes = [item.outcome for item in laws if item.outcome != BROKEN or id_ in violated]
    worst = next((rank for rank in _RANK if rank in outcomes), HOLDS if laws else NOT_JUDGED)
    if id_ in violated:
        worst = BROKEN
    reasons = [item.reason for item in laws if item.outcome == worst and item.reason]
    return {
        "clause": id_,
        "operation": operation.name,
        "text": operation.clauses[id_],
        "outcome": worst,
        "reason": shown.reason(next(iter(reasons), None)),
    }


def _violation(cause: Cause, shown: Shown) -> dict[str, Any]:
    smallest = cause.shown_by[0]
    violation, exchange = cause.violation, smallest.exchange
    return {
        "clause": violation.clause,
        "clauses": cause.clauses,
        "kind": violation.kind,
        "operation": exchange.operation.name,
        "law": smallest.law,
        "laws": cause.laws,
        "cases": cause.cases,
        "expected": shown.expected(violation),
        "got": shown.got(violation),
        "where": shown.text(violation.where),
        "places": [*map(shown.text, cause.places)],
        "times": len(cause.shown_by),
        "http_status": exchange.http_status,
        "reply": shown.reply(exchange.body),
        "formula": smallest.formula,
        "curl": shown.curl(exchange) if exchange.request else "",
    }


def _summary(clauses: list[dict[str, Any]], causes: list[Cause]) -> str:
    """Say in one sentence what came of it."""
    counts = Counter(item["outcome"] for item in clauses)
    if causes:
        what = "1 cause breaks" if len(causes) == 1 else f"{len(causes)} causes break"
        said = [f"{what} {counts[BROKEN]} of {len(clauses)} clauses", f"{counts[HOLDS]} hold"]
    else:
        said = [f"{counts[HOLDS]} of {len(clauses)} clauses hold"]
    said += [f"{counts[outcome]} {outcome}" for outcome in (NOT_SEEN, NOT_JUDGED) if counts[outcome]]
    return ", ".join(said)
