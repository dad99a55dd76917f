"""The plan of a run, shown before a live target is called: how many calls, of which kinds."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.verification.cases import GROUPS, cases
from mockserver.verification.live_guard import is_loopback
from mockserver.verification.settings import Settings

_KINDS = {
    "bodies": "bodies that are not the documented JSON",
    "types": "fields of other types",
    "presence": "fields left out or out of range",
    "merchants": "unknown merchants",
    "projects": "unknown projects",
}


def plan_of(settings: Settings) -> Iterator[str]:
    """Yield the lines of the plan."""
    limits = settings.limits
    path = PROJECT_DETAIL.path_of(settings.merchant_id)
    pace = "as fast as it answers" if limits.rate is None else f"at most {limits.rate:g} a second"
    yield f"Plan for {settings.base_url.rstrip('/')}"
    yield f"  POST {path} and the same path with made-up merchants; no other path, no redirect followed"
    yield f"  at most {limits.max_requests} calls, {pace}, each within {settings.timeout:g} s; reading only"
    for group in GROUPS:
        if group in _KINDS:
            yield f"  {sum(not case.is_wrong_signature for case in cases(group)):4d} {_KINDS[group]}"
    yield "  ~80 good calls: pages, limits, filters and sums, some repeated where vouchers move meanwhile"
    near = sum(case.is_wrong_signature for group in GROUPS for case in cases(group))
    wrong = near if limits.wrong_signatures is None else min(near, limits.wrong_signatures)
    yield f"  {wrong:4d} wrong signatures at most, last"
    if not is_loopback(settings.base_url):
        yield "  429 and 5xx outside the contract are waited out; TLS is verified"


def calibration_plan(settings: Settings) -> Iterator[str]:
    """Yield the lines of the plan of a calibration."""
    limits = settings.limits
    pace = "as fast as it answers" if limits.rate is None else f"at most {limits.rate:g} a second"
    yield f"Plan for {settings.base_url.rstrip('/')}"
    yield f"  POST {PROJECT_DETAIL.path_of(settings.merchant_id)} and one made-up merchant; reading only"
    yield f"  about 45 calls, {pace}, at most {limits.max_requests}"
    yield "  of these 3 with a wrong signature, last"
