"""One fake for many tests: each gets a merchant of its own, and the HTTP server starts when it is first needed."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.provider.journal.journal import Journal
from mockserver.provider.journal.recorded import Entry, RawEntry
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.handlers import HANDLERS
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import MovableClock
from mockserver.provider.state.log import Log, StateError
from mockserver.provider.state.new_ids import Identities
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Merchant, World
from mockserver.testing.builders import WorldSource, read_world_source
from mockserver.testing.doubles.vendor_host import guarding_vendor_host
from mockserver.testing.merchant import FakeMerchant

if TYPE_CHECKING:
    from mockserver.web.server import Server

CALLS_KEPT = 10_000
UNMATCHED_KEPT = 100
# Where the clock stands with a seed, in Unix seconds: after all dates of vouchers that are made up.
REPEATABLE_NOW = 1_748_754_000.0

ReadingChoices = Readings | Mapping[str, object]

_NOBODY = Merchant("", "")


class FakeServer:
    """A fake provider for a whole run; `url` is its address for clients in other processes and languages.

    Nothing listens before `url` is first read. `readings` holds for every merchant that is given none of its own;
    `port` 0 picks a free one. With a `seed` whatever is made up is the same in each run: ids, secrets, vouchers, their
    outcomes, and dates, for then the clock stands at `REPEATABLE_NOW`; `clock.run()` of a merchant lets it go. It
    serves the operations of `handlers`. `undocumented_calls` says, a line for each, what the doubles of its merchants
    were asked at the vendor's host that no page of the vendor documents, and which calls were about to leave for the
    vendor's real host. With `allow_vendor_host` the latter do leave.

    `state` is the URL of a state that outlives it and that other processes may serve too, as `serve --state` takes it:
    where it has begun already, `readings` and `seed` do not hold for what is there.

    Raises:
        ReadingsError: a reading or a value that the register does not have.
        ValueError: a seed that is not a whole number, or (StateError) a state that cannot be used.
    """

    def __init__(
        self,
        *,
        readings: ReadingChoices | None = None,
        seed: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        handlers: Iterable[Handler[Any]] = HANDLERS,
        allow_vendor_host: bool = False,
        state: str | None = None,
    ) -> None:
        self.readings = as_readings(readings)
        if isinstance(seed, bool) or not isinstance(seed, (int, type(None))):
            raise ValueError(f"seed={seed!r}: expected a whole number, or None")
        self.seed = seed or 0
        self.identities = Identities(seed)
        self._host, self._port = host, port
        self.allows_vendor_host = allow_vendor_host
        self._journals: dict[str, Journal] = {}
        clock = MovableClock()
        if seed is not None:
            clock.freeze(REPEATABLE_NOW)
        self.provider = Provider(
            World(),
            self.readings,
            clock,
            observers=(self._record_for_merchant,),
            handlers=handlers,
            log=None if state is None else _opened(state),
        )
        self.undocumented_calls: list[str] = []
        # How many submissions arrived, for whomever.
        self.submissions_received = 0
        self._submission_plans: dict[str, Plan] = {}
        self._unmatched: deque[RawEntry] = deque(maxlen=UNMATCHED_KEPT)
        self._scopes: list[Readings] = []
        self._server: Server | None = None
        self._served_in = self._made_in = os.getpid()
        # What a fork was born with: it is its parent's to stop.
        self._inherited: list[Server] = []
        self._was_stopped = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        idle = "stopped" if self._was_stopped else "not started"
        return f"FakeServer({self._server.url if self._server else idle})"

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; reading it starts the server.

        Raises:
            ServerError: the server was stopped; the address is taken or not of this machine; or this process is a fork
                of the one that its merchants are in, which has not read it.
        """
        return self.url_in(self._made_in)

    def url_in(self, process: int) -> str:
        """Return `url` for merchants that were made in this process, by its id. Raises as `url` does."""
        here = os.getpid()
        with self._lock:
            if self._server is not None and self._served_in != here == process:
                self._inherited.append(self._server)
                self._server = None
            if self._server is None:
                from mockserver.web.server import Server, ServerError  # noqa: PLC0415 - only a run that reads a url

                if self._was_stopped:
                    raise ServerError("the server was stopped; read url before that, inside the block that serves")
                if process != here:
                    raise ServerError(
                        f"url was first read in process {here}, a fork of {process} where its merchants are: a server "
                        "here would be a second fake, of which the test hears nothing; read url once before the fork"
                    )
                server = Server(self.provider, host=self._host, port=self._port)
                server.start()
                self._server, self._served_in = server, here
            return self._server.url

    def stop(self) -> None:
        """Stop listening, for good: only a new merchant makes it serve again. A second call does nothing."""
        with self._lock:
            self._was_stopped = True
            if self._server is not None and self._served_in == os.getpid():
                self._server.stop()
                self._server = None

    def merchant(
        self,
        *,
        readings: ReadingChoices | None = None,
        world: WorldSource | None = None,
        keep_ids: bool = False,
    ) -> FakeMerchant:
        """Return a new merchant with an id and a secret of its own, served under `readings` of its own if given.

        It has the projects of the first merchant in `world` (a world file, its document, or a `World`); what other
        merchants stand there come along as its `others`. Their ids and secrets are new too, unless `keep_ids`.

        Raises:
            ReadingsError: a reading or a value that the register does not have.
            WorldError: the world cannot be served.
        """
        # A plugin that runs the last test again has let the fixtures of the session end before.
        self._was_stopped = False
        self._made_in = os.getpid()
        own = None if readings is None else as_readings(readings)
        read, plan = self._read(world, own)
        merchants = read if read and keep_ids else map(self._renamed, read or [_NOBODY])
        taken_in = [self._take_in(one, own) for one in merchants]
        for one in taken_in:
            self.plan_submissions(one.merchant_id, plan)
        taken_in[0].others = tuple(taken_in[1:])
        return taken_in[0]

    def merchants(self) -> list[FakeMerchant]:
        """Return every merchant that is there, those of a state included that others began."""
        with self.provider.up_to_date():
            return [self._as_fake_merchant(one) for one in self.provider.store.merchants()]

    def remove(self, merchant: FakeMerchant) -> None:
        """Forget a merchant and its `others`; a call to one is ERR-2 from now on."""
        for one in (merchant, *merchant.others):
            one.clear_faults()
            self.provider.remove_merchant(one.merchant_id)
            self._journals.pop(one.merchant_id, None)
            self.plan_submissions(one.merchant_id, None)

    @contextmanager
    def under(self, readings: Readings) -> Iterator[None]:
        """Serve merchants that have no readings of their own, known or not, under these, while all such blocks agree.

        When they do not, it is under those of the server: nobody can tell whose call it was.
        """
        self._rescope(self._scopes.append, readings)
        try:
            yield
        finally:
            self._rescope(self._scopes.remove, readings)

    def unmatched(self, after: int) -> list[Entry]:
        """Return the newest calls for no merchant that the server knows, numbered above `after` in its journal."""
        return [self.provider.journal.masked(kept) for kept in tuple(self._unmatched) if kept.n > after]

    def plan_submissions(self, merchant_id: str, plan: Plan | None) -> None:
        """Let this plan move what a merchant's clients submit from now on; None leaves it as it is."""
        if plan is None:
            self._submission_plans.pop(merchant_id, None)
        else:
            self._submission_plans[merchant_id] = plan

    def _rescope(self, change: Callable[[Readings], None], readings: Readings) -> None:
        with self._lock:
            change(readings)
            scopes, wanted = self._scopes, self.readings
            if scopes and all(one is scopes[0] or one == scopes[0] for one in scopes):
                wanted = scopes[0]
            # Twice in a test it is what it was.
            if self.provider.readings is not wanted:
                self.provider.readings = wanted

    def _read(self, world: WorldSource | None, own: Readings | None) -> tuple[list[Merchant], Plan | None]:
        if world is None:
            return [], None
        read = read_world_source(world, own or self.provider.readings, self.provider.clock)
        return [_with_plan(merchant, read.plan) for merchant in read.merchants], read.plan

    def _renamed(self, merchant: Merchant) -> Merchant:
        merchant_id = self.identities.merchant_id()
        while self.provider.store.merchant(merchant_id) is not None:
            merchant_id = self.identities.merchant_id()
        session_key = merchant.session_key or self.identities.secret()
        return Merchant(merchant_id, self.identities.secret(), session_key, merchant.projects)

    def _take_in(self, merchant: Merchant, readings: Readings | None) -> FakeMerchant:
        return self._as_fake_merchant(self.provider.add_merchant(merchant, readings))

    def _as_fake_merchant(self, stored: MerchantStore) -> FakeMerchant:
        provider = self.provider
        journal = self._journals.get(stored.merchant_id)
        if journal is None:
            journal = Journal(provider.maskers, capacity=CALLS_KEPT, operations=provider.operations)
            self._journals[stored.merchant_id] = journal
            if provider.is_shared:
                journal.follow(CallsOf(stored.merchant_id, provider, journal))
        return FakeMerchant(self, stored, journal)

    def _record_for_merchant(self, kept: RawEntry) -> None:
        self.submissions_received += kept.call.operation is REDEEM_BULK
        merchant_id = kept.call.merchant_id or ""
        journal = self._journals.get(merchant_id)
        if self.provider.is_shared:
            if self.provider.store.merchant(merchant_id) is None:
                self._unmatched.append(kept)
        elif journal is not None:
            journal.record(kept.call, kept.reply, kept.took)
        else:
            self._unmatched.append(kept)
        if kept.reply.made is not None:
            self._start_plan(kept.call.merchant_id or "", kept.reply.made.project_id)

    def _start_plan(self, merchant_id: str, project_id: str) -> None:
        plan, merchant = self._submission_plans.get(merchant_id), self.provider.store.merchant(merchant_id)
        project = None if merchant is None else merchant.project(project_id)
        if plan is not None and merchant is not None and project is not None:
            self.provider.set_plan(merchant, project, plan)


def _opened(state: str) -> Log:
    from mockserver.storage.opening import open_log  # noqa: PLC0415 - only who keeps a state needs a database

    return open_log(state)


class CallsOf:
    """Takes the calls of one merchant into a journal of its own, from one that other processes write too."""

    def __init__(self, merchant_id: str, provider: Provider, journal: Journal) -> None:
        self._merchant_id = merchant_id
        self._provider = provider
        self._journal = journal
        self._seen = 0
        self._generation = provider.journal.generation

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Return a block in which every call is there that anybody acknowledged before it began."""
        with self._provider.up_to_date():
            everything = self._provider.journal
            if everything.generation != self._generation:
                self._seen, self._generation = 0, everything.generation
                self._journal.clear()
            for kept in everything.calls(after=self._seen):
                self._seen = kept.n
                if kept.call.merchant_id == self._merchant_id:
                    self._journal.keep(msgspec.structs.replace(kept, n=self._journal.last + 1))
            yield


def _with_plan(merchant: Merchant, plan: Plan | None) -> Merchant:
    """Give a world's plan to the projects that have none: the merchant leaves that world."""
    if plan is None:
        return merchant
    projects = tuple(msgspec.structs.replace(one, plan=one.plan or plan) for one in merchant.projects)
    return msgspec.structs.replace(merchant, projects=projects)


@contextmanager
def serve(
    world: WorldSource | None = None,
    *,
    readings: ReadingChoices | None = None,
    seed: int | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_vendor_host: bool = False,
    state: str | None = None,
) -> Iterator[FakeMerchant]:
    """Serve a merchant on a server of its own until the block ends; what the fixture `apigames` is, without pytest.

    `world` is a world file, its document or a `World`; its merchants keep the ids and secrets they have there, and
    the first is the one returned. Without it, the merchant is new and has no projects yet. `seed` is that of
    `FakeServer`. Meanwhile no call of this
    process leaves for the vendor's real host (it raises EscapedCall), unless `allow_vendor_host`.

    With `state`, the URL of a state as `serve --state` takes it, the fake goes on where that was left: the first
    merchant there is returned. An empty one begins with `world` and `readings`.

    Raises:
        ReadingsError: a reading or a value that the register does not have.
        WorldError: the world cannot be served.
        ServerError: the address is taken or not of this machine.
        ValueError: a seed that is not a whole number; (StateError) a state that cannot be used, or that is not empty
            where `world`, `readings` or `seed` would say how it begins.
    """
    server = FakeServer(
        readings=readings, seed=seed, host=host, port=port, allow_vendor_host=allow_vendor_host, state=state
    )
    begun = [] if state is None else server.merchants()
    given = {"world": world, "readings": readings, "seed": seed}
    said = [name for name, value in given.items() if value is not None]
    if begun and said:
        server.stop()
        raise StateError(
            f"the state is not empty, and {', '.join(said)} would say how it begins: leave that out to go on with what "
            "is there, or name an empty one"
        )
    merchant = begun[0] if begun else server.merchant(world=world, keep_ids=world is not None)
    try:
        server.url  # noqa: B018 - reading it starts the server
        with guarding_vendor_host(server):
            yield merchant
    finally:
        server.stop()


def as_readings(readings: ReadingChoices | None) -> Readings:
    """Return readings as a value; None is the defaults. Raises as `Readings.of` does."""
    if readings is None:
        return Readings()
    return readings if isinstance(readings, Readings) else Readings.of(readings)
