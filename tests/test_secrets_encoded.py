"""A secret in a body of any form and encoding, whole or cut off anywhere, is in nothing that anybody reads."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.cli.serve.request_log import RequestLog
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import Merchant, World
from mockserver.testing.server import FakeServer
from mockserver.web.app import create_app
from tests.support.asking import MERCHANT, NOW, call
from tests.support.examples import examples

BEGINS, ENDS = "Kunci7", "Sesi9"
# What stands between the two must not end what is masked.
session_keys = st.text(st.sampled_from("\"'\\/ <>&;:,=[]{}()%+*-#\n\té☃😀aK7"), max_size=12).map(
    lambda middle: f"{BEGINS}{middle}{ENDS}"
)
names = st.sampled_from(["session_key", "signature", "sessionKey", "secret-key", "x-sign"])


class Sent(NamedTuple):
    name: str
    secret: str

    @property
    def fields(self) -> dict[str, str]:
        return {"projectid": "R1", self.name: self.secret, "status": "0"}


def as_json(sent: Sent) -> str:
    return json.dumps(sent.fields)


def as_json_in_utf_8(sent: Sent) -> str:
    return json.dumps(sent.fields, ensure_ascii=False)


def as_php(sent: Sent) -> str:
    return as_json(sent).replace("/", "\\/")


def encoded_twice(sent: Sent) -> str:
    return json.dumps(as_json(sent))


def encoded_three_times(sent: Sent) -> str:
    return json.dumps(encoded_twice(sent))


def in_a_field(sent: Sent) -> str:
    return json.dumps({"data": as_json(sent), "page": 1})


def in_a_list(sent: Sent) -> str:
    return json.dumps([1, sent.fields, "R1"])


def in_a_list_of_its_own(sent: Sent) -> str:
    return json.dumps({sent.name: ["x", {"y": sent.secret}], "page": 1})


def as_a_pair(sent: Sent) -> str:
    return json.dumps([sent.name, sent.secret])


def all_escaped(sent: Sent) -> str:
    def escaped(text: str) -> str:
        units = text.encode("utf-16-be")
        return "".join(f"\\u{units[place]:02x}{units[place + 1]:02X}" for place in range(0, len(units), 2))

    return f'{{"projectid":"R1","{escaped(sent.name)}":"{escaped(sent.secret)}","page":1}}'


def as_python(sent: Sent) -> str:
    return str(sent.fields)


def as_form(sent: Sent) -> str:
    return urlencode(sent.fields)


def as_form_of_escapes(sent: Sent) -> str:
    return "=".join("".join(f"%{byte:02X}" for byte in text.encode()) for text in sent)


def json_in_a_form(sent: Sent) -> str:
    return f"payload={quote(as_json(sent))}&page=1"


def as_xml(sent: Sent) -> str:
    return f"<a><projectid>R1</projectid><{sent.name}>{html.escape(sent.secret)}</{sent.name}><page>1</page></a>"


def as_cdata(sent: Sent) -> str:
    return f'<a><n:{sent.name} type="text">\n<![CDATA[{sent.secret}]]></n:{sent.name}><page>1</page></a>'


def xml_in_xml(sent: Sent) -> str:
    return f"<a>{html.escape(as_xml(sent))}</a>"


def as_a_property_list(sent: Sent) -> str:
    return f"<dict><key>{sent.name}</key><string>{html.escape(sent.secret)}</string></dict>"


def as_an_attribute(sent: Sent) -> str:
    return f'<call {sent.name}="{html.escape(sent.secret)}" page="1"/>'


def as_multipart(sent: Sent) -> str:
    head = "--XX\r\nContent-Disposition: form-data; name="
    return (
        f'{head}"projectid"\r\n\r\nR1\r\n'
        f'{head}"{sent.name}"\r\nContent-Type: text/plain\r\n\r\n{sent.secret}\r\n'
        f"{head}page\r\n\r\n1\r\n--XX--\r\n"
    )


def as_multipart_of_json(sent: Sent) -> str:
    return f'--XX\nContent-Disposition: form-data; name="data"\n\n{as_json(sent)}\n--XX--\n'


def as_php_serialises(sent: Sent) -> str:
    return f's:{len(sent.name)}:"{sent.name}";s:{len(sent.secret.encode())}:"{sent.secret}";'


FORMS: list[Callable[[Sent], str]] = [
    as_json,
    as_json_in_utf_8,
    as_php,
    encoded_twice,
    encoded_three_times,
    in_a_field,
    in_a_list,
    in_a_list_of_its_own,
    as_a_pair,
    all_escaped,
    as_python,
    as_form,
    as_form_of_escapes,
    json_in_a_form,
    as_xml,
    as_cdata,
    xml_in_xml,
    as_a_property_list,
    as_an_attribute,
    as_multipart,
    as_multipart_of_json,
    as_php_serialises,
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


class Seen(NamedTuple):
    """A provider and a server for tests, with all that shows what was sent to them."""

    provider: Provider
    client: FlaskClient
    log: list[str]
    server: FakeServer

    def all_after(self, content: bytes) -> Iterator[str]:
        self.log.clear()
        self.provider.journal.clear()
        call(self.provider, content)
        (entry,) = self.provider.journal.entries()
        yield from (repr(entry), entry.body, *self.log)
        whole = self.client.get(f"/__admin/requests/{entry.n}").get_json()
        yield from (whole["body"], whole["curl"], repr(whole["diagnosis"]))
        yield html.unescape(self.client.get(f"/__admin/page/requests/{entry.n}").get_data(as_text=True))
        merchant = self.server.merchant()
        call(self.server.provider, content, merchant_id=merchant.merchant_id)
        with pytest.raises(AssertionError) as failed:
            merchant.assert_called(n=0)
        yield from (repr(merchant.requests), str(failed.value))
        self.server.remove(merchant)


@pytest.fixture(scope="module")
def seen() -> Seen:
    log: list[str] = []
    lines = RequestLog("text", lambda line: log.append(line if isinstance(line, str) else line()))
    provider = Provider(World((Merchant(MERCHANT, "made-up"),)), clock=FrozenClock(NOW), observers=(lines,))
    lines.masked, lines.diagnose = provider.journal.masked, provider.diagnose
    return Seen(provider, create_app(provider).test_client(), log, FakeServer())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@settings(max_examples=examples(25))
@given(
    sent=st.builds(Sent, names, session_keys),
    encoding=st.sampled_from(ENCODINGS[:1] * 4 + ENCODINGS),
    before=st.sampled_from(["", "", "", "// ", "x"]),
    cut=st.none() | st.integers(1, 80),
)
@example(Sent("session_key", f'{BEGINS}a"\\/{ENDS}'), "utf-8", "", None)
@example(Sent("session_key", f"{BEGINS} / {ENDS}"), "utf-16", "", None)
@example(Sent("signature", f'{BEGINS}"\\"{ENDS}'), "utf-8", "", 3)
def test_the_value_of_a_secret_field_is_nowhere(
    form: Callable[[Sent], str], seen: Seen, sent: Sent, encoding: str, before: str, cut: int | None
) -> None:
    content = (before + form(sent)).encode(encoding)
    for text in seen.all_after(content if cut is None else content[:-cut]):
        plain = text.replace("\0", "").replace("\\u0000", "")
        assert BEGINS not in plain
        assert ENDS not in plain


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_whole_and_in_utf_8_it_is_masked_and_the_rest_is_shown(form: Callable[[Sent], str], seen: Seen) -> None:
    seen.provider.journal.clear()
    call(seen.provider, form(Sent("session_key", "short one")).encode())
    (entry,) = seen.provider.journal.entries()
    withheld = {as_a_pair, as_form_of_escapes, json_in_a_form, xml_in_xml, as_a_property_list, as_php_serialises}
    assert entry.is_withheld is (form in withheld)
    assert entry.is_withheld or "***" in entry.body


def test_what_is_withheld_says_how_much_and_why(seen: Seen) -> None:
    texts = list(seen.all_after(b'["session_key", "short one"]'))
    assert "(28 bytes withheld: what stands behind 'session_key' may be a secret)" in texts
    assert "# the body is withheld, so curl cannot repeat it" in texts


@pytest.mark.parametrize("body", [b'{"projectid":"R1","signature', b'{"projectid":"R1","signature":', b"sign=&x=1"])
def test_nothing_is_withheld_for_a_name_with_nothing_behind_it(seen: Seen, body: bytes) -> None:
    assert body.decode() in list(seen.all_after(body))


def test_a_body_that_is_nested_as_deeply_as_a_parser_takes_it_is_shown(seen: Seen) -> None:
    content = b'{"session_key":"short one","a":' + b"[" * 600 + b"]" * 600 + b"}"
    seen.provider.journal.clear()
    call(seen.provider, content)
    (entry,) = seen.provider.journal.entries()
    # Where Python's stack is too short for the fields, the text is masked instead.
    assert entry.body.replace('"***"', "***") == content.decode().replace('"short one"', "***")
