"""`apigames-mock doctor`: a saved request in any of the forms that people have one."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click import UsageError
from click.testing import CliRunner, Result
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.cli.doctor.curl_line import read_curl_line
from mockserver.cli.doctor.doctor import doctor
from mockserver.cli.doctor.saved_request import saved_request
from mockserver.contract.signature import sign
from mockserver.provider.request import MAX_BODY
from tests.support.asking import MERCHANT, PATH, SECRET, body, fields

WRONG = hashlib.md5(f"{MERCHANT}:{SECRET}".encode()).hexdigest()


def run(tmp_path: Path, content: bytes, *arguments: str, **environment: str) -> Result:
    file = tmp_path / "request.txt"
    file.write_bytes(content)
    return CliRunner().invoke(doctor, [str(file), *arguments], env=environment, standalone_mode=False)


def raw(content: bytes, path: str = PATH, *, headers: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: v1.apigames.id\r\n{headers}\r\n".encode() + content


def test_raw_http(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body(signature=WRONG)))
    assert done.return_value == 1
    assert "the signature is md5(merchant_id + ':' + secret_key)" in done.output
    assert "fix:  sign md5(merchant_id + secret_key)" in done.output
    assert WRONG not in done.output


def test_a_good_one(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body()))
    assert (done.return_value, done.output) == (0, "answered: nothing is wrong with this request\n")


@pytest.mark.parametrize("option", ["-d", "--data-raw", "--data-binary"])
def test_a_curl_line(tmp_path: Path, option: str) -> None:
    line = f"curl -X POST 'https://v1.apigames.id{PATH}' \\\n -H 'A: b' {option} '{json.dumps(fields(projectid='DW'))}'"
    done = run(tmp_path, line.encode())
    assert "that is the name of one" in done.output


ADDRESS = f"https://v1.apigames.id{PATH}"
SENT = body().decode()
HALVES = (SENT[:40], SENT[40:])
ANSI_C = SENT.replace('"', "\\u0022").replace("1", "\\x31").replace("{", "\\173")


# What curl says of a body unless it is told.
FORM_NOTE = """
  note: Content-Type is 'application/x-www-form-urlencoded', and the body is JSON
    why:  the body decides here, but another server may go by Content-Type; REQ-1 asks for JSON
    fix:  send Content-Type: application/json, and the body in UTF-8
"""


@pytest.mark.parametrize(
    "line",
    [
        f"curl {ADDRESS} -d'{SENT}'",
        f"curl {ADDRESS} -sSd '{SENT}'",
        f"curl --url={ADDRESS} --data='{SENT}'",
        f"curl 127.0.0.1:8787{PATH} -d '{SENT}'",
        f"curl localhost:8787{PATH} -XPOST -d '{SENT}' | python3 -m json.tool",
        f"curl.exe {ADDRESS} --json '{HALVES[0]}' --json '{HALVES[1]}'",
        f"$ curl --max-time 5 -o out.json {ADDRESS} \\\r\n  --data-binary '{SENT}'",
        f"curl -H 'Content-Length: {len(SENT)}' {ADDRESS} --data-raw $'{ANSI_C}'",
    ],
)
def test_a_curl_line_is_read_as_a_shell_and_curl_read_it(tmp_path: Path, line: str) -> None:
    done = run(tmp_path, line.encode())
    note = "" if "--json" in line else FORM_NOTE
    assert (done.return_value, done.output) == (0, f"answered: nothing is wrong with this request\n{note}")


def test_the_bytes_of_ansi_c_quoting_are_those_of_bash() -> None:
    line = rb"curl h/p --data-raw $'\x7b\'\173\u00e9\xe9\U0001F600\\\t\q'"
    assert saved_request(line).body == b"{'{\xc3\xa9\xe9\xf0\x9f\x98\x80\\\t\\q"


@given(st.lists(st.sampled_from([*"'\"\\$ \t\na\u00e9", "\\\\", "x=", "b c"])).map("".join))
def test_words_are_those_of_shlex(text: str) -> None:
    """But for what it does not know: `$'...'`, and a line that goes on."""
    assume("$'" not in text and "\\\n" not in text)
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(ValueError, match="put the whole of it into the file"):
            read_curl_line(f"curl {text}")
        return
    # The first is the value of an option, and the others are of no use.
    sent = read_curl_line(f"curl --data-raw {text}").body if expected else b""
    assert sent == (expected[0].encode() if expected else b"")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_shlex_quotes_is_sent_as_it_is(text: str) -> None:
    assert read_curl_line(f"curl h --data-raw {shlex.quote(text)}").body == text.encode()


def test_several_data_are_joined_as_curl_joins_them() -> None:
    assert saved_request(b"curl h/p -d a=1 --data-raw @b -d 'c'").body == b"a=1&@b&c"
    assert saved_request(b"curl h/p --data-urlencode 'a=b c'").body == b"a=b+c"


@pytest.mark.parametrize(
    ("line", "method"),
    [
        (f"curl -X PUT {ADDRESS} -d '{SENT}'", "PUT"),
        (f"curl --request GET {ADDRESS} -d '{SENT}'", "GET"),
        (f"curl -G {ADDRESS} -d '{SENT}'", "GET"),
        (f"curl {ADDRESS}", "GET"),
        (f"curl -I {ADDRESS}", "HEAD"),
        (f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n{SENT}", "GET"),
    ],
)
def test_another_method_than_post_is_refused(tmp_path: Path, line: str, method: str) -> None:
    done = run(tmp_path, line.encode())
    assert done.return_value == 1
    assert f"Method {method} not allowed" in done.output
    assert "fix:  send a POST" in done.output


def test_a_body_in_another_file_is_told_so(tmp_path: Path) -> None:
    done = run(tmp_path, f"curl {ADDRESS} -d @body.json".encode())
    assert isinstance(done.exception, UsageError)
    assert "the body is in another file (@FILE)" in done.exception.message


def test_a_form_is_told_so(tmp_path: Path) -> None:
    assert "multipart form data" in run(tmp_path, f"curl {ADDRESS} -F projectid=DW".encode()).output


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body() + b" " * MAX_BODY))
    assert done.return_value == 1
    assert "rc 413" in done.output


@pytest.mark.parametrize(("length", "taken"), [(0, True), (-1, False), (1, False), (2, False)])
def test_the_length_announced_must_be_that_of_the_body(tmp_path: Path, length: int, taken: bool) -> None:
    headers = f"Content-Length: {len(body()) + length}\r\n"
    done = run(tmp_path, raw(body(), headers=headers))
    assert (done.return_value == 0) is taken
    assert taken or f"Content-Length says {len(body()) + length}, and the body has {len(body())} bytes" in done.output


def test_a_newline_that_an_editor_put_behind_the_body_is_none_of_it(tmp_path: Path) -> None:
    assert run(tmp_path, raw(body() + b"\n", headers=f"Content-Length: {len(body())}\r\n")).return_value == 0


def test_the_chunks_of_a_body_are_put_together(tmp_path: Path) -> None:
    parts = (body()[:20], body()[20:])
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    chunked = "Transfer-Encoding: chunked\r\n"
    assert run(tmp_path, raw(chunks + b"0\r\n\r\n", headers=chunked)).return_value == 0
    assert run(tmp_path, raw(body(), headers=chunked)).return_value == 0


@pytest.mark.parametrize("fault", ["delay", "slow_body", "truncated_json"])
def test_a_fault_that_hits_a_right_call_is_a_note(tmp_path: Path, fault: str) -> None:
    done = run(tmp_path, raw(body(), headers=f"x-apigames-mock-fault: {fault}\r\n"))
    assert done.return_value == 0
    assert done.output.startswith("answered: nothing is wrong with this request\n\n  note: the fault ")
    assert "a header of the call asked for it: X-Apigames-Mock-Fault" in done.output


def test_a_fault_that_a_header_asks_for_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body(), headers="x-apigames-mock-fault: html_502\r\n"))
    assert done.return_value == 1
    assert "the fault html_502 was put on this reply" in done.output


def test_ones_own_merchant_needs_its_secret(tmp_path: Path) -> None:
    done = run(tmp_path, body(), "--merchant", "MYOWN")
    assert isinstance(done.exception, UsageError)
    assert "--merchant MYOWN needs its secret key in APIGAMES_MOCK_SECRET_KEY" in done.exception.message


def test_the_body_alone_needs_a_merchant(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="--merchant ID"):
        CliRunner().invoke(doctor, [_saved(tmp_path, b"{}")], standalone_mode=False, catch_exceptions=False)
    done = run(tmp_path, b'{"projectid":"DW", // x\n}', "--merchant", MERCHANT)
    assert "// comment on line 1" in done.output


def test_ones_own_merchant_and_secret(tmp_path: Path) -> None:
    signature = hashlib.md5(b"M1my-own-secret\n").hexdigest()
    content = json.dumps(fields(signature=signature)).encode()
    done = run(tmp_path, content, "--merchant", "M1", APIGAMES_MOCK_SECRET_KEY="my-own-secret")
    assert "secret_key with a newline behind it" in done.output
    assert "my-own-secret" not in done.output


OWN_PATH = PATH.replace(MERCHANT, "MYOWN1")
OWN_BODY = json.dumps(fields(signature=sign("MYOWN1", "my-own-secret")))


@pytest.mark.parametrize(
    "content",
    [raw(OWN_BODY.encode(), OWN_PATH), f"curl https://v1.apigames.id{OWN_PATH} --json '{OWN_BODY}'".encode()],
)
def test_the_secret_is_that_of_the_merchant_in_the_request(tmp_path: Path, content: bytes) -> None:
    done = run(tmp_path, content, APIGAMES_MOCK_SECRET_KEY="my-own-secret")
    assert (done.return_value, done.output) == (0, "answered: nothing is wrong with this request\n")
    done = run(tmp_path, content, APIGAMES_MOCK_SECRET_KEY="another-secret")
    assert "no known formula gives" in done.output


@pytest.mark.parametrize(
    ("options", "is_odd"),
    [("-d", True), ("-H 'content-type: application/json' -d", False), ("-H 'Content-Type: text/plain' --json", True)],
)
def test_a_curl_line_announces_what_curl_announces(tmp_path: Path, options: str, is_odd: bool) -> None:
    done = run(tmp_path, f"curl https://v1.apigames.id{PATH} {options} '{body().decode()}'".encode())
    assert done.return_value == 0
    assert ("fix:  send Content-Type: application/json" in done.output) is is_odd


def test_the_built_in_merchant_keeps_its_secret_unless_it_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body()), APIGAMES_MOCK_SECRET_KEY="my-own-secret")
    assert done.return_value == 0
    done = run(tmp_path, raw(body()), "--merchant", MERCHANT, APIGAMES_MOCK_SECRET_KEY="my-own-secret")
    assert "no known formula gives" in done.output


@pytest.mark.parametrize(("merchant_id", "words"), [("%5Bmerchant_id%5D", "a placeholder"), ("x" * 300, "no merchant")])
def test_an_id_that_no_merchant_can_have_is_told_with_a_secret_too(
    tmp_path: Path, merchant_id: str, words: str
) -> None:
    content = raw(body(), PATH.replace(MERCHANT, merchant_id))
    assert words in run(tmp_path, content, APIGAMES_MOCK_SECRET_KEY="my-own-secret").output


def test_a_reading_is_taken(tmp_path: Path) -> None:
    content = raw(json.dumps(fields(page="1")).encode())
    assert "page is a number as text" in run(tmp_path, content).output
    assert run(tmp_path, content, "--reading", "types=coerce").return_value == 0


def test_a_path_that_is_not_the_endpoints(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body(), "/v2/redeem"))
    assert "outside the contract: No such path: expected POST" in done.output


def test_a_curl_line_with_an_open_quote(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot read the curl line"):
        CliRunner().invoke(doctor, [_saved(tmp_path, b"curl 'x")], standalone_mode=False, catch_exceptions=False)


def _saved(tmp_path: Path, content: bytes) -> str:
    file = tmp_path / "saved"
    file.write_bytes(content)
    return str(file)


@pytest.mark.parametrize("content", [b"", b"\xff", b"POST", b"GET / HTTP/1.1\r\n", b"curl", b"{" * 1000])
def test_anything_can_be_a_saved_request(content: bytes) -> None:
    found: Any = saved_request(content)
    assert found.merchant_id is None
