"""The options of `serve` that belong to control of the fake: clock, plan, faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from mockserver.cli.shared.configuration import utf8
from mockserver.contract.json_documents import document_in
from mockserver.contract.schemas import ID_PREFIX, validator
from mockserver.provider.faults.faults import Fault, FaultError, fault_named
from mockserver.provider.faults.rules import Faults, Rule
from mockserver.provider.state.clock import ZONES, MovableClock
from mockserver.provider.state.plan import TRANSITIONS, Plan, plan_from_document

_PLAN = {"$ref": f"{ID_PREFIX}world#/$defs/plan"}

# What may stand behind a fault: how each is read, and what it is in words.
_NUMBERS: dict[str, tuple[Callable[[str], float], str]] = {
    "seconds": (float, "a number"),
    "retry_after": (int, "an integer"),
    "carried_out": (lambda text: {"0": False, "1": True}[text], "0 or 1"),
    "times": (int, "an integer"),
    "share": (float, "a number"),
    "seed": (int, "an integer"),
}
_OF_FAULT = ("seconds", "retry_after", "carried_out")
_TEXTS = ("merchant_id", "project_id", "operation")


def clock_from(text: str, zone: str) -> MovableClock:
    """Return the clock that `--clock` asks for; a time without a zone is one in `zone`, the reading `timezone`.

    Raises:
        UsageError: it is none of the forms.
    """
    clock = MovableClock()
    if text == "real":
        return clock
    try:
        clock.freeze(None if text == "frozen" else _time(text, zone))
    except (ValueError, OverflowError):
        raise click.UsageError(
            f"--clock {text!r}: expected real, frozen, or a time from 1970 to 9998: Unix seconds, or as in "
            "'2024-08-15 14:32:18'"
        ) from None
    return clock


def _time(text: str, zone: str) -> float:
    try:
        return float(text)
    except ValueError:
        # Python 3.10 does not read the Z.
        written = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text)
        return (written if written.tzinfo else written.replace(tzinfo=ZONES[zone])).timestamp()


def plan_from(text: str) -> Plan:
    """Return the plan that `--plan` asks for: a transition's name, or a plan as in a world file (JSON).

    Raises:
        UsageError: it is neither.
    """
    if text in TRANSITIONS:
        return Plan(transition=text)
    try:
        document = document_in(text)
        if not validator(_PLAN).is_valid(document):
            from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

            raise ValueError("; ".join(map(str, failures(document, _PLAN))))
        return plan_from_document(document)
    except (ValueError, RecursionError) as error:
        forms = f'{", ".join(TRANSITIONS)}, or JSON as in {{"transition": "timed", "process_after": 2}}'
        raise click.UsageError(f"--plan {text!r}: expected {forms}: {error}") from None


def rule_from(text: str) -> Rule:
    """Return the rule that `--fault` asks for, as in `delay;seconds=2;share=0.1`.

    Raises:
        UsageError: there is no such fault or parameter.
    """
    name, *parameters = (part.strip() for part in utf8(text, "--fault").split(";"))
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key in _TEXTS:
            texts[key] = value
        elif key in _NUMBERS:
            numbers[key] = _number(text, key, value)
        else:
            raise click.UsageError(
                f"--fault {text!r}: no parameter {key!r}; there are {', '.join([*_NUMBERS, *_TEXTS])}"
            )
    try:
        of_fault = {key: numbers.pop(key) for key in _OF_FAULT if key in numbers}
        rule = Rule(Fault(fault_named(name), **of_fault), **numbers, **texts)  # type: ignore[arg-type] # by its name
        Faults([rule])  # knows which operations there are
    except FaultError as error:
        raise click.UsageError(f"--fault {text!r}: {error}") from None
    return rule


def _number(text: str, key: str, value: str) -> float:
    read, kind = _NUMBERS[key]
    try:
        return read(value)
    except (ValueError, LookupError):
        raise click.UsageError(f"--fault {text!r}: {key}: expected {kind}, got {value!r}") from None
