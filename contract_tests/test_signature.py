"""REQ-2 and ERR-3: the documented signature is taken and no other."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["signature"]})
