"""The submit call: a list of voucher codes becomes one project, all of it or nothing (sibling page)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mockserver.contract.operation import JSON, SIGNATURE
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import (
    DUPLICATE,
    LIST,
    PROJECT_STORAGE,
    REDEEM_BULK,
    VOUCHER_STORAGE,
    BadList,
    SubmissionBody,
    decode_codes,
)
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.forcing import Reserved, forced_by_text
from mockserver.provider.operations.authentication import check_signature, known_merchant
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.parsing import parse_fields
from mockserver.provider.refusal import (
    Cause,
    CodeDouble,
    FieldEmpty,
    FieldMissing,
    ListWrong,
    NoIdsLeft,
    Refusal,
    VendorState,
)
from mockserver.provider.reply import Made, Reply, success_reply
from mockserver.provider.state.changes import Dated, Submit
from mockserver.provider.state.clock import Clock, date_time
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import HIGHEST_ID

_CODES, _SIGNATURE = "kode_voucher", "signature"


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A list of codes that can be taken; `reserved` is the code that asks for a fault or an error, if one does."""

    store: Store
    merchant: MerchantStore
    codes: list[str]
    reserved: str | None


class RedeemBulk(Handler[Submission]):
    """The submit call (`redem/bulk`)."""

    operation = REDEEM_BULK

    def check(self, merchant_id: str, body: bytes, store: Store, readings: Readings) -> Submission:
        """Return the list to be taken; raises Refusal (BULK-ERR-1 to BULK-ERR-10)."""
        sent = parse_fields(body, REDEEM_BULK, readings)
        if readings.bulk_missing == "json":
            for name in (_CODES, _SIGNATURE):
                if not sent[name]:
                    raise Refusal(JSON, FieldEmpty(name), reading="bulk_missing")
        merchant = known_merchant(merchant_id, REDEEM_BULK, store, readings)
        if not sent.get(_SIGNATURE):
            cause = FieldEmpty(_SIGNATURE) if _SIGNATURE in sent else FieldMissing(_SIGNATURE)
            raise Refusal(SIGNATURE, cause, reading="bulk_missing")
        check_signature(merchant, sent[_SIGNATURE], REDEEM_BULK, readings)
        if merchant.vendor_state is not None:
            raise Refusal(merchant.vendor_state, VendorState(merchant.vendor_state))
        codes = _codes(sent.get(_CODES), readings)
        reserved = next((code for code in codes if forced_by_text(code, REDEEM_BULK) is not None), None)
        _refuse(store, merchant, codes, readings)
        return Submission(store, merchant, codes, reserved)

    def reserved(self, checked: Submission) -> Reserved | None:
        """Return the code in the list that asks for a fault or an error."""
        return None if checked.reserved is None else Reserved(checked.reserved, "voucher code")

    def diagnose(
        self,
        refused: Refusal,
        merchant: MerchantStore,  # noqa: ARG002 - what was sent says all
        fields: Mapping[str, Any],
        store: Store,  # noqa: ARG002
        readings: Readings,
    ) -> list[Finding]:
        """Return what is wrong with a list of codes (BULK-ERR-4, BULK-ERR-10), or what keeps it from being taken."""
        from mockserver.provider.doctor.code_list import (  # noqa: PLC0415 - a start need not wait for it
            diagnose_submission,
        )

        return diagnose_submission(refused, fields.get(_CODES), readings)

    def remarks(self, fields: Mapping[str, Any], readings: Readings, cause: Cause | None) -> list[Finding]:  # noqa: ARG002
        """Return what is odd about a list that was taken."""
        from mockserver.provider.doctor.code_list import remarks_on  # noqa: PLC0415 - as above

        try:
            return [*remarks_on(decode_codes(str(fields.get(_CODES)), readings), readings)]
        except BadList:
            return []

    def carry_out(self, checked: Submission, readings: Readings, clock: Clock) -> Reply:
        """Make a project of the list; raises Refusal (BULK-ERR-10) where another call was first with a code of it."""
        store, merchant_id = checked.store, checked.merchant.merchant_id
        with store.changing:
            # Another than was checked, if another world was put meanwhile.
            merchant = known_merchant(merchant_id, REDEEM_BULK, store, readings)
            _refuse(store, merchant, checked.codes, readings)
            now = clock.now()
            project = store.commit(Submit(Dated(now, readings.timezone), merchant_id, tuple(checked.codes)))
        assert project is not None
        data = SubmissionBody(project.id, merchant_id, project.project_id, project.project_id)
        if readings.bulk_reply == "counted":
            count, at = len(checked.codes), date_time(now, readings.timezone)
            data = msgspec.structs.replace(
                data, total_voucher=count, s_pending=count, created=at[:10], created_at=at, updated_at=at
            )
        made = Made(project.project_id, len(checked.codes))
        return success_reply(REDEEM_BULK.success, data, int(now), made=made)


def _codes(sent: str | None, readings: Readings) -> list[str]:
    if not sent:
        cause = FieldMissing(_CODES) if sent is None else FieldEmpty(_CODES)
        raise Refusal(LIST, cause, reading="bulk_missing")
    try:
        return decode_codes(sent, readings)
    except BadList as error:
        role = JSON if error.kind == "empty" and readings.bulk_empty == "json" else LIST
        raise Refusal(role, ListWrong(_CODES, error.kind), reading=error.reading) from None


def _refuse(store: Store, merchant: MerchantStore, codes: list[str], readings: Readings) -> None:
    """Let a list through that can be taken into this world as it is; raises Refusal."""
    _refuse_double(store, merchant, codes, readings)
    project, voucher = store.highest_ids()
    if project >= HIGHEST_ID:
        raise Refusal(PROJECT_STORAGE, NoIdsLeft("project", HIGHEST_ID))
    if voucher + len(codes) > HIGHEST_ID:
        raise Refusal(VOUCHER_STORAGE, NoIdsLeft("voucher", HIGHEST_ID))


def _refuse_double(store: Store, merchant: MerchantStore, codes: list[str], readings: Readings) -> None:
    seen = set[str]()
    owners = {"merchant": [merchant], "list": [], "anyone": store.merchants()}[readings.bulk_duplicate]
    for number, code in enumerate(codes, 1):
        if code in seen:
            raise Refusal(DUPLICATE, CodeDouble(_CODES, number, is_in_list=True), reading="bulk_duplicate")
        # One that asks for a fault may do so again and again.
        if any(owner.has_code(code) for owner in owners) and forced_by_text(code, REDEEM_BULK) is None:
            raise Refusal(DUPLICATE, CodeDouble(_CODES, number, is_in_list=False), reading="bulk_duplicate")
        seen.add(code)
