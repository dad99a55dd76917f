"""SUM-1 and SUM-2: `stats` and `kategori_voucher` against the vouchers themselves."""

from __future__ import annotations

from mockserver.verification.laws.registry import GROUPS

globals().update({f"test_{law.__name__}": law for law in GROUPS["sums"]})
