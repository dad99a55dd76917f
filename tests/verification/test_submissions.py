"""What a run submits, how often, and what is shown of it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.schemas import schema, validator
from mockserver.verification.laws.law import LawFunction
from mockserver.verification.laws.registry import ALL_LAWS, GROUPS, LAWS, laws_for
from mockserver.verification.laws.submissions import the_same_list_again
from mockserver.verification.live_guard import REFUSED_SUBMISSIONS, Limits, Pace, Submitting, Withheld
from mockserver.verification.report.html import html_report
from mockserver.verification.report.result import result_of
from mockserver.verification.run.run import Run
from mockserver.verification.suite import judge, perform
from mockserver.verification.target import Failure, HttpTarget, RawReply
from tests.support.targets import CREDENTIALS, ScriptedTarget, failure, run_at
from tests.verification.broken_fake import BrokenFake, Call, right_signature
from tests.verification.proof import BREAKS
from tests.verification.suite_runner import judged, judged_submissions

_URL_SAFE = str.maketrans("+/", "-_")
LIVE = "https://v1.apigames.id"


def _watched() -> tuple[list[Call], BrokenFake]:
    sent: list[Call] = []

    def watching(call: Call) -> Any:
        sent.append(call)
        return call.honest()

    return sent, BrokenFake(watching)


def test_nothing_is_submitted_unless_it_was_asked_for() -> None:
    sent, fake = _watched()
    run = judged(fake)
    assert not any(call.submits for call in sent)
    assert {result.law for result in run.results} == {law.__name__.replace("_", " ") for law in LAWS}
    result = result_of(run)
    assert result["operations"] == ["project_detail"]
    assert {item["operation"] for part in ("clauses", "laws", "readings") for item in result[part]} == {
        "project_detail"
    }


def test_a_live_run_submits_what_cannot_be_accepted_and_no_more() -> None:
    sent, fake = _watched()
    limits = Limits.of(LIVE, submitting=Submitting.REFUSALS)
    target = HttpTarget(LIVE, wsgi=fake, submitting=Submitting.REFUSALS)
    pace = Pace(limits, sleep=lambda seconds: None)
    before = fake.store.snapshot()
    run = Run(target, CREDENTIALS, limits, pace=pace, submitting=Submitting.REFUSALS)
    judge(run, laws_for(run.submitting))
    target.close()
    assert not run.record.broken
    assert not run.aborted
    assert {call.body for call in sent if call.submits} == set(REFUSED_SUBMISSIONS.values())
    assert len([call for call in sent if call.submits]) == 11
    assert fake.store.snapshot() == before
    wrong = [place for place, call in enumerate(sent) if call.fields.get("signature") not in {right_signature(), None}]
    own = [place for place in wrong if sent[place].merchant_id == CREDENTIALS.merchant_id]
    assert len(own) <= 16
    outcomes = {item["clause"]: item for item in result_of(run)["clauses"]}
    assert [outcomes[f"BULK-ERR-{number}"]["outcome"] for number in (1, 2, 5)] == ["holds"] * 3
    assert outcomes["FLOW-1"]["outcome"] == "not seen"
    assert outcomes["FLOW-1"]["reason"] == "a list would have to be accepted; give --submit, on this machine only"


@pytest.mark.parametrize("law", GROUPS["submissions"], ids=lambda law: law.__name__)
def test_a_law_that_is_held_to_a_live_target_all_the_same_gets_nothing_out(law: LawFunction) -> None:
    sent, fake = _watched()
    target = HttpTarget(LIVE, wsgi=fake, submitting=Submitting.ANYTHING)
    run = Run(target, CREDENTIALS, Limits(), submitting=Submitting.ANYTHING)
    with pytest.raises(Withheld):
        law(run)
    target.close()
    assert not any(call.submits for call in sent)


def test_a_reading_that_was_observed_before_is_held() -> None:
    fake = BrokenFake(readings=Readings.of({"bulk_duplicate": "list", "bulk_most": "57"}))
    strict = {"bulk_duplicate": "merchant", "bulk_most": "40", "bulk_lines": "any"}
    run = judged(fake, submitting=Submitting.ANYTHING, strict=strict)
    broken = [item.violation for item in run.record.broken]
    assert {item.kind for item in broken} == {"reading_changed"}
    assert {item.expected["key"] for item in broken} == {"bulk_duplicate", "bulk_most"}


def test_each_clause_of_the_submit_call_is_seen_where_lists_are_accepted() -> None:
    run = judged(BrokenFake(), submitting=Submitting.ANYTHING)
    result = result_of(run)
    assert validator(schema("report")).is_valid(result)
    assert {item["outcome"] for item in result["clauses"]} == {"holds"}
    assert result["operations"] == ["project_detail", "redeem_bulk"]
    assert {item["clause"] for item in result["clauses"]} >= set(REDEEM_BULK.clauses)
    assert run.pace.made <= 350


def test_every_code_is_new_and_a_second_run_finds_none_of_them_taken() -> None:
    fake = BrokenFake()
    first, second = (judged_submissions(fake) for _ in range(2))
    for run in (first, second):
        assert not run.record.broken
    assert not {*first.submitted} & {*second.submitted} - {
        voucher.voucher_code for project in _projects(fake)[:1] for voucher in project.vouchers
    }


def _projects(fake: BrokenFake) -> Any:
    return fake.store.snapshot().merchants[0].projects


_SHOWN_OF = (
    "BULK-ERR-10 with another text",
    "BULK-ERR-1 with another text",
    "BULK-ERR-4 with another text",
    "the last code is lost",
    "trailing comma is taken",
    "single quotes are taken",
    "codes with commas are taken",
    "HTML for bad JSON",
)


@pytest.mark.parametrize("name", _SHOWN_OF)
def test_no_submitted_code_is_in_what_is_shown(name: str) -> None:
    broken = next(known.broken for known in BREAKS if known.name == f"submit: {name}")

    def echoing(call: Call) -> Any:
        answered = broken(call)
        if not call.submits or len(answered) > 2:
            return answered
        status, body = answered[:2]
        reply = json.loads(body)
        if call.fields:
            reply["echo"] = call.body.decode("utf-8", "replace")
            reply["codes"] = base64.b64decode(str(call.fields.get("kode_voucher", "")) + "==").decode(
                "utf-8", "replace"
            )
        return status, json.dumps(reply).encode()

    run = judged_submissions(BrokenFake(echoing))
    result = result_of(run)
    assert any("$KODE_VOUCHER" in item["curl"] for item in result["violations"] if item["operation"] == "redeem_bulk")
    for shown in (json.dumps(result), html_report(result)):
        assert not [code for code in run.submitted if code in shown]
        assert not [code for code in run.submitted if code in _undone(shown)]


def _undone(shown: str) -> str:
    """Return what the runs of base64 in a text hold, however they were cut."""
    runs = [run[start:] for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", shown) for start in range(4)]
    decoded = (base64.urlsafe_b64decode(run[: len(run) // 4 * 4].translate(_URL_SAFE)) for run in runs)
    return " ".join(found.decode("latin-1") for found in decoded)


def test_a_list_that_got_no_reply_is_not_taken_for_a_double() -> None:
    dropped: list[bytes] = []

    def drops_each_second_time(call: Call) -> Any:
        if call.submits and not dropped and _count(call) == 2:
            dropped.append(call.body)
            call.honest()
            return failure(Failure.BROKEN_OFF)
        return None

    seen: dict[str, int] = {}

    def _count(call: Call) -> int:
        kode_voucher = str(call.fields.get("kode_voucher"))
        seen[kode_voucher] = seen.get(kode_voucher, 0) + 1
        return seen[kode_voucher]

    target = ScriptedTarget(drops_each_second_time)
    run = run_at(target, submitting=Submitting.ANYTHING)
    result = perform(run, the_same_list_again)
    assert dropped
    assert not run.record.broken
    assert (result.outcome, result.reason and result.reason.kind) == ("not seen", "taken_perhaps")
    assert run.record.observations.left("bulk_duplicate") == {"merchant", "list", "anyone"}


def test_a_submission_is_not_made_again_by_itself_when_the_target_is_busy() -> None:
    def busy(call: Call) -> RawReply | None:
        return RawReply(503, {}, b"busy", 0.0, 0.0, None) if call.submits else None

    target = ScriptedTarget(busy)
    run = run_at(target, submitting=Submitting.ANYTHING)
    run.submit("BULK-REQ-2", lambda: run.new_codes(1))
    bodies = [call.body for call in target.sent if call.submits]
    assert len(bodies) == len({*bodies}) == 2, "each of codes of its own"
    assert [item.violation.kind for item in run.record.broken] == ["no_reply"]
    assert run.record.broken[0].exchange.operation is REDEEM_BULK


def test_a_law_that_needs_to_submit_more_than_it_may_says_what_to_give() -> None:
    run = run_at(ScriptedTarget(), submitting=Submitting.NOTHING)
    for group, kind in (("submit_refusals", "needs_submit_refusals"), ("submissions", "needs_submit")):
        result = perform(run, GROUPS[group][0])
        assert (result.outcome, result.reason and result.reason.kind) == ("not seen", kind)
    assert len(ALL_LAWS) > len(LAWS)
