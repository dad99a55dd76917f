"""The programs of `examples/clients`: each bad habit is named, and the careful ones survive everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import survive
from mockserver.testing.survive.status_call.habits import HABITS
from tests.support.survive_clients import CLIENTS, command_of
from tests.support.survive_page import client_of

pytestmark = pytest.mark.once

# What each habit must fail, and nothing else of what it is tried with.
TELLING = {
    "pending-filter-lost": ["every-status", "all-success"],
    "success-is-rc-0": ["one-voucher", "no-vouchers", "empty_vouchers=null", "added-fields"],
    "error-from-message": ["unknown-project", "unknown-project-http-200", "maintenance"],
    "first-page-only": ["one-more-than-a-page", "max_limit=10", "statuses-move-between-pages"],
    "http-500-hides-envelope": ["invalid-json", "wrong-signature"],
    "http-200-is-success": ["invalid-json-http-200", "unknown-merchant-http-200"],
    "crash-on-empty-list": ["no-vouchers"],
    "crash-on-null": ["empty_vouchers=null"],
    "crash-on-added-field": ["added-fields"],
    "crash-on-html": ["html-502", "html-504"],
    "crash-on-cut-body": ["truncated-json", "close-middle"],
    "no-timeout": ["no-reply", "stalled-body"],
    "endless-page-loop": ["beyond_last=last"],
    "totals-stand-still": ["totals-grow-between-pages"],
    "status-by-position": ["status_codes=0,2,1,4,3"],
}
SURVIVED = ["all-pending", "close-before"]
CAREFUL = sorted((CLIENTS / "careful").glob("client.*"))
HABITUAL = sorted((CLIENTS / "habits").glob("*_*.*"))


def test_every_habit_of_the_list_has_a_client_and_every_client_a_habit() -> None:
    assert {name.replace("-", "_") for name in TELLING} == {program.stem for program in HABITUAL}
    assert set(TELLING) <= set(HABITS)
    assert {program.suffix for program in HABITUAL} == {program.suffix for program in CAREFUL}


@pytest.mark.parametrize("name", TELLING)
def test_the_habit_is_named(name: str) -> None:
    program = client_of(name)
    assert program is not None
    # Who never ends is waited for, so that is tried with a short time, a longer one where the machine is busy, and with
    # nothing beside it.
    never_ends = name in {"no-timeout", "endless-page-loop"}
    survived = [] if never_ends else [one for one in SURVIVED if name != "success-is-rc-0" or one == "close-before"]
    for timeout in (3, 10, 40) if never_ends else (60,):
        report = survive(command_of(program), scenarios=[*TELLING[name], *survived], timeout=timeout, jobs=2)
        if list(report.habits) == [name]:
            break
    assert list(report.habits) == [name], str(report)
    assert [verdict.scenario.name for verdict in report.failed] == TELLING[name]
    assert not report.not_judged


@pytest.mark.matrix
@pytest.mark.parametrize("program", CAREFUL, ids=lambda program: program.name)
def test_a_careful_client_survives_what_tells_a_habit(program: Path) -> None:
    telling = dict.fromkeys(name for names in TELLING.values() for name in names)
    report = survive(command_of(program), scenarios=[*telling, *SURVIVED], timeout=60)
    assert report.survives, str(report)
    assert not report.not_judged


@pytest.mark.matrix
@pytest.mark.parametrize("program", CAREFUL, ids=lambda program: program.name)
def test_a_careful_client_survives_everything(program: Path) -> None:
    report = survive(command_of(program), examples=20, timeout=60)
    assert report.survives, str(report)
    assert not report.not_judged


@pytest.mark.parametrize("program", [*CAREFUL, *HABITUAL], ids=lambda program: program.name)
def test_a_client_reads_nothing_but_the_five_variables(program: Path) -> None:
    text = program.read_text(encoding="utf-8")
    assert "apigames.id" not in text
    for variable in ("BASE_URL", "MERCHANT_ID", "SECRET_KEY", "PROJECT_ID"):
        assert f"APIGAMES_{variable}" in text
