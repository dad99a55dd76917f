"""Why a run or a law of it comes to no judgement."""

from __future__ import annotations


class CannotJudge(Exception):
    """The target cannot be judged, or no further; the message is one clear reason."""


class NotSeen(Exception):
    """The target's data cannot show a law; the message says why."""
