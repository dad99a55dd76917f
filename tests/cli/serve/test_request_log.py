"""A line of the request log is short however long the call was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from unittest.mock import ANY

import pytest

from mockserver.cli.serve.request_log import LOG_FORMATS, RequestLog, dropped_line
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.journal.matchers import Matchers
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.web.app import create_app
from tests.support.asking import MERCHANT, PATH, SECRET, body, built_in_provider
from tests.support.command import CLEAN

Written = list[str | Callable[[], str]]


def logged(log_format: str, content: bytes, forced: str | None = None, path: str = PATH) -> str:
    written: Written = []
    provider = built_in_provider()
    log = RequestLog(log_format, written.append)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    headers = () if forced is None else ((FAULT_HEADER.lower(), forced),)
    provider.handle(Request("POST", path, content, headers))
    kept = provider.journal.kept(1)
    assert kept is not None
    log(kept)
    (line,) = written
    assert callable(line), "whoever waits for the reply would wait for its line too"
    return line()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"status": "pending"}, "the list is empty: the status in the filter names none; send"),
        ({"page": 9}, "the list is empty: the page is past the last; stop at total_page, which is 5 here"),
    ],
)
@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_a_list_that_is_empty_by_a_reading_is_explained_wherever_the_call_is_shown(
    log_format: str, changed: dict[str, object], said: str
) -> None:
    assert said in logged(log_format, body(**changed)).replace("\\", "")
    provider = built_in_provider()
    provider.handle(Request("POST", PATH, body(**changed)))
    client = create_app(provider).test_client()
    (listed,) = client.get("/__admin/requests").get_json()["requests"]
    assert (listed["rc"], listed["reading"], listed["explanation"][:15]) == (200, ANY, "200, and empty:")
    whole = client.get("/__admin/requests/1").get_json()
    assert said.partition(";")[0] in whole["diagnosis"][0]["what"]
    assert "200, and empty:" in client.get("/__admin/page/requests/1").get_data(as_text=True)
    failure = Matchers(page=100).failure(provider.journal.entries(), "at least one call")
    assert "-> HTTP 200, rc 200 (RES-1): 200, and empty:" in failure


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize("long", ["p" * 60_000, ["p"] * 12_000])
def test_a_long_value_is_cut_in_the_line(log_format: str, long: object) -> None:
    line = logged(log_format, body(projectid=long))
    assert "pp" in line or '"p' in line
    assert len(line) < 1500


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize(
    ("changed", "is_refused"), [({}, False), ({"signature": "marked-signature"}, True), ({"projectid": "marked"}, True)]
)
def test_what_is_beyond_64_kib_is_told_of_and_not_explained(
    log_format: str, changed: dict[str, str], is_refused: bool
) -> None:
    content = body(padding="p" * 70_000, **changed)
    line = logged(log_format, content)
    assert str(len(content)) in line
    assert ("GET /__admin/requests/1 says why" in line) == is_refused
    assert "marked" not in line
    assert "pp" not in line


def submission(codes: Sequence[str], **changed: str) -> bytes:
    sent = {"kode_voucher": encode_codes([*codes]), "signature": sign(MERCHANT, SECRET), **changed}
    return json.dumps(sent).encode()


@pytest.mark.parametrize("log_format", LOG_FORMATS)
@pytest.mark.parametrize(
    ("content", "shown", "said"),
    [
        (submission(["VCRA11", "VCRB22"]), '{"kode_voucher":"2 codes"}', None),
        (submission(["VCRA11,VCRB22"]), '{"kode_voucher":"1 code"}', "part codes with"),
        (submission(["VCRA11", "VCRA11"]), '{"kode_voucher":"2 codes"}', "send each code once"),
        (submission([], kode_voucher="VCRA11 VCRB22"), '{"kode_voucher":"no list of codes"}', "send its base64"),
        (submission([f"VCRA{n}" for n in range(9000)]), '"codes":9000,', None),
        (submission([f"VCRA{n}" for n in range(9000)], signature="VCRA"), '"bytes":', "says why"),
    ],
    ids=["taken", "odd", "double", "plain", "long", "long and refused"],
)
def test_of_a_submission_it_is_told_how_many_codes_and_none_of_them(
    log_format: str, content: bytes, shown: str, said: str | None
) -> None:
    line = logged(log_format, content, path=REDEEM_BULK.path_of(MERCHANT))
    assert shown in line
    assert (said or "") in line
    if said is None:
        assert log_format == "text" or json.loads(line)["explanation"] is None
    assert "VCR" not in line
    assert json.loads(content)["kode_voucher"] not in line


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_the_fault_that_hit_a_call_is_in_its_line(log_format: str) -> None:
    line = logged(log_format, body(), "delay; seconds=0.3")
    assert "the fault delay of 0.3 s was put on this reply" in line
    assert log_format == "text" or json.loads(line)["fault"] == "delay"


def lines_of(log: RequestLog, written: Written, calls: Sequence[RawEntry]) -> list[str]:
    """Return the line of each call."""
    lines = []
    for one in calls:
        log(one)
        line = written.pop()
        lines.append(line if isinstance(line, str) else line())
    return lines


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_what_the_log_knows_of_a_call_it_says_of_the_same_call_alone(log_format: str) -> None:
    provider = built_in_provider()
    submitted = submission(["VCRA11", "VCRB22"])
    for _ in range(2):
        for request in (
            Request("POST", PATH, body(), origin="127.0.0.1:1"),
            Request("POST", PATH, body(), origin='"\x1b::2'),
            Request("POST", PATH, body(page=2)),
            Request("POST", PATH, body(page=2), ((FAULT_HEADER.lower(), "delay; seconds=0.3"),)),
            Request("POST", PATH, body(page=9)),
            Request("PUT", PATH, body()),
            Request("POST", PATH.replace(MERCHANT, "M2"), body()),
            Request("POST", f"/{PATH}", body()),
            Request("POST", PATH, body(projectid="marked", signature="marked")),
            Request("POST", REDEEM_BULK.path_of(MERCHANT), submitted),
        ):
            provider.clock.advance(0.7)
            provider.handle(request)
    calls = provider.journal.calls()

    def log(written: Written) -> RequestLog:
        made = RequestLog(log_format, written.append)
        made.masked, made.diagnose = provider.journal.masked, provider.diagnose
        return made

    written: Written = []
    lines = lines_of(log(written), written, calls)
    assert lines == [line for one in calls for line in lines_of(log(written), written, [one])]
    if log_format == "json":
        said = [json.loads(line) for line in lines]
        assert [(one["n"], one["at"], one["origin"]) for one in said] == [
            (one.n, one.call.at, one.call.origin) for one in calls
        ]
    assert "marked" not in "".join(lines)


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_the_line_of_a_call_that_comes_again_is_there_at_once_and_few_are_known(log_format: str) -> None:
    provider = built_in_provider()
    written: Written = []
    log = RequestLog(log_format, written.append)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose

    def is_known(page: int, **fields: object) -> bool:
        provider.handle(Request("POST", PATH, body(page=page, limit=1, **fields)))
        (call,) = provider.journal.calls(after=provider.journal.last - 1)
        log(call)
        line = written.pop()
        if isinstance(line, str):
            return True
        line()
        return False

    assert [is_known(1), is_known(1), is_known(2), is_known(1)] == [False, True, False, True]
    assert not any([is_known(1, padding="p" * 2_000), is_known(1, padding="p" * 2_000)])
    assert not any(is_known(1, padding=str(number)) for number in range(1_000))
    assert not is_known(1)


EVERYBODY_COMPLAINS = """
import asyncio, logging, os, threading, warnings
from functools import partial
from mockserver.cli.serve.log_writer import LogWriter
from mockserver.cli.serve.request_log import ErrorLog, dropped_line
from mockserver.provider.internal_error import report

async def leave_an_error_behind():
    asyncio.get_running_loop().create_future().set_exception(ValueError("marked" + "-text"))

def fail():
    raise ValueError("marked" + "-text")

class Unraisable:
    def __del__(self):
        raise ValueError("marked" + "-text")

writer = LogWriter(2, partial(dropped_line, "json"))
ErrorLog("json", writer.write).listen()
logging.getLogger("any.library").warning("two\\nlines \\x1b[31m")
warnings.warn("a warning", stacklevel=1)
asyncio.run(leave_an_error_behind())
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Unraisable()
try:
    fail()
except ValueError as error:
    report(error)
import atexit
atexit.register(writer.close)
fail()
"""


def test_in_json_each_line_is_an_object_whoever_has_something_to_say() -> None:
    command = [sys.executable, "-W", "default", "-c", EVERYBODY_COMPLAINS]
    ended = subprocess.run(command, env=CLEAN, capture_output=True, text=True, timeout=30, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    messages = [line["message"] for line in lines]
    assert [line["level"] for line in lines] == ["warning", "warning", *["error"] * 5]
    assert messages[0].startswith("two\nlines")
    assert "a warning" in messages[1]
    assert all("ValueError" in message for message in messages[2:])
    assert "marked-text" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_lines_that_were_dropped_are_counted_in_the_format_of_the_log(log_format: str) -> None:
    line = dropped_line(log_format, 12)
    assert line.endswith("\n")
    assert "12" in line
    assert log_format == "text" or json.loads(line)["dropped"] == 12
