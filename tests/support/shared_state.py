"""Runs tests that know nothing of it on a state which is shared: `pytest --state sqlite` or `--state postgresql`.

Each fake that a test makes is given a log of its own, and so is each `serve` that it starts. With PostgreSQL there is a
second fake of the same log behind each server and each app, and calls go to one and the other by turns: what a test
sets up on the first has to be seen on both.
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
from weakref import WeakKeyDictionary, WeakSet

from flask import Flask

import mockserver.web.app
import mockserver.web.server
from mockserver.provider.journal.journal import Journal
from mockserver.provider.provider import Provider
from mockserver.provider.state.log import Log
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from mockserver.web.admin.access import Access
from mockserver.web.dispatch import Dispatcher
from tests.support.command import Serving
from tests.support.postgresql import Postgresql, why_not

STATES = ("sqlite", "postgresql")
_MOST_OPEN = 30


def why_not_at_all(state: str) -> str | None:
    """Return why no test can be run on such a state here, None where they can."""
    return why_not() if state == "postgresql" else None


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
    replicas = _Replicas(logs)

    @wraps(begin)
    def begin_shared(self: Provider, *arguments: Any, **more: Any) -> None:
        given = inspect.signature(begin).bind(self, *arguments, **more).arguments
        if given.get("log") is None:
            url = new_url()
            given["log"] = logs.open(url)
            replicas.may_be_made(self, url, given)
        begin(**given)

    def of_state() -> Mapping[str, str]:
        return {"APIGAMES_MOCK_STATE": new_url()}

    with mock.patch.object(Provider, "__init__", begin_shared), mock.patch.object(Serving, "of_state", of_state):
        if not with_replicas:
            yield
            return
        with (
            mock.patch.object(mockserver.web.server, "Dispatcher", replicas.dispatcher),
            mock.patch.object(mockserver.web.app, "create_app", replicas.app),
            mock.patch.object(Journal, "listeners", property(replicas.listeners)),
        ):
            yield


class _Replicas:
    """The second fakes: each is made when somebody is to be served by both, and is set as the first is."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._begun: WeakKeyDictionary[Provider, tuple[str, dict[str, Any]]] = WeakKeyDictionary()
        self._made: WeakKeyDictionary[Provider, Provider] = WeakKeyDictionary()
        self._journals: WeakKeyDictionary[Journal, Journal] = WeakKeyDictionary()
        self._behind_servers: WeakSet[Provider] = WeakSet()
        self._listeners: Callable[[Journal], int] = vars(Journal)["listeners"].fget
        self._create_app = mockserver.web.app.create_app

    def may_be_made(self, first: Provider, url: str, given: Mapping[str, Any]) -> None:
        """Remember how the first was made."""
        self._begun[first] = url, {name: value for name, value in given.items() if name != "self"}

    def dispatcher(self, first: Provider, access: Access) -> Any:
        """Return what answers the calls to a server: by turns."""
        one, other = Dispatcher(first, access), self._beside(first)
        if other is None:
            return one
        self._behind_servers.add(first)
        return _Turns(first, other, one, Dispatcher(other, access))

    def app(self, first: Provider, access: Access | None = None) -> Flask:
        """Return the app of this fake, which answers by turns unless a server does so already."""
        access = access or Access()
        made = self._create_app(first, access)
        other = None if first in self._behind_servers else self._beside(first)
        if other is not None:
            turns = _Turns(first, other, made.wsgi_app, self._create_app(other, access).wsgi_app)
            made.wsgi_app = turns.answer_wsgi  # type: ignore[method-assign,assignment]
        return made

    def listeners(self, journal: Journal) -> int:
        """Return how many wait for calls, at whichever."""
        beside = self._journals.get(journal)
        return sum(self._listeners(one) for one in (journal, beside) if one is not None)

    def _beside(self, first: Provider) -> Provider | None:
        if first not in self._begun:
            return None
        if first not in self._made:
            url, given = self._begun[first]
            started = {"world": World(), "rules": (), "clock": first.clock.copy(), "log": self._logs.open(url)}
            other = self._made[first] = type(first)(**{**given, **started})
            self._journals[first.journal] = other.journal
        return self._made[first]


class _Turns:
    """Two of a kind: calls go to one and the other by turns."""

    def __init__(self, first: Provider, second: Provider, one: Any, other: Any) -> None:
        self._first, self._second = first, second
        self._turns = itertools.cycle([one, other])

    def next(self) -> Any:
        """Return whose turn it is; what a test has set of the first since holds of the second too."""
        self._second.doctor_header = self._first.doctor_header
        self._second.journal.capacity = self._first.journal.capacity
        return next(self._turns)

    def answer_wsgi(self, environ: Any, start: Any) -> Any:
        """Answer a call, where the two are WSGI apps."""
        return self.next()(environ, start)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.next(), name)
