"""`serve --state postgresql://`: two replicas are one fake, whatever becomes of one of them, or of the database."""

from __future__ import annotations

import itertools
import signal
import time
from pathlib import Path

import pytest

from mockserver.testing.admin_client import AdminClient
from tests.cli.serve.test_state import Submitters, codes_of
from tests.support.command import Serving, run
from tests.support.postgresql import Postgresql

PASSWORD = "made-up-password"


@pytest.fixture
def url(postgresql: Postgresql) -> str:
    return postgresql.new_state().replace("mock@", f"mock:{PASSWORD}@")


@pytest.mark.once
@pytest.mark.matrix
def test_nothing_acknowledged_is_lost_when_a_replica_or_the_database_is_killed(
    postgresql: Postgresql, url: str, tmp_path: Path
) -> None:
    codes = itertools.count()
    taken: dict[str, str] = {}
    state = ("--state", url, "--journal", "10000")
    with Serving(*state, folder=tmp_path) as one, Serving(*state, folder=tmp_path) as other:
        clients = [Submitters(serving.url, codes, 2) for serving in (one, other)]
        wait_for(clients, 20)
        postgresql.restart()
        wait_for(clients, 40)
        told = [*one.stop(signal.SIGKILL)[1:]]
        clients[0].join()
        postgresql.restart()
        already = len(clients[1].taken)
        deadline = time.monotonic() + 30
        while len(clients[1].taken) < already + 20 and time.monotonic() < deadline:
            time.sleep(0.001)
        taken = clients[0].taken | clients[1].taken
        with Serving(*state, folder=tmp_path) as third:
            admin = AdminClient(third.url)
            there = {
                voucher["voucher_code"]: project["project_id"]
                for project in admin.world()["merchants"][0]["projects"]
                for voucher in project["vouchers"]
            }
            assert taken.items() <= there.items()
            code = next(iter(taken))
            assert codes_of(third.url, taken[code]) == codes_of(other.url, taken[code]) == [code]
            numbers = [call["n"] for call in admin.requests(newest=1000)]
            assert numbers == list(range(numbers[0], numbers[-1] - 1, -1))
            told += third.stop(signal.SIGTERM)[1:]
        told += other.stop(signal.SIGKILL)[1:]
        clients[1].join()
    assert len(taken) >= 60
    assert PASSWORD not in "".join(told)
    assert any(f"everything is kept in {url.replace(':' + PASSWORD, '')}, secrets too" in text for text in told)


def wait_for(clients: list[Submitters], more: int) -> None:
    """Wait until each has so many acknowledged."""
    wanted = [len(client.taken) + more for client in clients]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(
        len(client.taken) < enough for client, enough in zip(clients, wanted, strict=True)
    ):
        time.sleep(0.001)


def test_the_commands_for_a_state_know_it(postgresql: Postgresql, url: str, tmp_path: Path) -> None:
    refused = run("state", "info", url, folder=tmp_path)
    assert (refused.returncode, PASSWORD in refused.stderr, "cannot use" in refused.stderr) == (2, False, True)
    with Serving("--state", url, "--clock", "frozen", folder=tmp_path) as serving:
        admin = AdminClient(serving.url)
        admin.advance(5)
        for command in ("info", "compact"):
            assert run("state", command, url, folder=tmp_path).returncode == 0
        assert admin.clock()["ahead"] == 5
        refused = run("serve", "--state", url, "--plan", "timed", folder=tmp_path)
        assert (refused.returncode, PASSWORD in refused.stderr, "--fresh" in refused.stderr) == (2, False, True)
        told = run("state", "info", url, folder=tmp_path).stdout
        assert told.startswith("merchants 1, projects ")
        assert "changes 1, calls 0 since the start, bytes " in told
        exported = run("state", "export", url, "-o", "state.json", folder=tmp_path)
        assert run("state", "reset", url, folder=tmp_path).returncode == 0
        assert admin.clock()["ahead"] == 0
        serving.stop(signal.SIGTERM)
    assert exported.returncode == 0
    again = run("state", "import", url, "state.json", folder=tmp_path)
    assert (again.returncode, "is not empty" in again.stderr, PASSWORD in again.stderr) == (2, True, False)
    other = postgresql.new_state()
    for target in (other, "sqlite:///state.db"):
        assert run("state", "import", target, "state.json", folder=tmp_path).returncode == 0
        assert run("state", "export", target, folder=tmp_path).stdout == (tmp_path / "state.json").read_text()
