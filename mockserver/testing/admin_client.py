"""A small typed client of the admin API, for tests in another process than the mock; standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Literal, TypedDict, cast
from urllib.parse import quote, urlencode, urlsplit

from mockserver.contract.wire import VoucherStatus

_TIMEOUT = 70.0


class ProjectView(TypedDict):
    """A project as the admin API shows it."""

    id: int
    project_id: str
    project_name: str | None
    merchant_id: str
    total_voucher: int
    stats: dict[str, int]
    nominals: dict[str, int]
    plan: dict[str, Any] | None


class ClockView(TypedDict):
    """A clock as the admin API shows it; `now` is in Unix seconds, `ahead` in seconds."""

    now: float
    date_time: str
    state: Literal["real", "frozen", "moved"]
    ahead: float
    merchant_id: str | None


class AdminProblem(Exception):
    """The admin side refused a call: `status` is HTTP's, `detail` says what to do, `errors` names each place."""

    def __init__(self, status: int, detail: str, errors: list[str]) -> None:
        super().__init__("; ".join([f"HTTP {status}: {detail}", *errors]))
        self.status = status
        self.detail = detail
        self.errors = errors


class AdminClient:
    """Controls a running mock.

    `url` is the base URL that `serve` printed; `token` is the admin token, needed when the mock is not on this machine.
    Every method raises AdminProblem when it is refused, and OSError when the mock cannot be reached or goes
    away before its reply is whole.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"expected a base URL as in http://127.0.0.1:8787, got {url!r}")
        self._host, self._port = parts.hostname, parts.port or 80
        self._token = token

    def health(self) -> dict[str, Any]:
        """Return the version, and how many merchants and requests there are."""
        return self._call("GET", "/health")

    def world(self, *, with_secrets: bool = False) -> dict[str, Any]:
        """Return the world as a world file has it; secrets are shown only to the holder of the token."""
        return self._call("GET", "/world", {"with_secrets": "1"} if with_secrets else {})

    def put_world(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Serve another world; a merchant without `secret_key` keeps the one it has."""
        return self._call("PUT", "/world", body=world)

    def reset(self) -> None:
        """Go back to the start: world, clock, faults, readings, an empty journal."""
        self._call("POST", "/reset", body={})

    def add_merchant(self, merchant: Mapping[str, Any]) -> dict[str, Any]:
        """Add a merchant, written as in a world file."""
        return self._call("POST", "/merchants", body=merchant)

    def add_project(self, merchant_id: str, project: Mapping[str, Any]) -> ProjectView:
        """Add a project to a merchant, written as in a world file."""
        return cast("ProjectView", self._call("POST", f"/merchants/{_part(merchant_id)}/projects", body=project))

    def project(self, project_id: str) -> ProjectView:
        """Return a project, without its vouchers."""
        return cast("ProjectView", self._call("GET", f"/projects/{_part(project_id)}"))

    def set_plan(self, project_id: str, plan: Mapping[str, Any] | None) -> ProjectView:
        """Give a project a plan, written as in a world file (None: back to the world's); it starts now."""
        return cast("ProjectView", self._call("PATCH", f"/projects/{_part(project_id)}", body={"plan": plan}))

    def vouchers(self, project_id: str, *, status: str = "", page: int = 1, limit: int = 30) -> dict[str, Any]:
        """Return one page of a project's vouchers, newest first, and how many match."""
        asked = {"page": str(page), "limit": str(limit), **({"status": status} if status else {})}
        return self._call("GET", f"/projects/{_part(project_id)}/vouchers", asked)

    def move(
        self,
        project_id: str,
        of: VoucherStatus | str | None = None,
        *,
        to: VoucherStatus | str,
        count: int | None = None,
        ids: Iterable[int] | None = None,
        codes: Iterable[str] | None = None,
        note: str | None = None,
        response_json: str | None = None,
        nominal_gs: int | None = None,
    ) -> int:
        """Move vouchers: of a status, of these ids or codes, of them the oldest `count`; return how many moved."""
        given = {
            "to": _name(to),
            "from": None if of is None else _name(of),
            "count": count,
            "ids": None if ids is None else list(ids),
            "codes": None if codes is None else list(codes),
            "note": note,
            "response_json": response_json,
            "nominal_gs": nominal_gs,
        }
        body = {key: value for key, value in given.items() if value is not None}
        return int(self._call("PATCH", f"/projects/{_part(project_id)}/vouchers", body=body)["moved"])

    def clock(self, merchant_id: str | None = None) -> ClockView:
        """Return what the clock shows, of all or of one merchant."""
        return cast("ClockView", self._call("GET", "/clock", _merchant(merchant_id)))

    def advance(self, seconds: float, merchant_id: str | None = None) -> ClockView:
        """Put the clock forward."""
        return self._set_clock({"advance": seconds}, merchant_id)

    def freeze(self, at: float | None = None, merchant_id: str | None = None) -> ClockView:
        """Stop the clock, now or at a time in Unix seconds."""
        return self._set_clock({"state": "frozen", **({} if at is None else {"at": at})}, merchant_id)

    def run(self, merchant_id: str | None = None) -> ClockView:
        """Let the clock run with the machine's again."""
        return self._set_clock({"state": "real"}, merchant_id)

    def faults(self, merchant_id: str | None = None) -> list[dict[str, Any]]:
        """Return the fault rules in force, or those of one merchant alone."""
        return cast("list[dict[str, Any]]", self._call("GET", "/faults", _merchant(merchant_id))["faults"])

    def put_faults(self, *rules: Mapping[str, Any], merchant_id: str | None = None) -> None:
        """Put these rules in place of all, or of those of one merchant."""
        self._call("PUT", "/faults", _merchant(merchant_id), {"faults": list(rules)})

    def clear_faults(self, merchant_id: str | None = None) -> None:
        """Take every rule out of force, or those of one merchant."""
        self._call("DELETE", "/faults", _merchant(merchant_id))

    def readings(self, merchant_id: str | None = None) -> dict[str, str]:
        """Return the readings in force."""
        shown = self._call("GET", "/readings", _merchant(merchant_id))["readings"]
        return {key: one["value"] for key, one in shown.items()}

    def put_readings(self, readings: Mapping[str, str], merchant_id: str | None = None) -> None:
        """Serve under these readings; what is left out goes to its default."""
        self._call("PUT", "/readings", _merchant(merchant_id), {"readings": dict(readings)})

    def requests(self, *, wait: float = 0, count: int = 1, since: int = 1, **matchers: object) -> list[dict[str, Any]]:
        """Return the calls that match, newest first; wait up to `wait` seconds until there are `count`.

        With `since` only those of this `n` and later, for the wait too: to hear of each call once, give the last one's
        `n` and 1.
        """
        asked = {name: value if isinstance(value, str) else json.dumps(value) for name, value in matchers.items()}
        asked["since"] = str(since)
        if wait:
            asked |= {"wait": str(wait), "count": str(count)}
        return cast("list[dict[str, Any]]", self._call("GET", "/requests", asked)["requests"])

    def request(self, n: int) -> dict[str, Any]:
        """Return the n-th call with its body, reply and diagnosis."""
        return self._call("GET", f"/requests/{n}")

    def clear_requests(self) -> None:
        """Forget the calls."""
        self._call("DELETE", "/requests")

    def _set_clock(self, change: dict[str, Any], merchant_id: str | None) -> ClockView:
        return cast("ClockView", self._call("POST", "/clock", body={**change, **_merchant(merchant_id)}))

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        connection = HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        headers = {"Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, f"/__admin{path}?{urlencode(query or {})}", content, headers)
            return _document(connection.getresponse())
        except HTTPException as error:
            raise ConnectionError(
                f"{self._host}:{self._port} broke off in its reply, or is no mock: {error!r}"
            ) from error
        finally:
            connection.close()


def _document(reply: HTTPResponse) -> dict[str, Any]:
    content = reply.read()
    try:
        document: dict[str, Any] = json.loads(content)
    except ValueError:
        raise ConnectionError(f"the reply (HTTP {reply.status}) is not JSON, so this is no mock") from None
    if reply.status >= 400:
        raise AdminProblem(reply.status, str(document.get("detail", reply.reason)), document.get("errors", []))
    return document


def _name(status: VoucherStatus | str) -> str:
    return status.value if isinstance(status, VoucherStatus) else status


def _part(name: str) -> str:
    return quote(name, safe="")


def _merchant(merchant_id: str | None) -> dict[str, str]:
    return {} if merchant_id is None else {"merchant_id": merchant_id}
