"""The parts of `docs/survive.md` that are made from the registers of scenarios and habits."""

from __future__ import annotations

from pathlib import Path

from mockserver.testing.survive.status_call.habits import HABITS
from mockserver.testing.survive.status_call.scenarios import SCENARIOS

HABIT_CLIENTS = Path(__file__).parents[2] / "examples" / "clients" / "habits"


def client_of(habit: str) -> Path | None:
    """The program in `examples/clients/habits` that has this habit, if there is one."""
    return next(HABIT_CLIENTS.glob(f"{habit.replace('-', '_')}.*"), None)


def scenarios_table() -> str:
    """A row for each scenario of the fixed list."""
    rows = [
        f"| `{scenario.name}` | {scenario.meaning} | {scenario.source} | {scenario.careful} |"
        for scenario in SCENARIOS.values()
    ]
    head = ["| scenario | what the client meets | from | how a careful client handles it |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def habits_table() -> str:
    """A row for each habit."""
    rows = []
    for habit in HABITS.values():
        client = client_of(habit.name)
        shown = f"[{client.name}](../examples/clients/habits/{client.name})" if client else ""
        rows.append(f"| `{habit.name}` | {habit.what} | {habit.fix} | {shown} |")
    return "\n".join(["| habit | what the client does | instead | a client that has it |", "|---|---|---|---|", *rows])
