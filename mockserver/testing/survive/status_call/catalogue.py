"""The catalogue of clients that read a project."""

from __future__ import annotations

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.status_call.habits import HABITS, doubt_of
from mockserver.testing.survive.status_call.scenarios import SCENARIOS, generated, scenario_named
from mockserver.testing.survive.status_call.scene import StatusCallScene

STATUS_CALL = Catalogue(
    option="",
    scenarios=SCENARIOS,
    habits=HABITS,
    generated=generated,
    named=scenario_named,
    scene=StatusCallScene,
    doubt_of=doubt_of,
    timeout=10.0,
    waiting=("no-reply", "stalled-body", "beyond_last=last"),
    output='{"vouchers": ["ABC123DEF456GHI"], "counts": {"pending": 1}, "error": null}',
)
