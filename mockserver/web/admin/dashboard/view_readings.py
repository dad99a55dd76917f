"""The view of the readings in force, for all merchants or for one, and of what each decided."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from mockserver.contract.readings import REGISTER
from mockserver.provider.provider import Provider
from mockserver.web.admin.access import ADMIN
from mockserver.web.admin.dashboard.place import Place, link
from mockserver.web.admin.views import readings_in_force

_MOST_OFFERED = 100


def readings_contents(provider: Provider, place: Place) -> dict[str, Any]:
    """Return what the view shows; a merchant that is not here is as none."""
    named = place.text("merchant")
    merchant = provider.store.merchant(named)
    merchant_id = None if merchant is None else merchant.merchant_id
    in_force = readings_in_force(provider, merchant_id)["readings"]
    decided = Counter(
        call.reply.reading
        for call in provider.journal.calls()
        if merchant_id is None or call.call.merchant_id == merchant_id
    )
    readings = [
        {
            **one,
            "key": key,
            "why": REGISTER[key].why,
            "is_number": REGISTER[key].is_number,
            "is_changed": one["value"] != one["default"],
            "decided": decided[key],
            "requests": link("requests", reading=key, merchant=merchant_id),
        }
        for key, one in in_force.items()
    ]
    address = f"{ADMIN}/readings" + (f"?{urlencode({'merchant_id': merchant_id})}" if merchant_id else "")
    return {
        "readings": readings,
        "changed": sum(one["is_changed"] for one in readings),
        "merchant": merchant_id,
        "unknown": "" if merchant else named,
        "has_own": merchant is not None and merchant.readings is not None,
        "merchants": [one.merchant_id for one in provider.store.merchants()][:_MOST_OFFERED],
        "everybody": place.link(),
        "address": address,
        "key": place.text("key"),
    }
