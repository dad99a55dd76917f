"""Calibrate finds the readings that a target serves, wherever they can be seen, and never another value."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver.contract.judging.visibility import View, visible
from mockserver.contract.readings import REGISTER, Readings, each_other_value
from mockserver.contract.readings_file import readings_from_document
from mockserver.contract.schemas import schema, validator
from mockserver.provider.state.world import Merchant, Project, Voucher, World
from mockserver.testing.strategies import readings, vouchers
from mockserver.verification.calibrate import calibrate, changes
from mockserver.verification.settings import Settings
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET, BrokenFake


def _found(
    served: Readings, listed: tuple[Voucher, ...], *, name: str | None = NAME, session: str | None = None
) -> Any:
    world = World((Merchant(MERCHANT, SECRET, None, (Project(5847, PROJECT, NAME, listed),)),))
    known = Settings("http://localhost", MERCHANT, SECRET, PROJECT, session, name)
    run = known.run(wsgi=BrokenFake(world=world, readings=served))
    document = calibrate(run)
    run.target.close()
    assert not run.broken, [str(broken.violation) for broken in run.broken]
    return document


def _check(document: Any, served: Readings, view: View) -> None:
    assert validator(schema("readings")).is_valid(document)
    serving = readings_from_document(document)
    for key in REGISTER:
        entry = document["readings"][key]
        expected = getattr(served, key)
        if visible(key, view, served):
            assert (entry["seen"], entry["value"]) == ("observed", expected), (key, entry)
        elif entry["seen"] == "observed":
            assert entry["value"] == expected, (key, entry)
        assert getattr(serving, key) == entry["value"]


# A run at each example is slow to shrink; the readings and vouchers of a failure are small enough to read.
@settings(
    max_examples=40,
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
        session_key_is_given=session is not None,
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


def test_what_changed_since_an_older_file_is_said() -> None:
    listed = BrokenFake().store.snapshot().merchants[0].projects[0].vouchers
    old, new = _found(Readings(), listed), _found(Readings.of({"http_status": "200"}), listed)
    assert [line.split(":")[0] for line in changes(old, new)] == ["http_status"]
    assert changes(old, old) == []
