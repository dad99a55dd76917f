"""What the strategies of the submit call draw is accepted by the fake, and breaks no clause."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import strategies
from mockserver.contract.judging.checks import violations
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings, each_other_value
from mockserver.contract.redeem_bulk import REDEEM_BULK, decode_codes
from mockserver.contract.schemas import schema, validator
from mockserver.provider.operations.redeem_bulk import RedeemBulk
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import World
from tests.support.examples import examples

_READINGS = [Readings(), *(Readings.of({key: value}) for key, value in each_other_value(operation="redeem_bulk"))]
_READINGS += [Readings.of({"max_limit": "10"}), Readings.of({"session_key": "required"})]


@settings(max_examples=examples(40), deadline=None)
@given(st.data(), strategies.worlds(max_vouchers=3), st.sampled_from(_READINGS))
def test_a_submission_is_accepted_by_the_merchant_that_signed_it(
    data: st.DataObject, world: World, readings: Readings
) -> None:
    fields = data.draw(strategies.submissions(world, readings))
    store, body = Store(world), json.dumps(fields).encode()
    assert validator(schema("bulk-request")).is_valid(fields)
    replies = [
        RedeemBulk().answer(merchant.merchant_id, body, store, readings, FrozenClock(0)) for merchant in world.merchants
    ]
    assert [reply.clause for reply in replies].count("BULK-RES-1") == 1


@settings(max_examples=examples(60), deadline=None)
@given(st.data(), st.sampled_from(_READINGS))
def test_a_flow_keeps_the_contract_and_loses_no_code(data: st.DataObject, readings: Readings) -> None:
    flow = data.draw(strategies.flows(readings))
    for step in flow.steps:
        exchange = Exchange(step.merchant_id, step.request, step.http_status, step.reply, operation=step.operation)
        assert violations(exchange, readings) == []
    first, *polls = flow.steps
    assert first.operation is REDEEM_BULK
    assert tuple(decode_codes(json.loads(first.request)["kode_voucher"], readings)) == flow.codes
    assert all(poll.operation is PROJECT_DETAIL for poll in polls)
    for poll in polls:
        project = poll.json["data"]["data"]
        assert project["project_id"] == flow.project_id
        assert sum(project["stats"].values()) == project["total_voucher"] == len(flow.codes)
        listed = {voucher["voucher_code"] for voucher in project["vouchers"]}
        assert listed == set(flow.codes) if readings.limit_cap is None else listed <= set(flow.codes)
    assert [step.at for step in flow.steps] == sorted(step.at for step in flow.steps)


@given(strategies.submission_replies())
def test_an_accepted_submission_has_the_published_form(reply: object) -> None:
    assert validator(schema("bulk-success")).is_valid(reply)
