"""The OpenAPI document of the admin API: what it says is so, and generators of clients can take it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import jsonschema
import pytest
import requests

from mockserver.web.admin.calls import ADMIN_CALLS, TAGS, AdminCall
from mockserver.web.admin.openapi import admin_openapi
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, PATH, fields

DOCUMENT = admin_openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
VALUES = {"merchant_id": MERCHANT, "project_id": DEMO_PROJECT, "voucher_id": "23593", "n": "1", "name": "world"}


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in nodes(item)]
    return [node, *(found for item in node.values() for found in nodes(item))] if isinstance(node, dict) else []


def fits(reference: dict[str, Any], value: object) -> bool:
    whole = {**reference, "components": DOCUMENT["components"]}
    return bool(jsonschema.Draft202012Validator(whole).is_valid(value))


def test_every_name_and_title_is_there_once() -> None:
    assert max(Counter(call.name for call in ADMIN_CALLS).values()) == 1
    titles = Counter(node["title"] for node in nodes(SCHEMAS) if isinstance(node.get("title"), str))
    assert [title for title, count in titles.items() if count > 1] == []
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in SCHEMAS)
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", call.name) for call in ADMIN_CALLS)


def test_every_call_is_in_a_group_that_is_described() -> None:
    assert {call.tag for call in ADMIN_CALLS} == set(TAGS) == {tag["name"] for tag in DOCUMENT["tags"]}


def test_it_refers_to_its_own_components_alone_and_uses_each() -> None:
    used = {node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    assert all(reference.startswith("#/components/schemas/") for reference in used)
    assert set(SCHEMAS) == {reference.rpartition("/")[2] for reference in used}


def test_no_schema_is_a_bare_yes_or_no_and_none_is_told_by_conditions() -> None:
    for node in nodes(SCHEMAS):
        assert "if" not in node, "generators of clients make nothing of it"
        for key, value in node.get("properties", {}).items():
            assert not isinstance(value, bool), key


def test_a_fault_that_is_misspelt_fits_nowhere() -> None:
    for name in ("Fault", "RuleView", "FaultView"):
        assert "html_502" in SCHEMAS[name]["properties"]["fault"]["enum"]


@pytest.mark.parametrize(
    ("call", "name"),
    [(call, name) for call in ADMIN_CALLS for name in call.examples],
    ids=lambda part: part if isinstance(part, str) else part.name,
)
def test_every_example_is_taken_and_answered_as_documented(server: Server, call: AdminCall, name: str) -> None:
    documented = DOCUMENT["paths"][f"/__admin{call.path}"][call.method]
    content = documented["requestBody"]["content"]["application/json"]
    value = content["examples"][name]["value"]
    assert fits(content["schema"], value)
    reply = requests.request(call.method, f"{server.url}/__admin{call.path.format(**VALUES)}", json=value, timeout=30)
    assert reply.status_code == call.status, reply.text
    answered = documented["responses"][str(call.status)]["content"]["application/json"]["schema"]
    assert fits(answered, reply.json()), reply.text


@pytest.mark.parametrize("call", [call for call in ADMIN_CALLS if call.takes is None], ids=lambda call: call.name)
def test_every_call_without_a_body_is_answered_as_documented(server: Server, call: AdminCall) -> None:
    requests.post(server.url + PATH, json=fields(signature="x"), timeout=30)
    reply = requests.request(call.method, f"{server.url}/__admin{call.path.format(**VALUES)}", timeout=30)
    assert reply.status_code == call.status, reply.text
    documented = DOCUMENT["paths"][f"/__admin{call.path}"][call.method]["responses"][str(call.status)]
    assert fits(documented["content"]["application/json"]["schema"], reply.json()), reply.text


def test_the_examples_of_problems_are_problems() -> None:
    for path in DOCUMENT["paths"].values():
        for documented in path.values():
            for status, response in documented["responses"].items():
                for example in response["content"].get("application/problem+json", {}).get("examples", {}).values():
                    assert fits({"$ref": "#/components/schemas/Problem"}, example["value"])
                    assert example["value"]["status"] == int(status)


@pytest.mark.parametrize(
    "query",
    [
        ("/requests", "wait"),
        ("/requests", "count"),
        ("/requests", "newest"),
        ("/requests", "since"),
        ("/requests", "before"),
        ("/projects/{project_id}/vouchers", "page"),
        ("/projects/{project_id}/vouchers", "limit"),
    ],
    ids=" ".join,
)
def test_every_bound_of_a_query_is_the_one_that_is_documented(server: Server, query: tuple[str, str]) -> None:
    path, name = query
    documented = DOCUMENT["paths"][f"/__admin{path}"]["get"]["parameters"]
    bounds = next(parameter["schema"] for parameter in documented if parameter["name"] == name)
    address = f"{server.url}/__admin{path.format(**VALUES)}"
    # With a wait of 60 s nothing would be told for so long.
    wait = {} if name == "wait" else {name: bounds["maximum"]}
    for value, status in ((bounds["minimum"], 200), (bounds["minimum"] - 1, 400), (bounds["maximum"] + 1, 400)):
        assert requests.get(address, params={name: value}, timeout=30).status_code == status, value
    assert requests.get(address, params=wait, timeout=30).status_code == 200
