"""The catalogue of clients that do the whole journey."""

from __future__ import annotations

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.flow.habits import HABITS, doubt_of
from mockserver.testing.survive.flow.scenarios import SCENARIOS, generated, scenario_named
from mockserver.testing.survive.flow.scene import FlowScene

FLOW = Catalogue(
    option="--flow",
    scenarios=SCENARIOS,
    habits=HABITS,
    generated=generated,
    named=scenario_named,
    scene=FlowScene,
    doubt_of=doubt_of,
    timeout=30.0,
    waiting=("no-reply", "no-reply-not-taken", "stalled-body", "poll-no-reply", "never-finishes", "every-poll-fails"),
    output='{"codes": {"ABC123DEF456GHI": "success"}, "error": null}',
)
