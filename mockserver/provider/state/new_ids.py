"""Ids and secrets for a merchant or a project that is given none."""

from __future__ import annotations

import itertools
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

_ALPHABETS = {"A": string.ascii_uppercase, "0": string.digits}


class Identities:
    """Ids and secrets that are made up: other ones in each run, or with a seed the same.

    With a seed they follow from `owner` (the id of the test that they are for) and from how many came before for it, so
    that neither the order of tests nor the number of workers changes them.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._owner, self._numbers = "", itertools.count()

    def merchant_id(self) -> str:
        """Return an id such as `M240315GAME2847K`."""
        return f"M240315{self._drawn('AAAA0000A')}"

    def project_id(self) -> str:
        """Return an id such as `R240815XPQR000012`."""
        return f"R240815{self._drawn('AAAA000000')}"

    def secret(self) -> str:
        """Return a secret key or session key: 32 hex digits."""
        return self._bytes(16).hex()

    @contextmanager
    def of(self, owner: str) -> Iterator[None]:
        """Make them up for this owner until the block ends."""
        before = self._owner, self._numbers
        self._owner, self._numbers = owner, itertools.count()
        try:
            yield
        finally:
            self._owner, self._numbers = before

    def _drawn(self, pattern: str) -> str:
        """Return `pattern` with a random capital for each A and a random digit for each 0."""
        alphabets = map(_ALPHABETS.__getitem__, pattern)
        drawn = zip(alphabets, self._bytes(len(pattern)), strict=True)
        return "".join(alphabet[byte % len(alphabet)] for alphabet, byte in drawn)

    def _bytes(self, size: int) -> bytes:
        if self._seed is None:
            # Not from `random`: pytest-randomly gives that the same seed before every test.
            return secrets.token_bytes(size)
        return blake2b(f"{self._seed}:{next(self._numbers)}:{self._owner}".encode(), digest_size=size).digest()
