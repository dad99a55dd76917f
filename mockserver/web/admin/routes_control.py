"""Admin calls on how the fake behaves: clock, faults, readings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from flask import Blueprint, Response

from mockserver.contract.json_documents import plain_document
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.readings_file import readings_from_document
from mockserver.contract.schemas import ID_PREFIX
from mockserver.provider.faults.faults import Fault, FaultError, fault_named
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import MovableClock
from mockserver.web.admin.access import Problem
from mockserver.web.admin.lookup import merchant_named, one_merchant
from mockserver.web.admin.views import clock_view, faults_view, readings_in_force
from mockserver.web.admin.wire import body_as, body_bytes, decoded, reply, validated

# What a rule may say of which calls it hits.
_LIMITS = ("times", "share", "seed", "merchant_id", "project_id", "operation")


def control_routes(admin: Blueprint, provider: Provider) -> None:
    """Add the routes."""

    @admin.get("/clock")
    def get_clock() -> Response:
        merchant_id = one_merchant(provider)
        return reply(_clock(provider, merchant_id))

    @admin.post("/clock")
    def post_clock() -> Response:
        document = body_as("clock")
        only = one_merchant(provider)
        merchant_id = document.get("merchant_id", only)
        if only not in {None, merchant_id}:
            raise Problem(422, "merchant_id: another merchant than the one in the address; name one of them")
        with provider.changing:
            if merchant_id is not None:
                merchant_named(provider, merchant_id)
            try:
                provider.change_clock(merchant_id, lambda changed: _set(changed, document))
            except ValueError as error:
                raise Problem(422, str(error)) from None
            return reply(_clock(provider, merchant_id))

    @admin.get("/faults")
    def get_faults() -> Response:
        return reply(_faults(provider, one_merchant(provider)))

    @admin.put("/faults")
    def put_faults() -> Response:
        document = body_as("faults")
        with provider.changing:
            only = one_merchant(provider)
            rules = [_rule(rule, only) for rule in document["faults"]]
            try:
                provider.faults.replace(rules, only)
            except FaultError as error:
                raise Problem(422, str(error)) from None
            return reply(_faults(provider, only))

    @admin.delete("/faults")
    def delete_faults() -> Response:
        with provider.changing:
            only = one_merchant(provider)
            provider.faults.clear(only)
            return reply(_faults(provider, only))

    @admin.get("/readings")
    def get_readings() -> Response:
        return reply(readings_in_force(provider, one_merchant(provider)))

    @admin.put("/readings")
    def put_readings() -> Response:
        merchant_id = one_merchant(provider)
        document, readings = _sent_readings()
        with provider.changing:
            if merchant_id is not None:
                provider.put_merchant_readings(merchant_named(provider, merchant_id), readings)
            else:
                provider.put_readings(readings, _origin(provider, readings, document["readings"]))
            return reply(readings_in_force(provider, merchant_id))


def _origin(provider: Provider, readings: Readings, sent: Iterable[str]) -> dict[str, str]:
    """Return, by key, where readings that were sent are from: one that stays as it was is from where it was."""
    before, after = provider.readings.as_dict(), readings.as_dict()
    known = {key: origin for key, origin in provider.readings_origin.items() if before[key] == after[key]}
    return {key: known.get(key, "admin") for key in sent}


def _sent_readings() -> tuple[dict[str, Any], Readings]:
    document = plain_document(decoded(body_bytes()))
    try:
        # Before the schema: the register says it better, down to the nearest value.
        readings = readings_from_document(document)
    except ReadingsError as error:
        raise Problem(422, str(error)) from None
    return validated(document, {"$ref": f"{ID_PREFIX}readings"}, "readings"), readings


def _faults(provider: Provider, only: str | None) -> dict[str, Any]:
    states = provider.faults.states()
    return faults_view([state for state in states if only is None or state.rule.merchant_id == only])


def _clock(provider: Provider, merchant_id: str | None) -> dict[str, Any]:
    if merchant_id is None:
        return clock_view(provider.clock, provider.readings.timezone, None)
    return clock_view(provider.clock_of(merchant_id), provider.readings_of(merchant_id).timezone, merchant_id)


def _set(clock: MovableClock, document: dict[str, Any]) -> None:
    if document.get("state") == "frozen":
        clock.freeze(document.get("at"))
    elif document.get("state") == "real":
        clock.run()
    if "advance" in document:
        clock.advance(document["advance"])


def _rule(document: dict[str, Any], only: str | None) -> Rule:
    values = {"name": fault_named(document["fault"])}
    if not {*";,="}.isdisjoint(values["name"]):
        raise Problem(422, 'fault: expected a name alone; its options are keys, as in {"fault": "delay", "seconds": 2}')
    given = values | {key: document[key] for key in ("seconds", "retry_after", "carried_out") if key in document}
    limits = {key: document[key] for key in _LIMITS if key in document}
    try:
        rule = Rule(Fault(**given), **limits)
    except FaultError as error:
        raise Problem(422, str(error)) from None
    if only is not None and rule.merchant_id not in {None, only}:
        raise Problem(422, "merchant_id: a rule of another merchant than the one in the address")
    return rule if only is None else msgspec.structs.replace(rule, merchant_id=only)
