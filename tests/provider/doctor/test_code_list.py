"""What the doctor says of a list of codes, refused or taken: right advice, and no code in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from hashlib import md5
from typing import NamedTuple
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER, Request
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


def decoded(sent: str) -> str:
    return base64.b64decode(sent).decode()


class Mistake(NamedTuple):
    """A list as somebody sends it by mistake, what the doctor says, and what its fix makes of what was sent."""

    made: Callable[[list[str]], str]
    what: str
    fix: str
    fixed: Callable[[str], str]


def parted(separator: str, what: str, fix: str) -> Mistake:
    return Mistake(
        lambda codes: b64(separator.join(codes)), what, fix, lambda sent: encode_codes(decoded(sent).split(separator))
    )


PART = "part codes with \\n: base64_encode"
PLAIN = "kode_voucher is the plain list of codes, or one of them"
MISTAKES = {
    "the plain list": Mistake("\n".join, PLAIN, "send its base64", lambda sent: encode_codes(sent.split())),
    "plain, of Windows": Mistake("\r\n".join, PLAIN, "send its base64", lambda sent: encode_codes(sent.split())),
    "plain, with commas": Mistake(",".join, PLAIN, "send its base64", lambda sent: encode_codes(sent.split(","))),
    "JSON": Mistake(
        json.dumps, "kode_voucher is JSON", "the base64 of the codes", lambda sent: encode_codes(json.loads(sent))
    ),
    "base64 of each": Mistake(
        lambda codes: "\n".join(map(b64, codes)), "of each code by itself" , "encode the whole list once",
        lambda sent: encode_codes([*map(decoded, sent.split())]),
    ),
    "base64 of base64 of each": Mistake(
        lambda codes: b64("\n".join(map(b64, codes))), "is base64 by itself", "encode the whole list once",
        lambda sent: encode_codes([*map(decoded, decoded(sent).split())]),
    ),
    "base64 twice": Mistake(
        lambda codes: b64(encode_codes(codes)), "the list is base64 once more", "encode once, not twice", decoded
    ),
    "base64 of a JSON list": Mistake(
        lambda codes: b64(json.dumps(codes, indent=1)), "the list is JSON", "one code a line, not a JSON list",
        lambda sent: encode_codes(json.loads(decoded(sent))),
    ),
    "base64 of commas": parted(",", "commas, semicolons or bars", PART),
    "base64 of bars": parted("|", "commas, semicolons or bars", PART),
    "base64 of tabs": parted("\t", "spaces or tabs", PART),
    "base64 of spaces": parted(" ", "spaces or tabs", PART),
    "base64 of \\r": parted("\r", "a carriage return", PART),
    "base64 of a backslash and an n": parted("\\n", "a backslash and an n", PART),
    "base64 of HTML": parted("<br>", "the HTML of a line end", PART),
    "base64 of quotes": Mistake(
        lambda codes: b64("\n".join(f'"{code}"' for code in codes)), "are in quotes", "send each without quotes",
        lambda sent: b64(decoded(sent).replace('"', "")),
    ),
    "a byte-order mark": Mistake(
        lambda codes: b64("\ufeff" + "\n".join(codes)), "byte-order mark", "UTF-8 without BOM",
        lambda sent: b64(decoded(sent)[1:]),
    ),
    "UTF-16": Mistake(
        lambda codes: base64.b64encode("\n".join(codes).encode("utf-16-le")).decode(), "is UTF-16", "as UTF-8",
        lambda sent: b64(base64.b64decode(sent).decode("utf-16-le")),
    ),
    "UTF-16 with its mark": Mistake(
        lambda codes: base64.b64encode("\n".join(codes).encode("utf-16")).decode(), "is not UTF-8 text", "as UTF-8",
        lambda sent: b64(base64.b64decode(sent).decode("utf-16")),
    ),
}  # fmt: skip
of_a_vendor = st.lists(st.from_regex(r"[A-Z0-9]{12,16}", fullmatch=True), min_size=2, max_size=5, unique=True)


def taken(provider: Provider) -> list[str]:
    """The codes of the newest project, in the order they were sent."""
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    return [voucher.voucher_code for voucher in reversed(merchant.snapshot().projects[-1].vouchers)]


@pytest.mark.parametrize("name", MISTAKES)
@given(codes=of_a_vendor)
@settings(max_examples=15)
def test_the_fix_of_a_mistake_gives_what_was_meant(name: str, codes: list[str]) -> None:
    mistake = MISTAKES[name]
    sent = mistake.made(codes)
    (finding,) = findings(built_in_provider(), sent)
    assert mistake.what in finding.what
    assert mistake.fix in finding.fix
    assert not any(code in str(finding) for code in codes)
    provider = built_in_provider()
    assert findings(provider, mistake.fixed(sent)) == []
    assert taken(provider) == codes


# What is wrong with the base64 itself: how it becomes so, the doctor's fix, and what that makes of it.
WRAPPINGS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "pad it with = to a multiple of four": (
        lambda sent: sent.rstrip("="),
        lambda sent: sent + "=" * (-len(sent) % 4),
    ),
    "use the standard one, with + and /": (
        lambda sent: sent.translate(str.maketrans("+/", "-_")),
        lambda sent: sent.translate(str.maketrans("-_", "+/")),
    ),
    "write it in one line": (
        lambda sent: f"{sent[:5]}\n{sent[5:]}\r\n",
        lambda sent: "".join(sent.split()),
    ),
    "send what follows its comma alone": (
        lambda sent: f"data:text/plain;base64,{sent}",
        lambda sent: sent.partition(",")[2],
    ),
    "send the base64 as it is, without %XX": (lambda sent: quote(sent, safe=""), unquote),
    "send the base64 without quotes of its own": (json.dumps, json.loads),
}
of_any_signs = st.lists(st.from_regex(r"[A-Z0-9?>~é]{5,9}", fullmatch=True), min_size=1, max_size=4, unique=True)


@given(codes=of_any_signs, chosen=st.sets(st.sampled_from([*WRAPPINGS])))
def test_all_that_is_wrong_with_the_base64_is_told_and_its_fixes_give_what_was_meant(
    codes: list[str], chosen: set[str]
) -> None:
    sent, wrong = encode_codes(codes), []
    for fix in WRAPPINGS:
        spoiled = WRAPPINGS[fix][0](sent) if fix in chosen else sent
        wrong += [fix] * (spoiled != sent)
        sent = spoiled
    told = [finding.fix for finding in findings(built_in_provider(), sent)]
    assert len(told) == len(wrong)
    is_let_in = not {*wrong} - {*[*WRAPPINGS][:3]}
    for fix, said in zip(reversed(wrong), told, strict=True):
        assert said.startswith(fix)
        assert ("serve with --reading bulk_base64=lenient" in said) == is_let_in
        sent = WRAPPINGS[fix][1](sent)
    provider = built_in_provider()
    assert findings(provider, sent) == []
    assert taken(provider) == codes
    lenient = built_in_provider(Readings(bulk_base64="lenient"))
    assert (findings(lenient, sent) == []) or not is_let_in


MORE: dict[str, tuple[object, str, str]] = {
    "one plain code": ("ABC123DEF456GHX", "the plain list of codes", "send its base64"),
    "one that base64 may be": ("ABCD1234EFGH", "the plain list of codes", "send its base64"),
    "latin-1": (base64.b64encode("é".encode("latin-1")).decode(), "not UTF-8 text", "encode the codes as UTF-8"),
    "no base64 at all": ("?", "is not base64", "let a library write it"),
    "no code": (b64("\r\n"), "has no code", "at least one"),
    "twice": (encode_codes([CODES[0], CODES[0]]), "code 2 of the list was in it before", "each code once"),
    "again": (encode_codes(["ABC123DEF456GHI"]), "was submitted before", "ask the status call"),
    "a list in JSON": ([*CODES], "of the JSON type array", "as text: the base64 of the codes, one a line"),
    "nothing": (None, "kode_voucher is missing", "as text: the base64 of the codes, one a line"),
    "an empty text": ("", "kode_voucher is empty", "as they are documented"),
}


@pytest.mark.parametrize(("sent", "what", "fix"), MORE.values(), ids=MORE)
def test_a_mistake_is_named_with_its_fix_and_no_code(provider: Provider, sent: object, what: str, fix: str) -> None:
    (finding,) = findings(provider, sent)
    assert what in finding.what
    assert fix in finding.fix
    assert not any(code in str(finding) for code in CODES)


def test_no_reading_is_named_that_would_not_let_it_in(provider: Provider) -> None:
    (finding,) = findings(provider, None)
    assert "--reading" not in finding.fix


def test_the_colon_formula_of_a_signature_and_a_wrong_list_are_told_at_once(provider: Provider) -> None:
    colon = md5(f"{MERCHANT}:{SECRET}".encode()).hexdigest()
    signature, sent = findings(provider, TEXT, signature=colon)
    assert "md5(merchant_id + ':' + secret_key)" in signature.what
    assert sent.what == PLAIN


@pytest.mark.parametrize("name", ["kodeVoucher", "kode_vouchers", "voucher_code", "codes", "list", "Kode-Voucher"])
def test_the_list_under_another_name_is_told_and_nothing_else(provider: Provider, name: str) -> None:
    (finding,) = findings(provider, None, **{name: encode_codes(CODES)})
    assert finding.fix == "call it 'kode_voucher'"


@pytest.mark.parametrize(
    ("code", "meant"),
    [("rmockclosebefore", "RMOCKCLOSEBEFORE"), ("RMOCKMAINTENANC", "RMOCKMAINTENANCE"), ("RMOCKERR7", "RMOCKBULKERR7")],
)
def test_a_reserved_code_that_is_mistyped_is_told(provider: Provider, code: str, meant: str) -> None:
    (finding,) = findings(provider, encode_codes([CODES[0], code]))
    assert finding.fix == f"send {meant}"


@pytest.mark.parametrize("state", VENDOR_STATES)
def test_a_merchant_in_a_state_of_the_vendor_is_told_how_to_leave_it(provider: Provider, state: str) -> None:
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    merchant.set_vendor_state(state)
    (finding,) = findings(provider, encode_codes(CODES))
    assert state in finding.what
    assert REDEEM_BULK.error_of[state].clause in finding.why
    assert '{"vendor_state": null}' in finding.fix


def test_the_doctor_s_header_speaks_of_a_list_that_was_taken_and_is_odd() -> None:
    provider = built_in_provider()
    provider.doctor_header = True
    for kode_voucher, says in ((b64(",".join(CODES)), True), (encode_codes(["RIGHT1"]), False)):
        content = json.dumps({"kode_voucher": kode_voucher, "signature": sign(MERCHANT, SECRET)}).encode()
        reply = provider.handle(Request("POST", REDEEM_BULK.path_of(MERCHANT), content))
        assert reply.rc == 0
        assert [name for name, value in reply.headers if "commas" in value] == [DOCTOR_HEADER.lower()] * says


def test_a_line_end_of_windows_is_part_of_a_code_under_a_strict_reading() -> None:
    provider = built_in_provider(Readings(bulk_lines="strict"))
    (finding,) = findings(provider, b64("\r\n".join(CODES)))
    assert "end in \\r" in finding.what
    assert "bulk_lines=any" in finding.fix


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
