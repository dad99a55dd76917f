"""What an admin call may cost: bounded by the call and by options, never by what stands in a few bytes of it."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
import requests

from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, fields
from tests.support.command import Serving

JSON = {"Content-Type": "application/json"}
MIB = 1_048_576


@pytest.mark.parametrize("place", ["%s", '{"merchants":%s}', '{"merchants":[{"merchant_id":"M","projects":%s}]}'])
def test_a_world_of_millions_of_wrong_places_is_refused_at_the_first(server: Server, place: str) -> None:
    sent = place % f"[{'[],' * (5 * MIB)}[]]"
    assert len(sent) > 15 * MIB
    reply = requests.put(f"{server.url}/__admin/world", data=sent, headers=JSON, timeout=60)
    assert (reply.status_code, len(reply.json()["errors"])) == (422, 1)
    assert "got `array`" in reply.json()["errors"][0]


def test_a_smaller_one_is_told_the_first_twenty(server: Server) -> None:
    reply = requests.put(f"{server.url}/__admin/world", json={"merchants": [[]] * 1000}, timeout=60)
    assert reply.status_code == 422
    assert reply.json()["errors"] == [f"merchants[{n}]: expected object, got array" for n in range(20)]


def test_a_large_body_is_held_once(server: Server) -> None:
    """The world that is put has one short voucher: what it takes is the body."""
    world = b'{"merchants":[{"merchant_id":"%s"}],"$schema":"x"%s}' % (MERCHANT.encode(), b" " * (20 * MIB))
    requests.put(f"{server.url}/__admin/world", data=world[:100].rstrip() + b"}", headers=JSON, timeout=60)
    tracemalloc.start()
    try:
        # From a file: a client that holds it is traced too.
        assert requests.put(f"{server.url}/__admin/world", data=world, headers=JSON, timeout=60).status_code == 200
        assert tracemalloc.get_traced_memory()[1] < 50 * MIB
    finally:
        tracemalloc.stop()


def test_a_body_beyond_the_limit_is_refused_and_an_option_lets_it_in(server: Server, tmp_path: Path) -> None:
    world = {"merchants": [{"merchant_id": MERCHANT, "session_key": "x"}], "$schema": "x" * (9 * MIB)}
    with pytest.raises(AdminProblem, match="at most 8388608 bytes are read") as raised:
        AdminClient(server.url).put_faults({"fault": "x" * (9 * MIB)})
    assert raised.value.status == 413
    with (
        Serving("--max-admin-body", "8", folder=tmp_path) as serving,
        pytest.raises(AdminProblem, match="at most 8388608 bytes are read; `serve --max-admin-body MIB` lets larger"),
    ):
        AdminClient(serving.url).put_world(world)
    with Serving(folder=tmp_path) as serving:
        assert AdminClient(serving.url).put_world(world)["merchants"][0]["merchant_id"] == MERCHANT


def test_the_vouchers_that_one_call_asks_for_are_counted_together(server: Server) -> None:
    projects = [{"project_id": f"P{n}", "vouchers": {"generate": {"count": 2_000_000}}} for n in range(40)]
    admin = AdminClient(server.url)
    for act in (
        lambda: admin.put_world({"merchants": [{"merchant_id": "M9", "secret_key": "s", "projects": projects}]}),
        lambda: admin.add_merchant({"merchant_id": "M9", "secret_key": "s", "projects": projects}),
    ):
        with pytest.raises(AdminProblem, match="80000000 vouchers to generate"):
            act()
    assert admin.health()["merchants"] == 1


def test_a_list_of_large_calls_is_small_and_each_by_itself_is_whole(server: Server) -> None:
    long = "é" * 9_000
    for _ in range(8):
        requests.post(server.url + PATH, json=fields(projectid=long, note=long), timeout=60)
        requests.post(f"{server.url}/{'p' * 20_000}", data=b"x", timeout=60)
    admin = AdminClient(server.url)
    listed = requests.get(f"{server.url}/__admin/requests", timeout=60)
    assert len(listed.content) < 60_000
    assert [call["n"] for call in listed.json()["requests"]] == list(range(16, 0, -1))
    first = admin.requests(before=2)[0]
    assert first["is_cut"] is True
    assert first["fields"]["projectid"] == "é" * 1000 + "… (9000 characters)"
    assert set(first["fields"]) == {"projectid", "status", "page", "limit"}
    whole = admin.request(1)
    assert (whole["fields"]["projectid"], whole["fields"]["note"]) == (long, long)
    assert [call["n"] for call in admin.requests(projectid=long, newest=2)] == [15, 13]


def test_a_list_ends_where_a_reply_would_be_too_long_and_goes_on_before_its_last(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.web.admin.routes_journal._MOST_BYTES", 2000)
    for _ in range(9):
        requests.post(server.url + PATH, json=fields(), timeout=60)
    admin = AdminClient(server.url)
    seen: list[int] = []
    while found := admin.requests(before=seen[-1] if seen else None):
        assert len(json.dumps(found)) < 2500
        seen += [call["n"] for call in found]
    assert seen == list(range(9, 0, -1))


def test_unless_told_a_list_has_the_newest_thousand(server: Server) -> None:
    refuse = server.provider.refuse
    server.provider.journal.capacity = 3000
    for _ in range(1500):
        refuse(404, "no such path", method="GET", path="/", origin="")
    admin = AdminClient(server.url)
    assert [len(admin.requests()), len(admin.requests(newest=1200))] == [1000, 1200]
    with pytest.raises(AdminProblem, match="newest: expected an integer from 1 to 10000"):
        admin.requests(newest=10_001)
