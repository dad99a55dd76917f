"""PAGE-1 and PAGE-2: pages that add up to the list."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["paging"]})
