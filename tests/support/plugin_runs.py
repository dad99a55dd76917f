"""Runs of pytest with our plugin and no other, in a folder of their own."""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import sys
import time
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from unittest import mock

import pytest

import mockserver.testing

QUIET = ("-p", "apigames", "-p", "no:cacheprovider", "-W", "error", "--strict-markers")
ASK = """
import pytest
import requests

BASE = "https://v1.apigames.id"

def ask(merchant, project_id, base=BASE, **fields):
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    return requests.post(f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", json=body, timeout=5)
"""
_LONGEST_RUN = 300


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run `code` in a process that is forked from one that has imported everything: it takes a tenth of the time."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return run_process(pytester, code, *arguments)
    pytester.makepyfile(ASK + code)
    written = [pytester.path / f"{stream}.txt" for stream in ("stdout", "stderr")]
    process = _forks().Process(target=_run, args=(pytester.path, dict(os.environ), written, [*QUIET, *arguments]))
    begun = time.monotonic()
    process.start()
    process.join(_LONGEST_RUN)
    if process.exitcode is None:
        process.kill()
        pytest.fail(f"the run did not end within {_LONGEST_RUN} s")
    out, err = (path.read_text(encoding="utf-8").splitlines() for path in written)
    return pytest.RunResult(process.exitcode, out, err, time.monotonic() - begun)


def run_process(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run `code` in a process that begins anew, for tests of what is imported."""
    pytester.makepyfile(ASK + code)
    with mock.patch.dict(os.environ, PYTHONDONTWRITEBYTECODE="1"):
        return pytester.runpytest_subprocess(*QUIET, *arguments)


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    ours = [module.name for module in pkgutil.walk_packages(mockserver.testing.__path__, "mockserver.testing.")]
    context.set_forkserver_preload(["pytest", "httpx", "requests", "responses", "mockserver.web.server", *ours])
    # Here, and not in the folder of the test that comes first, which may hide what is imported.
    before = Path.cwd()
    os.chdir(Path(__file__).parents[2])
    try:
        forkserver.ensure_running()
    finally:
        os.chdir(before)
    return context


def _run(folder: Path, environment: dict[str, str], written: list[Path], arguments: list[str]) -> None:
    """What the process does that `run` starts."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # Of two runs in a second the texts are told apart by their sizes alone, and may be of one size.
    sys.dont_write_bytecode = True
    for descriptor, path in enumerate(written, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.exit(pytest.main(["--basetemp=basetemp", *arguments]))
