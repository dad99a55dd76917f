"""Writes `docs/proof.md`: every break with the clauses that caught it, every variant that raised no alarm."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from mockserver.verification.report.wording import reason_text, violation_text
from tests.verification import breaks, submission_breaks
from tests.verification.broken_fake import BrokenFake
from tests.verification.suite_runner import judged, judged_submissions
from tests.verification.variants import VARIANTS

BREAKS = (*breaks.BREAKS, *submission_breaks.BREAKS)
PAGE = Path(__file__).parents[2] / "docs" / "proof.md"
HEAD = """# The suite is proven

The contract suite is worth as much as what it catches. Tests break the fake in {breaks} ways, one at a time
({submits} of them in the submit call), and each break is caught by a clause that it offends. {variants} servers that
conform, each in its own way, raise no alarm. The breaks live in `tests/verification/breaks.py` and
`submission_breaks.py`, the variants in `variants.py` beside them. `make proof` goes through all of it, and
`make documents` writes this page; `make test` takes a sample.
"""


def caught_by(number: int) -> tuple[str, ...]:
    """Return the clauses that a break is blamed under, those that it offends first."""
    known = BREAKS[number]
    run = (judged_submissions if known.submits else judged)(BrokenFake(known.broken))
    blamed = {broken.violation.clause for broken in run.record.broken}
    offended = dict.fromkeys(id_ for id_ in known.clauses if id_ in blamed)
    return (*offended, *sorted(blamed - set(known.clauses)))


def alarms_at(number: int) -> list[str]:
    """Return what a variant is blamed for, and why it could not be judged."""
    variant = VARIANTS[number]
    run = (judged_submissions if variant.submits else judged)(variant.app())
    return [
        *(violation_text(broken.violation) for broken in run.record.broken),
        *([reason_text(run.aborted)] if run.aborted else []),
    ]


def page() -> str:
    """Run all of it and return the page."""
    with ProcessPoolExecutor(2) as pool:
        caught = list(pool.map(caught_by, range(len(BREAKS)), chunksize=8))
        alarms = list(pool.map(alarms_at, range(len(VARIANTS)), chunksize=4))
    lines = [
        HEAD.format(breaks=len(BREAKS), submits=sum(known.submits for known in BREAKS), variants=len(VARIANTS)),
        "## Breaks",
        "",
        "| break | caught by |",
        "|---|---|",
    ]
    lines += [f"| {known.name} | {', '.join(ids) or '**missed**'} |" for known, ids in zip(BREAKS, caught, strict=True)]
    lines += ["", "## Conforming variants", "", "| variant | alarms |", "|---|---|"]
    lines += [
        f"| {variant.name} | {'; '.join(raised) or 'none'} |" for variant, raised in zip(VARIANTS, alarms, strict=True)
    ]
    return "\n".join(lines) + "\n"
