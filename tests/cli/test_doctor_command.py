"""`apigames-mock doctor`: a saved request in any of the forms that people have one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.doctor import doctor
from mockserver.cli.saved_request import saved_request
from tests.support.asking import MERCHANT, PATH, SECRET, body, fields

WRONG = hashlib.md5(f"{MERCHANT}:{SECRET}".encode()).hexdigest()


def run(tmp_path: Path, content: bytes, *arguments: str, **environment: str) -> Result:
    file = tmp_path / "request.txt"
    file.write_bytes(content)
    return CliRunner().invoke(doctor, [str(file), *arguments], env=environment, standalone_mode=False)


def raw(content: bytes, path: str = PATH) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: v1.apigames.id\r\n\r\n".encode() + content


def test_raw_http(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body(signature=WRONG)))
    assert done.return_value == 1
    assert "the signature is md5(merchant_id + ':' + secret_key)" in done.output
    assert "cure: sign md5(merchant_id + secret_key)" in done.output
    assert WRONG not in done.output


def test_a_good_one(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body()))
    assert (done.return_value, done.output) == (0, "answered: nothing is wrong with this request\n")


@pytest.mark.parametrize("option", ["-d", "--data-raw", "--data-binary"])
def test_a_curl_line(tmp_path: Path, option: str) -> None:
    line = f"curl -X POST 'https://v1.apigames.id{PATH}' \\\n -H 'A: b' {option} '{json.dumps(fields(projectid='DW'))}'"
    done = run(tmp_path, line.encode())
    assert "that is the name of one" in done.output


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


def test_a_reading_is_taken(tmp_path: Path) -> None:
    content = raw(json.dumps(fields(page="1")).encode())
    assert "page is a number as text" in run(tmp_path, content).output
    assert run(tmp_path, content, "--reading", "types=coerce").return_value == 0


def test_a_path_that_is_not_the_endpoints(tmp_path: Path) -> None:
    done = run(tmp_path, raw(body(), "/v2/redeem"))
    assert "the path is not the endpoint's" in done.output


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
