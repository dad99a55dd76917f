"""ERR-1, ERR-2, ERR-4 and ERR-5: each documented error by its exact status, rc and message."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["errors"]})
