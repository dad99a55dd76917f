"""Marked secrets are sent through every path, and all that anybody can read is searched for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.cli.serve.request_log import RequestLog
from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.testing.strategies.exchanges import readings as any_readings
from mockserver.web.admin.routes_journal import whole_call_view
from tests.support.asking import NOW, call
from tests.support.examples import examples

SECRET = "kunci rahasia/é&1"
SESSION = "sesi+rahasia=2"
SIGNATURE = sign("M1", SECRET)
WRONG = "0123456789abcdef0123456789abcdef"
SENT_SESSION = "sesi yang dikirim"
MARKED = (SECRET, SESSION, SIGNATURE, WRONG)
WORLD = World((Merchant("M1", SECRET, SESSION, (Project(1, "R1", "DW"),)),))

marked = st.sampled_from(MARKED)
fields = st.dictionaries(
    st.sampled_from(["projectid", "status", "page", "limit", "signature", "other", SECRET, "sign", "sessionKey"]),
    marked
    | marked.map(lambda text: [text])
    | marked.map(lambda text: {text: text})
    | st.sampled_from(["R1", "", 1, None]),
)


def with_session(sent: dict[str, Any]) -> dict[str, Any]:
    return {**sent, "session_key": SENT_SESSION}


def encodings(sent: dict[str, Any]) -> st.SearchStrategy[bytes]:
    text = json.dumps(sent)
    return st.sampled_from(
        [
            text.encode(),
            json.dumps(sent, ensure_ascii=False).encode(),
            text[:-1].encode(),
            ("// " + text).encode(),
            text.replace("{", "{,").encode(),
        ]
    )


bodies = fields.map(with_session).flatmap(encodings)


@settings(max_examples=examples(300))
@given(
    content=bodies,
    merchant_id=st.sampled_from(["M1", "nobody"]) | marked,
    path=st.just("/x") | marked,
    in_force=any_readings(),
    log_format=st.sampled_from(["text", "json"]),
)
def test_no_secret_reaches_the_journal_or_the_log(
    content: bytes, merchant_id: str, path: str, in_force: Readings, log_format: str
) -> None:
    written: list[str] = []
    log = RequestLog(log_format, lambda line: written.append(line if isinstance(line, str) else line()))
    provider = Provider(WORLD, in_force, FrozenClock(NOW), observers=(log,))
    log.masked = provider.journal.masked
    reply = call(provider, content, merchant_id=merchant_id)
    provider.refuse(404, "No such path", method="GET", path=path, origin="test")
    assert len(written) == 2
    readable = [*written, repr(provider.store.snapshot()), repr(reply)]
    readable += [repr(entry) for entry in provider.journal.entries()]
    for secret in (*MARKED, SENT_SESSION):
        for form in (secret, json.dumps(secret)[1:-1]):
            assert not [text for text in readable if form in text]


def replaced(provider: Provider) -> None:
    provider.add_merchant(Merchant("M2", "another"))


def reset(provider: Provider) -> None:
    provider.reset()


def other_world(provider: Provider) -> None:
    provider.put_world(WORLD)


@pytest.mark.parametrize("goes", [replaced, reset, other_world])
def test_a_secret_of_a_merchant_that_is_gone_is_masked_all_the_same(goes: Callable[[Provider], None]) -> None:
    provider = Provider(WORLD, clock=FrozenClock(NOW))
    provider.add_merchant(Merchant("M2", "the-old-secret", "the-old-session"))
    goes(provider)
    told = {"projectid": "the-old-secret", "status": "the-old-session", "signature": sign("M1", SECRET)}
    call(provider, json.dumps(told).encode(), merchant_id="M1")
    kept = provider.journal.kept(provider.journal.total)
    assert kept is not None
    readable = repr(provider.journal.masked(kept)) + repr(provider.diagnose(kept))
    assert "no project '***'" in readable
    assert "the-old" not in readable


def test_secrets_in_misnamed_fields_are_not_shown() -> None:
    provider = Provider(WORLD, clock=FrozenClock(NOW))
    misnamed = ["sessionKey", "sign", "secretKey", "secret", "Signature", "session-key"]
    call(provider, json.dumps({name: f"plain-{name}" for name in misnamed}).encode(), merchant_id="M1")
    kept = provider.journal.kept(1)
    assert kept is not None
    whole = whole_call_view(provider, kept, "http://127.0.0.1")
    assert whole["fields"] == dict.fromkeys(misnamed, "***")
    assert "plain-" not in repr(whole)
