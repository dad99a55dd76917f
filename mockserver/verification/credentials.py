"""What is needed to call a target."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.contract.signature import sign


@dataclass(frozen=True)
class Credentials:
    """The merchant, its secret, one of its projects, and what else is known of them."""

    merchant_id: str
    secret_key: str
    project_id: str
    session_key: str | None = None
    project_name: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.merchant_id!r}, {self.project_id!r})"

    @property
    def signature(self) -> str:
        """The documented signature (REQ-2)."""
        return sign(self.merchant_id, self.secret_key)
