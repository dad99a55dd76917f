"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mockserver
from mockserver.provider.journal.matchers import MatcherError
from mockserver.testing.doubles.httpx_double import HttpxDouble
from mockserver.web.server import ServerError


def test_a_public_name_that_is_not_there_says_which_are() -> None:
    with pytest.raises(AttributeError, match=r"it has .*serve"):
        mockserver.sreve  # noqa: B018
    assert all(getattr(mockserver, name) is not None for name in mockserver.__all__)


def test_all_public_names_come_without_what_may_not_be_installed() -> None:
    code = """
import inspect, sys
sys.modules.update(dict.fromkeys(("hypothesis", "httpx")))
from mockserver import *
import mockserver
inspect.getmembers(mockserver)
assert "strategies" not in dir(mockserver)
try:
    mockserver.HttpxDouble
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mockserver.HttpxDouble needs httpx: pip install httpx\n"


def test_errors_and_doubles_that_a_test_may_name_are_public() -> None:
    assert mockserver.ServerError is ServerError
    assert mockserver.MatcherError is MatcherError
    assert mockserver.HttpxDouble is HttpxDouble
