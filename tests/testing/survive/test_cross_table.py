"""Every client with a bad habit against every scenario: each failure is explained by the habit that the client has."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import SurviveReport, survive
from mockserver.testing.survive.status_call.habits import HABITS
from mockserver.testing.survive.status_call.scenarios import SCENARIOS, generated
from tests.support.habit_clients import CLIENTS, Failed, HabitClient, Lost
from tests.support.survive_clients import CLIENTS as PROGRAMS
from tests.support.survive_clients import command_of

EVERY = [*SCENARIOS, *(scenario.name for scenario in generated(0, 40))]
# A careful client waits for these as long as it is patient, a careless one as long as it is let.
WAITED_FOR = {"no-reply", "stalled-body", "beyond_last=last"}
# These show in such scenarios alone, or in each that fails.
ENDLESS = {"no-timeout", "endless-page-loop", "endless-retry"}
ENDING = [client for client in CLIENTS if client.habit not in ENDLESS]


def told_apart(report: SurviveReport, habit: str) -> None:
    found = {verdict.scenario.name: verdict.habit and verdict.habit.name for verdict in report.failed}
    assert {name: named for name, named in found.items() if named != habit} == {}
    assert report.failed, f"nothing shows {habit}"


def test_every_habit_of_the_register_has_a_client() -> None:
    assert {client.habit for client in CLIENTS} == set(HABITS)


@pytest.mark.parametrize("client", ENDING, ids=repr)
def test_every_failure_shows_the_habit_that_the_client_has(client: HabitClient) -> None:
    names = [name for name in EVERY if name not in WAITED_FOR]
    told_apart(survive(client, scenarios=names, timeout=60, jobs=4, errors=(Failed, Lost)), client.habit)


@pytest.mark.matrix
@pytest.mark.parametrize("client", CLIENTS, ids=repr)
def test_the_whole_table(client: HabitClient) -> None:
    # Those that end do so however busy the machine is; the others are waited for.
    timeout = 60 if client in ENDING else 10
    told_apart(survive(client, scenarios=EVERY, timeout=timeout, jobs=48, errors=(Failed, Lost)), client.habit)


@pytest.mark.matrix
@pytest.mark.parametrize("program", sorted((PROGRAMS / "habits").glob("*_*.*")), ids=lambda path: path.name)
def test_the_whole_table_of_programs(program: Path) -> None:
    told_apart(survive(command_of(program), scenarios=EVERY, timeout=20), program.stem.replace("_", "-"))


def test_names_of_variables_are_printed_as_they_are() -> None:
    report = survive(lambda _: {"error": None}, scenarios=["vouchers=2+error=ERR-2"])
    assert "`APIGAMES_MERCHANT_ID` is of nobody (ERR-2)" in str(report)


def test_a_callable_of_dicts_of_text_is_a_client() -> None:
    def client(env: dict[str, str]) -> dict[str, object]:
        return {"error": env["APIGAMES_BASE_URL"]}

    assert not survive(client, scenarios=["one-voucher"]).survives
