"""Whatever a body holds, answering, explaining and recording it costs in proportion to its size."""

from __future__ import annotations

import gc
import time

import pytest

from tests.support.asking import built_in_provider, call
from tests.support.hostile_bodies import HOSTILE_BODIES


@pytest.mark.parametrize("shape", HOSTILE_BODIES)
def test_the_cost_grows_with_the_size(shape: str) -> None:
    """Four times the size costs about four times as much; a square would be sixteen times, a power never ends."""
    small, large = (min(cost(HOSTILE_BODIES[shape](size)) for _ in range(3)) for size in (16_000, 64_000))
    assert large < 9 * max(small, 0.002), f"{small:.4f} s, then {large:.4f} s"


def cost(body: bytes) -> float:
    """Return the processor's seconds for the call, what the doctor says of it, and its entry in the journal."""
    provider = built_in_provider()
    gc.disable()  # the whole process is looked through, now and then
    started = time.process_time()
    call(provider, body)
    raw = provider.journal.kept(provider.journal.total)
    assert raw is not None
    provider.diagnose(raw)
    provider.journal.entries()
    took = time.process_time() - started
    gc.enable()
    return took
