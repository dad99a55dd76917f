"""Ids and secrets for a merchant or a project that is given none."""

from __future__ import annotations

import secrets
import string

_ALPHABETS = {"A": string.ascii_uppercase, "0": string.digits}


def new_merchant_id() -> str:
    """Return an id such as `M240315GAME2847K`.

    From `secrets`: pytest-randomly gives `random` the same seed before every test.
    """
    return f"M240315{_drawn('AAAA0000A')}"


def new_project_id() -> str:
    """Return an id such as `R240815XPQR000012`."""
    return f"R240815{_drawn('AAAA000000')}"


def new_secret() -> str:
    """Return a secret key or session key: 32 hex digits."""
    return secrets.token_hex(16)


def _drawn(pattern: str) -> str:
    """Return `pattern` with a random capital for each A and a random digit for each 0."""
    bytes_ = secrets.token_bytes(len(pattern))
    alphabets = map(_ALPHABETS.__getitem__, pattern)
    return "".join(alphabet[byte % len(alphabet)] for alphabet, byte in zip(alphabets, bytes_, strict=True))
