"""A careful client: it reads every page, and never takes a failure for a success."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import requests

BASE_URL = "https://v1.apigames.id"
TIMEOUT = 10


class Refused(Exception):
    """APIGames answered with an error; the text is theirs."""


class Client:
    def __init__(self, merchant_id: str, secret_key: str, base_url: str = BASE_URL) -> None:
        self._url = f"{base_url}/merchant/{merchant_id}/kiosgamer/project/detail"
        self.signature = hashlib.md5((merchant_id + secret_key).encode()).hexdigest()

    def vouchers(self, project_id: str, status: str = "") -> Iterator[dict[str, Any]]:
        """Yield the vouchers of a project, over all pages."""
        page, pages = 1, 1
        while page <= pages:
            data = _checked(self._post(self._asked(project_id, status, page)))
            yield from data["data"]["vouchers"] or []
            page, pages = page + 1, data["total_page"]

    async def first_page(self, project_id: str) -> list[dict[str, Any]]:
        """Return the newest vouchers; this one asks with httpx."""
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            reply = await client.post(self._url, json=self._asked(project_id, "", 1))
        return _checked(reply.json())["data"]["vouchers"] or []

    def _asked(self, project_id: str, status: str, page: int) -> dict[str, Any]:
        return {
            "projectid": project_id,
            "status": status,
            "page": page,
            "limit": 30,
            "signature": self.signature,
            "session_key": "",
        }

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        # The envelope decides, not the HTTP status: the vendor does not say which one an error has.
        reply: dict[str, Any] = requests.post(self._url, json=asked, timeout=TIMEOUT).json()
        return reply


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    if reply["status"] != 1:
        raise Refused(reply["error_msg"])
    data: dict[str, Any] = reply["data"]
    return data
