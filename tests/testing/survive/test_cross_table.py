"""Every client with a bad habit against every scenario: each failure is explained by the habit that the client has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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
# What some never end in, whatever they are given: a short time shows it as well as a long one.
NEVER_END_IN = {
    "no-timeout": ("no-reply", "stalled-body"),
    "endless-page-loop": ("beyond_last=last",),
    "page-size-assumed": ("beyond_last=last",),
}
ENDING = [client for client in CLIENTS if client.habit not in ENDLESS]


def told_apart(report: SurviveReport, habit: str, *, must_show: bool = True) -> None:
    found = {verdict.scenario.name: verdict.habit and verdict.habit.name for verdict in report.failed}
    assert {name: named for name, named in found.items() if named != habit} == {}
    assert report.failed or not must_show, f"nothing shows {habit}"


def test_every_habit_of_the_register_has_a_client() -> None:
    assert {client.habit for client in CLIENTS} == set(HABITS)


@pytest.mark.parametrize("client", ENDING, ids=repr)
def test_every_failure_shows_the_habit_that_the_client_has(client: HabitClient) -> None:
    names = [name for name in EVERY if name not in WAITED_FOR]
    told_apart(survive(client, scenarios=names, timeout=60, jobs=4, errors=(Failed, Lost)), client.habit)


@pytest.mark.matrix
def test_what_is_waited_for_shows_the_habit_or_nothing() -> None:
    """All at once: these clients wait more than they work."""

    def judged(client: HabitClient) -> None:
        report = survive(client, scenarios=WAITED_FOR, timeout=60, jobs=3, errors=(Failed, Lost))
        told_apart(report, client.habit, must_show=False)

    clients = [client for client in ENDING if client.habit not in NEVER_END_IN]
    with ThreadPoolExecutor(len(clients)) as pool:
        assert [*pool.map(judged, clients)]


@pytest.mark.matrix
@pytest.mark.parametrize(
    "client", [client for client in CLIENTS if client.habit in {*ENDLESS, *NEVER_END_IN}], ids=repr
)
def test_the_whole_table_of_what_never_ends(client: HabitClient) -> None:
    in_the_whole_table(client, client.habit, timeout=10, jobs=48, errors=(Failed, Lost))


@pytest.mark.matrix
@pytest.mark.parametrize("program", sorted((PROGRAMS / "habits").glob("*_*.*")), ids=lambda path: path.name)
def test_the_whole_table_of_programs(program: Path) -> None:
    in_the_whole_table(command_of(program), program.stem.replace("_", "-"), timeout=20)


def in_the_whole_table(client: Any, habit: str, **how: Any) -> None:
    endless = [name for name in EVERY if any(part in name for part in NEVER_END_IN.get(habit, ()))]
    if endless:
        told_apart(survive(client, scenarios=endless, **{**how, "timeout": 5}), habit)
    others = [name for name in EVERY if name not in endless]
    told_apart(survive(client, scenarios=others, **how), habit, must_show=not endless)


def test_names_of_variables_are_printed_as_they_are() -> None:
    report = survive(lambda _: {"error": None}, scenarios=["vouchers=2+error=ERR-2"])
    assert "`APIGAMES_MERCHANT_ID` is of nobody (ERR-2)" in str(report)


def test_a_callable_of_dicts_of_text_is_a_client() -> None:
    def client(env: dict[str, str]) -> dict[str, object]:
        return {"error": env["APIGAMES_BASE_URL"]}

    assert not survive(client, scenarios=["one-voucher"]).survives
