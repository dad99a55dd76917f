"""Runs tests that know nothing of it on a state which is shared: `pytest --state sqlite` or `--state postgresql`.

Each fake that a test makes is given a log of its own. With PostgreSQL there is a second fake of the same log behind
each server, and calls go to one and the other by turns: what a test sets up on the first has to be seen on both.
"""

from __future__ import annotations

import inspect
import itertools
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

import mockserver.web.server
from mockserver.provider.provider import Provider
from mockserver.provider.state.log import Log
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from mockserver.web.dispatch import Dispatcher
from tests.support.postgresql import Postgresql, why_not

STATES = ("sqlite", "postgresql")
_MOST_OPEN = 30

# Tests that look inside the process, or at what a shared state does otherwise; by the beginning of their names.
NOT_ON_SHARED: Mapping[str, str] = {
    "tests/provider/journal/test_journal_list.py::test_what_is_forgotten": "clears the journal of one process alone",
    "tests/web/admin/test_changes_at_once.py::test_a_change_while_another_world": "its world cannot be written",
    "tests/web/admin/test_dashboard.py::test_older_requests_that_are_forgotten": "gives the fake another journal",
    "tests/web/test_internal_error.py::test_whatever_fails_in_serving": "breaks what calls do not come to",
    "tests/web/test_processes.py::test_several_processes": "without a state they are refused",
}
_WHO_WAITS = "looks at who waits in one process, and calls wait in another"
NOT_ON_REPLICAS: Mapping[str, str] = {
    **NOT_ON_SHARED,
    "tests/web/admin/test_admin.py::test_a_wait_since_a_call_is": _WHO_WAITS,
    "tests/web/admin/test_admin.py::test_many_waits": _WHO_WAITS,
    "tests/web/admin/test_long_poll.py": _WHO_WAITS,
    "tests/web/admin/test_costs.py::test_unless_told": "lets one process keep more calls than the other",
    "tests/web/test_bounds.py": "measures what one process holds",
    "tests/web/test_differential.py": "lets the doctor speak in the headers of one process alone",
    "tests/web/test_server.py::test_many_servers": "has more servers than the database takes connections",
}


def why_not_at_all(state: str) -> str | None:
    """Return why no test can be run on such a state here, None where they can."""
    return why_not() if state == "postgresql" else None


def why_not_shared(state: str, node_id: str) -> str | None:
    """Return why a test is not run on such a state, None where it is."""
    excluded = NOT_ON_REPLICAS if state == "postgresql" else NOT_ON_SHARED
    return next((why for name, why in excluded.items() if node_id.startswith(name)), None)


class Logs:
    """The logs that were opened: a fake that nobody has any more is collected late, and each takes some files."""

    def __init__(self) -> None:
        self._opened: deque[Log] = deque()

    def open(self, url: str) -> Log:
        """Open the log of a new fake."""
        if len(self._opened) == _MOST_OPEN:
            self._opened.popleft().close()
        self._opened.append(log := open_log(url))
        return log

    def close(self) -> None:
        """Close them all; whoever needs one still opens it again."""
        while self._opened:
            self._opened.pop().close()


@contextmanager
def shared(state: str) -> Iterator[Logs]:
    """Give each fake that is made a log, and with PostgreSQL a second fake beside it."""
    logs = Logs()
    if state == "postgresql":
        database = Postgresql()
        try:
            with _given_logs(database.new_state, logs, with_replicas=True):
                yield logs
        finally:
            database.remove()
        return
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        with _given_logs(lambda: f"sqlite:///{Path(folder) / str(next(numbers))}.db", logs, with_replicas=False):
            yield logs


@contextmanager
def _given_logs(new_url: Callable[[], str], logs: Logs, *, with_replicas: bool) -> Iterator[None]:
    begin = Provider.__init__
    made: WeakKeyDictionary[Provider, tuple[str, dict[str, Any]]] = WeakKeyDictionary()

    @wraps(begin)
    def begin_shared(self: Provider, *arguments: Any, **more: Any) -> None:
        given = inspect.signature(begin).bind(self, *arguments, **more).arguments
        if given.get("log") is None:
            url = new_url()
            given["log"] = logs.open(url)
            made[self] = url, given
        begin(**given)

    def dispatcher(provider: Provider, access: Any) -> Any:
        one = Dispatcher(provider, access)
        if provider not in made:
            return one
        url, given = made[provider]
        started = {**given, "world": World(), "rules": (), "clock": provider.clock.copy(), "log": logs.open(url)}
        del started["self"]
        return _Turns(one, Dispatcher(Provider(**started), access))

    with mock.patch.object(Provider, "__init__", begin_shared):
        if not with_replicas:
            yield
            return
        with mock.patch.object(mockserver.web.server, "Dispatcher", dispatcher):
            yield


class _Turns:
    """Two of a kind: calls go to one and the other by turns."""

    def __init__(self, one: Dispatcher, other: Dispatcher) -> None:
        self._turns = itertools.cycle([one, other])
        self.body_bytes = one.body_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(next(self._turns), name)
