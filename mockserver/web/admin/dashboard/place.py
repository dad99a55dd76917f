"""Where on the page a reader is: the query of its address, from which every view is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

VIEWS: Mapping[str, str] = {
    "requests": "Requests",
    "submissions": "Submissions",
    "vouchers": "Vouchers",
    "time": "Time and faults",
    "readings": "Readings",
}
# Addresses of before there were views name a project alone.
_OF_VOUCHERS = frozenset({"project", "status", "page", "limit"})


@dataclass(frozen=True)
class Place:
    """A view, and in `query` what of it is shown."""

    view: str
    query: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Place:
        """Return the place that an address names; the first view when it names none."""
        view = query.get("view", "")
        if view not in VIEWS:
            view = "vouchers" if _OF_VOUCHERS.intersection(query) else next(iter(VIEWS))
        return cls(view, {name: value for name, value in query.items() if name != "view"})

    def text(self, name: str) -> str:
        """Return what the query has by this name, without the spaces around it; empty when it has nothing."""
        return self.query.get(name, "").strip()

    def integer(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 to `most`; the default when the query has none."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            return default
        return min(max(int(text), 1), most)

    def link(self, *kept: str, **changed: object) -> str:
        """Return the address of this view with what is `changed`, and of the query what is `kept`."""
        return link(self.view, **{name: self.text(name) for name in kept} | changed)


def link(view: str, **query: object) -> str:
    """Return the address of a view; what is empty or None is left out of it."""
    return f"?{urlencode({'view': view} | {name: value for name, value in query.items() if value not in {'', None}})}"
