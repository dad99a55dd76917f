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
from mockserver.testing.strategies.worlds import projects, vouchers, worlds

__all__ = [
    "DetailExchange",
    "bad_bodies",
    "detail_requests",
    "error_replies",
    "exchanges",
    "faults",
    "projects",
    "readings",
    "success_replies",
    "vouchers",
    "worlds",
]
