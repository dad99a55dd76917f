"""`serve --reload` reads a changed world file again, and says what changed."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.cli.serve.reload import WorldFile
from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.contract.wire import STATUSES
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world_file import read_world
from mockserver.testing.admin_client import AdminClient
from tests.support.asking import NOW, PATH, call, fields
from tests.support.command import Serving, run


def project(project_id: str = "R1", *codes: str) -> dict[str, Any]:
    return {"project_id": project_id, "vouchers": [{"voucher_code": code} for code in codes]}


def merchant(merchant_id: str = "M1", *projects: Any) -> dict[str, Any]:
    return {"merchant_id": merchant_id, "secret_key": "made-up-secret", "projects": list(projects)}


class Served:
    """A world file with the provider that serves it; `look` looks until it stands still, and returns what is said."""

    def __init__(self, path: Path, *merchants: Any, plan: Plan | None = None) -> None:
        self.path = path
        self.write(*merchants)
        self.file = WorldFile(path, plan)
        clock = FrozenClock(NOW)
        self.provider = Provider(read_world(path, Readings(), clock), Readings(), clock)

    def write(self, *merchants: Any, **more: Any) -> None:
        self.write_text(json.dumps({**more, "merchants": list(merchants)}))

    def write_text(self, text: str) -> None:
        # In place of the old one, so that its mark is another however fast this is.
        (self.path.parent / "next").write_text(text)
        (self.path.parent / "next").replace(self.path)

    def look(self) -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        for _ in range(3):
            self.file.look(self.provider, lambda message, level: said.append((level, message)))
        return said

    def total(self, project_id: str = "R1") -> int | None:
        asked = fields(projectid=project_id, signature=sign("M1", "made-up-secret"))
        reply = json.loads(call(self.provider, json.dumps(asked).encode(), merchant_id="M1").body)
        return reply["data"]["total_data"] if reply["rc"] == 200 else None


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path / "world.json", merchant("M1", project("R1", "A1"), project("R2")))


def test_what_has_changed_is_served_and_said(served: Served) -> None:
    assert served.look() == []
    changed = {**merchant("M1", project("R1", "A1", "A2"), project("R3")), "session_key": "made-up-session"}
    served.write(changed, merchant("M2"))
    changes = (
        "project R3 is new; merchant M2 is new; project R2 is gone; merchant M1 has changed; project R1 has changed"
    )
    assert served.look() == [("info", f"{served.path} was read again: {changes}")]
    assert (served.total("R1"), served.total("R2"), served.total("R3")) == (2, None, 0)
    assert served.look() == []


def test_a_reset_goes_back_to_what_was_read_last(served: Served) -> None:
    served.write(merchant("M1", project("R1", "A1", "A2", "A3")))
    served.look()
    served.provider.reset()
    assert served.total() == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ('{"merchants": [{"merchant_id": "M1", "secret_key": "x", "projects": 7}]}', "merchants[0].projects: expected"),
        ('{"status": 0, "rc": 500, "error_msg": "x"}', "it is a reply, not a world"),
        (None, "cannot read"),
    ],
)
def test_a_broken_file_is_told_once_in_one_line_and_changes_nothing(
    served: Served, text: str | None, said: str
) -> None:
    if text is None:
        served.path.unlink()
    else:
        served.write_text(text)
    ((level, message),) = served.look()
    assert (level, said in message, message.endswith("; what was served before is served on")) == ("error", True, True)
    assert "\n" not in message
    assert served.look() == []
    assert served.total() == 1
    served.write(merchant("M1", project("R1", "A1", "A2")))
    ((level, message),) = served.look()
    assert (level, served.total()) == ("info", 2)
    assert message.endswith("project R2 is gone; project R1 has changed"), "of what was served"


def test_a_file_that_is_still_being_written_is_left_alone(served: Served) -> None:
    said: list[str] = []
    for count in range(1, 4):
        served.write(merchant("M1", project("R1", *(f"A{number}" for number in range(count + 1)))))
        served.file.look(served.provider, lambda message, _: said.append(message))
    assert (said, served.total()) == ([], 1)
    assert len(served.look()) == 1
    assert served.total() == 4


def test_what_says_the_same_changes_nothing(served: Served) -> None:
    before = served.provider.store
    served.write_text(json.dumps(json.loads(served.path.read_text()), indent=4))
    assert served.look() == []
    assert served.provider.store is before


def test_of_many_changes_the_first_are_said_and_no_secret(served: Served) -> None:
    served.write(*(merchant(f"M{number}\x1b[31m") for number in range(50)), plan={"transition": "manual"})
    ((_, message),) = served.look()
    assert message.count(";") == 8
    assert message.endswith("and 46 more")
    assert "\x1b" not in message
    assert "made-up-secret" not in message


def test_the_plan_of_the_command_line_stays(tmp_path: Path) -> None:
    served = Served(tmp_path / "world.json", merchant("M1"), plan=Plan("immediate"))
    served.write(merchant("M1", project("R1", "A1")), plan={"transition": "manual"})
    served.look()
    owner = served.provider.store.merchant("M1")
    assert owner is not None
    (only,) = owner.projects()
    assert only.stats(STATUSES)[0] == 0, "none is pending"


def test_a_running_mock_reads_it_again(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"merchants": [merchant("M1")]}))
    with Serving("--world", "world.json", "--reload", "--log-format", "json", folder=tmp_path) as serving:
        path.write_text(json.dumps({"merchants": [merchant("M1", project("R1", "A1"))]}))
        assert serving.process.stderr is not None
        serving.process.stderr.readline()
        line = json.loads(serving.process.stderr.readline())
        assert (line["level"], line["message"]) == ("info", "world.json was read again: project R1 is new")
        asked = fields(projectid="R1", signature=sign("M1", "made-up-secret"))
        url = serving.url + PATH.replace("M240315GAME2847K", "M1")
        assert requests.post(url, json=asked, timeout=10).json()["data"]["total_data"] == 1
        assert [one["project_id"] for one in AdminClient(serving.url).projects()] == ["R1"]
        assert serving.stop(signal.SIGTERM)[0] == 0


def test_without_a_world_file_there_is_nothing_to_read_again(tmp_path: Path) -> None:
    refused = run("serve", "--reload", folder=tmp_path)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "--reload reads a world file again; give one with --world" in refused.stderr
