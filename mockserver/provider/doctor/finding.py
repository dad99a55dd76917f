"""What the doctor says."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a call: `what`, `why` it is refused, and the `fix`. Holds no secret."""

    what: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}; {self.why}; {self.fix}"
