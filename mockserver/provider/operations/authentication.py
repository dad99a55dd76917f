"""Who calls, and whether the signature is theirs: the same for every operation."""

from __future__ import annotations

from mockserver.contract.operation import MERCHANT, SIGNATURE, Operation
from mockserver.contract.readings import Readings
from mockserver.contract.signature import signatures_match
from mockserver.provider.refusal import FieldMissing, MerchantUnknown, Refusal, SignatureWrong
from mockserver.provider.state.store import MerchantStore, Store


def known_merchant(merchant_id: str, operation: Operation, store: Store, readings: Readings) -> MerchantStore:
    """Return the merchant of the path.

    Raises:
        Refusal: there is none; where the signature is looked at first, that is what is wrong, whatever was sent.
    """
    merchant = store.merchant(merchant_id)
    if merchant is not None:
        return merchant
    key = operation.precedence
    if key is not None and getattr(readings, key).startswith(SIGNATURE):
        raise Refusal(SIGNATURE, MerchantUnknown(merchant_id, has_no_secret=True), reading=key)
    raise Refusal(MERCHANT, MerchantUnknown(merchant_id))


def check_signature(merchant: MerchantStore, sent: str | None, operation: Operation, readings: Readings) -> None:
    """Let a call through that this merchant signed; `sent` is its signature, None when it has none.

    Raises:
        Refusal: the signature is missing or another.
    """
    if sent is None:
        reading = operation.field_of[SIGNATURE].required_reading
        raise Refusal(SIGNATURE, FieldMissing(SIGNATURE), reading=reading)
    if not signatures_match(sent, merchant.signature, ignore_case=readings.signature_case == "ignore"):
        raise Refusal(SIGNATURE, SignatureWrong(SIGNATURE))
