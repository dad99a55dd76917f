"""How many examples a property draws that draws more or fewer than others."""

from __future__ import annotations

from hypothesis import settings

_USUAL = 100


def examples(count: int) -> int:
    """Return `count`, or the share of it that the profile `fewer` draws of what is usual; at least 2."""
    return max(2, count * min(settings().max_examples, _USUAL) // _USUAL)
