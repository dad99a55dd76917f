"""FILT-1: a filter lists exactly the vouchers of its status."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["filter"]})
