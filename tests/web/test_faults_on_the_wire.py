"""Each fault is seen for what it is by real clients: requests, httpx, Node and curl."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable

import httpx
import pytest
import requests

from mockserver.provider.faults.faults import FAULTS, Fault
from mockserver.provider.faults.rules import Rule
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import PATH, body, built_in_provider, fields

NODE = shutil.which("node")
CURL = shutil.which("curl")

# What a client makes of each: the HTTP status and what its JSON parser says, or how the transport breaks.
SEEN = {
    "delay": "200 json",
    "slow_body": "200 json",
    "close_before": "closed",
    "close_middle": "cut",
    "truncated_json": "200 no json",
    "empty_body": "200 empty",
    "html_502": "502 html",
    "html_503": "503 html",
    "html_504": "504 html",
    "wrong_content_type": "200 json as html",
    "wrong_length": "cut",
    "rate_limit": "429 retry 30",
    "maintenance": "500 json",
    "merchant_config": "500 json",
    "account": "500 json",
    "project_storage": "500 json",
    "voucher_storage": "500 json",
}


def describe(status: int, content_type: str, content: bytes, retry_after: str | None) -> str:
    if retry_after is not None:
        return f"{status} retry {retry_after}"
    if not content:
        return f"{status} empty"
    try:
        json.loads(content)
    except ValueError:
        return f"{status} html" if content.startswith(b"<html>") else f"{status} no json"
    return f"{status} json" + (" as html" if content_type.startswith("text/html") else "")


def by_requests(url: str, forced: str) -> str:
    try:
        reply = requests.post(url, json=fields(), headers={"X-Apigames-Mock-Fault": forced}, timeout=30)
    except requests.exceptions.ChunkedEncodingError:
        return "cut"
    except requests.exceptions.ConnectionError:
        return "closed"
    return describe(reply.status_code, reply.headers["content-type"], reply.content, reply.headers.get("retry-after"))


def by_httpx(url: str, forced: str) -> str:
    try:
        reply = httpx.post(url, json=fields(), headers={"X-Apigames-Mock-Fault": forced}, timeout=30)
    except httpx.RemoteProtocolError as error:
        return "cut" if "incomplete" in str(error).lower() or "without sending complete" in str(error) else "closed"
    return describe(reply.status_code, reply.headers["content-type"], reply.content, reply.headers.get("retry-after"))


def by_curl(url: str, forced: str) -> str:
    if CURL is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        [CURL, "-sS", "-D", "-", "-d", json.dumps(fields()), "-H", f"X-Apigames-Mock-Fault: {forced}", url],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        return {52: "closed", 18: "cut"}[done.returncode]
    return _of_raw(done.stdout)


def _of_raw(raw: bytes) -> str:
    head, _, content = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return describe(int(first.split()[1]), headers["content-type"], content, headers.get("retry-after"))


_NODE_PROGRAM = """
const [url, body, ...names] = process.argv.slice(1);
async function seen(forced) {
  let reply;
  try { reply = await fetch(url, {method: "POST", body, headers: {"X-Apigames-Mock-Fault": forced}}); }
  catch (error) { return {broken: "closed"}; }
  try {
    return {status: reply.status, type: reply.headers.get("content-type"), text: await reply.text(),
            retry: reply.headers.get("retry-after")};
  } catch (error) { return {broken: "cut"}; }
}
(async () => {
  const all = [];
  for (const name of names) all.push(await seen(name));
  console.log(JSON.stringify(all));
})();
"""


def all_by_node(url: str, forced: list[str]) -> list[str]:
    if NODE is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [NODE, "-e", _NODE_PROGRAM, url, json.dumps(fields()), *forced], capture_output=True, check=True, timeout=60
    )
    return [
        one.get("broken") or describe(one["status"], one["type"], one["text"].encode(), one["retry"])
        for one in json.loads(done.stdout)
    ]


@pytest.mark.parametrize("client", [by_requests, by_httpx, by_curl])
def test_each_fault_is_seen_for_what_it_is(server: Server, client: Callable[[str, str], str]) -> None:
    forced = {name: f"{name};seconds=0.05" for name in FAULTS}
    assert {name: client(server.url + PATH, forced[name]) for name in FAULTS} == SEEN


def test_each_fault_is_seen_for_what_it_is_by_node(server: Server) -> None:
    seen = all_by_node(server.url + PATH, [f"{name};seconds=0.05" for name in FAULTS])
    assert dict(zip(FAULTS, seen, strict=True)) == SEEN


def test_the_server_is_well_after_every_fault(server: Server) -> None:
    with requests.Session() as session:
        for name in FAULTS:
            by_requests(server.url + PATH, f"{name};seconds=0.01")
            assert session.post(server.url + PATH, json=fields(), timeout=30).json()["rc"] == 200


def test_delayed_calls_do_not_hold_up_others(server: Server) -> None:
    """Told by order and not by a clock: 20 slow calls wait until told that 50 quick ones were answered."""
    server.provider.faults.add(Rule(Fault("delay", seconds=20), times=20))
    threads = [threading.Thread(target=_ignoring_the_end, args=(server.url + PATH,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    while server.provider.journal.total < 20:
        time.sleep(0.01)
    answered = [requests.post(server.url + PATH, json=fields(), timeout=15).json()["rc"] for _ in range(50)]
    assert answered == [200] * 50
    assert all(thread.is_alive() for thread in threads)
    server.stop()
    for thread in threads:
        thread.join()


def _ignoring_the_end(url: str) -> None:
    try:
        requests.post(url, json=fields(), timeout=60)
    except requests.exceptions.RequestException:
        pass


def test_a_slow_body_sends_its_headers_at_once(server: Server) -> None:
    with httpx.stream(
        "POST", server.url + PATH, json=fields(), headers={"X-Apigames-Mock-Fault": "slow_body;seconds=0.4"}
    ) as reply:
        assert reply.status_code == 200
        parts = list(reply.iter_raw())
    assert len(parts) > 3
    assert json.loads(b"".join(parts))["rc"] == 200


def test_two_faulty_calls_can_share_a_connection(server: Server) -> None:
    with httpx.Client() as client:
        for name in ("html_502", "empty_body", "truncated_json", "slow_body;seconds=0.01"):
            client.post(server.url + PATH, json=fields(), headers={"X-Apigames-Mock-Fault": name})
        assert client.post(server.url + PATH, json=fields()).json()["rc"] == 200


@pytest.mark.parametrize("name", [name for name, seen in SEEN.items() if seen not in {"closed", "cut"}])
def test_flask_alone_shows_what_wsgi_can(name: str) -> None:
    client = create_app(built_in_provider()).test_client()
    reply = client.post(PATH, data=body(), headers={"X-Apigames-Mock-Fault": f"{name};seconds=0.01"})
    seen = describe(reply.status_code, str(reply.headers["content-type"]), reply.data, reply.headers.get("retry-after"))
    assert seen == SEEN[name]


def test_flask_alone_says_what_it_cannot_show() -> None:
    client = create_app(built_in_provider()).test_client()
    reply = client.post(PATH, data=body(), headers={"X-Apigames-Mock-Fault": "close_before"})
    assert (reply.status_code, "WSGI cannot" in reply.json["error_msg"]) == (500, True)  # type: ignore[index] # JSON
