"""`serve --state`: what was acknowledged is there after any end, and nothing begins anew unless it is asked for."""

from __future__ import annotations

import base64
import itertools
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from mockserver.testing.admin_client import AdminClient
from tests.support.asking import MERCHANT
from tests.support.command import Serving, run

SIGNATURE = sign(MERCHANT, "apigames-mock-secret")
READING = {"APIGAMES_MOCK_READING": "http_status=200"}
STATE = ("--state", "sqlite:///state.db")


def submit(session: requests.Session, url: str, code: str) -> dict[str, Any]:
    sent = {"kode_voucher": base64.b64encode(code.encode()).decode(), "signature": SIGNATURE}
    return session.post(url + REDEEM_BULK.path_of(MERCHANT), json=sent, timeout=30).json()  # type: ignore[no-any-return]


def codes_of(url: str, project_id: str) -> list[str]:
    sent = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": SIGNATURE}
    reply = requests.post(url + PROJECT_DETAIL.path_of(MERCHANT), json=sent, timeout=30).json()
    return [voucher["voucher_code"] for voucher in reply["data"]["data"]["vouchers"]]


class Submitters:
    """Clients that submit one code after another until nobody answers; `taken` is what was acknowledged, by code."""

    def __init__(self, url: str, codes: itertools.count[int], clients: int = 4) -> None:
        self.taken: dict[str, str] = {}
        self._url, self._codes = url, codes
        self._threads = [threading.Thread(target=self._submit) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _submit(self) -> None:
        with requests.Session() as session:
            while True:
                code = f"CODE{next(self._codes)}"
                try:
                    reply = submit(session, self._url, code)
                except requests.RequestException:
                    return
                if reply["rc"] != 503:  # taken or not: nobody knows
                    self.taken[code] = reply["data"]["project_id"]

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def test_nothing_acknowledged_is_lost_however_it_is_killed(tmp_path: Path) -> None:
    codes = itertools.count()
    taken: dict[str, str] = {}
    for already in (15, 40, 60):
        with Serving(*STATE, "--journal", "10000", folder=tmp_path) as serving:
            clients = Submitters(serving.url, codes)
            deadline = time.monotonic() + 30
            while len(clients.taken) < already and time.monotonic() < deadline:
                time.sleep(0.001)
            serving.stop(signal.SIGKILL)
            clients.join()
            taken |= clients.taken
    with Serving(*STATE, "--journal", "10000", folder=tmp_path) as serving:
        assert len(taken) >= 115
        admin = AdminClient(serving.url)
        world = admin.world()
        there = {
            voucher["voucher_code"]: project["project_id"]
            for project in world["merchants"][0]["projects"]
            for voucher in project["vouchers"]
        }
        assert taken.items() <= there.items()
        # Of calls that were cut off some were carried out; each that was acknowledged is in the journal, once.
        calls = admin.requests(newest=1000)
        assert len(calls) >= len(taken)
        assert [call["n"] for call in calls] == list(range(len(calls), 0, -1))
        assert codes_of(serving.url, taken["CODE0"]) == ["CODE0"]
        serving.stop(signal.SIGTERM)


def test_a_restart_goes_on_where_the_fake_was(tmp_path: Path) -> None:
    with Serving(*STATE, "--reading", "http_status=200", "--fault", "html_502;times=5", folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        admin.freeze(1_800_000_000)
        for _ in range(2):
            requests.post(serving.url + PROJECT_DETAIL.path_of(MERCHANT), json={}, timeout=30)
        made = admin.add_merchant()
        assert serving.stop(signal.SIGTERM)[0] == 0
    with Serving(*STATE, folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        assert admin.clock()["now"] == 1_800_000_000
        assert [(rule["hit"], rule["left"]) for rule in admin.faults()] == [(2, 3)]
        assert admin.readings()["http_status"] == "200"
        assert [call["n"] for call in admin.requests()] == [2, 1]
        assert made["merchant_id"] in [one["merchant_id"] for one in admin.world()["merchants"]]
        _, _, told = serving.stop(signal.SIGTERM)
    assert "everything is kept in sqlite:///state.db, secrets too" in told
    # Somebody else's secrets may be in it.
    assert "secret key" not in told


def test_a_state_that_is_not_empty_begins_only_anew_when_asked(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"merchants": []}')
    Provider(World(), log=open_log(f"sqlite:///{tmp_path / 'state.db'}"))
    starts = {"world": "world.json", "reading": "http_status=200", "plan": "timed", "clock": "frozen", "fault": "delay"}
    for option, value in starts.items():
        refused = run("serve", *STATE, f"--{option}", value, folder=tmp_path)
        assert refused.returncode == 2
        assert f"sqlite:///state.db is not empty, and --{option} would say how it begins" in refused.stderr
        assert "leave that out to go on with what is there, or begin anew with --fresh" in refused.stderr
    assert "--reading would say" in run("serve", *STATE, folder=tmp_path, environment=READING).stderr
    # There is no way on with it: it needs a world.
    for reload in (("--reload",), ("--reload", "--world", "world.json")):
        assert "--reload would say" in run("serve", *STATE, *reload, folder=tmp_path).stderr
    with Serving(*STATE, "--fresh", "--clock", "frozen", folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        assert (admin.clock()["state"], len(admin.merchants())) == ("frozen", 1)
        serving.stop(signal.SIGTERM)


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_a_start_that_is_refused_forgets_nothing_and_begins_nothing(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "world.json").write_text('{"merchants": 5}')
    url = f"sqlite:///{tmp_path / 'state.db'}"
    log = open_log(url)
    Provider(World(), log=log)
    there = log.head()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        wrong = {
            "--world": "world.json",
            "--reading": "http_status=201",
            "--plan": "soon",
            "--fault": "none",
            "--clock": "late",
            "--merchant": "M1",
            "--port": port,
            "--allowed-host": "a b",
        }
        for option, value in wrong.items():
            assert run("serve", *STATE, *workers, "--fresh", option, value, folder=tmp_path).returncode == 2
            assert log.head() == there, option
        empty = ("--state", "sqlite:///other.db", "--port", port)
        assert run("serve", *empty, *workers, folder=tmp_path).returncode == 2
    assert "is empty" in run("state", "info", "sqlite:///other.db", folder=tmp_path).stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--fresh",), "name it with --state"),
        (("--state", "mysql://x"), "expected sqlite:///FILE"),
        (("--state", "sqlite:////nowhere/state.db"), "name another file"),
    ],
)
def test_a_state_that_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    refused = run("serve", *arguments, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert told in refused.stderr


def test_the_state_also_comes_from_the_environment_and_from_pyproject(tmp_path: Path) -> None:
    for folder, environment in ((tmp_path / "a", {"APIGAMES_MOCK_STATE": "sqlite:///s.db"}), (tmp_path / "b", {})):
        folder.mkdir()
        if not environment:
            (folder / "pyproject.toml").write_text('[tool.apigames-mock]\nstate = "sqlite:///s.db"\n')
        with Serving(folder=folder, environment=environment) as serving:
            assert AdminClient(serving.url).ready() == {"status": "ready"}
            serving.stop(signal.SIGTERM)
        assert (folder / "s.db").exists()


def test_a_state_in_pyproject_is_beside_it_wherever_it_is_served_from(tmp_path: Path) -> None:
    within = tmp_path / "src"
    within.mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.apigames-mock]\nstate = "sqlite:///s.db"\n')
    Provider(World(), log=open_log(f"sqlite:///{tmp_path / 's.db'}"))
    for folder in (tmp_path, within):
        refused = run("serve", "--reading", "of=nothing", folder=folder)
        assert (refused.returncode, "is not empty" in refused.stderr) == (2, True)
    assert not list(within.iterdir())
