"""One server for many merchants, with their worlds, ids and clocks; and `serve`."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
import requests

import mockserver
from mockserver import FakeServer, Plan, WorldError
from mockserver.contract.reading import ReadingsError
from mockserver.provider.state.new_ids import Identities
from mockserver.testing.doubles.in_process import answer_in_process
from mockserver.testing.server import REPEATABLE_NOW
from mockserver.web.server import ServerError
from tests.support.merchants import ask, listed


def test_a_plan_moves_vouchers_by_the_clock_of_the_merchant_alone(apigames_server: FakeServer) -> None:
    plan = Plan("timed")
    mine, other = apigames_server.merchant(), apigames_server.merchant()
    projects = [one.project(pending=2, plan=plan) for one in (mine, other)]
    mine.clock.advance(60)
    assert projects[0].stats["success"] == 2
    assert projects[1].stats["pending"] == 2


def test_with_a_seed_whatever_is_made_up_is_the_same_in_each_run() -> None:
    def made(seed: int | None) -> list[Any]:
        server = FakeServer(seed=seed)
        one, other = server.merchant(), server.merchant(world=WORLD)
        listed = one.project(vouchers=[{}, {"status": "success"}])
        counted = one.project(pending=2)
        counted.move("pending", to="success", count=1)
        with one.responses():
            url = f"https://v1.apigames.id/merchant/{one.merchant_id}/kiosgamer/project/detail"
            reply = requests.post(url, json={"projectid": listed.project_id, "signature": one.signature}, timeout=5)
        keys = [(it.merchant_id, it.secret_key, it.session_key) for it in (one, other)]
        return [keys, listed.vouchers, counted.vouchers, counted.project_id, other.projects[0].vouchers, reply.content]

    assert made(7) == made(7)
    assert all(one != two for one, two in zip(made(7)[:4], made(8)[:4], strict=True))
    assert made(None)[0] != made(None)[0]


def test_a_clock_that_stands_by_a_seed_can_be_let_go() -> None:
    merchant = FakeServer(seed=1).merchant()
    stood = merchant.clock.now()
    assert merchant.clock.now() == stood == REPEATABLE_NOW
    assert merchant.clock.advance(60) == stood + 60
    assert abs(merchant.clock.run() - time.time()) < 60
    assert merchant.server.merchant().clock.now() == stood


def test_ids_follow_from_their_owner_and_not_from_the_order() -> None:
    def made(owners: list[str]) -> dict[str, list[str]]:
        identities = Identities(3)
        found = {}
        for owner in owners:
            with identities.of(owner):
                found[owner] = [identities.merchant_id(), identities.project_id(), identities.secret()]
        return found

    assert made(["one", "two"]) == made(["two", "one"])
    assert made(["one"])["one"] != made(["two"])["two"]


def test_the_seed_makes_vouchers_and_outcomes_repeatable() -> None:
    def made(seed: int) -> list[Any]:
        project = FakeServer(seed=seed).merchant().project(pending=9, success=3)
        project.move("pending", to="success", count=4)
        return [(v.id, v.voucher_code, v.status, v.nominal_gs, v.note) for v in project.vouchers]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_ids_and_secrets_are_new_for_each_merchant_whatever_random_does(apigames_server: FakeServer) -> None:
    made = []
    for _ in range(50):
        random.seed(1)
        made.append(apigames_server.merchant())
    assert len({one.merchant_id for one in made}) == 50
    assert len({one.secret_key for one in made}) == 50
    assert all(len(one.merchant_id) == len("M240315GAME2847K") for one in made)
    for one in made:
        apigames_server.remove(one)


def test_a_removed_merchant_is_unknown(apigames_server: FakeServer) -> None:
    gone = apigames_server.merchant()
    project = gone.project()
    apigames_server.remove(gone)
    assert ask(gone, project)["error_msg"] == "Merchant not found"


WORLD = {
    "merchants": [
        {
            "merchant_id": "M1",
            "secret_key": "s1",
            "session_key": "key",
            "projects": [{"project_id": "R1", "vouchers": [{"voucher_code": "A"}]}],
        },
        {"merchant_id": "M2", "secret_key": "s2", "projects": [{"project_id": "R2"}]},
    ]
}


def test_a_world_comes_along_under_new_ids(apigames_server: FakeServer) -> None:
    merchant = apigames_server.merchant(world=WORLD)
    (project,) = merchant.projects
    (other,) = merchant.others
    assert project.project_id == "R1"
    assert merchant.merchant_id != "M1"
    assert ask(merchant, project)["rc"] == 200
    assert ask(merchant, other.projects[0])["error_msg"] == "Project ID tidak ditemukan"
    added = merchant.project(pending=2)
    assert {v.id for v in added.vouchers}.isdisjoint(v.id for v in project.vouchers)


class OwnPath:
    """What others have for a path, as `py.path.local`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


@pytest.mark.parametrize("kind", [str, Path, OwnPath])
def test_a_world_may_be_any_kind_of_path(tmp_path: Path, kind: Any) -> None:
    (tmp_path / "world.json").write_text(json.dumps(WORLD))
    with mockserver.serve(kind(tmp_path / "world.json")) as server:
        assert server.merchant_id == "M1"


def test_serve_keeps_the_ids_of_a_world() -> None:
    with mockserver.serve(WORLD) as server:
        assert (server.merchant_id, server.secret_key, server.session_key) == ("M1", "s1", "key")
        assert server.others[0].merchant_id == "M2"
        assert ask(server, "R1")["rc"] == 200


def test_a_plan_of_the_world_comes_along(apigames_server: FakeServer) -> None:
    world = {"plan": {"transition": "immediate"}, "merchants": [WORLD["merchants"][0]]}
    merchant = apigames_server.merchant(world=world)
    assert merchant.projects[0].stats["success"] == 1


@pytest.mark.parametrize(
    ("world", "says"),
    [({"merchant": []}, "did you mean 'merchants'"), (3, "not int"), (Path("nowhere.json"), "cannot read nowhere")],
)
def test_a_world_that_cannot_be_served_says_why(apigames_server: FakeServer, world: Any, says: str) -> None:
    with pytest.raises(WorldError, match=says):
        apigames_server.merchant(world=world)


def test_serve_needs_no_pytest_and_leaves_nothing_behind() -> None:
    with mockserver.serve(readings={"http_status": "200"}) as server:
        project = server.project(pending=3)
        assert len(listed(ask(server, project))["vouchers"]) == 3
        assert server.readings.http_status == "200"
        server.assert_called(page=1)
        url = server.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_nothing_listens_before_the_url_is_read() -> None:
    server = FakeServer()
    merchant = server.merchant()
    project = merchant.project(pending=1)
    path = f"https://v1.apigames.id/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    body = f'{{"projectid":"{project.project_id}","signature":"{merchant.signature}"}}'.encode()
    assert answer_in_process(merchant, "POST", path, body, origin="here").http_status == 200
    assert repr(server) == "FakeServer(not started)"
    assert server.url.startswith("http://127.0.0.1:")
    assert repr(server) == f"FakeServer({server.url})"
    server.stop()
    server.stop()
    assert repr(server) == "FakeServer(stopped)"


def test_the_url_of_a_server_that_was_stopped_starts_no_other() -> None:
    with mockserver.serve() as merchant:
        project = merchant.project()
    for read in (lambda: merchant.url, lambda: merchant.server.url, lambda: merchant.environment(project)):
        with pytest.raises(ServerError, match="the server was stopped; read url before that"):
            read()
    assert repr(merchant.server) == "FakeServer(stopped)"


def test_a_server_that_was_stopped_serves_a_new_merchant() -> None:
    server = FakeServer()
    server.stop()
    merchant = server.merchant()
    assert ask(merchant, merchant.project())["rc"] == 200
    server.stop()


@pytest.mark.parametrize("port", [99999, -1, "x", True])
def test_a_port_that_is_none_is_refused_as_one(port: Any) -> None:
    with pytest.raises(ServerError, match=f"port {port!r}; expected one from 1 to 65535"), mockserver.serve(port=port):
        pass


def test_a_host_that_is_no_text_is_refused_in_words() -> None:
    with pytest.raises(ServerError, match=r"cannot serve on 5: .*; use 127\.0\.0\.1"):
        FakeServer(host=5).url  # type: ignore[arg-type]  # noqa: B018


@pytest.mark.parametrize("seed", ["x", 1.5, True])
def test_a_seed_that_is_no_whole_number_is_refused_at_once(seed: Any) -> None:
    with pytest.raises(ValueError, match=f"seed={seed!r}: expected a whole number"):
        FakeServer(seed=seed)


@pytest.mark.parametrize("readings", ["http_status=200", ["http_status"], 5])
def test_readings_in_another_form_are_refused_in_words(apigames_server: FakeServer, readings: Any) -> None:
    with pytest.raises(ReadingsError, match="expected readings as a dict"):
        apigames_server.merchant(readings=readings)
