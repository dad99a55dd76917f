"""The result of a run as a document (`schemas/report.json`): what every report is made from. It holds no secret."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract import near_misses
from mockserver.contract.clauses import CLAUSES
from mockserver.contract.masking import MASK, Masker
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.curl import curl_line
from mockserver.verification.run.observations import Observed
from mockserver.verification.run.record import Broken
from mockserver.verification.run.run import Run

HOLDS, BROKEN, NOT_SEEN, NOT_JUDGED = "holds", "broken", "not seen", "not judged"
_RANK = (BROKEN, NOT_JUDGED, HOLDS, NOT_SEEN)
_SHOWN = 4_000
_HEX_RUN = re.compile(r"[0-9a-fA-F]{32,}")


def exit_status_of(run: Run) -> int:
    """Return 1 where a clause is broken, 3 where the target could not be judged, else 0."""
    if run.broken:
        return 1
    return 3 if run.blocked else 0


def result_of(run: Run) -> dict[str, Any]:
    """Return what came of a run."""
    status = exit_status_of(run)
    document: dict[str, Any] = masker_of(run)(
        {
            "target": run.target.base_url,
            "host": urlsplit(run.target.base_url).hostname or "",
            "merchant_id": run.credentials.merchant_id,
            "project_id": run.credentials.project_id,
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(run.seconds, 2),
            "calls": run.calls,
            "seed": run.seed,
            "exit_status": status,
            "verdict": {0: "the contract holds", 1: "the contract is broken", 3: "could not be judged"}[status],
            "reason": run.blocked,
            "clauses": [_clause(run, id_) for id_ in CLAUSES],
            "laws": [
                {"law": item.law, "clauses": [*item.clauses], "outcome": item.outcome, "reason": item.reason}
                for item in run.results
            ],
            "violations": [_violation(run, group) for group in _groups(run.broken)],
            "readings": readings_of(run),
            "drift": sorted(run.drift),
            "http_statuses": [{"rc": rc, "http_status": http} for rc, http in sorted(run.http_statuses)],
            "notes": dict(run.notes),
            "crash": run.crash,
        }
    )
    return document


def readings_of(run: Run) -> list[dict[str, Any]]:
    """Return what was seen of each reading, in the order of the register."""
    return [
        {
            "key": item.key,
            "question": REGISTER[item.key].question,
            "value": item.value,
            "left": [*item.left] if len(item.left) <= 6 else [],
            "evidence": item.evidence,
        }
        for item in (_http_status(run, seen) for seen in run.observations.all())
    ]


def _http_status(run: Run, item: Observed) -> Observed:
    if item.key != "http_status" or not run.http_statuses:
        return item
    seen = ", ".join(f"HTTP {http} for rc {rc}" for rc, http in sorted(run.http_statuses))
    fits = [
        value
        for value, fit in (
            ("rc", all(rc == http for rc, http in run.http_statuses)),
            ("200", all(http == 200 for _, http in run.http_statuses)),
        )
        if fit
    ]
    return Observed(item.key, fits[0] if len(fits) == 1 else None, tuple(fits), seen)


def _clause(run: Run, id_: str) -> dict[str, Any]:
    laws = [item for item in run.results if id_ in item.clauses]
    violated = {broken.violation.clause for broken in run.broken}
    outcomes = [item.outcome for item in laws if item.outcome != BROKEN or id_ in violated]
    worst = next((rank for rank in _RANK if rank in outcomes), HOLDS if laws else NOT_JUDGED)
    if id_ in violated:
        worst = BROKEN
    reasons = [item.reason for item in laws if item.outcome == worst and item.reason]
    return {"clause": id_, "text": CLAUSES[id_], "outcome": worst, "reason": reasons[0] if reasons else ""}


def _groups(broken: Iterable[Broken]) -> list[list[Broken]]:
    """Put what is one finding together, the smallest reply first."""
    groups: dict[tuple[str, str, str], list[Broken]] = {}
    for item in broken:
        groups.setdefault(item.kind, []).append(item)
    order = {id_: place for place, id_ in enumerate(CLAUSES)}
    ordered = sorted(groups.values(), key=lambda group: order.get(group[0].violation.clause, 99))
    return [sorted(group, key=lambda item: len(item.exchange.body) or 1 << 30) for group in ordered]


def _violation(run: Run, group: list[Broken]) -> dict[str, Any]:
    smallest = group[0]
    exchange = smallest.exchange
    text = exchange.body[: _SHOWN + 1].decode("utf-8", "replace")
    return {
        "clause": smallest.violation.clause,
        "law": smallest.law,
        "expected": smallest.violation.expected,
        "got": smallest.violation.got,
        "where": smallest.violation.where,
        "times": len(group),
        "http_status": exchange.http_status,
        "reply": text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(exchange.body)} bytes)",
        "formula": smallest.formula,
        "curl": curl_line(run.target.base_url, exchange, run.caller.session_key) if exchange.request else "",
    }


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
    own = run.credentials
    made = [formula(own.merchant_id, own.secret_key) for formula in near_misses.ALL.values()]
    near = [text for text in made if len(text.strip()) >= 16 and text != own.merchant_id]
    return ResultMasker([own.secret_key, own.signature, own.session_key or "", *near])
