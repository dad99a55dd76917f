"""The collections of requests are those of the operations, and each request gets what it is named after."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver import Provider, create_app
from mockserver.contract.operations import OPERATIONS
from tools.collections import FOLDER, made

HTTP_FILE = (FOLDER / "apigames.http").read_text(encoding="utf-8")
VARIABLES = dict(re.findall(r"^@(\w+) = (.+)$", HTTP_FILE, re.MULTILINE))
REQUESTS = [part.split("\n", 1) for part in HTTP_FILE.split("### ")[1:]]


def test_no_file_is_left_that_is_not_made() -> None:
    assert {path for path in FOLDER.rglob("*") if path.is_file()} == set(made())


def test_every_outcome_of_every_operation_is_a_request() -> None:
    named = [name.partition(":")[0] for name, _ in REQUESTS if ":" in name]
    assert sorted(named) == sorted(outcome for operation in OPERATIONS for outcome in operation.outcomes)


@pytest.mark.parametrize(("name", "text"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_each_request_of_the_http_file_gets_its_outcome(provider: Provider, name: str, text: str) -> None:
    client = create_app(provider).test_client()
    variables = dict(VARIABLES)
    if name.startswith("What became"):
        submission = next(text for name, text in REQUESTS if name.startswith("BULK-RES-1"))
        variables["submitted_project_id"] = send(client, submission, variables)["data"]["project_id"]
    reply = send(client, text, variables)
    clause, _, error_msg = name.partition(": ")
    if clause in {error.clause for operation in OPERATIONS for error in operation.errors}:
        assert (reply["status"], reply["error_msg"]) == (0, error_msg)
    else:
        assert reply["status"] == 1


def send(client: Any, text: str, variables: dict[str, str]) -> Any:
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: variables[found[1]], text)
    head, body = filled.split("\n\n", 1)
    first, *headers = head.split("\n")
    method, url = first.split(" ")
    path = url.removeprefix(VARIABLES["base_url"])
    return client.open(path, method=method, headers=[line.split(": ", 1) for line in headers], data=body).get_json()
