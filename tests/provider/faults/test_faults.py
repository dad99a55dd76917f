"""Rules say which calls a fault hits; reserved ids and a header force one without any admin call."""

from __future__ import annotations

import json
import threading
from urllib.parse import urlencode

import pytest

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.provider.faults.faults import FAULTS, Fault, FaultError, FaultyReply
from mockserver.provider.faults.forcing import forced_by_header, forced_by_text, reserved_texts
from mockserver.provider.faults.rules import Faults, Rule
from tests.support.asking import DEMO_PROJECT, MERCHANT, PAGE_PROJECT, body, built_in_provider, call


def fault_of(reply: object) -> str | None:
    return reply.fault if isinstance(reply, FaultyReply) else None


def test_the_next_so_many_calls_are_hit_and_no_more() -> None:
    provider = built_in_provider()
    provider.faults.add(Rule(Fault("empty_body"), times=2))
    assert [fault_of(call(provider, body())) for _ in range(4)] == ["empty_body", "empty_body", None, None]
    assert (provider.faults.states()[0].hit, provider.faults.states()[0].left) == (2, 0)


def test_a_share_is_drawn_by_its_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults([Rule(Fault("delay"), share=0.3, seed=seed)])
        return [faults.take("project_detail", "M", None) is not None for _ in range(1000)]

    assert hits(1) == hits(1) != hits(2)
    assert 240 < sum(hits(1)) < 360


def test_until_cleared_is_until_cleared() -> None:
    provider = built_in_provider()
    provider.faults.add(Rule(Fault("html_502")))
    assert all(fault_of(call(provider, body())) for _ in range(5))
    provider.faults.clear()
    assert fault_of(call(provider, body())) is None


def test_a_rule_is_of_one_merchant_or_one_project() -> None:
    provider = built_in_provider()
    provider.faults.replace(
        [Rule(Fault("delay"), merchant_id="M-other"), Rule(Fault("empty_body"), project_id=PAGE_PROJECT)]
    )
    assert fault_of(call(provider, body(projectid=DEMO_PROJECT))) is None
    assert fault_of(call(provider, body(projectid=PAGE_PROJECT))) == "empty_body"


@pytest.mark.parametrize("project_id", [PAGE_PROJECT, "RMOCKEMPTYBODY"])
def test_a_project_is_known_in_a_form_that_a_reading_lets_in_too(project_id: str) -> None:
    provider = built_in_provider(Readings.of({"form_body": "accept"}))
    provider.faults.replace([Rule(Fault("empty_body"), project_id=PAGE_PROJECT)])
    assert fault_of(call(provider, urlencode(json.loads(body(projectid=project_id))).encode())) == "empty_body"


@pytest.mark.parametrize("sent", ["12345", 12345, 12345.0])
def test_a_project_is_known_by_a_number_that_is_taken_for_its_text(sent: object) -> None:
    provider = built_in_provider(Readings.of({"types": "coerce"}))
    provider.faults.replace([Rule(Fault("empty_body"), project_id="12345")])
    assert fault_of(call(provider, body(projectid=sent))) == "empty_body"


@pytest.mark.parametrize("sent", [12345, True, [], {}])
def test_what_is_not_taken_for_text_names_no_project(sent: object) -> None:
    provider = built_in_provider()
    provider.faults.replace([Rule(Fault("empty_body"), project_id="12345")])
    assert fault_of(call(provider, body(projectid=sent))) is None


def test_a_project_is_known_by_its_name_where_a_call_may_use_it() -> None:
    rule = Rule(Fault("empty_body"), project_id=DEMO_PROJECT)
    for readings, hit in ((Readings(), None), (Readings(project_match="project_id_or_name"), "empty_body")):
        provider = built_in_provider(readings)
        provider.faults.replace([rule])
        owned = provider.store.owner_of(DEMO_PROJECT)
        assert owned is not None
        name = owned[1].project_name
        assert fault_of(call(provider, body(projectid=name))) == hit


def test_one_merchants_rules_are_replaced_and_cleared_alone() -> None:
    faults = Faults([Rule(Fault("delay"), merchant_id="A"), Rule(Fault("delay"), merchant_id="B")])
    faults.replace([Rule(Fault("empty_body"), merchant_id="A")], "A")
    assert [(state.rule.merchant_id, state.rule.fault.name) for state in faults.states()] == [
        ("B", "delay"),
        ("A", "empty_body"),
    ]
    faults.clear("B")
    assert [state.rule.merchant_id for state in faults.states()] == ["A"]


def test_no_call_is_counted_twice_under_threads() -> None:
    faults = Faults([Rule(Fault("delay"), times=500)])
    taken: list[Fault | None] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(faults.take("project_detail", "M", None) for _ in range(100)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fault is not None for fault in taken) == 500


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_reserved_id_forces_its_fault_on_a_call_that_is_right_otherwise(name: str) -> None:
    reserved = FAULTS[name].reserved
    provider = built_in_provider()
    reply = call(provider, body(projectid=reserved))
    assert fault_of(reply) == name
    assert call(provider, body(projectid=reserved, signature="0" * 32)).rc == 500
    assert fault_of(call(provider, body(projectid=reserved, signature="0" * 32))) is None


@pytest.mark.parametrize("precedence", ["merchant-signature-project", "merchant-project-signature"])
def test_a_reserved_id_of_a_documented_error_gives_that_error(precedence: str) -> None:
    provider = built_in_provider(Readings.of({"precedence": precedence}))
    replies = [json.loads(call(provider, body(projectid=f"RMOCKERR{n}")).body) for n in (1, 2, 3, 4)]
    assert [reply["error_msg"] for reply in replies] == [
        "Data JSON tidak valid",
        "Merchant not found",
        "Signature Not Valid",
        "Project ID tidak ditemukan",
    ]


def test_seconds_can_stand_in_a_reserved_id() -> None:
    assert forced_by_text("RMOCKDELAY5", PROJECT_DETAIL) == Fault("delay", seconds=5)
    assert forced_by_text("RMOCKSLOWBODY0.5", PROJECT_DETAIL) == Fault("slow_body", seconds=0.5)
    assert forced_by_text("RMOCKRATELIMIT7", PROJECT_DETAIL) == Fault("rate_limit", retry_after=7)
    for no_such in ("RMOCKDELAY9999", "RMOCKNOPE", "RMOCKEMPTYBODY5", "RMOCK", "RMOCKDELAY-1"):
        assert forced_by_text(no_such, PROJECT_DETAIL) is None


def test_a_project_of_that_name_goes_before_the_reserved_id() -> None:
    provider = built_in_provider()
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    stored = merchant.projects()[0].snapshot()
    provider.add_project(merchant, type(stored)(77, "RMOCKDELAY"))
    assert fault_of(call(provider, body(projectid="RMOCKDELAY"))) is None


def test_the_header_forces_a_fault_or_an_error() -> None:
    provider = built_in_provider()
    assert fault_of(call(provider, b"anything", forced="html-503")) == "html_503"
    delayed = call(provider, body(), forced="delay; seconds=0.25")
    assert isinstance(delayed, FaultyReply)
    assert delayed.delay == 0.25
    assert b"Signature Not Valid" in call(provider, body(), forced="err-3").body


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("dely", "did you mean 'delay'"),
        ("delay;second=1", "no parameter 'second'"),
        ("delay, seconds=1", "options are parted by `;`, as in 'delay;seconds=1'"),
        ("delay;seconds=x", "expected a number"),
        ("delay;seconds=99999", "0 to 3600"),
        ("delay;seconds=nan", "expected a number"),
    ],
)
def test_a_header_that_makes_no_sense_says_so(value: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        forced_by_header(value, PROJECT_DETAIL)
    reply = call(built_in_provider(), body(), forced=value)
    assert reply.http_status == 400


def test_the_texts_of_the_sibling_page_come_under_the_readings() -> None:
    for name, text in (
        ("maintenance", REDEEM_BULK.error_of["maintenance"].error_msg),
        ("merchant_config", REDEEM_BULK.error_of["merchant_config"].error_msg),
    ):
        for reading, status in (("rc", 500), ("200", 200)):
            provider = built_in_provider(Readings.of({"http_status": reading}))
            reply = call(provider, body(), forced=name)
            assert isinstance(reply, FaultyReply)
            assert (reply.http_status, json.loads(reply.body)) == (status, {"status": 0, "rc": 500, "error_msg": text})
    assert "sibling page" in FAULTS["maintenance"].what


def test_faults_stand_in_the_journal() -> None:
    provider = built_in_provider()
    call(provider, body(), forced="html_502")
    (entry,) = provider.journal.find(fault="html_502")
    assert (entry.http_status, entry.clause) == (502, None)
    assert "502 Bad Gateway" in entry.reply


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fault("nope"),
        lambda: Fault("delay", seconds=-1),
        lambda: Fault("rate_limit", retry_after=10**6),
        lambda: Rule(Fault("delay"), times=1, share=0.5),
        lambda: Rule(Fault("delay"), times=0),
        lambda: Rule(Fault("delay"), times=10**10),
        lambda: Rule(Fault("delay"), share=0.5, seed=10**30),
        lambda: Fault("delays"),
        lambda: Rule(Fault("delay"), share=1.5),
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    with pytest.raises(FaultError):
        make()  # type: ignore[operator] # one of the above


def test_every_reserved_id_is_listed_once() -> None:
    ids = reserved_texts(PROJECT_DETAIL)
    assert len(set(ids)) == len(ids) == len(FAULTS) + 4
    assert all(forced_by_text(project_id, PROJECT_DETAIL) for project_id in ids)
