"""BULK-ERR-1, -2 and -5, by submissions that no target can accept."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["submit_refusals"]})
