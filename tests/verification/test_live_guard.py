"""A live target is called slowly, seldom, with few wrong signatures and those last; and waited for when it is busy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.verification.laws.registry import LAWS
from mockserver.verification.live_guard import BudgetSpent, Limits, Pace, Refused, check_allowed, is_loopback
from mockserver.verification.report.result import result_of
from mockserver.verification.run.run import Run
from mockserver.verification.settings import Settings
from mockserver.verification.suite import judge
from mockserver.verification.target import RawReply
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, BrokenFake, Call, right_signature

LIVE = "https://v1.apigames.id"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:80", True),
        ("http://localhost:8787", True),
        ("http://LOCALHOST", True),
        ("http://[0:0::1]", True),
        ("http://localhost.", False),
        ("http://127.0.0.1.", False),
        ("http://127.1", False),
        ("http://0x7f.0.0.1", False),
        ("http://0177.0.0.1", False),
        ("http://127.0.0.01", False),
        ("http://[::ffff:127.0.0.1]", False),
        ("http://[::127.0.0.1]", False),
        ("http://[::1%25lo]", False),
        ("http://[::]", False),
        ("http://\uff11\uff12\uff17.0.0.1", False),
        ("http://\uff4cocalhost", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.nip.io", False),
        ("http://2130706433", False),
        ("http://0.0.0.0", False),
        ("http://[::ffff:10.0.0.1]", False),
        ("http://10.0.0.1", False),
        (LIVE, False),
    ],
)
def test_loopback_is_a_literal_address_or_localhost(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


_FLAG, _FILE, _ENVIRONMENT = "--allow-live", "APIGAMES_ALLOW_LIVE of live.env", "APIGAMES_ALLOW_LIVE of the environment"


@given(
    st.dictionaries(st.sampled_from([_FLAG, _FILE, _ENVIRONMENT]), st.sampled_from(["", "1", "0", "no", "yes", " "]))
)
def test_leave_holds_where_a_source_gives_it_and_every_source_that_speaks_agrees(said: dict[str, str]) -> None:
    spoken = {source: text for source, text in said.items() if text}
    check_allowed("http://127.0.0.1", said)
    if spoken and set(spoken.values()) == {"1"}:
        check_allowed(LIVE, said)
        return
    with pytest.raises(Refused) as refused:
        check_allowed(LIVE, said)
    assert len(refused.value.against) == sum(text != "1" for text in spoken.values())
    assert all(source in str(refused.value) for source, text in spoken.items() if text != "1")


class _Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def test_calls_are_kept_apart_and_counted() -> None:
    time = _Time()
    pace = Pace(Limits(max_requests=3, rate=2.0), sleep=time.sleep, now=time.now)
    for _ in range(3):
        pace.wait_for_turn()
    assert time.at == 101.0
    with pytest.raises(BudgetSpent, match="--max-requests"):
        pace.wait_for_turn()


def _live_run(app: BrokenFake, time: _Time) -> Run:
    limits = Limits.of(LIVE)
    local = Settings("http://localhost", MERCHANT, SECRET, PROJECT).run(wsgi=app)
    run = Run(local.target, local.caller.credentials, limits, pace=Pace(limits, sleep=time.sleep, now=time.now))
    judge(run, LAWS)
    return run


def test_a_live_run_sends_ten_wrong_signatures_at_most_and_those_last() -> None:
    sent: list[Any] = []

    def watching(call: Call) -> Any:
        sent.append(call)
        return call.honest()

    time = _Time()
    run = _live_run(BrokenFake(watching), time)
    assert not run.record.broken
    assert run.pace.made <= 200
    known = [call for call in sent if call.merchant_id == MERCHANT and call.fields]
    wrong = [
        place
        for place, call in enumerate(known)
        if call.fields.get("signature") != right_signature() and "x" not in call.fields
    ]
    assert len(wrong) <= 10
    assert wrong == list(range(len(known) - len(wrong), len(known)))
    assert time.at - 100 >= (run.pace.made - 1) / 2


def test_a_busy_target_is_waited_for_as_it_asks() -> None:
    def busy(call: Call) -> Any:
        return (429, b"slow down", {"Retry-After": "7"}) if call.number == 2 else call.honest()

    time = _Time()
    run = _live_run(BrokenFake(busy), time)
    assert not run.record.broken
    assert 7.0 in time.slept


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("3600", 3600.0),
        ("9" * 400, float("inf")),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 20.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 20.0),
        ("Sun Nov  6 08:49:37 1994", 20.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 -9999999", 0.0),
        *((text, 0.0) for text in ("", "²", "٣", "-1", "+1", "1.5", "1e3", "inf", "nan", "1_0", "soon", "7 s", "7, 7")),
    ],
)
def test_retry_after_is_read_strictly(text: str, seconds: float) -> None:
    raw = RawReply(429, {"retry-after": text, "date": "Sun, 06 Nov 1994 08:49:17 GMT"}, b"", 0.0, 0.0, 784111757.0)
    assert raw.retry_after == seconds


def test_a_date_to_retry_at_is_held_to_the_clock_of_this_machine_where_the_target_shows_none() -> None:
    raw = RawReply(429, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, b"", 0.0, 784111770.0, None)
    assert raw.retry_after == 7.0


@given(st.text(max_size=60) | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} [\d:]{1,9} [-+\w]{1,8}\Z"))
def test_any_retry_after_is_some_rest(text: str) -> None:
    assert RawReply(429, {"retry-after": text}, b"", 0.0, 0.0, None).retry_after >= 0


@pytest.mark.parametrize("text", ["9" * 400, "Sun, 06 Nov 2094 08:49:37 GMT"])
def test_a_target_that_asks_for_a_long_rest_gets_one_within_bounds(text: str) -> None:
    def busy(call: Call) -> Any:
        return (503, b"slow down", {"Retry-After": text}) if call.number == 2 else call.honest()

    time = _Time()
    run = _live_run(BrokenFake(busy), time)
    assert not run.record.broken
    assert max(time.slept) == 30.0


def test_a_target_that_stays_busy_cannot_be_judged() -> None:
    time = _Time()
    run = _live_run(BrokenFake(lambda call: (503, b"busy", {}) if call.number > 30 else call.honest()), time)
    assert run.aborted
    assert not run.record.broken
    assert run.pace.made < 50


def test_a_crash_at_one_kind_of_request_is_a_violation() -> None:
    def crashing(call: Call) -> Any:
        if b"bukan JSON" in call.body:
            return 500, b"<h1>Internal Server Error</h1>", {}
        return call.honest()

    run = _live_run(BrokenFake(crashing), _Time())
    assert [broken.violation.clause for broken in run.record.broken] == ["ERR-1"]
    assert run.aborted is None


def test_the_smallest_reply_is_shown() -> None:
    def broken(call: Call) -> Any:
        status, body = call.honest()
        reply = json.loads(body)
        if reply["status"]:
            reply["rc"] = 0
        return status, json.dumps(reply).encode()

    run = _live_run(BrokenFake(broken), _Time())
    result = result_of(run)
    sizes = [len(item.exchange.body) for item in run.record.broken]
    assert len(result["violations"][0]["reply"]) <= min(sizes)
