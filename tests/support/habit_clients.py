"""Clients as callables, each with one habit of the register and careful otherwise; some habits show in two ways."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")
# What the careful wait for one call; far from the time that a whole run gets.
PATIENCE = 3.0
_VOUCHER = {
    "id", "project_id", "voucher_code", "response_json", "note", "nominal_gs", "created", "cretaed_at", "updated_at",
    "status",
}  # fmt: skip


class Failed(Exception):
    """How the careful say that there is no list."""


@dataclass(frozen=True)
class Lost(Exception):
    """There is no reply, or not a whole one: `kind` is `connection`, `timeout`, `html` or `cut`."""

    kind: str


class HabitClient:
    """A client of `survive` with this habit. `way` is how it shows, where there are two: by a crash or by a lie."""

    def __init__(self, habit: str, way: str = "") -> None:
        self.habit, self.way = habit, way

    def __repr__(self) -> str:
        return f"{self.habit}{self.way and ', '}{self.way}"

    def __call__(self, env: dict[str, str]) -> dict[str, Any]:
        """Read a project."""
        vouchers: list[tuple[int, str]] = []
        numbers: dict[int, int] = {}
        counts: dict[str, int] = {}
        page, pages = 0, 1
        while page < pages:
            page += 1
            try:
                data = self._success(env, page)
            except Failed:
                if self.habit == "part-for-whole" and page > 1:
                    break
                raise
            except Lost:
                if self.habit == "part-for-whole" and page > 1:
                    break
                if self.habit == "fault-for-success":
                    return {"vouchers": [], "counts": {}, "error": None}
                raise
            if data is None:
                return {"vouchers": [], "counts": {}, "error": None}
            project = data["data"]
            listed = self._listed(project)
            vouchers += [(voucher["id"], voucher["voucher_code"]) for voucher in listed]
            numbers.update((voucher["id"], voucher["status"]) for voucher in listed)
            counts = project["stats"]
            if self.habit == "page-size-assumed":
                pages = page + (len(listed) == 30)
            elif self.habit == "endless-page-loop":
                pages = page + bool(listed)
            elif self.habit == "last-page-lost":
                pages = max(1, data["total_data"] // 30)
            elif self.habit == "totals-stand-still" and self.way == "pages":
                pages = max(pages, data["total_page"]) if page == 1 else pages
            elif self.habit != "first-page-only":
                pages = data["total_page"]
        if self.habit == "pending-filter-lost":
            counts = {"pending": len(vouchers)}
        if self.habit == "status-by-position":
            counts = {name: [*numbers.values()].count(number) for number, name in enumerate(STATUSES)}
        if self.habit != "totals-stand-still" or self.way != "repeats":
            vouchers = list(dict(vouchers).items())
        return {"vouchers": [code for _, code in vouchers], "counts": counts, "error": None}

    def _listed(self, project: Any) -> Any:
        listed = project["vouchers"]
        if self.habit == "crash-on-empty-list" and listed is not None and listed[0]["project_id"] is None:
            raise Failed("no project")
        if self.habit == "crash-on-added-field" and any(voucher.keys() - _VOUCHER for voucher in listed or []):
            raise TypeError("got an unexpected keyword argument 'extra'")
        return listed if self.habit == "crash-on-null" else listed or []

    def _success(self, env: dict[str, str], page: int) -> Any:
        """The `data` of a success; None where a failure was taken for one."""
        while self.habit == "endless-retry":
            with suppress(Failed, Lost):
                return self._judged(*self._reply(env, page))
            time.sleep(0.02)
        return self._judged(*self._reply(env, page))

    def _judged(self, status: int, reply: Any) -> Any:
        if self.habit == "http-500-hides-envelope" and status >= 400:
            if self.way == "crash":
                raise OSError(f"HTTP Error {status}")
            raise Failed(f"HTTP {status}")
        if self.habit == "http-200-is-success" and status == 200:
            return reply["data"] if self.way == "crash" else reply.get("data")
        if reply["rc"] == (0 if self.habit == "success-is-rc-0" else 200):
            return reply["data"]
        if self.habit == "error-from-message":
            raise Failed(reply["message"] if self.way == "crash" else reply.get("message") or "unknown error")
        raise Failed(reply.get("error_msg") or "failed")

    def _reply(self, env: dict[str, str], page: int) -> tuple[int, Any]:
        try:
            status, body = self._raw(env, page)
        except TimeoutError:
            raise Lost("timeout") from None
        except ConnectionRefusedError:
            raise  # its server is gone: whoever tries for ever would do so in the thread of its test for ever
        except (OSError, http.client.HTTPException):
            if self.habit == "crash-on-lost-connection":
                raise
            raise Lost("connection") from None
        if self.way == "at once" and status >= 400:
            raise OSError(f"HTTP Error {status}")
        try:
            reply = json.loads(body)
        except ValueError:
            is_html = body.startswith(b"<")
            if self.habit == ("crash-on-html" if is_html else "crash-on-cut-body"):
                raise
            raise Lost("html" if is_html else "cut") from None
        return status, reply

    def _raw(self, env: dict[str, str], page: int) -> tuple[int, bytes]:
        merchant = env["APIGAMES_MERCHANT_ID"]
        fields: dict[str, object] = {
            "session_key": env["APIGAMES_SESSION_KEY"],
            "projectid": env["APIGAMES_PROJECT_ID"],
            "status": "",
            "page": page,
            "limit": 30,
            "signature": hashlib.md5((merchant + env["APIGAMES_SECRET_KEY"]).encode()).hexdigest(),
        }
        if self.habit == "fields-left-out":
            del fields["session_key"]
        until = time.monotonic() + PATIENCE
        address = urlsplit(env["APIGAMES_BASE_URL"])
        timeout = None if self.habit == "no-timeout" else PATIENCE
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
        try:
            connection.request("POST", f"/merchant/{merchant}/kiosgamer/project/detail", json.dumps(fields))
            reply = connection.getresponse()
            parts: list[bytes] = []
            while part := reply.read1(65536):
                parts.append(part)
                if timeout is not None and time.monotonic() > until:
                    raise TimeoutError
            body = b"".join(parts)
            if not body and reply.length:
                raise http.client.IncompleteRead(body)
            return reply.status, body
        finally:
            connection.close()


CLIENTS = [
    HabitClient("pending-filter-lost"),
    HabitClient("success-is-rc-0"),
    HabitClient("error-from-message", "crash"),
    HabitClient("error-from-message", "lie"),
    HabitClient("first-page-only"),
    HabitClient("http-500-hides-envelope", "crash"),
    HabitClient("http-500-hides-envelope", "lie"),
    HabitClient("http-500-hides-envelope", "at once"),
    HabitClient("http-200-is-success", "crash"),
    HabitClient("http-200-is-success", "lie"),
    HabitClient("crash-on-empty-list"),
    HabitClient("crash-on-null"),
    HabitClient("crash-on-added-field"),
    HabitClient("crash-on-html"),
    HabitClient("crash-on-cut-body"),
    HabitClient("crash-on-lost-connection"),
    HabitClient("no-timeout"),
    HabitClient("endless-retry"),
    HabitClient("endless-page-loop"),
    HabitClient("totals-stand-still", "pages"),
    HabitClient("totals-stand-still", "repeats"),
    HabitClient("status-by-position"),
    HabitClient("last-page-lost"),
    HabitClient("page-size-assumed"),
    HabitClient("fields-left-out"),
    HabitClient("part-for-whole"),
    HabitClient("fault-for-success"),
]
