"""How the admin side shows what the fake holds; no secret stands in any of it."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.wire import STATUSES
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.faults.rules import RuleState
from mockserver.provider.journal.recorded import Listed
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import MovableClock, date_time
from mockserver.provider.state.plan import plan_to_document
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Voucher
from mockserver.provider.submissions import SubmissionRecord

_Document = dict[str, Any]

# Of a text in a list of calls; a call by itself has it whole.
LONGEST_LISTED = 1000


def stats_view(project: ProjectStore) -> dict[str, int]:
    """Return how many vouchers are in each status."""
    return {status.value: count for status, count in zip(STATUSES, project.stats(STATUSES), strict=True)}


def project_view(merchant: MerchantStore, project: ProjectStore) -> _Document:
    """Return a project without its vouchers."""
    with project.lock:
        nominals = project.nominals(STATUSES)
        return {
            "id": project.id,
            "project_id": project.project_id,
            "project_name": project.project_name,
            "merchant_id": merchant.merchant_id,
            "total_voucher": len(project),
            "stats": stats_view(project),
            "nominals": {str(nominal): nominals[nominal] for nominal in sorted(nominals)},
            "plan": None if project.plan is None else plan_to_document(project.plan),
            "submitted_at": project.submitted_at,
        }


def submission_view(record: SubmissionRecord) -> _Document:
    """Return what became of a submission, with the vouchers of its project as they are now."""
    shown = {key: value for key, value in msgspec.structs.asdict(record).items() if key != "project"}
    return {**shown, "stats": None if record.project is None else stats_view(record.project)}


def merchant_view(merchant: MerchantStore) -> _Document:
    """Return a merchant with its projects."""
    projects = [project_view(merchant, project) for project in merchant.projects()]
    return {"merchant_id": merchant.merchant_id, "vendor_state": merchant.vendor_state, "projects": projects}


def voucher_view(voucher: Voucher) -> _Document:
    """Return a voucher, its status by name."""
    return {
        "id": voucher.id,
        "voucher_code": voucher.voucher_code,
        "response_json": voucher.response_json,
        "note": voucher.note,
        "nominal_gs": voucher.nominal_gs,
        "created": voucher.created_at[:10],
        "created_at": voucher.created_at,
        "updated_at": voucher.updated_at,
        "status": voucher.status.value,
        **({} if voucher.plan is None else {"plan": plan_to_document(voucher.plan)}),
    }


def clock_view(clock: MovableClock, zone: str, merchant_id: str | None) -> _Document:
    """Return what a clock shows."""
    now = clock.now()
    state = "frozen" if clock.is_frozen else "moved" if clock.ahead else "real"
    return {
        "now": now,
        "date_time": date_time(now, zone),
        "state": state,
        "ahead": clock.ahead,
        "merchant_id": merchant_id,
    }


def faults_view(states: list[RuleState]) -> _Document:
    """Return the rules in force, and the faults there are."""
    known = [{"fault": kind.name, "what": kind.what, "projectid": kind.reserved} for kind in FAULTS.values()]
    return {"faults": [rule_view(state) for state in states], "known": known}


def rule_view(state: RuleState) -> _Document:
    """Return a rule with what it hit; what it does not say is left out."""
    rule, fault = state.rule, state.rule.fault
    view: _Document = {"fault": fault.name}
    if fault.name in {"delay", "slow_body"}:
        view["seconds"] = fault.seconds
    if fault.name == "rate_limit":
        view["retry_after"] = fault.retry_after
    if not fault.carried_out:
        view["carried_out"] = False
    limits = {"times": rule.times, "share": rule.share, "seed": rule.seed if rule.share is not None else None}
    whom = {"merchant_id": rule.merchant_id, "project_id": rule.project_id, "operation": rule.operation}
    view |= {key: value for key, value in (limits | whom).items() if value is not None}
    return {**view, "hit": state.hit, "left": state.left}


def readings_view(readings: Readings, origin: dict[str, str]) -> _Document:
    """Return the readings in force, in the form of a readings file, and where each came from."""
    values = readings.as_dict()
    return {
        "readings": {
            key: {
                "value": values[key],
                "default": entry.default,
                "origin": origin.get(key, "default" if values[key] == entry.default else "changed"),
                "question": entry.question,
                "clause": entry.clause,
                "values": list(dict.fromkeys([*entry.values, *entry.tried, values[key]])),
            }
            for key, entry in REGISTER.items()
        }
    }


def readings_in_force(provider: Provider, merchant_id: str | None) -> _Document:
    """Return the readings that a merchant that is here is served under, or (None) every merchant without its own."""
    merchant = None if merchant_id is None else provider.store.merchant(merchant_id)
    if merchant is None or merchant.readings is None:
        return readings_view(provider.readings, provider.readings_origin)
    of_all, own = provider.readings.as_dict(), merchant.readings.as_dict()
    changed = {key: "merchant" for key, value in own.items() if value != of_all[key]}
    return readings_view(merchant.readings, {**provider.readings_origin, **changed})


def call_view(entry: Listed) -> _Document:
    """Return a call as a list has it: its long texts only begin there."""
    view: _Document = {key: _beginning(value) for key, value in msgspec.structs.asdict(entry).items() if key != "asked"}
    view["headers"] = {name: _beginning(value) for name, value in entry.headers.items()}
    fields = view["fields"]
    if fields is not None and entry.is_cut:
        view["fields"] = {key: _beginning(value) for key, value in fields.items()}
    return view


def _beginning(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= LONGEST_LISTED:
        return value
    return f"{value[:LONGEST_LISTED]}… ({len(value)} characters)"
