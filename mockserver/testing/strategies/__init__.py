"""Hypothesis strategies for worlds, requests and replies: the one set that our tests and downstream tests use."""

from __future__ import annotations

from mockserver.testing.strategies.exchanges import (
    DetailExchange,
    bad_bodies,
    detail_requests,
    error_replies,
    exchanges,
    faults,
    readings,
    success_replies,
)
from mockserver.testing.strategies.submissions import (
    Flow,
    FlowStep,
    code_lists,
    flows,
    submission_replies,
    submissions,
)
from mockserver.testing.strategies.worlds import projects, vouchers, worlds

__all__ = [
    "DetailExchange",
    "Flow",
    "FlowStep",
    "bad_bodies",
    "code_lists",
    "detail_requests",
    "error_replies",
    "exchanges",
    "faults",
    "flows",
    "projects",
    "readings",
    "submission_replies",
    "submissions",
    "success_replies",
    "vouchers",
    "worlds",
]
