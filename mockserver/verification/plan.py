"""The plan of a run, shown before a live target is called: how many calls, of which kinds."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.verification.cases import GROUPS, SUBMIT_REFUSALS, cases
from mockserver.verification.live_guard import Submitting, is_loopback
from mockserver.verification.settings import Settings

_KINDS = {
    "bodies": "bodies that are not the documented JSON",
    "types": "fields of other types",
    "presence": "fields left out or out of range",
    "merchants": "unknown merchants",
    "projects": "unknown projects",
}


_CALLS_OF_CALIBRATION = {Submitting.NOTHING: 45, Submitting.REFUSALS: 50, Submitting.ANYTHING: 100}


def plan_of(settings: Settings) -> Iterator[str]:
    """Yield the lines of the plan."""
    limits = settings.limits
    path = PROJECT_DETAIL.path_of(settings.merchant_id)
    pace = "as fast as it answers" if limits.rate is None else f"at most {limits.rate:g} a second"
    yield f"Plan for {settings.base_url.rstrip('/')}"
    submits = settings.submitting is not Submitting.NOTHING
    other = "" if submits else "; no other path, no redirect followed"
    yield f"  POST {path} and the same path with made-up merchants{other}"
    if submits:
        yield f"  POST {REDEEM_BULK.path_of(settings.merchant_id)} likewise; no other path, no redirect followed"
    reading = "" if submits else "; reading only"
    yield f"  at most {limits.max_requests} calls, {pace}, each within {settings.timeout:g} s{reading}"
    for group in GROUPS:
        if group in _KINDS:
            yield f"  {sum(not case.is_wrong_signature for case in cases(group)):4d} {_KINDS[group]}"
    yield "  ~80 good calls: pages, limits, filters and sums, some repeated where vouchers move meanwhile"
    yield from _submissions(settings)
    near = sum(case.is_wrong_signature for group in GROUPS for case in cases(group))
    wrong = near if limits.wrong_signatures is None else min(near, limits.wrong_signatures)
    yield f"  {wrong:4d} wrong signatures at most, last"
    if not is_loopback(settings.base_url):
        yield "  429 and 5xx outside the contract are waited out; TLS is verified"


def _submissions(settings: Settings) -> Iterator[str]:
    """Yield the lines that say what is submitted."""
    if settings.submitting is Submitting.NOTHING:
        return
    yield (
        f"  {len(cases(SUBMIT_REFUSALS)):4d} submissions that no target can accept: not JSON, no list, a signature of "
        "zeros; never one of your codes or signatures"
    )
    if settings.submitting is Submitting.ANYTHING:
        if is_loopback(settings.base_url):
            yield "  ~100 submissions of codes that are made up: those that are accepted leave projects behind"
        else:
            yield "  --submit is refused for a host that is not this machine: nothing will be sent"


def calibration_plan(settings: Settings) -> Iterator[str]:
    """Yield the lines of the plan of a calibration."""
    limits = settings.limits
    pace = "as fast as it answers" if limits.rate is None else f"at most {limits.rate:g} a second"
    yield f"Plan for {settings.base_url.rstrip('/')}"
    reading = "; reading only" if settings.submitting is Submitting.NOTHING else ""
    yield f"  POST {PROJECT_DETAIL.path_of(settings.merchant_id)} and one made-up merchant{reading}"
    about = _CALLS_OF_CALIBRATION[settings.submitting]
    yield f"  about {about} calls, {pace}, at most {limits.max_requests}"
    yield from _submissions(settings)
    yield "  of these 3 with a wrong signature, last"
