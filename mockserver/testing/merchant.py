"""A merchant of a test's own: its address and credentials, its projects, and what goes wrong for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from mockserver.contract.readings import Readings
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.faults.faults import DEFAULT_RETRY_AFTER, DEFAULT_SECONDS, Fault, fault_named
from mockserver.provider.faults.rules import Rule
from mockserver.provider.journal.journal import Journal
from mockserver.provider.state.clock import MovableClock
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Project, Voucher
from mockserver.testing.builders import (
    project_id_of,
    voucher_entries,
    vouchers_by_status,
    vouchers_from_entries,
)
from mockserver.testing.present import present_merchant
from mockserver.testing.project import FakeProject
from mockserver.testing.received_calls import ReceivedCalls
from mockserver.testing.validation import check_codes, check_number, check_project, check_seconds, check_share

if TYPE_CHECKING:
    from responses import RequestsMock

    from mockserver.testing.doubles.httpx_double import HttpxDouble
    from mockserver.testing.server import FakeServer


class FakeMerchant(ReceivedCalls):
    """A merchant with an id and secrets of its own, so that no other test sees it.

    `merchant_id`, `secret_key` and `session_key` are text; `signature` is the one that its calls must carry (REQ-2).
    `others` are the other merchants of the world it was made from.
    """

    def __init__(self, server: FakeServer, stored: MerchantStore, journal: Journal) -> None:
        self.server = server
        self.others: tuple[FakeMerchant, ...] = ()
        self._given = stored
        self._made_in = os.getpid()
        arrived_before = server.provider.journal.total
        super().__init__(journal, lambda: server.unmatched(after=arrived_before))

    @property
    def _stored(self) -> MerchantStore:
        return present_merchant(self.server.provider, self._given)

    def __repr__(self) -> str:
        return f"FakeMerchant({self.merchant_id!r}, {len(self.projects)} projects, {self._journal.total} calls)"

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; reading it starts the server."""
        return self.server.url_in(self._made_in)

    @property
    def merchant_id(self) -> str:
        """The id that stands in the path of its calls."""
        return self._given.merchant_id

    @property
    def secret_key(self) -> str:
        """The secret that signs its calls."""
        return self._given.secret_key

    @property
    def session_key(self) -> str:
        """A session key; its value is never checked (reading `session_key`)."""
        return self._given.session_key or ""

    @property
    def signature(self) -> str:
        """Lower-case hex md5 of merchant id and secret key (REQ-2)."""
        return self._given.signature

    @property
    def undocumented_calls(self) -> list[str]:
        """What doubles were asked at the vendor's host that its page does not have, a line for each.

        A test fails when it leaves any here; one that expects them takes them out: `undocumented_calls.clear()`.
        """
        return self.server.undocumented_calls

    @property
    def readings(self) -> Readings:
        """The readings it is served under."""
        return self._stored.readings or self.server.provider.readings

    @property
    def clock(self) -> MovableClock:
        """The clock of this merchant alone: `clock.freeze()`, `clock.advance(seconds)`."""
        return self.server.provider.own_clock(self._stored)

    @property
    def projects(self) -> tuple[FakeProject, ...]:
        """Its projects, in the order they were added."""
        return tuple(map(self._as_fake_project, self._stored.projects()))

    def project(
        self,
        *,
        pending: int = 0,
        success: int = 0,
        process: int = 0,
        error_engine: int = 0,
        error_voucher: int = 0,
        vouchers: int | Iterable[Mapping[str, Any] | Voucher] | None = None,
        nominal_gs: int | Sequence[int] | None = None,
        project_id: str | None = None,
        project_name: str | None = None,
        plan: Plan | None = None,
    ) -> FakeProject:
        """Add a project: with so many vouchers in each status, or with `vouchers`.

        `vouchers` is how many (all pending), or a list of them, newest first, as a world file or a reply has them;
        what one leaves out gets a sensible value. `nominal_gs` is that of all, or several in equal shares; unless
        given it is 25, 50 or 100 for a success and 0, not known yet, for the others. Ids are made up unless given.
        Vouchers move when told, unless `plan` moves them by the merchant's `clock` or by its reads.

        Raises:
            ValueError: an argument that is not as said here, or both ways at once.
            WorldError: a voucher of the list cannot be served; the message names its place and the fix.
        """
        counts = dict(zip(STATUSES, (pending, success, process, error_engine, error_voucher), strict=True))
        for status, count in counts.items():
            check_number(status.value, count, "how many vouchers")
        check_project(project_id, project_name, plan)
        if vouchers is not None and any(counts.values()):
            raise ValueError("vouchers=... and counts by status exclude each other; give one of the two")
        entries = None
        if isinstance(vouchers, int):
            check_number("vouchers", vouchers, "how many vouchers")
            counts[VoucherStatus.PENDING] = vouchers
        elif vouchers is not None:
            entries = voucher_entries(vouchers)
            if nominal_gs is not None:
                raise ValueError("nominal_gs=... goes with counts; in a list each voucher has its own")
        # Two threads of a test must not get the same ids.
        with self.server.provider.changing:
            id_ = project_id or project_id_of(entries or ()) or self.server.identities.project_id()
            if self._stored.project(id_) is not None:
                raise ValueError(f"this merchant has a project {id_!r} already; leave project_id out or choose another")
            made = self._counted(counts, nominal_gs) if entries is None else self._listed(entries, id_)
            number = 1 + max((project.id for project in self._stored.projects()), default=0)
            project = Project(number, id_, project_name, made, plan or self._default_plan())
            return self._as_fake_project(self.server.provider.add_project(self._stored, project))

    def submit(self, codes: Iterable[str], *, plan: Plan | None = None) -> FakeProject:
        """Submit voucher codes as a client's `redeem_bulk` does, and return the project that they became, all pending.

        Nothing is sent, and no call is recorded: it is what a test begins with that is about the polling. Vouchers move
        when told, unless `plan` moves them.

        Raises:
            ValueError: no code, one that is not text or is empty, or one that is there already (BULK-ERR-10).
        """
        wanted = check_codes(codes)
        provider = self.server.provider
        with provider.changing:
            double = next((number for number, code in enumerate(wanted, 1) if self._stored.has_code(code)), None)
            if double is not None:
                raise ValueError(f"code {double} is in a project of this merchant already (BULK-ERR-10); use another")
            stored = provider.submit(self._stored, wanted)
            provider.set_plan(self._stored, stored, plan or self._default_plan())
            return self._as_fake_project(stored)

    def plan_submissions(self, plan: Plan | None) -> None:
        """Let `plan` move the vouchers of what clients submit from now on; without one (None) they move when told.

        The plan of the world that a merchant is made of holds for it from the start.

        Raises:
            ValueError: it is not a plan.
        """
        if plan is not None and not isinstance(plan, Plan):
            raise ValueError(f"plan_submissions({plan!r}): expected a plan, as in mockserver.Plan('timed')")
        self.server.plan_submissions(self.merchant_id, plan)

    def fault(
        self,
        name: str,
        *,
        times: int | None = None,
        share: float | None = None,
        seconds: float = DEFAULT_SECONDS,
        retry_after: int = DEFAULT_RETRY_AFTER,
        carried_out: bool = True,
        project: FakeProject | None = None,
    ) -> None:
        """Let a fault hit this merchant's next `times` calls, a `share` of them, or all until `clear_faults()`.

        `name` is one of `docs/faults.md`, as in `fault("html_502", times=2)`. `share` is 0 to 1, drawn by the seed of
        the run; `seconds` is how long `delay` and `slow_body` take, `retry_after` (in seconds) is for `rate_limit`.
        A submission that it hits is `carried_out` all the same, and only its reply suffers; with False it is lost
        before. With `project` it hits the calls for that one alone. Of several faults the first takes the call.

        Raises:
            ValueError: there is no such fault, a value is out of its range, or `project` is not a project.
        """
        if not isinstance(name, str):
            raise ValueError(f"fault({name!r}): expected the name of a fault, as in 'html_502'")
        check_seconds("seconds", seconds)
        check_number("retry_after", retry_after, "seconds")
        if times is not None:
            check_number("times", times, "how many calls")
        if share is not None:
            check_share("share", share)
        if project is not None and not isinstance(project, FakeProject):
            raise ValueError(f"project={project!r}: expected a project as project(...) returns it")
        rule = Rule(
            Fault(fault_named(name), seconds, retry_after, carried_out),
            times=times,
            share=share,
            seed=self.server.seed,
            merchant_id=self.merchant_id,
            project_id=None if project is None else project.project_id,
        )
        self.server.provider.faults.add(rule)

    def clear_faults(self) -> None:
        """Let no fault hit this merchant's calls any more."""
        self.server.provider.faults.clear(self.merchant_id)

    def environment(self, project: FakeProject | None = None) -> dict[str, str]:
        """Return `APIGAMES_BASE_URL`, `_MERCHANT_ID`, `_SECRET_KEY`, `_SESSION_KEY` and, if given, `_PROJECT_ID`.

        For a client in another process: `env={**os.environ, **merchant.environment(project)}`. Starts the server.

        Raises:
            ValueError: `project` is none that `project(...)` returned.
        """
        if project is not None and not isinstance(project, FakeProject):
            raise ValueError(f"environment({project!r}): expected a project as project(...) returns it")
        variables = {
            "APIGAMES_BASE_URL": self.url,
            "APIGAMES_MERCHANT_ID": self.merchant_id,
            "APIGAMES_SECRET_KEY": self.secret_key,
            "APIGAMES_SESSION_KEY": self.session_key,
        }
        return variables if project is None else {**variables, "APIGAMES_PROJECT_ID": project.project_id}

    def responses(self) -> AbstractContextManager[RequestsMock]:
        """Put this merchant behind `requests` at `https://v1.apigames.id` for a `with` block. No socket, no thread.

        It is a `responses.RequestsMock`; loopback is let through.
        """
        from mockserver.testing.doubles.responses_double import ResponsesDouble  # noqa: PLC0415 - imports requests and responses

        return ResponsesDouble(self)

    def httpx(self) -> AbstractContextManager[HttpxDouble]:
        """Put this merchant behind httpx at `https://v1.apigames.id` for a `with` block. No socket, no thread.

        It is also a transport: `httpx.Client(transport=double)`, sync or async.
        """
        from mockserver.testing.doubles.httpx_double import httpx_double  # noqa: PLC0415 - imports httpx

        return httpx_double(self)

    def _counted(
        self, counts: Mapping[VoucherStatus, int], nominal_gs: int | Sequence[int] | None
    ) -> tuple[Voucher, ...]:
        return vouchers_by_status(
            counts, first_id=self._next_voucher(), seed=self._project_seed(), nominal_gs=nominal_gs
        )

    def _listed(self, entries: list[dict[str, Any]], project_id: str) -> tuple[Voucher, ...]:
        return vouchers_from_entries(
            entries,
            project_id,
            first_id=self._next_voucher(),
            seed=self._project_seed(),
            others=self._stored.projects(),
            readings=self.readings,
            clock=self.server.provider.clock_of(self.merchant_id),
        )

    def _default_plan(self) -> Plan | None:
        # The seed decides which nominal a success turns out to have.
        return Plan(seed=self.server.seed) if self.server.seed else None

    def _project_seed(self) -> int:
        # A seed for each project, or two of the same size would hold the same codes.
        return self.server.seed * 1_000_003 + len(self._stored.projects())

    def _next_voucher(self) -> int:
        return 1 + max((project.highest_id for project in self._stored.projects()), default=0)

    def _as_fake_project(self, stored: ProjectStore) -> FakeProject:
        return FakeProject(self.server.provider, self._stored, stored)
