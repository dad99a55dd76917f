"""The parts of `docs/survive.md` that are made from the registers of scenarios and habits."""

from __future__ import annotations

from pathlib import Path

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.flow.catalogue import FLOW
from mockserver.testing.survive.flow.habits import OWN_HABITS
from mockserver.testing.survive.status_call.catalogue import STATUS_CALL
from mockserver.testing.survive.status_call.habits import HABITS

_ROOT = Path(__file__).parents[2]
HABIT_CLIENTS = _ROOT / "examples" / "clients" / "habits"


def client_of(habit: str) -> Path | None:
    """The program in `examples/clients/habits` that has this habit, if there is one."""
    return next(HABIT_CLIENTS.rglob(f"{habit.replace('-', '_')}.*"), None)


def survive_parts() -> list[str]:
    """The parts of the page, in their order."""
    return [
        _habits_table(STATUS_CALL, tuple(HABITS)),
        _scenarios_table(STATUS_CALL),
        _habits_table(FLOW, OWN_HABITS),
        _scenarios_table(FLOW),
    ]


def _scenarios_table(catalogue: Catalogue) -> str:
    rows = [
        f"| `{scenario.name}` | {scenario.meaning} | {scenario.source} | {scenario.careful} |"
        for scenario in catalogue.scenarios.values()
    ]
    head = ["| scenario | what the client meets | from | how a careful client handles it |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _habits_table(catalogue: Catalogue, names: tuple[str, ...]) -> str:
    rows = []
    for name in names:
        habit, client = catalogue.habits[name], client_of(name)
        shown = f"[{client.name}](../{client.relative_to(_ROOT).as_posix()})" if client else ""
        rows.append(f"| `{habit.name}` | {habit.what} | {habit.fix} | {shown} |")
    return "\n".join(["| habit | what the client does | instead | a client that has it |", "|---|---|---|---|", *rows])
