"""RES-1 to RES-6: a success and its vouchers."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["reply"]})
