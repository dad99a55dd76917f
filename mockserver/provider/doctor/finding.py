"""What the doctor says."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a call: `what` it is, `why` that is refused, and the `cure`. Holds no secret."""

    what: str
    why: str
    cure: str

    def __str__(self) -> str:
        return f"{self.what}; {self.why}; {self.cure}"
