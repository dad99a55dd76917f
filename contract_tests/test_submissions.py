"""BULK-*, FLOW-1 and FLOW-2: what becomes of a list that is submitted, and of one refused."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["submissions"]})
