"""What stands on the page: plain values for the templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.provider.provider import Provider
from mockserver.web.admin.dashboard.place import VIEWS, Place, link
from mockserver.web.admin.dashboard.view_readings import readings_contents
from mockserver.web.admin.dashboard.view_requests import requests_contents
from mockserver.web.admin.dashboard.view_submissions import submissions_contents
from mockserver.web.admin.dashboard.view_time import time_contents
from mockserver.web.admin.dashboard.view_vouchers import vouchers_contents
from mockserver.web.admin.views import clock_view, readings_view


def page_contents(provider: Provider, query: Mapping[str, str], base_url: str) -> dict[str, Any]:
    """Return everything that a view shows; `query` says which view, and what of it."""
    place = Place.of(query)
    if place.view == "requests":
        contents = requests_contents(provider, place, base_url)
    elif place.view == "submissions":
        contents = submissions_contents(provider, place)
    elif place.view == "vouchers":
        contents = vouchers_contents(provider, place)
    elif place.view == "time":
        contents = time_contents(provider)
    else:
        contents = readings_contents(provider, place)
    return {
        **contents,
        "base_url": base_url.rstrip("/"),
        "paths": [operation.path for operation in provider.operations],
        "view": place.view,
        "title": VIEWS[place.view],
        "views": [(name, title, link(name), _news(provider, name)) for name, title in VIEWS.items()],
    }


def _news(provider: Provider, view: str) -> str:
    """Return what is worth knowing of a view before it is opened, in a few words; empty when nothing is."""
    if view == "requests":
        return str(provider.journal.total)
    if view == "time":
        clock = clock_view(provider.clock, provider.readings.timezone, None)["state"]
        faults = sum(state.left != 0 for state in provider.faults.states())
        said = ["" if clock == "real" else clock, f"{faults} fault{'' if faults == 1 else 's'}" if faults else ""]
        return ", ".join(filter(None, said))
    if view == "readings":
        readings = readings_view(provider.readings, provider.readings_origin)["readings"]
        changed = sum(one["value"] != one["default"] for one in readings.values())
        return f"{changed} changed" if changed else ""
    return ""
