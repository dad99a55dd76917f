"""Nothing that a target could accept as a submission gets past the live guard, however it is tried."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import serve
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings, each_other_value
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.verification.live_guard import (
    REFUSED_SUBMISSIONS,
    Refused,
    SubmitRefused,
    Submitting,
    Withheld,
    check_request,
    check_submitting,
)
from mockserver.verification.settings import Settings, SettingsError
from mockserver.verification.target import HttpTarget, NoReply
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, BrokenFake

LIVE, LOCAL = "https://v1.apigames.id", "http://127.0.0.1:8787"
CODES = ("ABC123DEF456GHI", "JKL789MNO012PQR")
GOOD = {"kode_voucher": encode_codes(CODES), "signature": sign(MERCHANT, SECRET)}
BODY = json.dumps(GOOD).encode()
STATUS_BODY = json.dumps({"projectid": PROJECT, "signature": sign(MERCHANT, SECRET)}).encode()
BEFORE_MERCHANT, AFTER_MERCHANT = REDEEM_BULK.path.split("{merchant_id}")


class _Wire(httpx.BaseTransport):
    """What stands in for the network: it notes what would have been sent."""

    def __init__(self, http_status: int = 200, **headers: str) -> None:
        self.sent: list[httpx.Request] = []
        self._http_status = http_status
        self._headers = headers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(self._http_status, headers=self._headers, stream=httpx.ByteStream(b"{}"))


def _sent(
    body: bytes,
    operation: Operation = REDEEM_BULK,
    *,
    base_url: str = LIVE,
    merchant_id: str = MERCHANT,
    submitting: Submitting = Submitting.REFUSALS,
) -> list[httpx.Request]:
    """Return what gets out of a call."""
    wire = _Wire()
    target = HttpTarget(base_url, transport=wire, submitting=submitting)
    try:
        target.post(merchant_id, body, operation)
    except (Withheld, NoReply, ValueError):
        assert not wire.sent
    finally:
        target.close()
    return wire.sent


def _good_in_every_dress() -> Iterator[bytes]:
    """Yield bodies that some target could take for a good submission, or for one once it is read kindly."""
    text = BODY.decode()
    yield BODY
    yield from (json.dumps(GOOD, indent=indent).encode() for indent in (0, 1, 4))
    yield json.dumps(dict(reversed(GOOD.items()))).encode()
    yield json.dumps({**GOOD, "session_key": "x", "added": [1]}).encode()
    yield from (text.encode(coding) for coding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"))
    yield from (BODY + end for end in (b"\n", b" ", b"\0", b"}", b",", b"//"))
    yield from (start + BODY for start in (b" ", b"\n", b"\0", b")]}',\n"))
    yield text.replace('"', "'").encode()
    yield text.replace("}", ",}").encode()
    yield text.replace("kode_voucher", "kode\\u005fvoucher").encode()
    yield text.replace("signature", "Signature").encode()
    yield (text[:-1] + f',"signature":"{"0" * 32}"' + "}").encode()
    yield ("{" + f'"signature":"{"0" * 32}",' + text[1:]).encode()
    yield b"&".join(f"{name}={quote(value)}".encode() for name, value in GOOD.items())
    yield json.dumps([GOOD]).encode()
    yield json.dumps(text).encode()
    for changed in (
        {"signature": "0" * 31},
        {"signature": ""},
        {"signature": None},
        {"signature": sign(MERCHANT, SECRET).upper()},
        {"signature": sign(MERCHANT, "another")},
        {"kode_voucher": GOOD["kode_voucher"].rstrip("=")},
        {"kode_voucher": "\n".join(CODES)},
        {"kode_voucher": list(CODES)},
        {"kode_voucher": base64.b32encode(b"\n".join(code.encode() for code in CODES)).decode()},
    ):
        yield json.dumps({**GOOD, **changed}).encode()


def _operations() -> Iterator[Operation]:
    """Yield the operations as they are, and as somebody may have changed them."""
    yield from OPERATIONS
    yield replace(REDEEM_BULK, reads_only=True)
    yield replace(PROJECT_DETAIL, path=REDEEM_BULK.path)
    for path in (
        BEFORE_MERCHANT + "{merchant_id}" + AFTER_MERCHANT.upper(),
        BEFORE_MERCHANT + "{merchant_id}/" + AFTER_MERCHANT,
        "/" + REDEEM_BULK.path,
        "/." + REDEEM_BULK.path,
        REDEEM_BULK.path + "/",
        REDEEM_BULK.path + "?x=" + PROJECT_DETAIL.path.replace("{merchant_id}", MERCHANT),
        REDEEM_BULK.path.replace("redem", "%72edem"),
        REDEEM_BULK.path + ";/../../project/detail",
        PROJECT_DETAIL.path.replace("project/detail", "project/../redem/bulk"),
        PROJECT_DETAIL.path.replace("project/detail", "redem%2Fbulk"),
    ):
        yield replace(PROJECT_DETAIL, path=path)


_MERCHANTS = [
    MERCHANT,
    f"{MERCHANT}/kiosgamer/redem/bulk?",
    f"{MERCHANT}/kiosgamer/redem/bulk#",
    f"{MERCHANT}/kiosgamer/redem/bulk;x",
    f"{MERCHANT}%2Fkiosgamer%2Fredem%2Fbulk%3F",
    "../../x",
    "é",
    " ",
    "",
]
_BASES = [
    LIVE,
    f"{LIVE}/",
    f"{LIVE}/merchant/{MERCHANT}/kiosgamer/redem/bulk?",
    f"{LIVE}/merchant/{MERCHANT}/kiosgamer/redem/bulk#",
    f"{LIVE}/merchant/{MERCHANT}/kiosgamer/redem/bulk/..",
    "https://127.0.0.1@v1.apigames.id",
    "https://localhost:80@v1.apigames.id",
    "http://127.0.0.1.nip.io",
    "http://0177.0.0.1",
    "http://[::ffff:127.0.0.1]",
    "http://10.0.0.1",
]


@pytest.mark.parametrize("submitting", Submitting)
def test_no_submission_that_could_be_accepted_leaves_this_machine(submitting: Submitting) -> None:
    for operation, body in itertools.product(_operations(), _good_in_every_dress()):
        assert not _sent(body, operation, submitting=submitting), (operation.path, body)
    for merchant_id, operation, base_url in itertools.product(_MERCHANTS, OPERATIONS, _BASES):
        assert not _sent(BODY, operation, merchant_id=merchant_id, base_url=base_url, submitting=submitting)


@given(
    st.sampled_from([BODY, *REFUSED_SUBMISSIONS.values()]),
    st.integers(0, 200),
    st.integers(0, 3),
    st.binary(max_size=4),
)
def test_no_byte_of_what_may_leave_can_be_another(body: bytes, place: int, left_out: int, put_in: bytes) -> None:
    place %= len(body) + 1
    changed = body[:place] + put_in + body[place + left_out :]
    assert bool(_sent(changed)) == (changed in REFUSED_SUBMISSIONS.values())


def test_what_may_leave_takes_nothing_round_it() -> None:
    for body in REFUSED_SUBMISSIONS.values():
        for changed in (body + b" ", b" " + body, body + b"\n", body + body, b"\xef\xbb\xbf" + body):
            assert not _sent(changed)


@pytest.mark.parametrize("submitting", [Submitting.NOTHING, Submitting.REFUSALS])
def test_a_read_leaves_for_the_one_path_of_the_status_call_alone(submitting: Submitting) -> None:
    for merchant_id in _MERCHANTS[1:6]:
        assert not _sent(STATUS_BODY, PROJECT_DETAIL, merchant_id=merchant_id, submitting=submitting)
    for base_url in _BASES[2:4]:
        assert not _sent(STATUS_BODY, PROJECT_DETAIL, base_url=base_url, submitting=submitting)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_no_other_bytes_leave(body: bytes) -> None:
    assert bool(_sent(body)) == (body in REFUSED_SUBMISSIONS.values())


def test_whoever_takes_the_client_of_a_target_is_held_to_the_same() -> None:
    wire = _Wire()
    target = HttpTarget(LIVE, transport=wire, submitting=Submitting.ANYTHING)
    client = target._connected()
    url = LIVE + REDEEM_BULK.path_of(MERCHANT)
    sends: list[Callable[[], object]] = [
        lambda: client.post(url, content=BODY),
        lambda: client.post(url, data=GOOD),
        lambda: client.post(url, json=GOOD),
        lambda: client.request("PUT", url, content=BODY),
        lambda: client.send(httpx.Request("POST", url, content=BODY)),
        lambda: client.send(httpx.Request("POST", url, content=iter([BODY[:9], BODY[9:]]))),
        lambda: client.post(url, content=BODY, follow_redirects=True),
        lambda: client.get(url, params=GOOD),
        lambda: client.get("https://other.example/", params=GOOD),
    ]
    for send in sends:
        with pytest.raises(Withheld):
            send()
    assert not wire.sent
    target.close()


def test_a_redirect_takes_no_submission_away_from_this_machine() -> None:
    wire = _Wire(307, Location=f"{LIVE}{REDEEM_BULK.path_of(MERCHANT)}")
    target = HttpTarget(LOCAL, transport=wire, submitting=Submitting.ANYTHING)
    assert target.post(MERCHANT, BODY, REDEEM_BULK).http_status == 307
    assert [request.url.host for request in wire.sent] == ["127.0.0.1"]


def test_a_target_that_is_moved_elsewhere_after_its_first_call_is_held_to_where_it_calls() -> None:
    wire = _Wire()
    target = HttpTarget(LOCAL, transport=wire, submitting=Submitting.ANYTHING)
    target.post(MERCHANT, BODY, REDEEM_BULK)
    target.base_url = LIVE
    with pytest.raises(Withheld):
        target.post(MERCHANT, BODY, REDEEM_BULK)
    assert len(wire.sent) == 1


def test_a_proxy_of_the_environment_hears_of_no_call_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serve() as merchant:
        target = HttpTarget(merchant.url, use_proxies=True, submitting=Submitting.ANYTHING)
        fields = {"kode_voucher": GOOD["kode_voucher"], "signature": merchant.signature}
        assert target.post(merchant.merchant_id, json.dumps(fields).encode(), REDEEM_BULK).http_status == 200
        target.close()


@pytest.mark.parametrize(
    ("base_url", "submitting", "expected"),
    [
        (LOCAL, Submitting.NOTHING, False),
        (LOCAL, Submitting.REFUSALS, False),
        (LOCAL, Submitting.ANYTHING, True),
        ("http://[::1]:8787", Submitting.ANYTHING, True),
        ("http://localhost/prefix", Submitting.ANYTHING, True),
        (LIVE, Submitting.ANYTHING, False),
    ],
)
def test_on_this_machine_anything_is_submitted_where_that_was_asked_for(
    base_url: str, submitting: Submitting, expected: bool
) -> None:
    assert bool(_sent(BODY, base_url=base_url, submitting=submitting)) is expected


@pytest.mark.parametrize("base_url", [LIVE, f"{LIVE}/prefix", LOCAL])
def test_refusals_leave_where_they_were_asked_for_and_reads_always_do(base_url: str) -> None:
    for body in REFUSED_SUBMISSIONS.values():
        assert not _sent(body, base_url=base_url, submitting=Submitting.NOTHING)
        (request,) = _sent(body, base_url=base_url)
        assert request.content == body
        assert request.url.path.endswith(REDEEM_BULK.path_of(MERCHANT))
    for submitting in Submitting:
        assert _sent(STATUS_BODY, PROJECT_DETAIL, base_url=base_url, submitting=submitting)
        assert _sent(b"bukan JSON", PROJECT_DETAIL, base_url=base_url, submitting=submitting)


def test_what_may_leave_holds_nothing_of_the_credentials_and_is_refused_under_every_reading() -> None:
    served = [Readings(), *(Readings.of({key: value}) for key, value in each_other_value(operation=REDEEM_BULK.name))]
    served += [Readings.of({"signature_case": "ignore"}), Readings.of({"types": "coerce"})]
    for readings in served:
        fake = BrokenFake(readings=readings)
        before = fake.store.snapshot()
        for body in REFUSED_SUBMISSIONS.values():
            for merchant_id in (MERCHANT, "M000000NONE0000X"):
                http_status, reply = fake.ask(merchant_id, body, REDEEM_BULK)
                assert json.loads(reply)["status"] == 0, (http_status, body)
        assert fake.store.snapshot() == before


def test_only_a_post_passes() -> None:
    path = PROJECT_DETAIL.path_of(MERCHANT)
    for method in ("GET", "PUT", "post"):
        with pytest.raises(Withheld, match="no operation that is known"):
            check_request(
                method=method, host="x.example", path=path, body=b"", base_path="", submitting=Submitting.REFUSALS
            )


def test_no_run_begins_that_would_submit_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APIGAMES_ALLOW_LIVE", "1")
    known = Settings(LIVE, MERCHANT, SECRET, PROJECT, submitting=Submitting.ANYTHING)
    with pytest.raises(SubmitRefused, match="give --submit-refusals in place of --submit"):
        known.check_allowed()
    with pytest.raises(SettingsError, match="on this machine only"):
        known.run()
    assert issubclass(SubmitRefused, Refused)
    check_submitting(LIVE, Submitting.REFUSALS)
    check_submitting(LOCAL, Submitting.ANYTHING)
