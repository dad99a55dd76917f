"""`serve --workers`: several processes on one port are one fake, whichever answers, and whichever dies."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from mockserver.cli.serve.own_state import OwnState
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.signature import sign
from mockserver.testing.admin_client import AdminClient
from tests.cli.serve.test_state import Submitters
from tests.support.asking import MERCHANT
from tests.support.command import Serving, run

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "SO_REUSEPORT") or not Path("/proc/self/task").exists(),
    reason="needs SO_REUSEPORT, and /proc to see the workers",
)
ASKED = {
    "projectid": "R250101DEMO000137",
    "status": "",
    "page": 1,
    "limit": 30,
    "signature": sign(MERCHANT, "apigames-mock-secret"),
}


def workers_of(serving: Serving) -> list[int]:
    pid = serving.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def page(url: str) -> requests.Response:
    """Ask on a connection of its own, which any worker may get."""
    return requests.post(url + PROJECT_DETAIL.path_of(MERCHANT), json=ASKED, timeout=30)


def answers(url: str) -> bool:
    """Tell whether a call gets its reply: one that was on its way to the worker that died does not."""
    try:
        return page(url).ok
    except requests.ConnectionError:
        return False


def until(true: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill(serving: Serving, pid: int) -> None:
    """Kill a worker, and wait until another is started."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(workers_of(serving)) == 3 and pid not in workers_of(serving))


def test_three_processes_are_one_fake_and_one_that_dies_is_replaced(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path)}
    with Serving("--workers", "3", "--journal", "10000", folder=tmp_path, environment=environment) as serving:
        admin = AdminClient(serving.url)
        assert len(workers_of(serving)) == 3
        (folder,) = tmp_path.glob("apigames-mock-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        # What one has acknowledged each other sees.
        for seconds in range(1, 13):
            admin.freeze(1_800_000_000 + seconds)
            assert page(serving.url).json()["ts"] == 1_800_000_000 + seconds
        admin.put_faults({"fault": "html_502", "times": 7})
        statuses = Counter[int]()
        clients = [
            threading.Thread(target=lambda: statuses.update(page(serving.url).status_code for _ in range(6)))
            for _ in range(4)
        ]
        for client in clients:
            client.start()
        assert len(admin.requests(wait=20, count=36, newest=1000)) == 36
        for client in clients:
            client.join()
        assert statuses == {502: 7, 200: 17}
        # Each is killed, two of them in the middle of their work while nobody reads the log: whoever answers then has
        # taken the place of one.
        first = workers_of(serving)
        kill(serving, first[0])
        submitters = Submitters(serving.url, itertools.count())
        until(lambda: len(submitters.taken) > 1000)
        for pid in first[1:]:
            kill(serving, pid)
        until(lambda: answers(serving.url))
        now = workers_of(serving)
        assert all(answers(serving.url) for _ in range(20))
        assert (workers_of(serving), set(now) & set(first)) == (now, set())
        status, _, told = serving.stop(signal.SIGTERM)
        submitters.join()
    assert status == 0
    assert f"worker {first[0]} died; another is started in its place" in told


def test_what_several_have_acknowledged_is_there_when_all_are_killed(tmp_path: Path) -> None:
    state = ("--state", "sqlite:///state.db")
    with Serving("--workers", "2", *state, "--journal", "10000", folder=tmp_path) as serving:
        submitters = Submitters(serving.url, itertools.count(), clients=6)
        until(lambda: len(submitters.taken) > 60)
        workers = workers_of(serving)
        serving.stop(signal.SIGKILL)
        # Nobody serves a fake that nobody can stop any more.
        submitters.join()
        until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])
    with Serving("--workers", "2", *state, "--journal", "10000", folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        projects = admin.world()["merchants"][0]["projects"]
        there = {voucher["voucher_code"]: one["project_id"] for one in projects for voucher in one["vouchers"]}
        assert submitters.taken.items() <= there.items()
        assert len({one["id"] for one in projects}) == len(projects)
        calls = admin.requests(newest=1000)
        assert [call["n"] for call in calls] == list(range(len(calls), 0, -1))
        assert len(calls) >= len(submitters.taken)
        serving.stop(signal.SIGTERM)
    # All of it is in the file, which may be copied.
    assert [one.name for one in tmp_path.glob("state.db*")] == ["state.db"]


def test_a_state_of_its_own_goes_when_the_run_is_killed_and_the_last_worker_has_ended(tmp_path: Path) -> None:
    with Serving("--workers", "2", folder=tmp_path, environment={"TMPDIR": str(tmp_path)}) as serving:
        workers = workers_of(serving)
        assert list(tmp_path.glob("apigames-mock-*"))
        assert page(serving.url).ok
        serving.stop(signal.SIGKILL)
        until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])
    assert not list(tmp_path.iterdir())


def test_a_state_of_its_own_is_left_by_each_process_or_removed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "apigames-mock-of-something-else").mkdir()
    first, second = OwnState(), OwnState()
    of_worker = os.dup(first._lock or 0)  # what a fork has of it
    first.leave()
    first.leave()
    assert len(list(tmp_path.iterdir())) == 3
    os.close(of_worker)  # as the system does for one that is killed
    assert len(list(tmp_path.iterdir())) == 3
    third = OwnState()
    assert len(list(tmp_path.iterdir())) == 3
    second.leave()
    third.leave()
    assert [one.name for one in tmp_path.iterdir()] == ["apigames-mock-of-something-else"]


def test_a_worker_waits_for_a_state_that_is_gone_and_makes_no_other(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    options = ("--workers", "2", "--state", "sqlite:///state.db", "--log-format", "json")
    with Serving(*options, folder=tmp_path) as serving:
        elsewhere = file.rename(tmp_path / "elsewhere.db")
        os.kill(workers_of(serving)[0], signal.SIGKILL)
        assert serving.process.stderr is not None
        told = ""
        while "waits for the state: there is no file state.db" not in told:
            told = json.loads(serving.process.stderr.readline())["message"]
        assert not file.exists()
        assert {page(serving.url).status_code for _ in range(3)} == {503}
        elsewhere.rename(file)
        until(lambda: answers(serving.url))
        assert serving.stop(signal.SIGTERM)[0] == 0


def test_a_port_that_is_taken_is_said_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run("serve", "--workers", "2", "--port", str(port), folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.count("is taken") == 1
    assert run("serve", "--workers", "0", folder=tmp_path).returncode == 2


def test_who_is_signed_in_at_the_page_is_so_at_each(tmp_path: Path) -> None:
    token = {"APIGAMES_MOCK_ADMIN_TOKEN": "made-up-admin-token"}
    with Serving("--workers", "2", "--host", "0.0.0.0", folder=tmp_path, environment=token) as serving:
        with requests.Session() as browser:
            assert browser.get(f"{serving.url}/__admin/", timeout=30).status_code == 401
            browser.post(f"{serving.url}/__admin/session", json={"token": "made-up-admin-token"}, timeout=30)
            cookies = browser.cookies.get_dict()
        # Each on a connection of its own: of so many, one worker gets all only once in 500,000 runs.
        seen = {requests.get(f"{serving.url}/__admin/", cookies=cookies, timeout=30).status_code for _ in range(20)}
        assert seen == {200}
        assert serving.stop(signal.SIGTERM)[0] == 0
