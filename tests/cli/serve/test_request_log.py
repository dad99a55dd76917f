"""A line of the request log is short however long the call was."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mockserver.cli.serve.request_log import LOG_FORMATS, RequestLog
from tests.support.asking import body, built_in_provider, call

Written = list[str | Callable[[], str]]


def logged(log_format: str, content: bytes, forced: str | None = None) -> str | Callable[[], str]:
    written: Written = []
    provider = built_in_provider()
    log = RequestLog(log_format, written.append)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    call(provider, content, forced=forced)
    kept = provider.journal.kept(1)
    assert kept is not None
    log(kept)
    (line,) = written
    return line


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_only_the_line_of_a_short_call_may_wait(log_format: str) -> None:
    assert callable(logged(log_format, body()))
    assert isinstance(logged(log_format, body(padding="p" * 70_000)), str)


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize("long", ["p" * 70_000, ["p"] * 70_000])
def test_a_long_value_is_cut_in_the_line(log_format: str, long: object) -> None:
    line = logged(log_format, body(projectid=long))
    assert isinstance(line, str)
    assert "pp" in line or '"p' in line
    assert len(line) < 1500


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_the_fault_that_hit_a_call_is_in_its_line(log_format: str) -> None:
    line = logged(log_format, body(), "delay; seconds=0.3")
    assert isinstance(line, str)
    assert "the fault delay of 0.3 s was put on this reply" in line
    assert log_format == "text" or json.loads(line)["fault"] == "delay"
