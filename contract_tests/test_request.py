"""REQ-1 to REQ-3: what a call is made of, and what a target may make of one that is a little different."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["request"]})
