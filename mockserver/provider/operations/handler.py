"""What every operation does with a call: check it, then carry it out, and write what became of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from mockserver.contract.operation import Operation
from mockserver.contract.readings import Readings
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.forcing import Reserved
from mockserver.provider.refusal import Cause, Refusal
from mockserver.provider.reply import Reply, error_reply
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.store import MerchantStore, Store

T = TypeVar("T")


class Handler(ABC, Generic[T]):
    """One operation as the fake answers it: no HTTP server, no clock of its own, no state of its own.

    `operation` is what the contract says of it. A merchant id is the one in the path, percent-decoded.
    """

    operation: Operation

    @abstractmethod
    def check(self, merchant_id: str, body: bytes, store: Store, readings: Readings) -> T:
        """Return what a call asks for; nothing changes by it.

        Raises:
            Refusal: the call gets a documented error.
        """

    @abstractmethod
    def carry_out(self, checked: T, readings: Readings, clock: Clock) -> Reply:
        """Do what a checked call asks for, and return its success.

        Raises:
            Refusal: the call gets a documented error after all, as the state has changed since.
        """

    def reserved(self, checked: T) -> Reserved | None:  # noqa: ARG002 - for those that override it
        """Return the text of a checked call that asks for a fault or an error, or None."""
        return None

    def project_asked_for(
        self,
        merchant: MerchantStore | None,  # noqa: ARG002 - for those that override it
        fields: Mapping[str, Any],  # noqa: ARG002
        readings: Readings,  # noqa: ARG002
    ) -> str | None:
        """Return the project_id that a call is about, what it sent where that means no project, or None."""
        return None

    def diagnose(
        self,
        refused: Refusal,  # noqa: ARG002 - for those that override it
        merchant: MerchantStore,  # noqa: ARG002
        fields: Mapping[str, Any],  # noqa: ARG002
        store: Store,  # noqa: ARG002
        readings: Readings,  # noqa: ARG002
    ) -> list[Finding]:
        """Return what is wrong with a call refused in a role of this operation's own; nothing: its cause says all.

        In `fields` the secret ones are as they were sent: no finding may quote them.
        """
        return []

    def remarks(
        self,
        fields: Mapping[str, Any],  # noqa: ARG002 - for those that override it
        readings: Readings,  # noqa: ARG002
        cause: Cause | None,  # noqa: ARG002
    ) -> list[Finding]:
        """Return what is odd about a call that was answered as asked: it may not be what was meant.

        `cause` is that of its reply. In `fields` the secret ones are as they were sent: no finding may quote them.
        """
        return []

    def answer(self, merchant_id: str, body: bytes, store: Store, readings: Readings, clock: Clock) -> Reply:
        """Answer one call as the vendor documents it, under `readings` where that is silent.

        Never raises for anything a consumer sends: an error of the contract is a reply too.
        """
        try:
            return self.carry_out(self.check(merchant_id, body, store, readings), readings, clock)
        except Refusal as refused:
            return self.error(refused, readings)

    def error(self, refused: Refusal, readings: Readings) -> Reply:
        """Write the documented error that a refused call gets."""
        return error_reply(self.operation.error_of[refused.role], refused.cause, readings, reading=refused.reading)

    def refusal(self, merchant_id: str, body: bytes, store: Store, readings: Readings) -> Refusal | None:
        """Return the refusal that `answer` would write for a call, or None; nothing changes by it."""
        try:
            self.check(merchant_id, body, store, readings)
        except Refusal as refused:
            return refused
        return None
