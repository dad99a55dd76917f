"""Runs every law at a WSGI app, without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mockserver.verification.laws.law import LawFunction
from mockserver.verification.laws.registry import GROUPS, laws_for
from mockserver.verification.live_guard import Pace, Submitting
from mockserver.verification.run.run import Run
from mockserver.verification.settings import Settings
from mockserver.verification.suite import judge
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET


def judged_submissions(app: Callable[..., Iterable[bytes]]) -> Run:
    """Run the laws of the submit call at a WSGI app."""
    laws = [*GROUPS["submit_refusals"], *GROUPS["submissions"]]
    return judged(app, laws, submitting=Submitting.ANYTHING)


def judged(app: Callable[..., Iterable[bytes]], laws: Iterable[LawFunction] | None = None, **changes: Any) -> Run:
    """Run every law (or `laws`) at a WSGI app; waiting is left out, so what only time shows is not looked at."""
    known: dict[str, Any] = {
        "base_url": "http://localhost",
        "merchant_id": MERCHANT,
        "secret_key": SECRET,
        "project_id": PROJECT,
        "project_name": NAME,
        **changes,
    }
    settings = Settings(**known)
    run = settings.run(wsgi=app)
    patient = Run(
        run.target,
        run.caller.credentials,
        run.limits,
        settings.seed,
        settings.strict,
        pace=Pace(run.limits, sleep=lambda seconds: None),
        submitting=settings.submitting,
    )
    judge(patient, laws_for(settings.submitting) if laws is None else laws)
    patient.target.close()
    return patient
