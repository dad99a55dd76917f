"""The view of what became of submissions, and of the state of the vendor that they meet."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mockserver.contract.redeem_bulk import VENDOR_STATES
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import date_time
from mockserver.provider.submissions import SubmissionRecord, submissions
from mockserver.web.admin.dashboard.place import Place, link
from mockserver.web.admin.lookup import settle_all
from mockserver.web.admin.views import submission_view

# Of how many the view tells, and how many it shows at once.
_NEWEST = 200
_SHOWN = 50
_MOST_OFFERED = 100
_OUTCOMES = {"accepted": "accepted", "refused": "refused", "not_carried_out": "not carried out", "lost": "reply lost"}
_REPLIES = {
    "sent": "sent",
    "late": "late: lost to who did not wait so long",
    "lost": "lost on its way",
    None: "not in the journal",
}


def submissions_contents(provider: Provider, place: Place) -> dict[str, Any]:
    """Return what the view shows; a merchant that is not here is as none."""
    settle_all(provider)
    named = place.text("merchant")
    merchant = provider.store.merchant(named)
    merchant_id = None if merchant is None else merchant.merchant_id
    newest, total = submissions(provider.store, provider.journal, newest=_NEWEST, merchant_id=merchant_id)
    outcome = place.text("outcome") if place.text("outcome") in _OUTCOMES else ""
    found = [one for one in newest if outcome in {"", *_kinds(one)}]
    pages = max(-(-len(found) // _SHOWN), 1)
    page = min(place.integer("page", 1, pages), pages)
    counts = Counter(kind for one in newest for kind in _kinds(one))
    merchants = list(provider.store.merchants())
    return {
        "submissions": [_row(one, provider) for one in found[(page - 1) * _SHOWN : page * _SHOWN]],
        "found": len(found),
        "newest": len(newest),
        "total": total,
        "page": page,
        "pages": pages,
        "previous": place.link("merchant", "outcome", page=page - 1) if page > 1 else None,
        "next": place.link("merchant", "outcome", page=page + 1) if page < pages else None,
        "outcomes": [
            ("all", place.link("merchant"), len(newest), outcome == ""),
            *(
                (words, place.link("merchant", outcome=kind), counts[kind], outcome == kind)
                for kind, words in _OUTCOMES.items()
            ),
        ],
        "outcome": outcome,
        "merchant": named,
        "unknown": named if merchant is None else "",
        "merchants": [one.merchant_id for one in merchants[:_MOST_OFFERED]],
        "in_trouble": [(one.merchant_id, one.vendor_state) for one in merchants if one.vendor_state][:_MOST_OFFERED],
        "vendor_states": VENDOR_STATES,
    }


def _kinds(record: SubmissionRecord) -> tuple[str, ...]:
    """Return as what it is counted: one that was accepted while its reply was lost is both."""
    return (record.outcome, "lost") if record.reply == "lost" else (record.outcome,)


def _row(record: SubmissionRecord, provider: Provider) -> dict[str, Any]:
    return {
        **submission_view(record),
        "when": date_time(record.at, provider.readings_of(record.merchant_id).timezone),
        "outcome": _OUTCOMES[record.outcome],
        "is_good": record.outcome == "accepted",
        "replied": _REPLIES[record.reply],
        "is_lost": record.reply in {"late", "lost"},
        "request": None if record.n is None else link("requests", operation="redeem_bulk", open=record.n),
        "vouchers": None if record.project is None else link("vouchers", project=record.project_id),
    }
