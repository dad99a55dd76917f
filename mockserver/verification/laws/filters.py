"""Filters: which reading of all of them explains every reply, and which filter lists which status."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import NAMES, Page
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.wording import described, in_form
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run

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

    def agrees(self, text: str, exchange: Exchange, picture: Picture) -> bool:
        """Whether a reply counts what the picture holds; a picture that is not whole is not asked."""
        page = Page.of(exchange) if exchange.outcome == "success" else None
        if page is None or not picture.is_whole:
            return True
        name = self.name_of(text)
        if name is not None:
            return page.total == len(picture.with_status(frozenset({self.code_of(name)})))
        return page.total == (picture.total if self.unknown_status == "ignored" else 0)


Replies = list[tuple[str, Exchange]]


def settle(run: Run, ask: Callable[[], Replies]) -> None:
    """Find the readings that explain the replies to every filter; where none does, the nearest names what is broken.

    `ask` makes the calls. A reply is held to its own sums whatever moves, and to the picture where it stands still.
    """
    last: Replies = []

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        last[:] = _usable(ask())
        fitting = _fitting(run, last)
        if not fitting:
            return []
        agreeing = [hypothesis for hypothesis in fitting if _agrees(hypothesis, last, picture)]
        if agreeing:
            return _choices(agreeing, last)
        nearest = max(fitting, key=lambda hypothesis: _agreements(hypothesis, last, picture))
        return [
            (Violation("FILT-1", nearest.expected(text), _came(exchange), "data.data.vouchers"), exchange)
            for text, exchange in last
            if not nearest.agrees(text, exchange, picture)
        ]

    run.on_still_picture("filters", law)
    if not last:
        last[:] = _usable(ask())
    fitting = _fitting(run, last)
    if not fitting:
        _blame(run, last)
    else:
        for choice, exchange in _choices(fitting, last):
            if isinstance(choice, Choice):
                run.take(choice, exchange)


def _usable(replies: Replies) -> Replies:
    return [(text, exchange) for text, exchange in replies if exchange.outcome != "success" or in_form(exchange)]


def _fitting(run: Run, replies: Replies) -> list[_Hypothesis]:
    return [
        hypothesis
        for hypothesis in _hypotheses(run)
        if all(hypothesis.explains(text, exchange) for text, exchange in replies)
    ]


def _agreements(hypothesis: _Hypothesis, replies: Replies, picture: Picture) -> int:
    return sum(hypothesis.agrees(text, exchange, picture) for text, exchange in replies)


def _agrees(hypothesis: _Hypothesis, replies: Replies, picture: Picture) -> bool:
    return _agreements(hypothesis, replies, picture) == len(replies)


def _choices(fitting: list[_Hypothesis], replies: Replies) -> list[tuple[Finding, Exchange]]:
    if not replies:
        return []
    choices = []
    for key in _KEYS:
        values = frozenset(str(getattr(hypothesis, key)) for hypothesis in fitting)
        choices.append((Choice(key, values, REGISTER[key].clause, _seen(replies)), replies[-1][1]))
    return [*choices]


def _blame(run: Run, replies: Replies) -> None:
    """Record what the nearest reading of all filters does not explain."""
    nearest = max(_hypotheses(run), key=lambda tried: sum(tried.explains(*reply) for reply in replies))
    for text, exchange in replies:
        if not nearest.explains(text, exchange):
            violation = Violation("FILT-1", nearest.expected(text), _came(exchange), "data.data.vouchers")
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
