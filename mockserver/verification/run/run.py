"""One run at one target: calls are made, each reply is judged, and laws across calls only on a still picture."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.contract.judging.checks import Choice, Violation
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import Page
from mockserver.verification.cases.request_cases import Case, Credentials
from mockserver.verification.live_guard import Limits, Pace
from mockserver.verification.run.caller import Caller
from mockserver.verification.run.calls import Calls
from mockserver.verification.run.listener import Listener, Silence
from mockserver.verification.run.observations import Observations
from mockserver.verification.run.opening import opened
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.record import Broken, LawResult, Record
from mockserver.verification.run.still_picture import Law, Sees, StillPictures
from mockserver.verification.target import Target

_RESERVE = 45
_SECONDS_FOR_MORE = 12.0


class Run:
    """Judges one target.

    `strict` are readings observed before: a departure from one is a violation. Nothing of a run survives it.
    """

    def __init__(
        self,
        target: Target,
        credentials: Credentials,
        limits: Limits,
        seed: int = 0,
        strict: Mapping[str, str] | None = None,
        listener: Listener | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.target = target
        self.limits = limits
        self.seed = seed
        self.listener = listener or Silence()
        self.pace = pace or Pace(limits)
        self.random = random.Random(seed)  # noqa: S311 - nothing here is secret
        self.caller = Caller(target, credentials, self.pace, self._heard)
        self._record = Record(credentials, strict or {})
        self._calls = Calls(self.caller, self._record)
        self._pictures = StillPictures(self._calls, self._record, lambda: self.has_room)
        self.project_number = 0
        self.notes: dict[str, str] = {}
        self.results: list[LawResult] = []
        self.blocked: str | None = None
        self.crash: str | None = None
        self.is_open = False
        self._started = time.monotonic()

    def open(self) -> None:
        """Make the first call, and find out what can be found out when it is refused.

        Raises:
            CannotJudge: the target does not answer, or does not know the credentials.
        """
        shown = opened(self.caller, self._record, self.limits)
        self._pictures.total, self.project_number = shown.total, shown.project_number

    def _heard(self) -> None:
        self.listener.called(self.calls, self.law)

    # How far it is

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return self.pace.made

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    @property
    def room(self) -> int:
        """How many calls are left."""
        return self.limits.max_requests - self.calls

    @property
    def has_room(self) -> bool:
        """Whether there are calls, and on loopback time, for more than every run must make."""
        in_time = self.seconds < _SECONDS_FOR_MORE or self.limits.rate is not None
        return self.room > _RESERVE and in_time

    @property
    def wrong_signatures(self) -> int:
        """How many cases with a wrong signature were sent, the opening's tries aside."""
        return self._calls.wrong_signatures

    # What is known

    @property
    def credentials(self) -> Credentials:
        """What calls are made with; once open, the project's id stands there also where its name was given."""
        return self.caller.credentials

    @property
    def law(self) -> str:
        """The law that is being held to the target; what is found is recorded under it."""
        return self._record.law

    @law.setter
    def law(self, name: str) -> None:
        self._record.law = name

    @property
    def broken(self) -> list[Broken]:
        """What was found broken, in the order it was found."""
        return self._record.broken

    @property
    def observations(self) -> Observations:
        """What was seen of each reading."""
        return self._record.observations

    @property
    def unseen(self) -> dict[str, str]:
        """Why a law across calls could not be judged, by its name."""
        return self._record.unseen

    @property
    def http_statuses(self) -> set[tuple[int, int]]:
        """The pairs (rc, HTTP status) of the errors that came."""
        return self._record.http_statuses

    @property
    def drift(self) -> set[str]:
        """The fields that came and that the page does not know."""
        return self._record.drift

    @property
    def total(self) -> int:
        """How many vouchers the project had when the whole list was last asked for."""
        return self._pictures.total

    # What a law may do

    def call(self, clause: str, **changes: Any) -> Exchange | None:
        """Make a good call with some fields changed and judge its reply; None when it got no reply to judge."""
        return self._calls.call(clause, **changes)

    def send_fields(self, clause: str, fields: Mapping[str, Any]) -> Exchange | None:
        """Make a call with these fields and judge its reply; None when it got no reply to judge."""
        return self._calls.send_fields(clause, fields)

    def page(self, clause: str, **changes: Any) -> tuple[Page, Exchange] | None:
        """Make a call that must succeed; None when it did not, which is then a violation of `clause`."""
        return self._calls.page(clause, **changes)

    def expect_each(self, cases: Iterable[Case]) -> None:
        """Send each case and hold its reply to the outcomes it may have."""
        self._calls.expect_each(cases)

    def take(self, choice: Choice, exchange: Exchange) -> None:
        """Narrow a reading down; a contradiction to what was seen before is a violation."""
        self._record.take(choice, exchange)

    def breaks(self, violation: Violation, exchange: Exchange) -> None:
        """Record a violation."""
        self._record.breaks(violation, exchange)

    def picture(self) -> Picture | None:
        """Return the last picture of the project, read now if there is none; None when it cannot be read."""
        return self._pictures.last()

    def read_picture(self) -> Picture | None:
        """Read the whole unfiltered list, or as much of it as a capped limit lets through in a dozen calls."""
        return self._pictures.read()

    def on_still_picture(self, name: str, law: Law, *, sees: Sees = lambda picture: picture.states) -> None:
        """Hold a law across calls, judged only where the project stood still before and after; three tries.

        `law` makes its calls and returns what it finds; `sees` is the part of the picture that it depends on.
        """
        self._pictures.hold(name, law, sees=sees)
