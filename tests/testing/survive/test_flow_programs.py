"""The flow programs of `examples/clients`: each bad habit is named, and the careful ones survive everything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mockserver import survive
from mockserver.testing.survive.flow.habits import OWN_HABITS
from tests.support.survive_clients import CLIENTS, command_of
from tests.testing.survive.test_cross_table import told_apart
from tests.testing.survive.test_flow_cross_table import TELLING

pytestmark = pytest.mark.once

CAREFUL = sorted((CLIENTS / "careful").glob("flow.*"))
HABITUAL = sorted((CLIENTS / "habits" / "flow").glob("*_*.*"))
# What tells the most of them apart from a careful one.
SAMPLE = ["partial-failure", "close-before", "statuses-move-between-pages", "poll-html-502", "maintenance"]


def habit_of(program: Path) -> str:
    return program.stem.replace("_", "-")


def test_every_habit_of_a_flow_has_a_program_in_one_of_the_languages_of_the_careful() -> None:
    assert {habit_of(program) for program in HABITUAL} == set(OWN_HABITS)
    assert {program.suffix for program in HABITUAL} == {program.suffix for program in CAREFUL}


def test_each_habit_is_named_and_the_careful_survive() -> None:
    """All at once: they wait more than they work."""

    def habits_of(program: Path) -> list[str]:
        names = SAMPLE if program in CAREFUL else TELLING[habit_of(program)][:1]
        report = survive(command_of(program), flow=True, scenarios=names, timeout=60, jobs=2)
        assert not report.not_judged
        return [*report.habits] if report.failed else ["careful"]

    programs = [program for program in (*CAREFUL, *HABITUAL) if habit_of(program) != "never-ends"]
    with ThreadPoolExecutor(6) as pool:
        found = dict(zip(programs, pool.map(habits_of, programs), strict=True))
    assert found == {program: [habit_of(program).replace("flow", "careful")] for program in programs}


def test_no_client_has_an_address_or_a_code_built_in() -> None:
    programs = {program: program.read_text(encoding="utf-8") for program in (*CAREFUL, *HABITUAL[0].parent.iterdir())}
    assert not [program for program, text in programs.items() if "apigames.id" in text]
    whole = [text for program, text in programs.items() if program in CAREFUL or program.stem == "vendor"]
    for variable in ("BASE_URL", "MERCHANT_ID", "SECRET_KEY", "VOUCHERS", "POLL_SECONDS"):
        assert all(f"APIGAMES_{variable}" in text for text in whole)


@pytest.mark.matrix
@pytest.mark.parametrize("program", CAREFUL, ids=lambda program: program.name)
def test_a_careful_client_survives_everything(program: Path) -> None:
    report = survive(command_of(program), flow=True, timeout=60)
    assert report.survives, str(report)
    assert not report.not_judged


@pytest.mark.matrix
@pytest.mark.parametrize("program", HABITUAL, ids=lambda program: program.name)
def test_the_whole_table_of_programs(program: Path) -> None:
    told_apart(survive(command_of(program), flow=True, examples=0, timeout=20, jobs=8), habit_of(program))
