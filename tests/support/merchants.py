"""How tests of a fake merchant ask it."""

from __future__ import annotations

from typing import Any

import requests

from mockserver import FakeMerchant, FakeProject


def ask(merchant: FakeMerchant, project: FakeProject | str, **fields: Any) -> Any:
    """Call a merchant over HTTP; return the decoded reply."""
    project_id = project if isinstance(project, str) else project.project_id
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    url = f"{merchant.url}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    return requests.post(url, json=body, timeout=5).json()


def listed(reply: Any) -> Any:
    """The project in a decoded success."""
    return reply["data"]["data"]
