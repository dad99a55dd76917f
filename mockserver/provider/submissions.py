"""What became of each submission: from the journal what was asked, from the world what it made.

A project knows that a submission made it, so that its line is still there when the journal has forgotten the call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec

from mockserver.contract.redeem_bulk import REDEEM_BULK, count_codes
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.journal.journal import Journal
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.reply import Reply
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import Store

Outcome = Literal["accepted", "refused", "not_carried_out"]
HowReplied = Literal["sent", "late", "lost"]


class SubmissionRecord(msgspec.Struct, frozen=True):
    """One call of `redeem_bulk`; no code and no secret is in it.

    `n` is its number in the journal, None when that has forgotten it or no call was made; `at` is in Unix seconds.
    `codes` is how many there were, None where the list could not be read. `project` is the one that it became: accepted
    with None it was removed since, and `project_id` still names it. `clause` is that of a refusal. `reply` says whether
    a `fault` kept the reply from the consumer (None: the call is not in the journal): `late` is lost to one who did not
    wait so long.
    """

    n: int | None
    at: float
    merchant_id: str
    outcome: Outcome
    codes: int | None
    project_id: str | None
    project: ProjectStore | None
    clause: str | None
    fault: str | None
    reply: HowReplied | None


class _Sent(msgspec.Struct):
    kode_voucher: str


def submissions(
    store: Store, journal: Journal, *, newest: int, merchant_id: str | None = None
) -> tuple[list[SubmissionRecord], int]:
    """Return at most `newest` submissions, of all merchants or of one, and how many there are; newest first.

    They are those that became a project which is still there, and those that the journal still has.
    """
    made = _projects(store, merchant_id)
    calls = [raw for raw in journal.calls() if _is_submission(raw, merchant_id)]
    known = {raw.reply.made.project_id for raw in calls if raw.reply.made is not None}
    alone = [pair for pair in made.values() if pair[1].project_id not in known]
    # By time and number in the journal; made of those alone that are shown, for a list of codes may be long.
    found: list[tuple[float, int, Callable[[], SubmissionRecord]]] = [
        *((project.submitted_at or 0.0, 0, partial(_of_project, owner, project)) for owner, project in alone),
        *((raw.call.at, raw.n, partial(_of_call, raw, made)) for raw in calls),
    ]
    found.sort(key=lambda one: one[:2], reverse=True)
    return [make() for _, _, make in found[:newest]], len(found)


def _projects(store: Store, merchant_id: str | None) -> dict[str, tuple[str, ProjectStore]]:
    """Return the projects that submissions made, each with its merchant's id, by their ids, the oldest last."""
    owned = (
        (merchant.merchant_id, project)
        for merchant in store.merchants()
        if merchant_id in {None, merchant.merchant_id}
        for project in merchant.projects()
        if project.submitted_at is not None
    )
    newest_first = sorted(owned, key=lambda pair: pair[1].id, reverse=True)
    return {project.project_id: (owner, project) for owner, project in newest_first}


def _is_submission(raw: RawEntry, merchant_id: str | None) -> bool:
    operation = raw.call.operation
    if operation is None or operation.name != REDEEM_BULK.name:
        return False
    return merchant_id in {None, raw.call.merchant_id}


def _of_project(owner: str, project: ProjectStore) -> SubmissionRecord:
    assert project.submitted_at is not None
    return SubmissionRecord(
        n=None,
        at=project.submitted_at,
        merchant_id=owner,
        outcome="accepted",
        codes=len(project),
        project_id=project.project_id,
        project=project,
        clause=None,
        fault=None,
        reply=None,
    )


def _of_call(raw: RawEntry, made: dict[str, tuple[str, ProjectStore]]) -> SubmissionRecord:
    call, reply = raw.call, raw.reply
    assert call.merchant_id is not None
    project_id = None if reply.made is None else reply.made.project_id
    _, project = made.get(project_id or "", (None, None))
    outcome: Outcome = "accepted" if project_id is not None else "refused" if reply.clause else "not_carried_out"
    return SubmissionRecord(
        n=raw.n,
        at=call.at,
        merchant_id=call.merchant_id,
        outcome=outcome,
        codes=_count(call.body) if reply.made is None else reply.made.codes,
        project_id=project_id,
        project=project,
        clause=reply.clause if outcome == "refused" else None,
        fault=getattr(reply, "fault", None),
        reply=_how_replied(reply),
    )


def _count(body: bytes) -> int | None:
    try:
        return count_codes(msgspec.json.decode(body, type=_Sent).kode_voucher)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _how_replied(reply: Reply) -> HowReplied:
    if not isinstance(reply, FaultyReply):
        return "sent"
    if reply.close == "before" or reply.content_length != len(reply.body):
        return "lost"
    try:
        msgspec.json.decode(reply.body)
    except (msgspec.MsgspecError, ValueError):
        return "lost"
    return "late" if reply.delay or reply.body_seconds else "sent"
