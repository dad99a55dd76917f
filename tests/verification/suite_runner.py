"""Runs the laws of `contract_tests/` without pytest around them: the same functions, a hundred times as often."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from mockserver._resources import resource
from mockserver.verification.live_guard import Pace
from mockserver.verification.run.run import Run
from mockserver.verification.settings import Settings
from mockserver.verification.suite import FILES, LawFunction, perform
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET


@cache
def laws() -> tuple[LawFunction, ...]:
    """Return every law, in the order of a run."""
    found: list[LawFunction] = []
    for name in FILES:
        spec = importlib.util.spec_from_file_location(f"contract_{name}", resource("contract_tests") / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [law for key, law in vars(module).items() if key.startswith("test_")]
    return tuple(found)


def judged(app: Callable[..., Iterable[bytes]], **changes: Any) -> Run:
    """Run every law at a WSGI app; waiting is left out, so what only time shows is not looked at."""
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
        run.credentials,
        run.limits,
        settings.seed,
        settings.strict,
        pace=Pace(run.limits, sleep=lambda seconds: None),
    )
    for law in laws():
        perform(patient, law)
    patient.target.close()
    return patient
