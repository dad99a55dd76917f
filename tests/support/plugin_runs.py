"""Runs of pytest with our plugin and no other, in a folder of their own."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import mockserver

QUIET = ("-p", "apigames", "-p", "no:cacheprovider", "-W", "error", "--strict-markers")
ASK = """
import pytest
import requests

BASE = "https://v1.apigames.id"

def ask(merchant, project_id, base=BASE, **fields):
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    return requests.post(f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", json=body, timeout=5)
"""


# After each test, pytester forgets every module that was imported during it. The next would get a second copy,
# and what one of the two patches the other does not see; so all that a run may import is imported before.
for _name in ("httpx", "requests", "responses"):
    importlib.import_module(_name)
for _module in pkgutil.walk_packages(mockserver.__path__, "mockserver."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run `code` in this process, which takes a twentieth of the time that a process of its own does."""
    pytester.makepyfile(ASK + code)
    return pytester.runpytest_inprocess(*QUIET, *arguments)


def run_process(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run `code` in a process of its own, where what is imported is what is tested."""
    pytester.makepyfile(ASK + code)
    return pytester.runpytest_subprocess(*QUIET, *arguments)
