"""Runs of pytest with our plugin and no other, in a folder of their own."""

from __future__ import annotations

import pytest

QUIET = ("-p", "apigames", "-p", "no:cacheprovider", "-W", "error")
ASK = """
import pytest
import requests

BASE = "https://v1.apigames.id"

def ask(merchant, project_id, base=BASE, **fields):
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    return requests.post(f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", json=body, timeout=5)
"""


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(ASK + code)
    return pytester.runpytest_subprocess(*QUIET, *arguments)
