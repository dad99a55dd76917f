"""Calibrate finds the readings that a target serves, wherever they can be seen, and never another value."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import REGISTER, Readings, each_other_value, readings_about
from mockserver.contract.readings_file import readings_from_document
from mockserver.contract.schemas import schema, validator
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.world import Merchant, Project, Voucher, World
from mockserver.testing.strategies import readings, vouchers
from mockserver.verification.calibrate import calibrate, changes
from mockserver.verification.live_guard import Submitting
from mockserver.verification.report.wording import violation_text
from mockserver.verification.settings import Settings
from tests.support.examples import examples
from tests.support.visibility import View, visible
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET, BrokenFake, Call, a_world
from tests.verification.variants import move_one


def _found(
    served: Readings, listed: tuple[Voucher, ...], *, name: str | None = NAME, session: str | None = None
) -> Any:
    world = World((Merchant(MERCHANT, SECRET, None, (Project(5847, PROJECT, NAME, listed),)),))
    known = Settings("http://localhost", MERCHANT, SECRET, PROJECT, session, name)
    run = known.run(wsgi=BrokenFake(world=world, readings=served))
    document = calibrate(run)
    run.target.close()
    assert not run.record.broken, [violation_text(broken.violation) for broken in run.record.broken]
    return document


def _check(document: Any, served: Readings, view: View) -> None:
    assert validator(schema("readings")).is_valid(document)
    serving = readings_from_document(document)
    for key in readings_about("project_detail"):
        entry = document["readings"][key]
        expected = getattr(served, key)
        if visible(key, view, served):
            assert (entry["seen"], entry["value"]) == ("observed", expected), (key, entry)
        elif entry["seen"] == "observed":
            assert entry["value"] == expected, (key, entry)
        assert getattr(serving, key) == entry["value"]


# A run at each example is slow to shrink; the readings and vouchers of a failure are small enough to read.
@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
)
@given(readings(), vouchers(), st.booleans(), st.sampled_from([None, "a-session-key-of-mine"]))
def test_what_is_served_is_found_where_it_can_be_seen(
    served: Readings, listed: tuple[Voucher, ...], knows_name: bool, session: str | None
) -> None:
    view = View(
        tuple((voucher.status, voucher.nominal_gs) for voucher in listed),
        name_is_known=knows_name,
    )
    _check(_found(served, listed, name=NAME if knows_name else None, session=session), served, view)


@pytest.mark.parametrize(("key", "value"), [*each_other_value(), *(("precedence", "merchant-signature-project"),)])
def test_each_other_value_is_found(key: str, value: str) -> None:
    served = Readings.of({key: value})
    made = BrokenFake().store.snapshot().merchants[0].projects[0].vouchers
    # By count, by nominal and as first seen, the nominals stand in three orders.
    nominals = [100, 0, *[25] * 20, *[100] * 12, *[0] * 3]
    listed = tuple(msgspec.structs.replace(item, nominal_gs=gs) for item, gs in zip(made, nominals, strict=True))
    view = View(tuple((voucher.status, voucher.nominal_gs) for voucher in listed), name_is_known=True)
    _check(_found(served, listed), served, view)
    assert visible(key, view, served) or key == "timezone"


def _submitting(submitting: Submitting, **served: str) -> Any:
    known = Settings("http://localhost", MERCHANT, SECRET, PROJECT, submitting=submitting)
    run = known.run(wsgi=BrokenFake(readings=Readings.of(served)))
    document = calibrate(run)
    run.target.close()
    assert not run.record.broken, [violation_text(broken.violation) for broken in run.record.broken]
    assert validator(schema("readings")).is_valid(document)
    return document


_SUBMISSIONS = [
    *each_other_value(operation="redeem_bulk"),
    ("timezone", "UTC"),
    ("bulk_most", "1"),
    ("bulk_most", "57"),
]


@pytest.mark.parametrize(("key", "value"), _SUBMISSIONS)
def test_each_other_value_of_the_submit_call_is_found_where_lists_are_accepted(key: str, value: str) -> None:
    readings = _submitting(Submitting.ANYTHING, **{key: value})["readings"]
    entry = readings[key]
    if value == "anyone":
        assert (entry["seen"], entry["value"]) == ("unseen", "merchant")
        assert entry["why"].startswith("one merchant's calls do not show")
    else:
        assert (entry["seen"], entry["value"]) == ("observed", value)
    for other, found in readings.items():
        if other.startswith("bulk_") and other != key and found["seen"] == "observed":
            assert found["value"] == Readings().as_dict()[other]


@pytest.mark.parametrize("key", ["bulk_precedence", "bulk_missing"])
def test_refusals_show_two_readings_of_the_submit_call(key: str) -> None:
    for value in REGISTER[key].values:
        readings = _submitting(Submitting.REFUSALS, **{key: value})["readings"]
        assert (readings[key]["seen"], readings[key]["value"]) == ("observed", value)
        assert readings["bulk_lines"]["why"] == "a list would have to be accepted; give --submit, on this machine only"


def test_nothing_is_seen_of_the_submit_call_where_nothing_is_submitted() -> None:
    sent: list[Call] = []

    def watching(call: Call) -> Any:
        sent.append(call)
        return call.honest()

    run = Settings("http://localhost", MERCHANT, SECRET, PROJECT).run(wsgi=BrokenFake(watching))
    readings = calibrate(run)["readings"]
    run.target.close()
    assert not any(call.submits for call in sent)
    assert {readings[key]["seen"] for key in readings_about("redeem_bulk")} == {"unseen"}
    assert "--submit-refusals" in readings["bulk_missing"]["why"]


def test_what_changed_since_an_older_file_is_said() -> None:
    listed = BrokenFake().store.snapshot().merchants[0].projects[0].vouchers
    old, new = _found(Readings(), listed), _found(Readings.of({"http_status": "200"}), listed)
    assert [line.split(":")[0] for line in changes(old, new)] == ["http_status"]
    assert changes(old, old) == []


@pytest.mark.parametrize("value", ["optional", "required"])
def test_a_session_key_that_is_given_does_not_hide_whether_it_must_be(value: str) -> None:
    listed = a_world(5).merchants[0].projects[0].vouchers
    document = _found(Readings.of({"session_key": value}), listed, session="a-session-key-of-mine")
    entry = document["readings"]["session_key"]
    assert (entry["seen"], entry["value"]) == ("observed", value)


@pytest.mark.parametrize("scope", ["project", "filtered"])
def test_a_cap_hides_no_scope_of_a_project_too_large_to_be_read_whole(scope: str) -> None:
    keys = ("stats_scope", "total_voucher_scope", "kategori_scope")
    served = Readings.of({"max_limit": "10", **dict.fromkeys(keys, scope)})
    listed = a_world(137).merchants[0].projects[0].vouchers
    readings = _found(served, listed)["readings"]
    assert {key: (readings[key]["seen"], readings[key]["value"]) for key in keys} == dict.fromkeys(
        keys, ("observed", scope)
    )


def _why(key: str, world: World, *, name: str | None = NAME, **served: str) -> str:
    entry = _found(Readings.of(served), world.merchants[0].projects[0].vouchers, name=name)["readings"][key]
    assert entry["seen"] == "unseen"
    why: str = entry["why"]
    return why


def test_why_a_reading_was_not_seen_is_what_was_missing() -> None:
    two_of_each = dict.fromkeys(VoucherStatus, 1.0)
    assert _why("project_match", a_world(), name=None).startswith("the project's name is not known")
    assert _why("max_limit", a_world()).startswith("no reply was cut short; a cap above what there is cannot be seen")
    assert _why("timezone", a_world()) == "a reply does not say when its vouchers were really made"
    for key in ("beyond_last", "stats_scope", "kategori_scope", "status_filter"):
        assert _why(key, a_world(0)).startswith("the project has no voucher")
    codes = _why("status_codes", a_world(25, shares=two_of_each))
    assert codes.startswith("as many vouchers are in one status as in another, so the numbers of success, process,")
    assert _why("empty_vouchers", a_world(), beyond_last="last", unknown_status="ignored") == (
        "every reply listed some voucher"
    )
    assert _why("empty_total_page", a_world(), unknown_status="ignored") == (
        "every filter that was asked for matches some voucher"
    )
    order = _why("kategori_order", a_world(20, nominals=(25,)))
    assert order.startswith("with these vouchers count and first_seen and nominal give the same replies")


def test_why_a_reading_was_not_seen_of_a_project_that_never_stands_still() -> None:
    def moving(call: Call) -> Any:
        move_one(call)
        return call.honest()

    run = Settings("http://localhost", MERCHANT, SECRET, PROJECT).run(wsgi=BrokenFake(moving))
    readings = calibrate(run)["readings"]
    run.target.close()
    assert readings["stats_scope"]["seen"] == "unseen"
    assert "stable snapshot" in readings["stats_scope"]["why"] or "moves too often" in readings["stats_scope"]["why"]


def test_what_a_target_does_outside_the_register_is_said() -> None:
    def drops(call: Call) -> Any:
        return call.honest(status="") if call.fields.get("status") == "3" else call.honest()

    run = Settings("http://localhost", MERCHANT, SECRET, PROJECT).run(wsgi=BrokenFake(drops))
    entry = calibrate(run)["readings"]["status_filter"]
    run.target.close()
    assert entry["seen"] == "other"
    assert entry["why"].endswith("(FILT-1)")
