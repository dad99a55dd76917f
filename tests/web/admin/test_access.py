"""Who may use the admin side, and what it never shows."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests

from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.admin.access import COOKIE, Access, Problem, Request, host_name
from mockserver.web.admin.openapi import ADMIN_CALLS
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, SECRET, built_in_provider, fields

TOKEN = "a-token-of-this-test"


def test_on_loopback_no_key_is_needed(server: Server) -> None:
    assert server.access.token is None
    assert requests.get(f"{server.url}/__admin/health", timeout=30).status_code == 200


def test_bound_elsewhere_every_call_needs_the_token(provider: Provider) -> None:
    with Server(provider, host="0.0.0.0", admin_token=TOKEN) as server:
        for operation in ADMIN_CALLS:
            path = operation.path.format(merchant_id="M", project_id="P", voucher_id=1, n=1, name="admin")
            # Health alone says that it is there to whom brings no key at all.
            without_key = () if operation.path == "/health" else (None,)
            for authorization in (
                *without_key,
                "Bearer wrong",
                f"Bearer {TOKEN}x",
                "Bearer ",
                f"Basic {TOKEN}",
                "Bearer \xe9",
            ):
                headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
                reply = requests.request(
                    operation.method, f"{server.url}/__admin{path}", json={}, headers=headers, timeout=30
                )
                assert reply.status_code == 401, (operation, authorization)
                assert reply.headers["www-authenticate"].startswith("Bearer")
        assert AdminClient(server.url, TOKEN).health()["status"] == "ok"
        assert requests.post(server.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert requests.get(f"{server.url}/__admin/nope", timeout=30).status_code == 401


def test_bound_elsewhere_health_says_no_more_than_ok_without_the_key(provider: Provider) -> None:
    with Server(provider, host="0.0.0.0", admin_token=TOKEN) as server:
        url = f"{server.url}/__admin/health"
        for headers in ({}, {"Host": "10.0.0.7:8787"}, {"Host": "any.name"}):
            assert requests.get(url, headers=headers, timeout=30).json() == {"status": "ok"}
        assert requests.get(url, cookies={COOKIE: "wrong"}, timeout=30).status_code == 401
        assert requests.post(url, json={}, timeout=30).status_code == 401
        assert set(AdminClient(server.url, TOKEN).health()) == {"status", "version", "merchants", "requests"}


def test_a_token_is_made_when_none_is_given(provider: Provider) -> None:
    with Server(provider, host="0.0.0.0") as server:
        assert server.access.token is not None
        assert len(server.access.token) >= 32
        assert AdminClient(server.url, server.access.token).health()["status"] == "ok"


def test_secrets_are_shown_by_one_call_only_and_for_the_token_only(provider: Provider, server: Server) -> None:
    with pytest.raises(AdminProblem, match="serve with --admin-token") as raised:
        AdminClient(server.url).world(with_secrets=True)
    assert raised.value.status == 403
    with Server(provider, admin_token=TOKEN) as other:
        with pytest.raises(AdminProblem) as raised:
            AdminClient(other.url).world(with_secrets=True)
        assert raised.value.status == 401
        assert AdminClient(other.url, TOKEN).world(with_secrets=True)["merchants"][0]["secret_key"] == SECRET
        assert SECRET not in json.dumps(AdminClient(other.url, TOKEN).world())


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.7"]
)
@pytest.mark.parametrize(
    "path", ["/__admin/health", "/__admin/", "/__admin/static/page.js", "/__admin/nope", "/__admin"]
)
def test_a_host_that_is_not_ours_is_refused(server: Server, host: str, path: str) -> None:
    assert requests.get(server.url + path, headers={"Host": host}, timeout=30).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:5", "localhost.", "mock", "mock:8787"]
)
def test_names_of_this_machine_and_allowed_ones_are_ours(provider: Provider, host: str) -> None:
    with Server(provider, allowed_hosts=["mock"]) as server:
        assert requests.get(f"{server.url}/__admin/health", headers={"Host": host}, timeout=30).status_code == 200


def test_the_endpoint_takes_any_host(server: Server) -> None:
    reply = requests.post(server.url + PATH, json=fields(), headers={"Host": "v1.apigames.id"}, timeout=30)
    assert reply.json()["rc"] == 200


CHANGES = [operation for operation in ADMIN_CALLS if operation.method in {"post", "put", "patch"}]


@pytest.mark.parametrize("operation", CHANGES, ids=lambda operation: f"{operation.method} {operation.path}")
@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_no_form_on_a_web_page_can_change_anything(server: Server, operation: Any, content_type: str | None) -> None:
    path = operation.path.format(merchant_id=MERCHANT, project_id=5847, voucher_id=23456, n=1, name="admin")
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = b'{"to": "success", "merchants": [], "advance": 1}'
    reply = requests.request(operation.method, f"{server.url}/__admin{path}", data=body, headers=headers, timeout=30)
    assert reply.status_code == 415
    assert AdminClient(server.url).health()["merchants"] == 1


def test_the_root_says_where_the_endpoint_and_the_page_are(server: Server) -> None:
    reply = requests.get(f"{server.url}/", timeout=30)
    said = reply.json()["error_msg"]
    assert reply.status_code == 404
    assert "POST /merchant/{merchant_id}/kiosgamer/project/detail" in said
    page = said.rpartition(" ")[2]
    assert "<title>" in requests.get(server.url + page, timeout=30).text
    assert page not in requests.get(f"{server.url}/nowhere", timeout=30).json()["error_msg"]


def test_no_other_origin_is_let_in(server: Server) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}
        reply = requests.request(method, f"{server.url}/__admin/world", headers=headers, timeout=30)
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_no_reply_holds_a_secret(server: Server) -> None:
    requests.post(server.url + PATH, json=fields(session_key="a-session-key"), timeout=30)
    requests.post(server.url + PATH, json=fields(signature=SECRET, note=sign(MERCHANT, SECRET)), timeout=30)
    requests.post(server.url + PATH.replace(MERCHANT, SECRET), data=f"{SECRET} signature={SECRET}", timeout=30)
    for path in [operation.path for operation in ADMIN_CALLS if operation.method == "get"] + [
        "/",
        "/page/requests/{n}",
    ]:
        for n in (1, 2, 3):
            there = path.format(merchant_id=MERCHANT, project_id=5847, voucher_id=23456, n=n, name="world")
            text = requests.get(f"{server.url}/__admin{there}", timeout=30).text
            for secret in (SECRET, sign(MERCHANT, SECRET), "a-session-key"):
                # The built-in secret stands as an example in the published schema; it is in the README too.
                assert secret not in text or (secret == SECRET and "schema" in path) or "openapi" in path, (
                    there,
                    secret,
                )


def test_old_secrets_stay_masked_after_another_world(server: Server) -> None:
    requests.post(server.url + PATH, data=f"my key is {SECRET}", timeout=30)
    AdminClient(server.url).put_world({"merchants": [{"merchant_id": "M2", "secret_key": "another-one"}]})
    assert SECRET not in json.dumps(AdminClient(server.url).request(1))


@pytest.mark.parametrize(
    "path",
    [
        "projects/" + "x" * 5000,
        "merchants/..%2f..",
        "projects/%00",
        "requests/99999999999999999999",
        "schemas/..%2fworld",
    ],
)
def test_strange_ids_are_not_found(server: Server, path: str) -> None:
    reply = requests.get(f"{server.url}/__admin/{path}", timeout=30)
    assert reply.status_code in {400, 404}
    assert len(reply.content) < 1000


def test_a_body_without_end_is_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = "POST /__admin/clock HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {10**9}\r\n\r\n".encode())
        connection.settimeout(30)
        assert b" 413 " in connection.recv(1000)


def test_flask_alone_serves_its_own_machine_only() -> None:
    client = create_app(built_in_provider()).test_client()
    assert client.get("/__admin/health").status_code == 200
    assert client.get("/__admin/health", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 403
    assert client.get("/__admin/health", headers={"Host": "evil.example"}).status_code == 421


def test_the_check_is_one_for_every_adapter() -> None:
    access = Access(token=TOKEN, is_open=False, hosts=frozenset({"mock"}))
    access.check(Request("GET", "10.0.0.5", "10.0.0.1", "10.0.0.1:80", authorization=f"bearer {TOKEN}"))
    access.check(Request("GET", "10.0.0.5", "10.0.0.1", "mock", token=TOKEN))
    with pytest.raises(Problem) as raised:
        access.check(Request("GET", "10.0.0.5", "10.0.0.1", "mock"))
    assert raised.value.status == 401
    assert TOKEN not in repr(access)


@pytest.mark.parametrize(
    ("host", "name"), [("a.b:80", "a.b"), ("[::1]:80", "::1"), ("A.", "a"), (" x ", "x"), ("127.0.0.1", "127.0.0.1")]
)
def test_the_name_in_a_host(host: str, name: str) -> None:
    assert host_name(host) == name
