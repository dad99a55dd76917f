"""A small typed client of the admin API, for tests in another process than the mock; standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import quote

from mockserver.contract.wire import VoucherStatus
from mockserver.testing.admin_client.views import (
    ClockView,
    MerchantView,
    NewMerchantView,
    ProjectView,
    SubmissionView,
    VoucherView,
)
from mockserver.testing.admin_client.wire import AdminProblem, AdminWire

__all__ = [
    "AdminClient",
    "AdminProblem",
    "ClockView",
    "MerchantView",
    "NewMerchantView",
    "ProjectView",
    "SubmissionView",
    "VoucherView",
]


class AdminClient:
    """Controls a running mock.

    `url` is the base URL that `serve` printed; `token` is the admin token, needed when the mock is not on this machine.
    Every method raises AdminProblem when it is refused, and OSError when the mock cannot be reached or goes
    away before its reply is whole.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self._call = AdminWire(url, token).call

    def health(self) -> dict[str, Any]:
        """Return the version, and how many merchants and requests there are."""
        return self._call("GET", "/health")

    def ready(self) -> dict[str, Any]:
        """Return that its state can be reached; raises AdminProblem (503) while it cannot."""
        return self._call("GET", "/ready")

    def world(self, *, with_secrets: bool = False) -> dict[str, Any]:
        """Return the world as a world file has it; secrets are shown only to the holder of the token."""
        return self._call("GET", "/world", {"with_secrets": "1"} if with_secrets else {})

    def put_world(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Serve another world; a merchant without `secret_key` keeps the one it has."""
        return self._call("PUT", "/world", body=world)

    def reset(self, merchant_id: str | None = None) -> None:
        """Go back to the start: world, clock, faults, readings, an empty journal; or these of one merchant."""
        self._call("POST", "/reset", _merchant(merchant_id), body={})

    def merchants(self) -> list[MerchantView]:
        """Return every merchant with its projects."""
        return cast("list[MerchantView]", self._call("GET", "/merchants")["merchants"])

    def merchant(self, merchant_id: str) -> MerchantView:
        """Return a merchant with its projects."""
        return cast("MerchantView", self._call("GET", f"/merchants/{_part(merchant_id)}"))

    def add_merchant(self, merchant: Mapping[str, Any] | None = None) -> NewMerchantView:
        """Add a merchant, written as in a world file; ids and secrets that are left out are made up."""
        return cast("NewMerchantView", self._call("POST", "/merchants", body=merchant or {}))

    def set_vendor_state(self, merchant_id: str, vendor_state: str | None) -> MerchantView:
        """Let every submission of a merchant get a failure of the vendor's, as `maintenance`; None: they are taken."""
        changed = {"vendor_state": vendor_state}
        return cast("MerchantView", self._call("PATCH", f"/merchants/{_part(merchant_id)}", body=changed))

    def remove_merchant(self, merchant_id: str) -> None:
        """Forget a merchant and its fault rules; a call to it is refused as unknown from now on."""
        self._call("DELETE", f"/merchants/{_part(merchant_id)}")

    def add_project(self, merchant_id: str, project: Mapping[str, Any] | None = None) -> ProjectView:
        """Add a project to a merchant, written as in a world file; ids that are left out are made up."""
        return cast("ProjectView", self._call("POST", f"/merchants/{_part(merchant_id)}/projects", body=project or {}))

    def remove_project(self, project_id: str) -> None:
        """Forget a project and its vouchers."""
        self._call("DELETE", f"/projects/{_part(project_id)}")

    def projects(self) -> list[ProjectView]:
        """Return every project of every merchant."""
        return cast("list[ProjectView]", self._call("GET", "/projects")["projects"])

    def project(self, project_id: str) -> ProjectView:
        """Return a project, without its vouchers."""
        return cast("ProjectView", self._call("GET", f"/projects/{_part(project_id)}"))

    def rename_project(self, project_id: str, project_name: str) -> ProjectView:
        """Give a project another `project_name`."""
        changed = {"project_name": project_name}
        return cast("ProjectView", self._call("PATCH", f"/projects/{_part(project_id)}", body=changed))

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

    def voucher(self, project_id: str, voucher_id: int) -> VoucherView:
        """Return one voucher."""
        return cast("VoucherView", self._call("GET", _voucher(project_id, voucher_id)))

    def move_voucher(
        self,
        project_id: str,
        voucher_id: int,
        *,
        to: VoucherStatus | str,
        note: str | None = None,
        response_json: str | None = None,
        nominal_gs: int | None = None,
    ) -> VoucherView:
        """Move one voucher; return it as it is now."""
        given = {"to": _name(to), "note": note, "response_json": response_json, "nominal_gs": nominal_gs}
        body = {key: value for key, value in given.items() if value is not None}
        return cast("VoucherView", self._call("PATCH", _voucher(project_id, voucher_id), body=body))

    def set_voucher_plan(self, project_id: str, voucher_id: int, plan: Mapping[str, Any] | None) -> VoucherView:
        """Give one voucher a plan of its own, written as in a world file (None: back to its project's)."""
        return cast("VoucherView", self._call("PATCH", _voucher(project_id, voucher_id), body={"plan": plan}))

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

    def requests(
        self,
        *,
        wait: float = 0,
        count: int = 1,
        since: int = 1,
        before: int | None = None,
        newest: int | None = None,
        **matchers: object,
    ) -> list[dict[str, Any]]:
        """Return the calls that match, newest first; wait up to `wait` seconds until there are `count`.

        A matcher is a value to equal, None what was left out; `headers` is a dict of them.
        With `since` only those of this `n` and later, for the wait too: to hear of each call once, give the last one's
        `n` and 1. With `before` only those below this `n`; `newest` is how many at most, 1,000 unless told.
        """
        headers = cast("Mapping[str, object]", matchers.pop("headers", {}))
        asked = {name: _wanted(value) for name, value in matchers.items()}
        asked |= {f"headers[{name}]": _wanted(value) for name, value in headers.items()}
        asked["since"] = str(since)
        asked |= {name: str(value) for name, value in (("before", before), ("newest", newest)) if value is not None}
        if wait:
            asked |= {"wait": str(wait), "count": str(count)}
        return cast("list[dict[str, Any]]", self._call("GET", "/requests", asked)["requests"])

    def request(self, n: int) -> dict[str, Any]:
        """Return the n-th call with its body, reply and diagnosis."""
        return self._call("GET", f"/requests/{n}")

    def submissions(self, merchant_id: str | None = None, *, newest: int | None = None) -> list[SubmissionView]:
        """Return what became of the submissions of all or of one merchant, newest first; 1,000 unless told."""
        asked = _merchant(merchant_id) | ({} if newest is None else {"newest": str(newest)})
        return cast("list[SubmissionView]", self._call("GET", "/submissions", asked)["submissions"])

    def clear_requests(self) -> None:
        """Forget the calls."""
        self._call("DELETE", "/requests")

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the admin API."""
        return self._call("GET", "/openapi.json")

    def schema(self, name: str) -> dict[str, Any]:
        """Return a JSON Schema document by its name, as `world`."""
        return self._call("GET", f"/schemas/{_part(name)}")

    def _set_clock(self, change: dict[str, Any], merchant_id: str | None) -> ClockView:
        return cast("ClockView", self._call("POST", "/clock", body={**change, **_merchant(merchant_id)}))


def _name(status: VoucherStatus | str) -> str:
    return status.value if isinstance(status, VoucherStatus) else status


def _wanted(value: object) -> str:
    # The text null is quoted: without quotes it is what was left out.
    return value if isinstance(value, str) and value != "null" else json.dumps(value)


def _part(name: str) -> str:
    return quote(name, safe="")


def _voucher(project_id: str, voucher_id: int) -> str:
    return f"/projects/{_part(project_id)}/vouchers/{voucher_id}"


def _merchant(merchant_id: str | None) -> dict[str, str]:
    return {} if merchant_id is None else {"merchant_id": merchant_id}
