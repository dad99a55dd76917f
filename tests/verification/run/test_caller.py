"""Calls are made again after a rest where the target is busy or breaks off, and never more often than that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.verification.live_guard import BudgetSpent, Limits
from mockserver.verification.run.caller import Caller, OutsideContract, TargetFailed
from mockserver.verification.target import Failure, NoReply, RawReply
from tests.support.targets import CREDENTIALS, LIVE, LOCAL, Rests, ScriptedTarget, failure, reply

ENVELOPE = b'{"status":0,"rc":500,"error_msg":"x"}'


def caller_of(target: ScriptedTarget, rests: Rests, max_requests: int = 50) -> Caller:
    return Caller(target, CREDENTIALS, rests.pace(Limits(max_requests=max_requests)), lambda: None)


@pytest.mark.parametrize(
    ("answer", "tries", "kind"),
    [
        (reply(500), 2, "HTTP 500"),
        (reply(501), 2, "HTTP 501"),
        (reply(502), 4, "HTTP 502"),
        (reply(503), 4, "HTTP 503"),
        (reply(504), 4, "HTTP 504"),
        (reply(429), 4, "HTTP 429"),
        (reply(302), 1, "HTTP 302"),
        (failure(Failure.BROKEN_OFF), 2, Failure.BROKEN_OFF),
        (failure(Failure.BROKEN_COMPRESSION), 2, Failure.BROKEN_COMPRESSION),
        (failure(Failure.TIMEOUT), 1, Failure.TIMEOUT),
        (failure(Failure.ENDLESS), 1, Failure.ENDLESS),
        (failure(Failure.TOO_LARGE), 1, Failure.TOO_LARGE),
        (failure(Failure.UNREACHABLE), 1, Failure.UNREACHABLE),
        (failure(Failure.TLS), 1, Failure.TLS),
    ],
    ids=lambda value: value.kind.value if isinstance(value, NoReply) else getattr(value, "http_status", None),
)
def test_a_call_that_always_fails_is_given_up(answer: RawReply | NoReply, tries: int, kind: Any) -> None:
    target, rests = ScriptedTarget(lambda call: answer), Rests()
    caller = caller_of(target, rests)
    with pytest.raises(TargetFailed) as failed:
        caller.call(caller.good_fields())
    assert failed.value.cause.kind == kind
    assert (len(target.sent), len(rests)) == (tries, tries - 1)
    assert failed.value.is_rate_limit is (kind == "HTTP 429")
    if isinstance(failed.value.cause, OutsideContract):
        assert failed.value.cause.is_redirect is (kind == "HTTP 302")
        assert failed.value.cause.times == tries


@pytest.mark.parametrize(
    "answer", [reply(404), reply(200, b"hello"), reply(503, ENVELOPE), reply(429, ENVELOPE), reply(302, ENVELOPE)]
)
def test_what_can_be_judged_is_not_asked_for_again(answer: RawReply) -> None:
    target, rests = ScriptedTarget(lambda call: answer), Rests()
    exchange = caller_of(target, rests).call({"a": 1})
    assert (exchange.http_status, exchange.body) == (answer.http_status, answer.body)
    assert (len(target.sent), rests) == (1, [])


def test_a_target_that_recovers_is_judged_by_what_it_says_then() -> None:
    target = ScriptedTarget(lambda call: reply(503) if call.number < 4 else None)
    caller = caller_of(target, Rests())
    assert caller.call(caller.good_fields()).outcome == "success"
    assert len(caller.made) == 1


@pytest.mark.parametrize(
    ("base_url", "headers", "expected"),
    [
        (LOCAL, {}, [0.1, 0.2, 0.4]),
        (LIVE, {}, [1.0, 2.0, 4.0]),
        (LIVE, {"retry_after": "7"}, [7.0, 14.0, 28.0]),
        (LIVE, {"retry_after": "0"}, [1.0, 2.0, 4.0]),
        (LIVE, {"retry_after": "3600"}, [30.0, 30.0, 30.0]),
        (LIVE, {"retry_after": "soon"}, [1.0, 2.0, 4.0]),
    ],
)
def test_rests_double_and_are_as_long_as_the_target_asks_within_bounds(
    base_url: str, headers: dict[str, str], expected: list[float]
) -> None:
    target, rests = ScriptedTarget(lambda call: reply(503, b"", **headers), base_url=base_url), Rests()
    with pytest.raises(TargetFailed):
        caller_of(target, rests).call({})
    assert rests == expected


def test_what_was_seen_to_fail_for_certain_is_not_tried_again() -> None:
    target = ScriptedTarget(lambda call: reply(503))
    caller = caller_of(target, Rests())
    caller.certain.add("HTTP 503")
    with pytest.raises(TargetFailed):
        caller.call({})
    assert len(target.sent) == 1


def test_tries_count_against_the_budget() -> None:
    target = ScriptedTarget(lambda call: reply(503))
    caller = caller_of(target, Rests(), max_requests=3)
    with pytest.raises(BudgetSpent):
        caller.call({})
    assert len(target.sent) == 3


def test_good_fields_are_those_of_the_page_and_hold_a_session_key_where_there_is_one() -> None:
    caller = caller_of(ScriptedTarget(), Rests())
    assert list(caller.good_fields()) == ["projectid", "status", "page", "limit", "signature"]
    caller.session_key = "kept"
    caller.call(caller.good_fields(page=2))
    sent = json.loads(caller.made[0].request)
    assert (sent["page"], sent["session_key"]) == (2, "kept")
