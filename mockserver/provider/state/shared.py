"""A state that outlives its process, and that other processes share: kept in step with a log.

Each process has the whole state in memory, so that a page costs what it costs without. Whoever looks makes sure first
that it has seen the head of the log. Calls are answered of what was seen last, and recorded on the condition that it is
the head still: else they are answered anew. Whatever depends on the present state is looked at, changed and written
while nobody else writes. Nothing is acknowledged before it is written: replies go out when the outermost block has
ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import msgspec

from mockserver.contract.operation import Operations
from mockserver.provider.internal_error import ERRORS
from mockserver.provider.journal.journal import Journal, is_long, shortened
from mockserver.provider.journal.recorded import Call, RawEntry
from mockserver.provider.journal.written import read_call, write_call
from mockserver.provider.reply import Reply
from mockserver.provider.state.changes import (
    Begin,
    Change,
    ClearJournal,
    Reset,
    ResetMerchant,
    Restore,
    decode_change,
    encode_change,
)
from mockserver.provider.state.log import Head, Log, LoggedCall, StateError, StateUnavailable
from mockserver.provider.state.log_growth import LogGrowth

# With them the journal forgets calls.
_FORGETTING = (Begin, Restore, Reset, ResetMerchant, ClearJournal)

_T = TypeVar("_T")


class SharedState:
    """`with shared:` is for what looks at the state and changes it by that; `with shared.reading():` for who looks.

    `answer` is for calls.

    `apply` makes a change in memory. One thread at a time is in either block; they may be nested. What is written is
    kept when the outermost ends: it raises StateUnavailable where that fails, and then nothing of it is acknowledged.
    After a failure the state in memory is not trusted: it is made anew from the log when that is back.

    When to make all changes again would cost more than to open a snapshot of what they led to, `as_change`, that takes
    their place: so a state opens quickly however long it was changed, and each change pays its share of a snapshot.
    """

    def __init__(
        self,
        log: Log,
        apply: Callable[[Change], Any],
        as_change: Callable[[], Change],
        journal: Journal,
        operations: Operations,
    ) -> None:
        self._log = log
        self._apply = apply
        self._as_change = as_change
        self._growth = LogGrowth()
        self._journal = journal
        self._operations = operations
        self._lock = threading.RLock()
        self._reading = _Block(lambda: self._enter(self._look), self._leave)
        self._guessing = _Block(lambda: self._enter(self._guess), self._leave)
        self._depth = 0
        # The thread that is in a block.
        self._owner = 0
        self._seen = 0
        self._epoch = 0
        self._is_writing = self._is_lost = self._is_told = self._is_replaced = False
        # Whether it could not be looked at; where it can, writing may still fail.
        self._is_unseen = False
        # Whether it was read once.
        self._is_open = False
        # What is answered in this block holds only if nobody has changed anything until something is written.
        self._is_guess = False
        self._changes: list[bytes] = []
        self._calls: list[tuple[Call, Reply, float]] = []
        self._written: list[RawEntry] = []
        # Those of the block that has ended, and whether calls were forgotten in it.
        self._recorded: list[RawEntry] = []
        self._has_forgotten = False
        # How often others have made the journal forget calls.
        self._times_forgotten = 0
        # The number of the last call that there is for others too, and of the last that this block wrote.
        self._last_call = self._last_written = 0
        journal.follow(self._journal_up_to_date)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever written; to be asked in a block."""
        return self._seen == 0

    def __enter__(self) -> None:
        self._enter(self._write)

    def __exit__(self, *exc_info: object) -> None:
        self._leave()

    def reading(self) -> AbstractContextManager[None]:
        """Return a block in which the state is as it is when the block begins, or later."""
        return self._reading

    def commit(self, change: Change) -> Any:
        """Make a change, and write it; return what it made."""
        with self:
            written = encode_change(change)
            forgets = isinstance(change, (ClearJournal, Reset, ResetMerchant))
            if forgets:
                self._write_calls()
            made = self._apply(change)
            self._changes.append(written)
            if forgets:
                merchant_id = change.merchant_id if isinstance(change, ResetMerchant) else None
                self._try(lambda: self._log.forget_calls(merchant_id, numbers_too=isinstance(change, Reset)))
                self._has_forgotten = True
                if isinstance(change, Reset):
                    self._last_call = self._last_written = 0
            return made

    def answer(self, judge: Callable[[], _T]) -> _T:
        """Return what `judge` returns, which answers calls and records them: all of one state, and kept.

        It is called again, while nobody else writes, where others have changed something: what it does besides, it may
        do twice.
        """
        if self._owner == threading.get_ident():
            return judge()
        try:
            with self._guessing:
                return judge()
        except MovedOn:
            with self:
                return judge()

    def record(self, call: Call, reply: Reply, took: float) -> None:
        """Keep a call in the journal of all, when the block ends that this is in; `took` is in seconds."""
        if is_long(call, reply):
            call, reply = shortened(call, reply)
        self._calls.append((call, reply, took))

    def number_of_last_call(self) -> int:
        """Return the number in the journal of the call that this block recorded last; it gets it now."""
        self._write()
        self._write_calls()
        return self._written[-1].n

    @contextmanager
    def _journal_up_to_date(self) -> Iterator[None]:
        with self.reading():
            if self._journal.last < self._last_call and not self._has_read_calls():
                # Others made it forget some in between: once more, while nobody else writes.
                self._write()
                self._has_read_calls()
            yield

    def _has_read_calls(self) -> bool:
        """Read the calls that are not known here; tell whether they are all of one moment, else none is kept."""
        journal, last, forgotten = self._journal, self._last_call, self._times_forgotten
        found = self._try(lambda: self._log.calls(journal.last, max(journal.capacity, 1)))
        self._look_again()
        if forgotten != self._times_forgotten:
            return False
        for one in found:
            # Later ones are behind changes that were not seen, or are not yet for anybody to see.
            if one.n <= last:
                journal.keep(read_call(one.n, one.head, one.own, one.reply, self._operations))
        journal.skip_to(last)
        return True

    def compact(self) -> None:
        """Put one change in the place of all those that there are: that which says what they did."""
        with self:
            assert not self._changes, "what is not written yet would be made twice"
            written = encode_change(self._as_change())
            self._try(lambda: self._log.replace(written))
            self._growth.restart(self._seen, len(written))
            self._is_replaced = True

    def _enter(self, begin: Callable[[], None]) -> None:
        self._lock.acquire()
        self._depth += 1
        self._owner = threading.get_ident()
        try:
            begin()
        except BaseException:
            self._depth -= 1
            if not self._depth:
                self._owner = 0
                self._drop()
            self._lock.release()
            raise

    def _leave(self) -> None:
        try:
            if self._depth == 1:
                self._keep()
        finally:
            self._depth -= 1
            try:
                if not self._depth:
                    self._owner = 0
                    self._tell_of_calls()
            finally:
                self._lock.release()

    def _tell_of_calls(self) -> None:
        """Tell of the calls that were kept, one block after another; whoever hears of them may begin a new one."""
        has_forgotten, self._has_forgotten = self._has_forgotten, False
        if self._recorded:
            recorded, self._recorded = self._recorded, []
            self._journal.tell(recorded, keep=not has_forgotten)

    def _look(self) -> None:
        if self._depth == 1:
            try:
                self._catch_up(self._try(self._log.head))
            except (StateUnavailable, StateError):
                self._is_unseen = True
                raise
            if self._is_unseen:
                self._is_unseen = False
                self._tell_of_return()

    def _look_again(self) -> None:
        if not self._is_writing:
            head = self._try(self._log.head)
            self._check_guess(head)
            self._catch_up(head)

    def _guess(self) -> None:
        if self._is_lost or not self._epoch:
            self._look()
        else:
            self._is_guess = True

    def _write(self) -> None:
        if not self._is_writing:
            head = self._try(self._log.begin)
            self._is_writing = True
            self._check_guess(head)
            self._catch_up(head)

    def _check_guess(self, head: Head) -> None:
        if self._is_guess:
            self._is_guess = False
            if (head.epoch, head.change) != (self._epoch, self._seen):
                self._drop()
                raise MovedOn

    def _catch_up(self, head: Head) -> None:
        if head.epoch != self._epoch:
            if self._epoch and not head.change:
                emptied = StateUnavailable(f"the state {self._log.name} was emptied, and has not begun anew")
                self._tell(emptied)
                raise emptied
            self._is_lost, self._epoch = True, head.epoch
        if head.change < self._seen or (head.change == self._seen and head.call < self._last_call):
            self._is_lost = True  # brought back from a copy
        self._last_call = self._last_written = head.call
        if head.change == self._seen and not self._is_lost:
            return
        if self._is_lost:
            self._seen = 0
        self._try(self._read_changes)
        self._is_lost = False

    def _read_changes(self) -> None:
        self._log.lean_on_nothing()
        for n, written in self._log.changes(self._seen):
            try:
                change = decode_change(written)
                self._apply(change)
            except (msgspec.ValidationError, LookupError, ValueError) as error:
                raise StateError(
                    f"change {n} of the state {self._log.name} cannot be made ({type(error).__name__}); it was "
                    "written by another version: use that one, or begin anew"
                ) from error
            self._seen = n
            self._times_forgotten += isinstance(change, _FORGETTING)
            if isinstance(change, (Begin, Restore)):
                self._growth.restart(n, len(written))
            else:
                self._growth.add(len(written))
        self._is_open = True

    def _keep(self) -> None:
        """Write what is to be written of the block that ends, and keep it for good; then see to the log."""
        has_changed = bool(self._changes)
        self._write_down()
        if has_changed and self._growth.is_due:
            self._shorten()

    def _shorten(self) -> None:
        """Put a snapshot in the place of all changes, unless another process has; what fails is for the next time."""
        try:
            self._write()
            first = self._log.first()
            if first != self._growth.snapshot:
                self._growth.restart(first, self._growth.size)
                return
            written = encode_change(self._as_change())
            self._log.replace(written)
            self._log.commit()
            self._is_writing = False
            self._growth.restart(self._seen, len(written))
        except (StateUnavailable, StateError) as error:
            self._growth.postpone()
            logging.getLogger(ERRORS).warning("no snapshot is made, and the state opens more slowly: %s", error)
        finally:
            self._drop()

    def _write_down(self) -> None:
        """Write what is to be written, and keep it for good."""
        is_changed = bool(self._changes or self._written or self._is_replaced)
        if not (is_changed or self._calls):
            if self._is_guess:
                self._check_guess(self._try(self._log.head))
            self._drop()
            return
        try:
            if self._is_lost:
                raise StateUnavailable(f"the state {self._log.name} was lost on the way")
            if self._is_writing or is_changed or not self._has_recorded():
                self._write_all()
        except MovedOn:
            raise
        except BaseException as error:
            self._is_lost = True
            self._drop()
            if not isinstance(error, (StateUnavailable, StateError)):
                self._log.close()  # in the middle of something, others may wait for it
            raise
        self._is_writing = self._is_replaced = self._is_guess = False
        self._last_call = self._last_written
        for n, change in enumerate(self._changes, self._seen + 1):
            self._growth.add(len(change)) if n > 1 else self._growth.restart(n, len(change))
        self._seen += len(self._changes)
        self._recorded, self._written, self._changes = self._written, [], []
        self._tell_of_return()

    def _has_recorded(self) -> bool:
        """Write the calls of a block in which nothing is changed, if nobody has changed anything; tell whether."""
        seen = Head(self._seen, self._last_call, self._epoch)
        first = self._try(lambda: self._log.record(self._logged(), self._journal.capacity, seen))
        if first is None:
            return False
        self._take(first)
        return True

    def _write_all(self) -> None:
        # What others did meanwhile comes before the calls: they may have forgotten those of before.
        self._write()
        if self._changes:
            self._try(lambda: self._log.append(self._changes))
        self._write_calls()
        self._try(self._log.commit)

    def _write_calls(self) -> None:
        if self._calls:
            self._take(self._try(lambda: self._log.append_calls(self._logged(), self._journal.capacity)))

    def _logged(self) -> list[LoggedCall]:
        return [
            LoggedCall(call.merchant_id, call.request.body, *write_call(call, reply, took), *reply.parts)
            for call, reply, took in self._calls
        ]

    def _take(self, first: int) -> None:
        """Take it that the calls of this block are written, the first under this number."""
        self._written += [RawEntry(n, *one) for n, one in enumerate(self._calls, first)]
        self._last_written = first + len(self._calls) - 1
        self._calls = []

    def _drop(self) -> None:
        """Keep nothing of the block that ends."""
        self._is_replaced = self._is_guess = False
        if self._is_writing:
            self._is_writing = False
            self._log.rollback()
        self._changes, self._calls, self._written = [], [], []

    def _try(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (StateUnavailable, StateError) as error:
            self._tell(error)
            raise

    def _tell(self, error: StateUnavailable | StateError) -> None:
        """Say once why calls get 503; whoever opens a state that cannot be read gets that as an error."""
        self._is_lost = True
        if not self._is_told and (self._is_open or isinstance(error, StateUnavailable)):
            self._is_told = True
            logging.getLogger(ERRORS).error("%s; calls get 503 until it is back", error)

    def _tell_of_return(self) -> None:
        if self._is_told:
            self._is_told = False
            logging.getLogger(ERRORS).warning("the state %s can be reached again", self._log.name)


class MovedOn(Exception):
    """What a call was answered of is no longer so."""


class _Block:
    """A block that may be entered again and again, also while it is entered."""

    def __init__(self, enter: Callable[[], None], leave: Callable[[], None]) -> None:
        self._enter, self._leave = enter, leave

    def __enter__(self) -> None:
        self._enter()

    def __exit__(self, *exc_info: object) -> None:
        self._leave()
