"""The result of a run as a document (`schemas/report.json`): what every report is made from. It holds no secret."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract import near_misses
from mockserver.contract.clauses import CLAUSES
from mockserver.contract.judging.violation import Fact
from mockserver.contract.masking import MASK, Masker
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.causes import Cause, causes_of
from mockserver.verification.report.curl import curl_line
from mockserver.verification.report.wording import expected_text, got_text, reason_text, seen_text
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
_SHOWN = 4_000
_HEX_RUN = re.compile(r"[0-9a-fA-F]{32,}")


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
    causes = causes_of(run.record.broken, run.caller.made)
    clauses = [_clause(run, id_) for id_ in CLAUSES]
    own = run.caller.credentials
    document: dict[str, Any] = masker_of(run)(
        {
            "target": run.target.base_url,
            "host": urlsplit(run.target.base_url).hostname or "",
            "merchant_id": own.merchant_id,
            "project_id": own.project_id,
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(run.seconds, 2),
            "calls": run.pace.made,
            "seed": run.seed,
            "exit_status": status,
            "verdict": _VERDICTS[status],
            "reason": reason_text(run.aborted) or None,
            "summary": _summary(clauses, causes),
            "clauses": clauses,
            "laws": [
                {
                    "law": item.law,
                    "clauses": [*item.clauses],
                    "outcome": item.outcome,
                    "reason": reason_text(item.reason),
                }
                for item in run.results
            ],
            "violations": [_violation(run, cause) for cause in causes],
            "readings": readings_of(run),
            "drift": sorted(run.record.drift),
            "http_statuses": [{"rc": rc, "http_status": http} for rc, http in sorted(run.record.http_statuses)],
            "notes": dict(run.notes),
            "crash": run.crash,
        }
    )
    return document


def was_judged(document: dict[str, Any]) -> bool:
    """Whether anything of the target of a result document could be judged."""
    return any(item["outcome"] != NOT_JUDGED for item in document["clauses"])


def readings_of(run: Run) -> list[dict[str, Any]]:
    """Return what was seen of each reading, in the order of the register."""
    return [
        {
            "key": item.key,
            "question": REGISTER[item.key].question,
            "value": item.value,
            "left": [*item.left] if len(item.left) <= 6 else [],
            "evidence": seen_text(item.evidence),
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


def _clause(run: Run, id_: str) -> dict[str, Any]:
    laws = [item for item in run.results if id_ in item.clauses]
    violated = {broken.violation.clause for broken in run.record.broken}
    outcomes = [item.outcome for item in laws if item.outcome != BROKEN or id_ in violated]
    worst = next((rank for rank in _RANK if rank in outcomes), HOLDS if laws else NOT_JUDGED)
    if id_ in violated:
        worst = BROKEN
    reasons = [item.reason for item in laws if item.outcome == worst and item.reason]
    return {"clause": id_, "text": CLAUSES[id_], "outcome": worst, "reason": reason_text(next(iter(reasons), None))}


def _violation(run: Run, cause: Cause) -> dict[str, Any]:
    smallest = cause.shown_by[0]
    violation, exchange = cause.violation, smallest.exchange
    text = exchange.body[: _SHOWN + 1].decode("utf-8", "replace")
    return {
        "clause": violation.clause,
        "clauses": cause.clauses,
        "kind": violation.kind,
        "law": smallest.law,
        "laws": cause.laws,
        "cases": cause.cases,
        "expected": expected_text(violation),
        "got": got_text(violation),
        "where": violation.where,
        "places": cause.places,
        "times": len(cause.shown_by),
        "http_status": exchange.http_status,
        "reply": text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(exchange.body)} bytes)",
        "formula": smallest.formula,
        "curl": curl_line(run.target.base_url, exchange, run.caller.session_key) if exchange.request else "",
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


class ResultMasker:
    """Takes the secrets of a run out of a document.

    A reply may hold secrets in fields of its own, so there more is masked than what is known. A `curl` line holds
    variables in their places already.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [secret for secret in secrets if secret]
        self._masked = Masker(known)
        exact = sorted({secret for secret in known if len(secret) >= 4}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, exact))) if exact else None

    def __call__(self, value: Any, key: str = "") -> Any:
        """Return the document without secrets."""
        if isinstance(value, str):
            return self._masked(value) if key == "reply" else self._text(value)
        if isinstance(value, list):
            return [self(item) for item in value]
        if isinstance(value, dict):
            return {name: self(item, name) for name, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        known = text if self._known is None else self._known.sub(MASK, text)
        return _HEX_RUN.sub(MASK, known)


def masker_of(run: Run) -> ResultMasker:
    """Return what takes the secrets of a run, and every signature made from them, out of a document."""
    own = run.caller.credentials
    made = [formula(own.merchant_id, own.secret_key) for formula in near_misses.ALL.values()]
    near = [text for text in made if len(text.strip()) >= 16 and text != own.merchant_id]
    return ResultMasker([own.secret_key, own.signature, own.session_key or "", *near])
