"""Whatever a schema lets through as the body of an admin call is taken or refused, and never an error of the mock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mockserver.contract.schemas import validator
from mockserver.provider.provider import Provider
from mockserver.web.admin.access import ADMIN
from mockserver.web.admin.calls import ADMIN_CALLS, MAY_BE_EMPTY, AdminCall
from mockserver.web.admin.wire import admin_schema
from mockserver.web.app import create_app
from tests.support.asking import MERCHANT, PAGE_PROJECT, body, built_in_provider, call
from tests.support.examples import examples
from tests.support.from_schema import from_schema

TAKING = [one for one in ADMIN_CALLS if one.takes is not None]
IN_PATH = {"merchant_id": MERCHANT, "project_id": PAGE_PROJECT, "voucher_id": "23456"}
MOST_GENERATED = 1000
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def provider() -> Provider:
    return built_in_provider()


@pytest.fixture(scope="module")
def client(provider: Provider) -> FlaskClient:
    return create_app(provider).test_client()


def generated(document: Any) -> int:
    """Return how many vouchers a document asks for."""
    if isinstance(document, list):
        return sum(map(generated, document))
    if not isinstance(document, dict):
        return 0
    counts = [int(value) for key, value in document.items() if key == "count" and isinstance(value, (int, float))]
    return sum(counts) + sum(map(generated, document.values()))


def bodies(called: AdminCall) -> st.SearchStrategy[Any]:
    assert called.takes is not None
    return from_schema("readings") if called.takes == ":readings" else from_schema("admin", called.takes)


def sent(client: FlaskClient, called: AdminCall, content: bytes) -> tuple[int, Any]:
    reply = client.open(
        ADMIN + called.path.format(**IN_PATH), method=called.method, data=content, content_type="application/json"
    )
    return reply.status_code, reply.get_json()


@pytest.mark.parametrize("called", TAKING, ids=lambda one: one.name)
@settings(max_examples=examples(40))
@given(data=st.data())
def test_it_is_taken_or_refused_and_the_mock_goes_on(
    called: AdminCall, data: st.DataObject, client: FlaskClient, provider: Provider
) -> None:
    provider.reset()
    document = data.draw(bodies(called) | st.just({}) if called.takes in MAY_BE_EMPTY else bodies(called))
    asked = generated(document)
    assume(asked <= MOST_GENERATED or asked > 2_000_000)
    status, answered = sent(client, called, json.dumps(document).encode())
    assert status == called.status or status in called.problems, answered
    name = "problem" if status >= 400 else called.gives
    assert name is not None
    assert validator(admin_schema(name)).is_valid(answered), answered
    # It answers still, as the world is now, and shows all that it holds.
    assert call(provider, body(projectid=PAGE_PROJECT)).http_status in {200, 400, 500}
    assert all(entry.role is not None or entry.fault for entry in provider.journal.entries())
    for path in ("/world", "/projects", "/faults", "/clock", "/readings", "/requests", "/merchants"):
        assert client.get(ADMIN + path).status_code == 200, path


@pytest.mark.parametrize("called", TAKING, ids=lambda one: one.name)
@settings(max_examples=15)
@given(data=st.data())
def test_a_body_that_fits_nothing_is_refused(
    called: AdminCall, data: st.DataObject, client: FlaskClient, provider: Provider
) -> None:
    content = data.draw(_JSON.map(lambda document: json.dumps(document).encode()) | st.binary(max_size=30))
    status, answered = sent(client, called, content)
    assert status == called.status or status in called.problems, answered
    assert status < 400 or "Internal" not in answered["title"]
