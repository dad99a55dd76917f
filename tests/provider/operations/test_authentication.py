"""Who calls and whether they signed it, by role, whichever operation asks."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings
from mockserver.provider.operations.authentication import check_signature, known_merchant
from mockserver.provider.refusal import FieldMissing, MerchantUnknown, Refusal, SignatureWrong
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Merchant, World

STORE = Store(World((Merchant("M1", "secret"),)))


def merchant() -> MerchantStore:
    found = STORE.merchant("M1")
    assert found is not None
    return found


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_a_merchant_of_the_world_is_known_under_every_precedence(operation: Operation) -> None:
    assert operation.precedence is not None
    for value in REGISTER[operation.precedence].values:
        readings = Readings.of({operation.precedence: value})
        assert known_merchant("M1", operation, STORE, readings) is merchant()


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_another_is_refused_by_what_is_looked_at_first(operation: Operation) -> None:
    assert operation.precedence is not None
    for value in REGISTER[operation.precedence].values:
        with pytest.raises(Refusal) as refused:
            known_merchant("nobody", operation, STORE, Readings.of({operation.precedence: value}))
        signature_first = value.startswith("signature")
        assert refused.value.role == ("signature" if signature_first else "merchant")
        assert refused.value.cause == MerchantUnknown("nobody", has_no_secret=signature_first)
        assert refused.value.reading == (operation.precedence if signature_first else None)


RIGHT = merchant().signature


@pytest.mark.parametrize(
    ("sent", "readings", "cause"),
    [
        (RIGHT, {}, None),
        (RIGHT.upper(), {}, SignatureWrong("signature")),
        (RIGHT.upper(), {"signature_case": "ignore"}, None),
        ("", {}, SignatureWrong("signature")),
        ("ключ\ud800", {"signature_case": "ignore"}, SignatureWrong("signature")),
        (f"{RIGHT} ", {}, SignatureWrong("signature")),
        (None, {}, FieldMissing("signature")),
    ],
)
def test_a_signature_is_that_of_the_merchant_or_refused(
    sent: str | None, readings: dict[str, Any], cause: object
) -> None:
    in_force = Readings.of(readings)
    if cause is None:
        check_signature(merchant(), sent, PROJECT_DETAIL, in_force)
        return
    with pytest.raises(Refusal) as refused:
        check_signature(merchant(), sent, PROJECT_DETAIL, in_force)
    reading = "missing_signature" if sent is None else None
    assert (refused.value.role, refused.value.cause, refused.value.reading) == ("signature", cause, reading)
