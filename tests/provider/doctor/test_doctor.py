"""The doctor names the mistake that was made, and never a secret."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER, INTERNAL_ERROR, Request
from mockserver.provider.state.world import Merchant, Project
from mockserver.testing.strategies.exchanges import readings as any_readings
from tests.support.asking import MERCHANT, PAGE_PROJECT, PATH, SECRET, built_in_provider, call, fields

OTHER = Merchant("M250101OTHER0001", "the-others-secret", None, (Project(9001, "R250101OTHER00001", "Theirs"),))


@pytest.fixture
def provider() -> Provider:
    made = built_in_provider()
    made.add_merchant(OTHER)
    return made


_NAMES = st.sampled_from(["projectid", "signature", "page", "status", "project_id", "x"])
_PLAIN = st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers()
_JSON = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=8
)
_BODIES = st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode())


def fields_of_any_type() -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["projectid", "status", "signature", "session_key", "page", "limit", "sign", "Page", "x"])
    values: st.SearchStrategy[Any] = st.sampled_from(
        ["", "0", "1", "x", "1.5", "9" * 19, 0, 1, 5, 1.0, 1.5, -1, True, None, [], {}]
    )
    return st.dictionaries(names, values)


def said(
    provider: Provider, content: bytes, merchant_id: str = MERCHANT, *, forced: str | None = None
) -> list[Finding]:
    call(provider, content, merchant_id=merchant_id, forced=forced)
    return said_of_newest(provider)


def said_of_newest(provider: Provider) -> list[Finding]:
    kept = provider.journal.kept(provider.journal.total)
    assert isinstance(kept, RawEntry)
    return provider.diagnose(kept)


def said_of_signature(provider: Provider, signature: Any, **more: Any) -> str:
    first, *_ = said(provider, json.dumps({**fields(signature=signature), **more}).encode())
    return first.what


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


RIGHT = sign(MERCHANT, SECRET)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (md5(f"{MERCHANT}:{SECRET}"), "md5(merchant_id + ':' + secret_key)"),
        (md5(f"{MERCHANT}-{SECRET}"), "md5(merchant_id + '-' + secret_key)"),
        (md5(f"{MERCHANT} {SECRET}"), "md5(merchant_id + a space + secret_key)"),
        (md5(SECRET + MERCHANT), "md5(secret_key + merchant_id)"),
        (md5(f"{SECRET}:{MERCHANT}"), "md5(secret_key + ':' + merchant_id)"),
        (RIGHT.upper(), "the right value in upper case"),
        (md5(MERCHANT.lower() + SECRET), "merchant_id in lower case"),
        (md5(MERCHANT + SECRET.upper()), "secret_key in upper case"),
        (hashlib.sha1((MERCHANT + SECRET).encode()).hexdigest(), "sha1(merchant_id + secret_key)"),
        (hashlib.sha256((MERCHANT + SECRET).encode()).hexdigest(), "sha256(merchant_id + secret_key)"),
        (hashlib.sha256(f"{MERCHANT}:{SECRET}".encode()).hexdigest(), "sha256(merchant_id + ':' + secret_key)"),
        (hmac.new(SECRET.encode(), MERCHANT.encode(), "sha256").hexdigest(), "HMAC-sha256 (key secret_key"),
        (hmac.new(MERCHANT.encode(), SECRET.encode(), "md5").hexdigest(), "HMAC-md5 (key merchant_id"),
        (md5(f"{MERCHANT}{SECRET}\n"), "secret_key with a newline behind it"),
        (md5(f"{MERCHANT}{SECRET}\r\n"), "secret_key with a Windows newline behind it"),
        (md5(f"{MERCHANT}{SECRET} "), "secret_key with a space behind it"),
        (md5(f"{MERCHANT}\n{SECRET}"), "newline"),
        (md5(f'{MERCHANT}"{SECRET}"'), "secret_key in quotes"),
        (md5(f"{SECRET}\n:{MERCHANT}"), "secret_key with a newline behind it + ':' + merchant_id"),
        (md5(MERCHANT + OTHER.secret_key), f"with the secret_key of merchant '{OTHER.merchant_id}'"),
        (sign(OTHER.merchant_id, OTHER.secret_key), f"the signature of merchant '{OTHER.merchant_id}'"),
        ("fa375f4e30dbe2cdcf5d1ee0e9d678ef", "sample value of the vendor's page"),
        ("FA375F4E30DBE2CDCF5D1EE0E9D678EF", "sample value of the vendor's page"),
        ("+jdfTjDb4s3PXR7g6dZ47w==", "sample value of the vendor's page"),
        (SECRET, "the secret key itself"),
        (md5(SECRET), "merchant_id is missing"),
        (md5(MERCHANT), "secret_key is missing"),
        (md5(RIGHT), "md5 was taken twice"),
        (RIGHT[:16], "only the first 16 characters"),
        (f" {RIGHT}\n", "white space around it"),
        (base64.b64encode(bytes.fromhex(RIGHT)).decode(), "base64"),
        ("", "an empty text"),
        ("md5(merchant_id + secret_key)", "a placeholder or a formula in words"),
        ("f" * 40, "40 hex digits, as sha1 gives"),
        ("f" * 32, "no known formula"),
        ("hello", "5 characters"),
    ],
)
def test_the_wrong_formula_is_named(provider: Provider, sent: str, words: str) -> None:
    assert words in said_of_signature(provider, sent)


@pytest.mark.parametrize("separator", ["", ":"])
def test_a_field_of_the_body_in_the_signature_is_named(provider: Provider, separator: str) -> None:
    wrong = md5(separator.join([MERCHANT, SECRET, "INV-77"]))
    assert "ref_id" in said_of_signature(provider, wrong, ref_id="INV-77")
    wrong = md5(separator.join([MERCHANT, SECRET, PAGE_PROJECT]))
    assert "projectid" in said_of_signature(provider, wrong, projectid=PAGE_PROJECT)


def test_no_signature_at_all(provider: Provider) -> None:
    assert said(provider, json.dumps(fields(signature=None)).encode())[0].what == "no signature was sent"


@pytest.mark.parametrize(
    ("content", "what", "fix"),
    [
        (b"", "the body is empty", "in the body of the POST"),
        (b'{\n"projectid":"DW",\n"status":"", //kosong\n"page":1}', "// comment on line 3", "leave the comment out"),
        (b'{"projectid":"DW",\n"page":1,\n}', "a comma before", "leave the comma out"),
        (b"projectid=DW&page=1&signature=abc", "the body is form data", "json="),
        (b"\xef\xbb\xbf{}", "byte-order mark", "without BOM"),
        ('{"projectid":"DW"}'.encode("utf-16"), "UTF-16", "UTF-8"),
        (b'{"projectid":"\xe9"}', "byte 14 of the body is not UTF-8", "latin-1"),
        (b'{"projectid":"DW",\n"page":', "the JSON stops at line 2", "Content-Length"),
        (b'{"projectid":"DW","status":tr', "the JSON stops at line 1, column 28", "the whole was sent"),
        (b'{"projectid":"DW","sta', "the JSON stops in the text that begins at line 1, column 19", "Content-Length"),
        (b'{"projectid":"//DW', "the JSON stops in the text that begins at line 1, column 14", "Content-Length"),
        (b'{"projectid":"D\\', "the JSON stops in the text that begins at line 1, column 14", "Content-Length"),
        (gzip.compress(b"{}", mtime=0), "the body is compressed", "without gzip"),
        (zlib.compress(b"{}"), "the body is compressed", "without gzip or deflate"),
        (b'{"page":1e400}', "the body holds 1e400, which is too large", "plain integers"),
        (b'{"page":-1e400}', "the body holds -1e400, which is too large", "plain integers"),
        (b"{'projectid':'DW'}", "line 1, column 2: a single quote", "JSON library"),
        ("{\u201cprojectid\u201d: 1}".encode(), "line 1, column 2: a curly quote", "JSON library"),
        (b'{"projectid":"DW", # kosong\n"page":1}', "line 1, column 20: a # comment", "leave the comment out"),
        (b"{projectid:1}", "line 1, column 2: a name without quotes", "JSON library"),
        (b'{"projectid":"DW"}\x00', "line 1, column 19: more follows it", "send nothing after it"),
        (b'{"page":NaN}', "the body holds NaN", "null"),
        (b'{"page":True}', "a Python word", "json.dumps"),
        (b"[]", "the body is a JSON array", '{"projectid"'),
        (b'"{}"', "the body is a JSON string", "once, not twice"),
        (b'{"page":"1"}', "page is a number as text", "types=coerce"),
        (b'{"projectid":5847}', "projectid is of the JSON type integer", '"projectid": "5847", in quotes'),
        (b'{"page":0}', "page is below 1", "1 or more"),
        (b'{"limit":-1.0}', "limit is below 1", "1 or more"),
        (b'{"page":1.5}', "page is of the JSON type number", '"page": 1'),
        (b'{"projectid" "DW"}', "line 1, column 14", "JSON library"),
        (b"[" * 100_000, "nested too deeply", "flat object"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', "multipart form data", "json="),
    ],
)
def test_where_a_body_breaks_is_shown(provider: Provider, content: bytes, what: str, fix: str) -> None:
    (first, *_) = said(provider, content)
    assert what in first.what
    assert fix in first.fix


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (b'{"projectid":"\xe9"}', "the body is not UTF-8"),
        (b'{"session_key":5}', "session_key is of the JSON type integer; expected string"),
        (b'{"signature":null}', "signature is of the JSON type null; expected string"),
    ],
)
def test_the_explanation_is_whole_and_says_nothing_else_than_the_doctor(content: bytes, explanation: str) -> None:
    provider = built_in_provider()
    said(provider, content)
    assert provider.journal.entries()[0].explanation == explanation


@pytest.mark.parametrize("name", ["project_id", "projectId", "PROJECTID", "Project-ID", "project"])
def test_a_field_of_another_name_is_named(provider: Provider, name: str) -> None:
    findings = said(provider, json.dumps({**fields(projectid=None), name: PAGE_PROJECT}).encode())
    assert findings[0].what == f"the body has {name!r} and no 'projectid'"
    assert findings[0].fix == "call it 'projectid'"


@pytest.mark.parametrize(
    ("projectid", "what", "fix"),
    [
        ("R250101OTHER00001", f"it belongs to merchant '{OTHER.merchant_id}'", OTHER.merchant_id),
        ("5847", "the numeric id of one", PAGE_PROJECT),
        ("Demo", "the name of one", "R250101DEMO000137"),
        ("DW", "the page's example asks for it", PAGE_PROJECT),
        ("R240815XPQR000021", "no project", f"send {PAGE_PROJECT!r}, the nearest"),
        (PAGE_PROJECT.lower(), "case or white space differs", PAGE_PROJECT),
        (f"{PAGE_PROJECT} ", "case or white space differs", PAGE_PROJECT),
        ("demo ", "that is the name of one, 'Demo', but for case or white space", "R250101DEMO000137"),
        ("Theirs", f"it belongs to merchant '{OTHER.merchant_id}'", "call 'R250101OTHER00001' as"),
        ("rmockhtml502", "and no reserved one", "send 'RMOCKHTML502'"),
        ("RMOCKDELAY99999", "and no reserved one", "send 'RMOCKDELAY'; a delay, a slow body and a rate limit"),
        ("RMOCK", "and no reserved one", "send 'RMOCK"),
        ("??", "no project '??'", "send one of"),
    ],
)
def test_an_unknown_project_is_explained(provider: Provider, projectid: str, what: str, fix: str) -> None:
    (first, *_) = said(provider, json.dumps(fields(projectid=projectid)).encode())
    assert what in first.what
    assert fix in first.fix


@pytest.mark.parametrize(
    ("merchant_id", "what", "fix"),
    [
        (MERCHANT.lower(), "they differ in case", MERCHANT),
        ("M240315GAME2847L", "no merchant", "the nearest"),
        ("[merchant_id]", "a placeholder", "put the merchant id"),
        (f"{MERCHANT} ", "white space", "strip"),
        ("zzz", "no merchant 'zzz'", "call one of"),
    ],
)
def test_an_unknown_merchant_is_explained(provider: Provider, merchant_id: str, what: str, fix: str) -> None:
    (first, *_) = said(provider, json.dumps(fields()).encode(), merchant_id)
    assert what in first.what
    assert fix in first.fix


def test_a_good_call_is_well_and_a_fault_is_told(provider: Provider) -> None:
    good = json.dumps(fields()).encode()
    assert said(provider, good) == []
    (only,) = said(provider, good, forced="html_502")
    assert only.what == "the fault html_502 was put on this reply"
    (only,) = said(provider, good, forced="delay; seconds=0.3")
    assert only.what == "the fault delay of 0.3 s was put on this reply"


@pytest.mark.parametrize("clause", ["ERR-1", "ERR-2", "ERR-3", "ERR-4"])
def test_an_error_that_was_asked_for_is_told_as_such(provider: Provider, clause: str) -> None:
    (by_header,) = said(provider, json.dumps(fields()).encode(), forced=clause)
    assert by_header.what == f"{clause} was asked for by X-Apigames-Mock-Fault"
    reserved = f"RMOCK{clause.replace('-', '')}"
    (by_project,) = said(provider, json.dumps(fields(projectid=reserved)).encode())
    assert by_project.what == f"{clause} was asked for by the projectid {reserved}"
    assert by_project.fix == by_header.fix == "leave that out, and the call gets its own answer"


def test_a_header_that_asks_for_no_known_fault_is_told_as_such(provider: Provider) -> None:
    (only,) = said(provider, json.dumps(fields()).encode(), forced="html_999")
    assert "no fault 'html_999'" in only.what
    assert only.fix == "correct it, or leave it out"


def test_an_error_of_the_mock_is_not_laid_to_the_client(provider: Provider) -> None:
    provider.refuse(500, INTERNAL_ERROR, method="POST", path=PATH, origin="test")
    (only,) = said_of_newest(provider)
    assert only.what == INTERNAL_ERROR
    assert only.why == "the mock broke down while it answered, whatever the call was"
    assert only.fix == "report it, with the lines of the log that tell of it"


@pytest.mark.parametrize("precedence", ["merchant-signature-project", "merchant-project-signature"])
def test_a_wrong_signature_with_a_reserved_projectid_is_a_wrong_signature(precedence: str) -> None:
    provider = built_in_provider(Readings.of({"precedence": precedence}))
    (only,) = said(provider, json.dumps(fields(projectid="RMOCKDELAY", signature=RIGHT.upper())).encode())
    assert only.what == "the signature is the right value in upper case"


def test_a_call_that_would_be_answered_by_now_is_told_as_such(provider: Provider) -> None:
    said(provider, json.dumps(fields(projectid="NEWPROJ01")).encode())
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    provider.add_project(merchant, Project(77, "NEWPROJ01"))
    (only,) = said_of_newest(provider)
    assert only.what == "it got ERR-4, and would be answered now"
    assert only.why == "the world or the readings have changed since it arrived"


def test_a_call_that_would_get_another_error_by_now_has_that_one_explained(provider: Provider) -> None:
    late = Merchant("M260101LATE00001", "the-latecomers-secret", None, (Project(78, "R260101LATE0001"),))
    said(provider, json.dumps(fields(signature=md5("x"))).encode(), late.merchant_id)
    provider.add_merchant(late)
    changed, present, *_ = said_of_newest(provider)
    assert changed.what == "it got ERR-2, and would get ERR-3 now"
    assert "no known formula" in present.what
    said(provider, json.dumps(fields(signature=sign(MERCHANT, "the-next-secret"))).encode())
    provider.add_merchant(Merchant(MERCHANT, "the-next-secret", None, (Project(79, "R260101NEXT0001"),)))
    changed, present = said_of_newest(provider)
    assert changed.what == "it got ERR-3, and would get ERR-4 now"
    assert "no project" in present.what


def test_the_fields_of_a_form_are_looked_at_where_a_reading_lets_it_in() -> None:
    provider = built_in_provider(Readings.of({"form_body": "accept"}))
    first, then = said(provider, f"projectid=DW&signature={RIGHT.upper()}".encode())
    assert first.what == "the signature is the right value in upper case"
    assert then.what.startswith("no project 'DW'")
    (only,) = said(provider, f"projectid=demo&signature={RIGHT}".encode())
    assert "the name of one, 'Demo'" in only.what


def test_a_reading_is_no_cure_for_what_it_does_not_relax() -> None:
    by_session, *_ = said(built_in_provider(), b'{"session_key":5}')
    assert by_session.fix == 'send "session_key" as text'
    by_page, *_ = said(built_in_provider(Readings.of({"types": "coerce"})), b'{"page":1.5}')
    assert (by_page.what, by_page.fix) == ("page is of the JSON type number", 'send "page": 1, a whole number')


SIGNED = f"signature={RIGHT}"


@pytest.mark.parametrize(
    ("readings", "content", "what", "fix"),
    [
        ({"form_body": "accept"}, f"projectid=R1&page=0&{SIGNED}", "page is below 1", "send page 1 or more"),
        (
            {"form_body": "accept"},
            f"projectid=R1&page=x&{SIGNED}",
            "page is text, and not a whole number",
            "as in page=1",
        ),
        ({"form_body": "accept"}, f"projectid=R/1&{SIGNED}", "characters that a form writes as %XX", "a library"),
        ({"form_body": "accept"}, "projectid=%ff", "the form-encoded body is not UTF-8", "in UTF-8"),
        (
            {"form_body": "accept", "missing_paging": "json"},
            f"projectid=R1&{SIGNED}",
            "status is missing",
            "send status as a field of the form",
        ),
        ({"types": "coerce"}, '{"page":"abc","sign":"x"}', "page is text, and not a whole number", 'send "page": 1'),
        ({"types": "coerce"}, '{"page":"0"}', "page is below 1", "send page 1 or more"),
        ({"types": "coerce"}, '{"page":"%s"}' % ("9" * 19), "not a whole number of up to 18 digits", 'send "page": 1'),
        ({}, '{"limit":"x"}', "limit is text, and not a whole number", 'send "limit": 30, which is what'),
        ({"types": "coerce", "unknown_status": "json"}, '{"status":5}', "status names no status", "send one of"),
        ({}, r'{"note":"\ud800"}', r"the body holds half of a surrogate pair, \ud800", "send both halves"),
        ({}, r'["\ud83d\ude00", "\udc00"]', r"the body holds half of a surrogate pair, \udc00", "send both halves"),
    ],
)
def test_what_the_endpoint_refused_comes_first(readings: dict[str, str], content: str, what: str, fix: str) -> None:
    first, *_ = said(built_in_provider(Readings.of(readings)), content.encode())
    assert what in first.what
    assert fix in first.fix
    assert "coerce" not in first.fix


@given(fields_of_any_type(), any_readings())
def test_the_first_finding_of_a_bad_body_is_about_the_field_that_the_endpoint_names(
    sent: dict[str, Any], in_force: Readings
) -> None:
    provider = built_in_provider(in_force)
    findings = said(provider, json.dumps(sent).encode())
    (entry,) = provider.journal.entries()
    if entry.clause == "ERR-1":
        assert entry.explanation is not None
        assert entry.explanation.split()[0] in findings[0].what


def test_a_relaxed_reading_is_no_mistake() -> None:
    provider = built_in_provider(Readings.of({"types": "coerce", "out_of_range": "default"}))
    assert said(provider, json.dumps(fields(page="1", limit=0)).encode()) == []


@given(_BODIES)
def test_every_refusal_has_a_finding_whatever_came(content: bytes) -> None:
    provider = built_in_provider()
    findings = said(provider, content)
    refused = provider.journal.entries()[-1].rc != 200
    assert bool(findings) == refused
    for finding in findings:
        assert finding.what
        assert finding.why
        assert finding.fix


@given(st.sampled_from(["signature", "session_key", "projectid", "note", "x"]), st.booleans())
def test_no_secret_is_ever_said(name: str, cut: bool) -> None:
    provider = built_in_provider()
    for value in (SECRET, RIGHT, "session-key-of-mine"):
        content = json.dumps({"session_key": "session-key-of-mine", **fields(), "signature": "0" * 32, name: value})
        findings = said(provider, content[: -3 if cut else None].encode())
        text = " ".join(map(str, findings))
        for secret in (SECRET, RIGHT, "session-key-of-mine"):
            assert secret not in text


MEANT: list[tuple[dict[str, object], dict[str, str], dict[str, object]]] = [
    ({"status": 0}, {}, {"status": "0"}),
    ({"status": None}, {}, {"status": ""}),
    ({"status": False}, {}, {"status": ""}),
    ({"page": "2"}, {}, {"page": 2}),
    ({"page": None}, {}, {"page": 1}),
    ({"limit": "x"}, {}, {"limit": 30}),
    ({"limit": 7.5}, {}, {"limit": 7}),
]


@pytest.mark.parametrize(("sent", "choices", "meant"), MEANT)
def test_a_fix_as_it_is_worded_is_what_the_sender_meant(
    sent: dict[str, object], choices: dict[str, str], meant: dict[str, object]
) -> None:
    provider = built_in_provider(Readings.of(choices))
    first, *more = said(provider, json.dumps({**fields(), **sent}).encode())
    assert more == []
    worded = re.search(r'send ("\w+": (?:"[^"]*"|-?\d+))', first.fix)
    assert worded is not None, first.fix
    assert json.loads(f"{{{worded[1]}}}") == meant
    assert said(provider, json.dumps({**fields(), **meant}).encode()) == []


def test_every_mistake_of_a_request_is_told(provider: Provider) -> None:
    sent = fields(page="1", signature=md5(f"{MERCHANT}:{SECRET}"), projectid="nowhere")
    told = [one.what for one in said(provider, json.dumps(sent).encode())]
    assert told[0] == "page is a number as text"
    assert any("md5(merchant_id + ':' + secret_key)" in one for one in told)
    told = [one.what for one in said(provider, json.dumps({**sent, "page": 1}).encode())]
    assert "the signature is" in told[0]
    assert told[-1].startswith("no project 'nowhere'")


def test_fields_inside_another_object_are_seen(provider: Provider) -> None:
    first, *_ = said(provider, json.dumps({"data": fields()}).encode())
    assert any("are inside 'data'" in one.what for one in said_of_newest(provider)), first
    assert "without the object around it" in next(one.fix for one in said_of_newest(provider) if "inside" in one.what)


@pytest.mark.parametrize(
    ("changed", "choices", "reading", "says"),
    [
        ({"status": "9"}, {}, "unknown_status", "the list is empty: the status in the filter names none"),
        ({"status": "9"}, {"unknown_status": "ignored"}, "unknown_status", "the list is unfiltered"),
        ({"page": 9}, {}, "beyond_last", "the list is empty: the page is past the last"),
        ({"page": 9}, {"beyond_last": "last"}, "beyond_last", "the last page came again"),
    ],
)
def test_a_success_that_may_not_be_meant_is_explained(
    changed: dict[str, object], choices: dict[str, str], reading: str, says: str
) -> None:
    provider = built_in_provider(Readings.of(choices))
    (only,) = said(provider, json.dumps(fields(**changed)).encode())
    assert says in only.what
    assert f"the reading {reading}" in only.why
    (entry,) = provider.journal.entries()
    assert (entry.rc, entry.reading) == (200, reading)
    assert entry.explanation is not None
    assert entry.explanation.startswith("200, and ")


def test_an_ordinary_page_is_explained_by_nothing(provider: Provider) -> None:
    assert said(provider, json.dumps(fields(page=2)).encode()) == []
    assert said(provider, json.dumps(fields(status="0")).encode()) == []


@pytest.mark.parametrize("how", ["header", "reserved", "rule"])
def test_a_fault_says_what_asked_for_it_and_how_to_be_rid_of_that(provider: Provider, how: str) -> None:
    if how == "rule":
        provider.faults.add(Rule(Fault("html_502")))
    content = json.dumps(fields(projectid="RMOCKHTML502") if how == "reserved" else fields()).encode()
    (only,) = said(provider, content, forced="html_502" if how == "header" else None)
    why, fix = {
        "header": (f"a header of the call asked for it: {FAULT_HEADER}", "leave that header out"),
        "reserved": ("a reserved text in the call asked for it: projectid RMOCKHTML502", "send one of your own"),
        "rule": ("a rule asked for it", "DELETE /__admin/faults"),
    }[how]
    assert why == only.why
    assert fix in only.fix


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        (f"/merchant/{MERCHANT}/kiosgamer/redeem/bulk", "redem/bulk, spelt just so"),
        (f"/merchant/{MERCHANT}/kiosgamer/redem/bulk/", "redem/bulk, spelt just so"),
        (f"/Merchant/{MERCHANT}/Kiosgamer/Project/Detail", "project/detail, spelt just so"),
        (f"/v1/merchant/{MERCHANT}/kiosgamer/project/detail", "project/detail, spelt just so"),
        (f"/{MERCHANT}/kiosgamer/project/details", "project/detail, spelt just so"),
        ("/health", "project/detail or /merchant/{merchant_id}/kiosgamer/redem/bulk, spelt just so"),
        ("/merchant//kiosgamer/project/detail", "put the merchant id there"),
    ],
)
def test_of_a_wrong_path_the_nearest_is_told(provider: Provider, path: str, fix: str) -> None:
    provider.handle(Request("POST", path, body=b"{}"))
    (found,) = said_of_newest(provider)
    assert fix in found.fix


def test_a_page_of_nought_as_text_is_not_to_be_sent_as_a_number(provider: Provider) -> None:
    found = said(provider, json.dumps(fields(page="0")).encode())
    assert [(one.what, one.fix) for one in found] == [
        ("page is a number as text, and below 1", 'send "page": 1, or more, without quotes')
    ]
