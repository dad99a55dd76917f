"""The documented signature (REQ-2)."""

from __future__ import annotations

import hashlib
import hmac


def sign(merchant_id: str, secret_key: str) -> str:
    """Return lower-case hex md5 of `merchant_id` immediately followed by `secret_key`, in UTF-8 (REQ-2).

    It never changes for a merchant, so it is as secret as the key itself.
    """
    # The formula is the vendor's: nobody would choose md5 for this today.
    return hashlib.md5((merchant_id + secret_key).encode(), usedforsecurity=False).hexdigest()


def signatures_match(sent: str, expected: str, *, ignore_case: bool = False) -> bool:
    """Compare in constant time; `ignore_case` takes upper-case hex as well."""
    # As bytes: compare_digest raises on text that is not ASCII, and a consumer may send any text.
    left = sent.encode("utf-8", "surrogatepass")
    if ignore_case:
        left = left.lower()
    return hmac.compare_digest(left, expected.encode("ascii"))
