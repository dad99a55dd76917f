"""One cause is one finding, however many replies and laws show it; the worst comes first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.schemas import schema, validator
from mockserver.verification.laws.registry import LAWS
from mockserver.verification.report.causes import causes_of
from mockserver.verification.report.html import html_report
from mockserver.verification.report.result import result_of, was_judged
from mockserver.verification.suite import judge
from mockserver.verification.target import Failure
from tests.support.targets import ScriptedTarget, failure, run_at
from tests.verification.breaks import BREAKS
from tests.verification.broken_fake import Break, BrokenFake, Call
from tests.verification.suite_runner import judged

_BY_NAME = {known.name: known.broken for known in BREAKS}


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("success with http 500", ["RES-1"]),
        ("created a day off", ["RES-6"]),
        ("voucher id 0", ["RES-4"]),
        ("merchant_id of another", ["RES-3"]),
        ("the secret in a reply", ["RES-1"]),
        ("crash on bad json", ["REQ-1", "REQ-3", "ERR-1"]),
        ("errors with status as text", ["REQ-1", "REQ-3", "ERR-1", "ERR-2", "ERR-3", "ERR-4", "ERR-5"]),
        ("voucher id as text", ["RES-4"]),
        ("stats as text", ["SUM-1"]),
    ],
)
def test_one_cause_is_one_finding(name: str, clauses: list[str]) -> None:
    result = result_of(judged(BrokenFake(_BY_NAME[name])))
    assert [item["clauses"] for item in result["violations"]] == [clauses]
    assert result["summary"].startswith(f"1 cause breaks {len(clauses)} of 19 clauses, ")


def _by_status(call: Call) -> tuple[int, bytes]:
    reply = call.reply()
    if reply["status"] == 1:
        reply["data"]["data"]["vouchers"].sort(key=lambda voucher: voucher["status"])
    return call.honest()[0], json.dumps(reply).encode()


def _at_most_thirty(call: Call) -> tuple[int, bytes]:
    limit = call.fields.get("limit")
    return call.honest(limit=0) if isinstance(limit, int) and limit > 30 else call.honest()


@pytest.mark.parametrize(
    "broken",
    [
        _by_status,
        _at_most_thirty,
    ],
    ids=["vouchers by status", "an error above a limit of 30"],
)
def test_what_comes_of_a_cause_is_no_finding_of_its_own(broken: Break) -> None:
    result = result_of(judged(BrokenFake(broken)))
    assert len(result["violations"]) == 1, [item["got"] for item in result["violations"]]


def test_an_error_that_is_not_documented_is_told_which_are() -> None:
    result = result_of(judged(BrokenFake(_BY_NAME["ERR-4 with another text"])))
    assert any("fits none of ERR-1, ERR-2, ERR-3, ERR-4" in item["got"] for item in result["violations"])


def test_a_static_mock_is_one_finding() -> None:
    """Its one reply is lawful in itself: what is broken is that it never looks at the request."""
    kept: list[Any] = []

    def static(call: Call) -> Any:
        kept.append(call.honest())
        return kept[0]

    result = result_of(judged(BrokenFake(static)))
    (found,) = result["violations"]
    assert found["kind"] == "constant_reply"
    assert {"ERR-1", "ERR-2", "ERR-3", "ERR-4", "PAGE-1", "FILT-1"} <= set(found["clauses"])
    assert found["times"] > 50
    assert "the same reply to all of them" in found["got"]


def test_the_example_of_the_page_as_a_static_mock_is_old_besides() -> None:
    def static(call: Call) -> Any:
        if call.number == 1:
            kept.append(json.dumps({**call.reply(), "ts": 1723719138}).encode())
        return 200, kept[0]

    kept: list[bytes] = []
    result = result_of(judged(BrokenFake(static)))
    assert [item["kind"] for item in result["violations"]] == ["constant_reply", "ts"]


def test_two_causes_in_one_field_are_told_apart() -> None:
    def damaged(call: Call) -> Any:
        body = call.reply()
        if body["status"] and call.fields.get("page") != 1:
            body["ts"] = str(body["ts"])
        elif body["status"]:
            del body["ts"]
        return 200 if body["status"] else body["rc"], json.dumps(body).encode()

    run = run_at(ScriptedTarget(broken=damaged))
    for page in (1, 2):
        run.call("RES-1", page=page)
    causes = causes_of(run.record.broken, run.caller.made)
    assert {cause.violation.where for cause in causes} == {"the top", "ts"}


def test_the_worst_cause_comes_first_and_shows_its_smallest_reply() -> None:
    run = judged(BrokenFake(_BY_NAME["errors without rc"]))
    causes = causes_of(run.record.broken, run.caller.made)
    sizes = [len(cause.clauses) for cause in causes]
    assert sizes == sorted(sizes, reverse=True)
    for cause in causes:
        bodies = [len(item.exchange.body) for item in cause.shown_by if item.exchange.body]
        assert not bodies or len(cause.shown_by[0].exchange.body) == min(bodies)


def test_the_cases_that_show_a_cause_are_named() -> None:
    result = result_of(judged(BrokenFake(_BY_NAME["crash on bad json"])))
    assert {"cut-off", "not-an-object-null", "page-0"} <= set(result["violations"][0]["cases"])


def test_of_an_unreachable_target_only_the_verdict_is_shown() -> None:
    run = run_at(ScriptedTarget(lambda call: failure(Failure.UNREACHABLE)))
    judge(run, LAWS)
    result = result_of(run)
    assert not was_judged(result)
    assert "<table" not in html_report(result)
    assert "host:80 cannot be reached" in html_report(result)
    assert validator(schema("report")).is_valid(result)


def test_a_good_target_has_no_finding() -> None:
    result = result_of(judged(BrokenFake()))
    assert (result["violations"], result["exit_status"]) == ([], 0)
    assert result["summary"] == "19 of 19 clauses hold"


@pytest.mark.parametrize("name", ["oldest first", "kategori one too many", "filter ignored", "errors without rc"])
def test_every_result_fits_its_schema(name: str) -> None:
    result = result_of(judged(BrokenFake(_BY_NAME[name])))
    assert not list(validator(schema("report")).iter_errors(result))
