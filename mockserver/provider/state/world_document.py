"""From a world to the document that a world file holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.wire import CREATED_AT
from mockserver.provider.state.plan import Plan, plan_to_document
from mockserver.provider.state.world import Merchant, Project, Voucher, World

_NOBODY: Mapping[str, Readings] = MappingProxyType({})
# So many vouchers are written at once.
_BLOCK = 1000
_Vouchers = Callable[[tuple[Voucher, ...], Readings], Any]


def world_to_document(
    world: World, readings: Readings, *, own: Mapping[str, Readings] = _NOBODY, with_secrets: bool = False
) -> dict[str, Any]:
    """Return the world as a world file has it, statuses numbered by `readings`; secrets are left out unless asked.

    What `own` has for a merchant id holds for that merchant in place of `readings`.
    """
    return _document(world, readings, own, with_secrets, _voucher_documents)


def world_to_json(
    world: World, readings: Readings, *, own: Mapping[str, Readings] = _NOBODY, with_secrets: bool = False
) -> bytes:
    """Return what `world_to_document` does, as JSON, without ever holding an object for each voucher."""
    return msgspec.json.encode(_document(world, readings, own, with_secrets, _written_vouchers))


def _document(
    world: World, readings: Readings, own: Mapping[str, Readings], with_secrets: bool, vouchers: _Vouchers
) -> dict[str, Any]:
    document_of = partial(_merchant_document, with_secrets=with_secrets, vouchers=vouchers)
    return {
        **_plan_document(world.plan),
        "merchants": [document_of(one, own.get(one.merchant_id, readings)) for one in world.merchants],
    }


def _plan_document(plan: Plan | None) -> dict[str, Any]:
    return {} if plan is None else {"plan": plan_to_document(plan)}


def _merchant_document(
    merchant: Merchant, readings: Readings, *, with_secrets: bool, vouchers: _Vouchers
) -> dict[str, Any]:
    secrets = {"secret_key": merchant.secret_key, "session_key": merchant.session_key} if with_secrets else {}
    given = {**secrets, "vendor_state": merchant.vendor_state}
    return {
        "merchant_id": merchant.merchant_id,
        **{key: value for key, value in given.items() if value is not None},
        "projects": [_project_document(project, readings, vouchers) for project in merchant.projects],
    }


def _project_document(project: Project, readings: Readings, vouchers: _Vouchers) -> dict[str, Any]:
    given = {"project_name": project.project_name, "submitted_at": project.submitted_at}
    return {
        "id": project.id,
        "project_id": project.project_id,
        **{key: value for key, value in given.items() if value is not None},
        **_plan_document(project.plan),
        "vouchers": vouchers(project.vouchers, readings),
    }


def _voucher_documents(vouchers: tuple[Voucher, ...], readings: Readings) -> list[dict[str, Any]]:
    return [_voucher_document(voucher, readings) for voucher in vouchers]


def _written_vouchers(vouchers: tuple[Voucher, ...], readings: Readings) -> msgspec.Raw:
    blocks = (vouchers[start : start + _BLOCK] for start in range(0, len(vouchers), _BLOCK))
    written = (msgspec.json.encode(_voucher_documents(block, readings))[1:-1] for block in blocks)
    return msgspec.Raw(b"[" + b",".join(written) + b"]")


def _voucher_document(voucher: Voucher, readings: Readings) -> dict[str, Any]:
    return {
        "id": voucher.id,
        "voucher_code": voucher.voucher_code,
        "response_json": voucher.response_json,
        "note": voucher.note,
        "nominal_gs": voucher.nominal_gs,
        CREATED_AT: voucher.created_at,
        "updated_at": voucher.updated_at,
        "status": readings.code_of[voucher.status],
        **_plan_document(voucher.plan),
    }
