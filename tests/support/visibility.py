"""What a project's data can show of each reading, whoever looks: the other side of `calibrate`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.wire import VoucherStatus
from mockserver.verification.laws.filter import FILTERS


@dataclass(frozen=True)
class View:
    """A project as a probe can come to know it.

    `vouchers` are (status, nominal), newest first. `name_is_known` says that the project has a name and the probe
    was given it.
    """

    vouchers: tuple[tuple[VoucherStatus, int], ...]
    name_is_known: bool = False

    @property
    def counts(self) -> Mapping[VoucherStatus, int]:
        """How many vouchers are in each status."""
        return Counter(status for status, _ in self.vouchers)

    @property
    def nominals(self) -> Mapping[int, int]:
        """How many vouchers have each nominal, in the order of the list."""
        return Counter(nominal for _, nominal in self.vouchers)


def visible(key: str, view: View, readings: Readings) -> bool:
    """Whether a target that follows `readings` and holds this project shows its value of one reading."""
    return _RULES.get(key, _always)(view, readings)


def _always(view: View, readings: Readings) -> bool:
    return True


def _never(view: View, readings: Readings) -> bool:
    return False


def _some(view: View, readings: Readings) -> bool:
    return bool(view.vouchers)


def _cap(view: View, readings: Readings) -> bool:
    return readings.limit_cap is not None and readings.limit_cap < len(view.vouchers)


def _filter_key(key: str) -> Callable[[View, Readings], bool]:
    """A reading of filters is seen when no other reading of all three gives the same replies."""

    def rule(view: View, readings: Readings) -> bool:
        shown = _filters_shown(view, readings)
        for status_filter, unknown_status, codes in itertools.product(
            REGISTER["status_filter"].values, REGISTER["unknown_status"].values, CODE_PERMUTATIONS
        ):
            other = readings.replace(status_filter=status_filter, unknown_status=unknown_status, status_codes=codes)
            if getattr(other, key) != getattr(readings, key) and _filters_shown(view, other) == shown:
                return False
        return True

    return rule


def _filters_shown(view: View, readings: Readings) -> Hashable:
    """Return what the unfiltered list and a filter of every kind show."""
    everything = frozenset((readings.code_of[status], count) for status, count in view.counts.items())
    replies: list[Hashable] = [everything]
    for text in FILTERS:
        status = readings.status_named.get(text)
        if status is not None:
            count = view.counts.get(status, 0)
            replies.append((count, readings.code_of[status] if count else None))
        elif readings.unknown_status == "json":
            replies.append("ERR-1")
        elif readings.unknown_status == "empty":
            replies.append((0, None))
        else:
            # The whole project looks like a filter by the one status it has.
            codes = {readings.code_of[status] for status in view.counts}
            one = next(iter(codes)) if len(codes) == 1 else tuple(sorted(codes)) or None
            replies.append((len(view.vouchers), one))
    return tuple(replies)


def _lists_nothing(view: View, readings: Readings) -> bool:
    return _matches_nothing(view, readings) or readings.beyond_last == "empty"


def _matches_nothing(view: View, readings: Readings) -> bool:
    if not view.vouchers or readings.unknown_status == "empty":
        return True
    named = {readings.status_named[text] for text in FILTERS if text in readings.status_named}
    return any(view.counts.get(status, 0) == 0 for status in named)


def _category_scope(view: View, readings: Readings) -> bool:
    return len(view.vouchers) > 1 or (len(view.vouchers) == 1 and readings.kategori_scope == "project")


def _category_order(view: View, readings: Readings) -> bool:
    listed = view.vouchers
    if readings.kategori_scope == "page" and readings.limit_cap is not None:
        listed = listed[: readings.limit_cap]
    totals = Counter(nominal for _, nominal in listed)
    orders = {
        "nominal": sorted(totals),
        "count": sorted(totals, key=lambda nominal: (-totals[nominal], nominal)),
        "first_seen": list(totals),
    }
    served = orders[readings.kategori_order]
    counts = [totals[nominal] for nominal in served]
    fits = {
        "nominal": served == orders["nominal"],
        "count": counts == sorted(counts, reverse=True),
        "first_seen": served == orders["first_seen"],
    }
    return sum(fits.values()) == 1


_RULES: Mapping[str, Callable[[View, Readings], bool]] = MappingProxyType(
    {
        "max_limit": _cap,
        "status_codes": _filter_key("status_codes"),
        "status_filter": _filter_key("status_filter"),
        "unknown_status": _filter_key("unknown_status"),
        "beyond_last": _some,
        "empty_vouchers": _lists_nothing,
        "empty_total_page": _matches_nothing,
        "stats_scope": _some,
        "total_voucher_scope": _some,
        "kategori_scope": _category_scope,
        "kategori_order": _category_order,
        "timezone": _never,
        "project_match": lambda view, readings: view.name_is_known,
    }
)
