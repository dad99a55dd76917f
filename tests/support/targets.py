"""Targets in this process: the fake behind a script that may answer in its place, and a pace that does not wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.provider.state.world import World
from mockserver.verification.credentials import Credentials
from mockserver.verification.live_guard import Limits, Pace
from mockserver.verification.run.run import Run
from mockserver.verification.target import Failure, NoReply, RawReply
from tests.support.replies import NOW
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, Break, BrokenFake, Call

LOCAL, LIVE = "http://127.0.0.1:8787", "https://v1.example.com"
CREDENTIALS = Credentials(MERCHANT, SECRET, PROJECT)

Script = Callable[[Call], "RawReply | NoReply | None"]


def reply(http_status: int, body: bytes = b"<h1>no</h1>", **headers: str) -> RawReply:
    """Return a reply as it came over the wire."""
    return RawReply(http_status, {k.replace("_", "-"): v for k, v in headers.items()}, body, NOW, NOW, None)


def failure(kind: Failure) -> NoReply:
    """Return what a target raises that gives no reply."""
    return NoReply(kind, "host:80", seconds=10.0, most_bytes=1024)


class ScriptedTarget:
    """The fake as a target. `script` gives a call's reply or failure, or None for the fake's own answer.

    `sent` are the calls that were made, `number` from 1.
    """

    def __init__(
        self,
        script: Script = lambda call: None,
        *,
        broken: Break = lambda call: call.honest(),
        world: World | None = None,
        readings: Readings | None = None,
        base_url: str = LOCAL,
    ) -> None:
        self.base_url = base_url
        self.sent: list[Call] = []
        self._script = script
        self._broken = broken
        self._fake = BrokenFake(world=world, readings=readings)

    def post(self, merchant_id: str, body: bytes, operation: Operation = PROJECT_DETAIL) -> RawReply:
        """Answer a call."""
        call = Call(merchant_id, body, self._fake.ask, self._fake.store, len(self.sent) + 1, operation)
        self.sent.append(call)
        scripted = self._script(call)
        if isinstance(scripted, NoReply):
            raise scripted
        if scripted is not None:
            return scripted
        answered = self._broken(call)
        return RawReply(answered[0], {}, answered[1], self._fake.now, self._fake.now, None)

    def close(self) -> None:
        """Let go of nothing."""


class Rests(list[float]):
    """The rests that were taken, in seconds; no time goes by."""

    def pace(self, limits: Limits) -> Pace:
        """Return a pace that writes its rests down."""
        return Pace(limits, sleep=self.append, now=lambda: 0.0)


def run_at(target: ScriptedTarget, *, max_requests: int = 200, limits: Limits | None = None, **more: Any) -> Run:
    """Return a run at a target, which never waits."""
    limits = limits or Limits.of(LOCAL, max_requests=max_requests)
    return Run(target, CREDENTIALS, limits, pace=Rests().pace(limits), **more)
