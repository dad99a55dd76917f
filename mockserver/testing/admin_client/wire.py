"""How the client of the admin API asks over HTTP, and what it raises when it is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

_TIMEOUT = 70.0


class AdminProblem(Exception):
    """The admin side refused a call: `status` is HTTP's, `detail` says what to do, `errors` names each place."""

    def __init__(self, status: int, detail: str, errors: list[str]) -> None:
        super().__init__("; ".join([f"HTTP {status}: {detail}", *errors]))
        self.status = status
        self.detail = detail
        self.errors = errors


class AdminWire:
    """The admin side at a base URL; `token` is the admin token, None without one."""

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"expected a base URL as in http://127.0.0.1:8787, got {url!r}")
        self._host, self._port = parts.hostname, parts.port or 80
        self._token = token

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        """Return what a call to this path under `/__admin` gives; raises AdminProblem and OSError."""
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
                f"{self._host}:{self._port} broke off in its reply, or is not the mock: {error!r}"
            ) from error
        finally:
            connection.close()


def _document(reply: HTTPResponse) -> dict[str, Any]:
    content = reply.read()
    try:
        document: dict[str, Any] = json.loads(content)
    except ValueError:
        raise ConnectionError(f"the reply (HTTP {reply.status}) is not JSON, so this is not the mock") from None
    if reply.status >= 400:
        raise AdminProblem(reply.status, str(document.get("detail", reply.reason)), document.get("errors", []))
    return document
