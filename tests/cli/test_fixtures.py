"""`apigames-mock fixtures`: the same bytes again, and an error for whatever was changed by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import hypothesis
import pytest

from mockserver._resources import resource
from mockserver.golden.check import failures_in
from mockserver.verification.cases import GROUPS, SUBMIT_GROUPS, SUBMIT_REFUSALS, cases
from mockserver.verification.live_guard import REFUSED_SUBMISSIONS
from tests.support.command import run, run_process

FIXTURES = resource("fixtures")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES, tmp_path / "fixtures"))


def test_what_is_stored_holds() -> None:
    assert list(failures_in(FIXTURES)) == []


def test_the_same_bytes_come_under_the_recorded_version(tmp_path: Path) -> None:
    recorded = json.loads((FIXTURES / "manifest.json").read_text())["hypothesis"]
    ended = run_process("fixtures", "generate", "--output", "made", folder=tmp_path)
    if recorded != hypothesis.__version__:
        assert ended.returncode == 2
        assert recorded in ended.stderr
        return
    assert ended.returncode == 0, ended.stderr
    stored = {path.relative_to(FIXTURES): path.read_bytes() for path in FIXTURES.rglob("*.json")}
    made = tmp_path / "made"
    assert {path.relative_to(made): path.read_bytes() for path in made.rglob("*.json")} == stored


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("exchanges/mixed.json", "total_voucher", "total_vouchers"),
        ("worlds/mixed.json", '"nominal_gs": 25', '"nominal_gs": 26'),
        ("flows/submit-poll-poll.json", '\\"pending\\":3', '\\"pending\\":2'),
        ("worlds/submit-poll-poll.json", '"plan"', '"plans"'),
        ("requests/bulk-lists.json", '"list": "unpadded"', '"list": "padded"'),
        ("requests/bodies.json", '"operation": "project_detail"', '"operation": "redeem_bulk"'),
        ("signatures.json", '"signature": "', '"signature": "0'),
        ("requests/bodies.json", '"clause": "ERR-1"', '"clause": "ERR-2"'),
        ("manifest.json", '"worlds/mixed.json"', '"worlds/other.json"'),
    ],
)
def test_a_change_by_hand_is_found(copy: Path, name: str, old: str, new: str) -> None:
    text = (copy / name).read_text(encoding="utf-8")
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    ended = run("fixtures", "check", str(copy), folder=copy)
    assert ended.returncode == 1
    assert name in ended.stderr or Path(name).stem in ended.stderr


def test_every_case_has_a_clause_and_a_name_of_its_own() -> None:
    for group in (*GROUPS, *SUBMIT_GROUPS):
        names = [case.name for case in cases(group)]
        assert len(set(names)) == len(names)
        assert all(case.clause in case.operation.clauses for case in cases(group))
        assert all({*case.outcomes} <= {*case.operation.outcomes, "success", "any"} for case in cases(group))


def test_what_no_target_can_accept_is_what_the_live_guard_lets_through() -> None:
    assert {case.body for case in cases(SUBMIT_REFUSALS)} == set(REFUSED_SUBMISSIONS.values())
    assert not any("success" in case.outcomes or "any" in case.outcomes for case in cases(SUBMIT_REFUSALS))
