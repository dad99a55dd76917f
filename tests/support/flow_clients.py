"""Clients of `survive --flow` as callables: a careful one, and each habit of the register; some show in two ways."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")
OPEN = {"pending", "process"}
# What the careful wait for one call, and how often they poll.
PATIENCE = 3.0
MOST_POLLS = 20
_FIELDS = {"data", "message", "rc", "status", "ts"}


class Refused(Exception):
    """The vendor said no."""


class Lost(Exception):
    """There is no whole reply."""


class FlowClient:
    """A client of `survive --flow` with this habit, careful without one. `way` is how it shows, where there are two."""

    def __init__(self, habit: str = "", way: str = "") -> None:
        self.habit, self.way = habit, way

    def __repr__(self) -> str:
        return f"{self.habit or 'careful'}{self.way and ', '}{self.way}"

    def __call__(self, env: dict[str, str]) -> dict[str, Any]:
        """Submit and poll."""
        codes = list(dict.fromkeys(env["APIGAMES_VOUCHERS"].split("\n")))
        try:
            made = self._submitted(env, codes)
        except Refused as error:
            return {"codes": dict.fromkeys(codes, "refused"), "error": str(error)}
        except Lost as error:
            if self.habit == "fault-for-success":
                return {"codes": dict.fromkeys(codes, "success"), "error": None}
            lost = "refused" if self.habit in {"lost-reply-is-failure", "double-is-failure"} else "unknown"
            return {"codes": dict.fromkeys(codes, lost), "error": str(error)}
        if made is None or self.habit == "accepted-is-success":
            return {"codes": dict.fromkeys(codes, "success"), "error": None}
        if self.habit == "project-id-lost" and self.way == "never asks":
            return {"codes": dict.fromkeys(codes, "unknown"), "error": None}
        # Text, or it would be refused for its type.
        asked_for = str(made["id"]) if self.habit == "project-id-lost" else made["project_id"]
        return self._polled(env, codes, asked_for)

    def _submitted(self, env: dict[str, str], codes: list[str]) -> Any:
        separator = "\r\n" if self.habit == "fields-left-out" else "\n"
        kode_voucher = base64.b64encode(separator.join(codes).encode()).decode()
        while self.habit == "endless-retry":
            with suppress(Refused):
                return self._data(env, "redem/bulk", 0, kode_voucher=kode_voucher)
            time.sleep(0.02)
        try:
            return self._data(env, "redem/bulk", 0, kode_voucher=kode_voucher)
        except Refused:
            if self.way != "again":
                raise
        except Lost:
            if self.habit not in {"submits-again", "double-is-failure"}:
                raise
        try:
            return self._data(env, "redem/bulk", 0, kode_voucher=kode_voucher)
        except Refused as error:
            raise error if self.habit != "submits-again" else Lost(str(error)) from None

    def _polled(self, env: dict[str, str], codes: list[str], project_id: str) -> dict[str, Any]:
        seen, error = dict.fromkeys(codes, "pending"), None
        polls = 0
        while self.habit == "never-ends" or polls < MOST_POLLS:
            polls += 1
            try:
                found, is_open = self._statuses(env, project_id)
                seen.update({code: found.get(code, "pending") for code in codes})
                if self.habit == "ended-is-success":
                    seen = {code: status if status in OPEN else "success" for code, status in seen.items()}
                if self.habit == "codes-by-position":
                    seen = dict(zip(codes, found.values(), strict=True))
                if self.habit == "one-status-for-all":
                    seen = dict.fromkeys(codes, found[codes[0]])
                if self.habit == "first-page-only" and self.way == "found" and not is_open:
                    return {"codes": found, "error": None}
                failed = [code for code, status in seen.items() if status == "error_engine"]
                if self.habit == "submits-taken-again" and not is_open and failed:
                    with suppress(Refused):
                        self._submitted(env, failed)
                if not is_open or self.habit == "stops-polling-early":
                    return {"codes": seen, "error": None}
                error = "not finished yet"
            except Refused as refused:
                if self.habit == "project-id-lost" or (
                    self.habit == "late-project-is-failure" and "tidak ditemukan" in str(refused)
                ):
                    return {"codes": dict.fromkeys(codes, "refused"), "error": str(refused)}
                error = str(refused)
                if self.habit == "submits-taken-again":
                    project_id = self._submitted(env, codes)["project_id"]
            except Lost as lost:
                if self.habit == "failed-poll-is-final":
                    return {"codes": {} if self.way == "error" else seen, "error": str(lost)}
                error = str(lost)
            time.sleep(0.0 if self.habit == "polls-without-pause" else float(env["APIGAMES_POLL_SECONDS"]))
        return {"codes": seen, "error": error}

    def _statuses(self, env: dict[str, str], project_id: str) -> tuple[dict[str, str], bool]:
        found: dict[str, str] = {}
        page, pages, is_open = 0, 1, False
        while page < pages:
            page += 1
            fields = {"projectid": project_id, "status": "", "page": page, "limit": 30}
            data = self._data(env, "project/detail", 200, **fields)
            stats = data["data"]["stats"]
            if page == 1 or self.habit == "moments-mixed":
                is_open = bool(stats["pending"] + stats["process"])
            pages = 1 if self.habit == "first-page-only" else data["total_page"]
            found.update({one["voucher_code"]: STATUSES[one["status"]] for one in data["data"]["vouchers"]})
        return found, is_open

    def _data(self, env: dict[str, str], path: str, rc: int, **fields: Any) -> Any:
        status, reply = self._reply(env, path, fields)
        if self.habit == "http-500-hides-envelope" and status >= 400:
            if self.way == "crash":
                raise OSError(f"HTTP Error {status}")
            raise Refused(f"HTTP {status}")
        if self.habit == "http-200-is-success" and status == 200:
            return reply.get("data")
        if self.habit == "crash-on-added-field" and reply.keys() - _FIELDS and "data" in reply:
            raise TypeError("got an unexpected keyword argument 'request_id'")
        if reply["rc"] == (200 if self.habit == "success-is-rc-200" else rc):
            return reply["data"]
        if self.habit == "error-from-message":
            raise Refused(reply["message"] if self.way == "crash" else reply.get("message") or "unknown error")
        raise Refused(reply.get("error_msg") or reply["message"])

    def _reply(self, env: dict[str, str], path: str, fields: dict[str, Any]) -> tuple[int, Any]:
        try:
            status, body = self._raw(env, path, fields)
        except TimeoutError:
            raise Lost("no reply in time") from None
        except ConnectionRefusedError:
            raise  # its server is gone: whoever tries for ever would do so in the thread of its test for ever
        except (OSError, http.client.HTTPException):
            if self.habit == "crash-on-lost-connection":
                raise
            raise Lost("the connection was lost") from None
        try:
            return status, json.loads(body)
        except ValueError:
            if self.habit == ("crash-on-html" if body.startswith(b"<") else "crash-on-cut-body"):
                raise
            raise Lost(f"no JSON under HTTP {status}") from None

    def _raw(self, env: dict[str, str], path: str, fields: dict[str, Any]) -> tuple[int, bytes]:
        merchant = env["APIGAMES_MERCHANT_ID"]
        signature = hashlib.md5((merchant + env["APIGAMES_SECRET_KEY"]).encode()).hexdigest()
        sent = {"session_key": env["APIGAMES_SESSION_KEY"], **fields, "signature": signature}
        if self.habit == "fields-left-out":
            del sent["session_key"]
        until = time.monotonic() + PATIENCE
        address = urlsplit(env["APIGAMES_BASE_URL"])
        timeout = None if self.habit == "no-timeout" else PATIENCE
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
        try:
            connection.request("POST", f"/merchant/{merchant}/kiosgamer/{path}", json.dumps(sent))
            reply = connection.getresponse()
            parts: list[bytes] = []
            while part := reply.read1(65536):
                parts.append(part)
                if timeout is not None and time.monotonic() > until:
                    raise TimeoutError
            return reply.status, b"".join(parts)
        finally:
            connection.close()


careful = FlowClient()
CLIENTS = [
    FlowClient("submits-again"),
    FlowClient("submits-taken-again"),
    FlowClient("double-is-failure"),
    FlowClient("lost-reply-is-failure"),
    FlowClient("success-is-rc-200"),
    FlowClient("success-is-rc-200", "again"),
    FlowClient("accepted-is-success"),
    FlowClient("stops-polling-early"),
    FlowClient("polls-without-pause"),
    FlowClient("project-id-lost", "asks for the id"),
    FlowClient("project-id-lost", "never asks"),
    FlowClient("never-ends"),
    FlowClient("late-project-is-failure"),
    FlowClient("failed-poll-is-final", "what was seen"),
    FlowClient("failed-poll-is-final", "error"),
    FlowClient("one-status-for-all"),
    FlowClient("ended-is-success"),
    FlowClient("codes-by-position"),
    FlowClient("moments-mixed"),
    FlowClient("http-500-hides-envelope", "crash"),
    FlowClient("http-500-hides-envelope", "lie"),
    FlowClient("http-200-is-success"),
    FlowClient("error-from-message", "crash"),
    FlowClient("error-from-message", "lie"),
    FlowClient("first-page-only", "found"),
    FlowClient("first-page-only", "pending still"),
    FlowClient("crash-on-added-field"),
    FlowClient("crash-on-html"),
    FlowClient("crash-on-cut-body"),
    FlowClient("crash-on-lost-connection"),
    FlowClient("no-timeout"),
    FlowClient("endless-retry"),
    FlowClient("fields-left-out"),
    FlowClient("fault-for-success"),
]
