"""The report for a terminal: a table by clause, what is broken, readings, calls and time, and the verdict last."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mockserver.contract.foreign_text import harmless
from mockserver.contract.readings import REGISTER
from mockserver.verification.report.result import was_judged
from mockserver.verification.report.wording import some_of

_STYLES = {"holds": "green", "broken": "bold red", "not seen": "yellow", "not judged": "yellow"}
_MOST_SHOWN = 20


def print_report(result: dict[str, Any], console: Console) -> None:
    """Write the report of a result document; of a target that was never judged, the verdict alone."""
    if was_judged(result):
        _print_findings(result, console)
    reason = f": {_plain(result['reason'])}" if result["reason"] else ""
    style = {0: "bold green", 1: "bold red"}.get(result["exit_status"], "bold yellow")
    console.print(f"[{style}]{result['verdict']}[/]{reason}", soft_wrap=True)


def _print_findings(result: dict[str, Any], console: Console) -> None:
    console.print(_clauses(result))
    console.print()
    for number, violation in enumerate(result["violations"][:_MOST_SHOWN], 1):
        _print_violation(number, violation, console)
    more = len(result["violations"]) - _MOST_SHOWN
    if more > 0:
        console.print(f"and {more} more violations; --report-json or --report-html has them all\n")
    console.print(_readings(result))
    if result["drift"]:
        fields = _plain(", ".join(result["drift"]))
        console.print(f"Added fields, not documented (no failure): {fields}", soft_wrap=True)
    for name, note in result["notes"].items():
        console.print(f"{_plain(name)}: {_plain(note)}", soft_wrap=True)
    target = _plain(result["target"])
    console.print(
        f"{result['calls']} calls in {result['seconds']:g} s at {target}, seed {result['seed']}", soft_wrap=True
    )
    console.print(result["summary"], soft_wrap=True)


def _print_violation(number: int, violation: dict[str, Any], console: Console) -> None:
    times = f" ({violation['times']} times)" if violation["times"] > 1 else ""
    clauses = ", ".join(violation["clauses"])
    console.print(f"[bold red]{number}. {clauses}[/] in: {_plain(some_of(violation['laws']))}{times}", soft_wrap=True)
    console.print(f"   expected: {_plain(violation['expected'])}", soft_wrap=True)
    console.print(f"   got:      {_plain(violation['got'])}", soft_wrap=True)
    where = some_of(violation["places"]) if len(violation["places"]) > 1 else violation["where"]
    if where:
        console.print(f"   where:    {_plain(where)}", soft_wrap=True)
    if len(violation["cases"]) > 1:
        console.print(f"   cases:    {_plain(some_of(violation['cases']))}", soft_wrap=True)
    if violation["reply"]:
        shown = violation["reply"] if len(violation["reply"]) <= 600 else f"{violation['reply'][:600]}…"
        console.print(f"   reply:    HTTP {violation['http_status']} {_plain(shown)}", soft_wrap=True, highlight=False)
    if violation["curl"]:
        console.print(f"   {_plain(violation['curl'])}", soft_wrap=True, highlight=False)
    if violation["formula"] != "right":
        console.print(f"   with SIGNATURE made as: {_plain(violation['formula'])}", soft_wrap=True)
    console.print()


def _plain(text: str) -> str:
    """Return what rich shows as this text, on one line, whatever is in it."""
    return escape(harmless(text))


def _clauses(result: dict[str, Any]) -> Table:
    table = Table("clause", "what it says", "outcome", title="By clause", title_justify="left")
    for item in result["clauses"]:
        style = _STYLES[item["outcome"]]
        reason = f"\n{_plain(item['reason'])}" if item["reason"] and item["outcome"] != "holds" else ""
        table.add_row(item["clause"], _plain(item["text"]), f"[{style}]{item['outcome']}[/]{reason}")
    return table


def _readings(result: dict[str, Any]) -> Table:
    table = Table(title="Readings observed", title_justify="left")
    # What is copied into a readings file or a command is in one piece, however narrow the terminal is.
    table.add_column("reading", no_wrap=True)
    table.add_column("observed", min_width=max(len(value) for entry in REGISTER.values() for value in entry.values))
    table.add_column("evidence")
    for item in result["readings"]:
        left = " or ".join(item["left"])
        value = item["value"] or (f"not settled: {left}" if left and item["evidence"] else "not seen")
        table.add_row(item["key"], _plain(value), _plain(item["evidence"][:120]))
    return table
