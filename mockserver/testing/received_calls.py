"""What a merchant received, and what a test asserts of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.provider.journal.journal import Journal
from mockserver.provider.journal.matchers import Matchers, summary
from mockserver.provider.journal.recorded import Entry
from mockserver.testing.received import Received
from mockserver.testing.submission import Submission, failure, submission_of
from mockserver.testing.validation import check_number, check_seconds


class ReceivedCalls(ABC):
    """The calls in one merchant's journal; `unmatched` returns what reached the server meanwhile for nobody."""

    def __init__(self, journal: Journal, unmatched: Callable[[], list[Entry]]) -> None:
        self._journal = journal
        self._unmatched = unmatched

    @property
    @abstractmethod
    def readings(self) -> Readings:
        """The readings it is served under."""

    @property
    def requests(self) -> Received:
        """The calls it received, oldest first, secrets masked; at most the newest 10,000."""
        return Received(self._journal.lazy_entries(), self._journal.operations)

    def assert_called(self, *, times: int | None = None, within: float | None = None, **matchers: Any) -> Received:
        """Assert that a call arrived that matches, as in `assert_called(page=2)`; return those that do.

        A matcher is a value or a predicate: the fields of an operation, as `projectid`, `status`, `page` and `limit`
        (None: left out), as the consumer sent them; `rc`, `http_status`, `role`, `clause`, `reading` as the fake
        answered; `operation` by its name. `times` is how many exactly; at least one when None. With `within` (seconds)
        it waits until so many have arrived, for calls that another thread or process makes; it does not wait for more.

        Raises:
            AssertionError: with every call that arrived and why it does not match.
            MatcherError: a matcher of an unknown name.
            ValueError: `times` is not a number of calls, or `within` not one of seconds.
        """
        __tracebackhide__ = True
        if times is not None:
            check_number("times", times, "how many calls")
        if within is not None:
            check_seconds("within", within)
            self._journal.wait(count=1 if times is None else times, timeout=within, **matchers)
        found = self.requests.matching(**matchers)
        if not found if times is None else len(found) != times:
            expected = "at least one call" if times is None else f"exactly {times} call{'' if times == 1 else 's'}"
            raise AssertionError(self._failure(expected, matchers))
        return found

    def wait_for(self, *, times: int = 1, within: float = 10.0, **matchers: Any) -> Received:
        """Wait until at least `times` calls have arrived that match, `within` seconds at most; return those that do.

        Matchers are those of `assert_called`, which asserts how many there are exactly.

        Raises:
            AssertionError: they did not arrive in time; with every call that did and why it does not match.
            MatcherError: a matcher of an unknown name.
            ValueError: `times` is not a number of calls, or `within` not one of seconds.
        """
        __tracebackhide__ = True
        check_number("times", times, "how many calls")
        check_seconds("within", within)
        found = Received(self._journal.wait(count=times, timeout=within, **matchers))
        if len(found) < times:
            expected = f"at least {times} call{'' if times == 1 else 's'} within {within:g} s"
            raise AssertionError(self._failure(expected, matchers))
        return found

    def assert_not_called(self, **matchers: Any) -> None:
        """Assert that no call arrived that matches; without matchers, that none arrived at all. As `assert_called`."""
        __tracebackhide__ = True
        if self.requests.matching(**matchers):
            raise AssertionError(self._failure("no call", matchers))

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """What it was asked to redeem, oldest first: each call of `redeem_bulk`, its codes and what became of it."""
        journal = self._journal
        return tuple(
            submission_of(raw, journal.masked(raw), self.readings)
            for raw in journal.calls()
            if raw.call.operation is not None and raw.call.operation.name == REDEEM_BULK.name
        )

    def assert_submitted(
        self, codes: Iterable[str] | None = None, *, times: int | None = None, within: float | None = None
    ) -> tuple[Submission, ...]:
        """Assert that these codes were submitted, all of them in one list; return the submissions that did.

        Their order does not matter; without `codes` any list will do. `times` is how many calls did exactly, refused
        ones included, so that `times=1` fails for a client that submits again; at least one when None. With `within`
        (seconds) it waits until so many calls of `redeem_bulk` have arrived.

        Raises:
            AssertionError: with every submission that arrived; no code is in the text.
            ValueError: `times` is not a number of calls, or `within` not one of seconds.
        """
        __tracebackhide__ = True
        wanted = None if codes is None else tuple(codes)
        if times is not None:
            check_number("times", times, "how many submissions")
        if within is not None:
            check_seconds("within", within)
            self._journal.wait(count=1 if times is None else times, timeout=within, operation=REDEEM_BULK.name)
        arrived = self.submissions
        found = tuple(one for one in arrived if wanted is None or Counter(one.codes) == Counter(wanted))
        if not found if times is None else len(found) != times:
            expected = "at least one submission" if times is None else f"exactly {times} submission{'s' * (times != 1)}"
            raise AssertionError(failure(arrived, wanted, expected))
        return found

    def calls_in_words(self) -> str:
        """Return what arrived, a line for each call; and what reached the server for nobody, as it may be meant so."""
        lines = [str(self.requests)]
        unmatched = list(map(summary, self._unmatched()))
        if unmatched:
            lines += ["and for no merchant that the server knows:", *unmatched]
        return "\n".join(lines)

    def _failure(self, expected: str, matchers: Mapping[str, Any]) -> str:
        text = Matchers(self._journal.operations, **matchers).failure(self.requests, expected, self._journal.mask)
        unmatched = "".join(f"\n  ? {summary(entry)}" for entry in self._unmatched())
        if unmatched:
            text = f"{text}\nMeanwhile, for no merchant that the server knows:{unmatched}"
        return text
