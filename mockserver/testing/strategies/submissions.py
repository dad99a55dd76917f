"""Hypothesis strategies for the submit call, and for flows: a list is submitted, and polled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.operations.handlers import HANDLERS
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.plan import FINAL, MANUAL, Plan
from mockserver.provider.state.world import World
from mockserver.testing.strategies.exchanges import NOW
from mockserver.testing.strategies.worlds import worlds

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_WAIT = 12


@dataclass(frozen=True)
class FlowStep:
    """One call of a flow, at `at` (Unix seconds): `request` and `reply` are the bodies, in UTF-8.

    `clause` is the id of the clause that decided: BULK-RES-1 for a list that was accepted, RES-1 for a poll.
    """

    operation: Operation
    merchant_id: str
    at: float
    request: bytes
    http_status: int
    reply: bytes
    clause: str

    @property
    def json(self) -> Any:
        """The decoded reply."""
        return json.loads(self.reply)


@dataclass(frozen=True)
class Flow:
    """A list that is submitted, and the polls that follow, on the clock of the fake.

    `codes` are those of the list, `project_id` what it became, `plan` what moves them; `steps` are the calls, the
    submission first.
    """

    codes: tuple[str, ...]
    project_id: str
    plan: Plan
    steps: tuple[FlowStep, ...]


def code_lists(*, min_size: int = 1, max_size: int = 61) -> st.SearchStrategy[tuple[str, ...]]:
    """Lists of voucher codes as they can be submitted, each code once, such as `ABC123DEF456GHI`."""
    numbers = st.lists(st.integers(0, 26**3 - 1), min_size=min_size, max_size=max_size, unique=True)
    return numbers.map(lambda drawn: tuple(map(_code, drawn)))


def submissions(world: World | None = None, readings: Readings | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Good submissions as decoded bodies: a list of new codes, signed by a merchant of the world.

    With no `world` the merchant is made up. `readings` may ask for a session key, or for a short list.
    """
    if world is None:
        return worlds().flatmap(lambda made: submissions(made, readings))
    most = (readings or Readings()).most_codes or 61
    lists = code_lists(max_size=min(most, 61)).map(encode_codes)
    merchants = st.sampled_from(world.merchants)
    signatures = merchants.map(lambda merchant: sign(merchant.merchant_id, merchant.secret_key))
    required = {"kode_voucher": lists, "signature": signatures}
    return st.fixed_dictionaries(required, optional={"session_key": st.just("made-up-session-key")})


def submission_replies(readings: Readings | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Accepted submissions as decoded replies (BULK-RES-1)."""
    return flows(readings, max_polls=0).map(lambda flow: flow.steps[0].json)


def flows(
    readings: Readings | None = None, *, min_polls: int = 0, max_polls: int = 4, max_codes: int = 61
) -> st.SearchStrategy[Flow]:
    """Flows: a list is submitted and polled so many times, some seconds between, the codes moved by a plan.

    A page of a poll holds every code, unless the reading `max_limit` caps it.
    """
    in_force = readings or Readings()
    sizes = code_lists(max_size=min(max_codes, in_force.most_codes or max_codes))
    waits = st.lists(st.integers(0, _LONGEST_WAIT), min_size=min_polls, max_size=max_polls)
    made = worlds(max_projects=1, max_merchants=1, max_vouchers=2)
    return st.builds(partial(_flow, in_force), made, sizes, _plans(), waits)


def _plans() -> st.SearchStrategy[Plan]:
    outcomes = st.lists(st.sampled_from(FINAL), min_size=1, max_size=3, unique=True)
    timed = st.builds(
        lambda ends, seed: Plan("timed", outcomes=tuple((end, 1.0) for end in ends), seed=seed),
        outcomes,
        st.integers(0, 100),
    )
    return st.just(MANUAL) | timed


def _flow(readings: Readings, world: World, codes: tuple[str, ...], plan: Plan, waits: Sequence[int]) -> Flow:
    merchant = world.merchants[0]
    signature = sign(merchant.merchant_id, merchant.secret_key)
    session = {"session_key": "made-up-session-key"} if readings.session_key == "required" else {}
    provider = Provider(World((merchant,), plan), readings, FrozenClock(NOW))
    steps: list[FlowStep] = []

    def call(operation: Operation, fields: dict[str, Any]) -> FlowStep:
        handler = next(handler for handler in HANDLERS if handler.operation is operation)
        body = json.dumps({**fields, "signature": signature, **session}).encode()
        reply = provider.reply_to(handler, merchant.merchant_id, body)
        assert reply.clause == operation.success.clause, reply.clause
        at = provider.clock.now()
        steps.append(FlowStep(operation, merchant.merchant_id, at, body, reply.http_status, reply.body, reply.clause))
        return steps[-1]

    project_id = call(REDEEM_BULK, {"kode_voucher": encode_codes(codes)}).json["data"]["project_id"]
    for wait in waits:
        provider.clock.advance(wait)
        call(PROJECT_DETAIL, {"projectid": project_id, "status": "", "page": 1, "limit": max(len(codes), 30)})
    return Flow(codes, project_id, plan, tuple(steps))


def _code(number: int) -> str:
    """A code such as `ABC123DEF456GHI`, another for each number, and none that a world of these strategies holds."""
    triple = _LETTERS[number // 676] + _LETTERS[number // 26 % 26] + _LETTERS[number % 26]
    return f"{triple}{number % 1000:03d}NEW{number * 7 % 1000:03d}{triple}"
