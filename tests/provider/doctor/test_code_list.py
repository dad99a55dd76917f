"""What the doctor says of a list of codes, refused or taken: right advice, and no code in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from tests.support.asking import MERCHANT, SECRET, built_in_provider

CODES = ("VCRA11BB22CC33", "VCRD44EE55FF66")
TEXT = "\n".join(CODES)


def findings(provider: Provider, kode_voucher: object, **changed: object) -> list[Finding]:
    sent = {"kode_voucher": kode_voucher, "signature": sign(MERCHANT, SECRET), **changed}
    content = json.dumps({name: value for name, value in sent.items() if value is not None}).encode()
    provider.handle(Request("POST", REDEEM_BULK.path_of(MERCHANT), content))
    raw = provider.journal.kept(provider.journal.total)
    assert raw is not None
    return provider.diagnose(raw)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MISTAKES: dict[str, tuple[str, str, str]] = {
    "the plain list": (TEXT, "the plain list of codes", "send its base64"),
    "one plain code": (CODES[0] + "X", "the plain list of codes", "send its base64"),
    "comma-separated": (",".join(CODES), "the plain list of codes", "send its base64"),
    "URL-safe": (base64.urlsafe_b64encode("é¿~~".encode()).decode(), "URL-safe alphabet", "bulk_base64=lenient"),
    "not padded": (b64(TEXT + "XY").rstrip("="), "is not padded", "bulk_base64=lenient"),
    "line breaks": (base64.encodebytes((TEXT * 3).encode()).decode(), "line breaks or spaces", "bulk_base64=lenient"),
    "JSON": (json.dumps(CODES), "kode_voucher is JSON", "base64_encode"),
    "URL-encoded": (b64(TEXT + "XY").replace("=", "%3D"), "URL-encoded", "as it is, in JSON"),
    "latin-1": (base64.b64encode("é".encode("latin-1")).decode(), "not UTF-8 text", "encode the codes as UTF-8"),
    "no code": (b64("\r\n"), "has no code", "at least one"),
    "twice": (encode_codes([CODES[0], CODES[0]]), "code 2 of the list was in it before", "each code once"),
    "again": (encode_codes(["ABC123DEF456GHI"]), "was submitted before", "ask the status call"),
    "base64 of a JSON list": (b64(json.dumps(CODES)), "it is JSON", "one code a line"),
    "base64 of a comma list": (b64(",".join(CODES)), "holds commas", "part codes with"),
    "base64 of a space list": (b64(" ".join(CODES)), "holds spaces", "part codes with"),
    "base64 of an escaped line end": (b64("\\n".join(CODES)), "a backslash and an n", "double quotes in PHP"),
    "base64 twice": (b64(b64(TEXT)), "base64 once more", "encode once"),
}


@pytest.mark.parametrize(("sent", "what", "fix"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_fix_and_no_code(provider: Provider, sent: str, what: str, fix: str) -> None:
    (finding,) = findings(provider, sent)
    assert what in finding.what
    assert fix in finding.fix
    assert not any(code in str(finding) for code in CODES)


def test_a_line_end_of_windows_is_part_of_a_code_under_a_strict_reading() -> None:
    provider = built_in_provider(Readings(bulk_lines="strict"))
    (finding,) = findings(provider, b64("\r\n".join(CODES)))
    assert "end in \\r" in finding.what
    assert "bulk_lines=any" in finding.fix


def test_another_name_for_the_list_is_told(provider: Provider) -> None:
    told = findings(provider, None, kodeVoucher=encode_codes(CODES))
    assert any("'kode_voucher'" in finding.fix for finding in told)


def test_the_page_s_example_has_a_signature_of_nobody(provider: Provider) -> None:
    example = REDEEM_BULK.request_example
    assert example is not None
    (finding,) = findings(provider, example["kode_voucher"], signature=example["signature"])
    assert "the sample value of the vendor's page" in finding.what


FIXES: dict[str, Callable[[Sequence[str]], str]] = {
    "URL-safe alphabet": lambda codes: base64.urlsafe_b64encode("\n".join(codes).encode()).decode(),
    "is not padded": lambda codes: encode_codes([*codes]).rstrip("="),
    "line breaks": lambda codes: base64.encodebytes("\n".join(codes).encode()).decode(),
}


@given(codes=st.lists(st.from_regex(r"[A-Z0-9]{6,12}", fullmatch=True), min_size=1, max_size=8, unique=True))
@pytest.mark.parametrize("mistake", FIXES)
def test_the_reading_that_a_fix_names_lets_the_list_in_as_it_was_meant(mistake: str, codes: list[str]) -> None:
    provider = built_in_provider(Readings(bulk_base64="lenient"))
    assert findings(provider, FIXES[mistake](codes)) == []
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    assert sorted(v.voucher_code for v in merchant.snapshot().projects[-1].vouchers) == sorted(codes)


@given(codes=st.lists(st.from_regex(r"[A-Z0-9]{6,16}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_nothing_is_said_of_a_right_list(codes: list[str]) -> None:
    assert findings(built_in_provider(), encode_codes(codes)) == []
