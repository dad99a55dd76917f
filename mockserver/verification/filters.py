"""Filters: which reading of all of them explains every reply, and which filter lists which status."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.contract.exchange import Exchange
from mockserver.contract.page_laws import NAMES, Page
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.contract.readings import REGISTER
from mockserver.contract.violation import Choice, Violation
from mockserver.verification.picture import Picture
from mockserver.verification.run import Run, described, in_form

_KEYS = ("status_filter", "unknown_status", "status_codes")


@dataclass(frozen=True)
class _Hypothesis:
    """One reading of every filter."""

    status_filter: str
    unknown_status: str
    status_codes: str

    def name_of(self, text: str) -> str | None:
        """Return the status that a filter names, or None."""
        codes = dict(zip(self.status_codes.split(","), NAMES, strict=True))
        by_code = codes.get(text) if self.status_filter in {"code", "both"} else None
        by_name = text if text in NAMES and self.status_filter in {"name", "both"} else None
        return by_code or by_name

    def code_of(self, name: str) -> int:
        """Return the number of a status."""
        return int(self.status_codes.split(",")[NAMES.index(name)])

    def expected(self, text: str) -> str:
        """Say what a filter must list."""
        name = self.name_of(text)
        if name is not None:
            return f"exactly the vouchers in {name} under the filter {text!r}"
        outcome = {"empty": "no voucher", "ignored": "every voucher", "json": "ERR-1"}[self.unknown_status]
        return f"{outcome} under the filter {text!r}, which names no status"

    def explains(self, text: str, exchange: Exchange) -> bool:
        """Whether a reply is right: judged within the reply, so that nothing moves between two calls."""
        name = self.name_of(text)
        if name is None and self.unknown_status == "json":
            return exchange.outcome == "ERR-1"
        page = Page.of(exchange) if exchange.outcome == "success" else None
        if page is None:
            return False
        if name is None:
            return page.total == (sum(page.stats.values()) if self.unknown_status == "ignored" else 0)
        listed = {voucher["status"] for voucher in page.vouchers}
        return page.total == page.stats[name] and listed <= {self.code_of(name)}


def settle(run: Run, replies: list[tuple[str, Exchange]]) -> None:
    """Find the readings that explain the replies to every filter; where none does, the nearest names what is broken."""
    usable = [(text, exchange) for text, exchange in replies if exchange.outcome != "success" or in_form(exchange)]
    fewest: tuple[int, _Hypothesis] | None = None
    fitting = []
    for hypothesis in _hypotheses(run):
        wrong = sum(not hypothesis.explains(text, exchange) for text, exchange in usable)
        if wrong == 0:
            fitting.append(hypothesis)
        if fewest is None or wrong < fewest[0]:
            fewest = (wrong, hypothesis)
    if fitting:
        last = usable[-1][1]
        for key in _KEYS:
            values = frozenset(str(getattr(hypothesis, key)) for hypothesis in fitting)
            run.take(Choice(key, values, REGISTER[key].clause, _seen(usable)), last)
        return
    assert fewest is not None
    for text, exchange in usable:
        if not fewest[1].explains(text, exchange):
            violation = Violation("FILT-1", fewest[1].expected(text), _came(exchange), "data.data.vouchers")
            run.breaks(violation, exchange)


def explained(run: Run, picture: Picture) -> list[tuple[int, str]]:
    """Return (number, filter) for each status of the picture that a filter is known to name, the fullest first."""
    asked: dict[int, str] = {}
    by_code = run.observations.left("status_filter") & {"code", "both"}
    permutations = run.observations.left("status_codes")
    for code in {voucher["status"] for voucher in picture.at.values()}:
        names = {NAMES[codes.split(",").index(str(code))] for codes in permutations if str(code) in codes.split(",")}
        if by_code:
            asked[code] = str(code)
        elif len(names) == 1:
            asked[code] = names.pop()
    return sorted(asked.items(), key=lambda pair: -len(picture.with_status(frozenset({pair[0]}))))


def _hypotheses(run: Run) -> Iterator[_Hypothesis]:
    """Yield every reading that is left, the defaults first."""
    left = [
        [
            value
            for value in (CODE_PERMUTATIONS if key == "status_codes" else REGISTER[key].values)
            if value in run.observations.left(key)
        ]
        for key in _KEYS
    ]
    return itertools.starmap(_Hypothesis, itertools.product(*left))


def _came(exchange: Exchange) -> str:
    if exchange.outcome != "success":
        return described(exchange)
    data = exchange.reply["data"]
    statuses = sorted({voucher["status"] for voucher in data["data"]["vouchers"] or []})
    return f"total_data {data['total_data']}, status numbers {statuses}, stats {data['data']['stats']}"


def _seen(replies: list[tuple[str, Exchange]]) -> str:
    parts = []
    for text, exchange in replies:
        is_success = exchange.outcome == "success"
        parts.append(f"{text}: {exchange.reply['data']['total_data'] if is_success else exchange.outcome}")
    return "filters list " + ", ".join(parts)
