"""`apigames-mock state`: what it says and does is what a fake that is served from the state shows."""

from __future__ import annotations

from pathlib import Path

from mockserver.provider.provider import Provider
from mockserver.provider.state.plan import Plan
from mockserver.storage.opening import open_log
from tests.storage.test_sqlite import opened
from tests.support.command import run
from tests.support.histories import page, seen, shown, world_of

URL = "sqlite:///state.db"


def long_history(folder: Path) -> Provider:
    """Return a fake with a change for each read."""
    provider = opened(folder / "state.db", world_of("M1", "M2"))
    merchant = next(iter(provider.store.merchants()))
    (project,) = merchant.projects()
    provider.set_plan(merchant, project, Plan("manual", after_reads=1000))
    for _ in range(300):
        page(provider, merchant, project.project_id)
    return provider


def test_it_is_told_made_small_and_carried_elsewhere(tmp_path: Path) -> None:
    served = long_history(tmp_path)
    told = run("state", "info", URL, folder=tmp_path)
    assert told.stdout.splitlines()[0] == "merchants 2, projects 2, vouchers 10"
    assert told.stdout.splitlines()[1].startswith("changes 302, calls 300 since the start, bytes ")
    before = seen(served)
    compacted = run("state", "compact", URL, folder=tmp_path)
    small, large = compacted.stdout.removeprefix("bytes ").split(", before ")
    assert int(small) < int(large)
    assert "changes 1, calls 300" in run("state", "info", URL, folder=tmp_path).stdout
    # Who served it meanwhile, and who opens it now, show what was there.
    assert seen(served) == before == seen(opened(tmp_path / "state.db"))
    # One that is there already, for all to read, is not from then on.
    (tmp_path / "state.json").write_text("")
    (tmp_path / "state.json").chmod(0o644)
    assert run("state", "export", URL, "-o", "state.json", folder=tmp_path).returncode == 0
    assert run("state", "import", "sqlite:///other.db", "state.json", folder=tmp_path).returncode == 0
    other = opened(tmp_path / "other.db")
    assert {**seen(other), "calls": None} == {**before, "calls": None}
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    again = run("state", "import", "sqlite:///other.db", "state.json", folder=tmp_path)
    assert (again.returncode, "is not empty; import into another" in again.stderr) == (2, True)
    assert shown(other) == shown(served)


def test_what_one_change_says_already_is_not_said_at_greater_length(tmp_path: Path) -> None:
    opened(tmp_path / "state.db", world_of("M1", "M2"))
    log = open_log(f"sqlite:///{tmp_path / 'state.db'}")
    before = list(log.changes(0))
    assert run("state", "compact", URL, folder=tmp_path).returncode == 0
    assert list(log.changes(0)) == before


def test_a_reset_is_seen_by_who_serves_it(tmp_path: Path) -> None:
    served = long_history(tmp_path)
    assert run("state", "reset", URL, folder=tmp_path).returncode == 0
    with served.up_to_date():
        assert served.store.snapshot() == world_of("M1", "M2")
    assert served.journal.total == 0


def test_what_is_no_state_is_said_and_not_made(tmp_path: Path) -> None:
    for command in ("info", "export", "reset", "compact"):
        refused = run("state", command, URL, folder=tmp_path)
        assert (refused.returncode, "there is no file state.db" in refused.stderr) == (2, True)
    assert not (tmp_path / "state.db").exists()
    open_log(f"sqlite:///{tmp_path / 'state.db'}").close()
    assert "is empty" in run("state", "info", URL, folder=tmp_path).stderr
    (tmp_path / "text").write_text("{}")
    assert "is not what `state export`" in run("state", "import", URL, "text", folder=tmp_path).stderr
