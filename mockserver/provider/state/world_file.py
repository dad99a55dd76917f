"""From a world file to a world, with an error that names the path in the file and how to fix it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.contract.json_documents import DocumentError, FileError, plain_document, read_document
from mockserver.contract.readings import Readings
from mockserver.contract.schemas import ID_PREFIX, Document, schema, validator
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.world import Voucher, World, WorldError
from mockserver.provider.state.world_builder import NOBODY, Own, Under, WorldBuilder
from mockserver.provider.state.world_of_replies import is_reply

BUILT_IN = Path(__file__).with_name("built_in_world.json")
_MOST_FAILURES_SHOWN = 5
_PROJECT: Document = {"$ref": f"{ID_PREFIX}world#/$defs/project"}


def read_world(path: Path, readings: Readings, clock: Clock) -> World:
    """Read a world file (JSON, UTF-8).

    Raises:
        WorldError: the file cannot be read, is not JSON, or does not fit `schemas/world.json`.
    """
    try:
        document = read_document(path)
    except FileError as error:
        raise WorldError(str(error)) from None
    try:
        return world_from_plain_document(document, readings, clock)
    except WorldError as error:
        raise WorldError(f"{path}: {error}") from None


def built_in_world(
    readings: Readings, clock: Clock, *, merchant_id: str | None = None, secret_key: str | None = None
) -> World:
    """Return the page's own merchant with its project and the demo project, or both under other ids."""
    document = json.loads(BUILT_IN.read_text(encoding="utf-8"))
    merchant = document["merchants"][0]
    merchant["merchant_id"] = merchant_id or merchant["merchant_id"]
    merchant["secret_key"] = secret_key or merchant["secret_key"]
    if merchant_id is None:
        # It is part of the package and known to fit; its check would be a tenth of the time that `serve` starts in.
        return WorldBuilder(document, Under.of(readings, clock), (0, 0), NOBODY).world()
    return world_from_document(document, readings, clock)


def world_from_document(
    document: Any,
    readings: Readings,
    clock: Clock,
    *,
    above: tuple[int, int] = (0, 0),
    own: Own = NOBODY,
) -> World:
    """Build a world from a decoded world file.

    Status numbers are read under the reading `status_codes`, so that a reply can be pasted in as it is; dates
    are taken as they are, and those left out are now, in the zone of the reading `timezone`. Ids that are left out
    are given out above those of the document and those of `above`: a project's and a voucher's.
    What `own` has for a merchant id holds for that merchant in place of `readings` and `clock`.

    Raises:
        WorldError: it does not fit `schemas/world.json`, an id or a code appears twice, dates run backwards, or
            it is larger than a world may be.
    """
    return world_from_plain_document(_plain(document), readings, clock, above=above, own=own)


def world_from_plain_document(
    document: Any,
    readings: Readings,
    clock: Clock,
    *,
    above: tuple[int, int] = (0, 0),
    own: Own = NOBODY,
) -> World:
    """Do what `world_from_document` does with what `plain_document` returned: a large one is walked through once."""
    if is_reply(document):
        raise WorldError("it is a reply, not a world; `apigames-mock world make --from FILE` makes a world of it")
    _check_shape(document, schema("world"))
    world = WorldBuilder(document, Under.of(readings, clock), above, own).world()
    _check_unique(world)
    return world


def vouchers_from_list(entries: list[Any], project_id: str, readings: Readings, clock: Clock) -> tuple[Voucher, ...]:
    """Build the vouchers of one project from a list as a world file has it, in the order of the list.

    Raises:
        WorldError: one does not fit `schemas/world.json`, an id or a code appears twice, or dates run backwards; the
            message names the place in the list, as in `vouchers[3].status`.
    """
    project = _plain({"project_id": project_id, "vouchers": entries})
    _check_shape(project, _PROJECT)
    builder = WorldBuilder({"merchants": [{"projects": [project]}]}, Under.of(readings, clock), (0, 0), NOBODY)
    vouchers = builder.vouchers(project["vouchers"], project_id, "vouchers")
    _refuse_twice("voucher id", (voucher.id for voucher in vouchers), "this list")
    _refuse_twice("voucher_code", (voucher.voucher_code for voucher in vouchers), "this list")
    return vouchers


def _plain(document: Any) -> Any:
    try:
        return plain_document(document)
    except DocumentError as error:
        raise WorldError(str(error)) from None
    except RecursionError:
        raise WorldError("nested too deeply; expected a world as in `apigames-mock schema world`") from None


def _check_shape(document: Any, shape: Document) -> None:
    try:
        if validator(shape).is_valid(document):
            return
    except ValueError as error:
        raise WorldError(f"expected what JSON can hold (text, numbers, lists, dicts): {error}") from None
    from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

    found = failures(document, shape, _MOST_FAILURES_SHOWN + 1)
    shown = [*map(str, found[:_MOST_FAILURES_SHOWN])] + (["and more"] if len(found) > _MOST_FAILURES_SHOWN else [])
    raise WorldError("; ".join(shown) + " (the form: `apigames-mock schema world`)")


def _check_unique(world: World) -> None:
    projects = [project for merchant in world.merchants for project in merchant.projects]
    _refuse_twice("merchant_id", (merchant.merchant_id for merchant in world.merchants), "the world")
    _refuse_twice("project_id", (project.project_id for project in projects), "the world")
    _refuse_twice("project id", (project.id for project in projects), "the world")
    _refuse_twice("voucher id", (voucher.id for project in projects for voucher in project.vouchers), "the world")
    for merchant in world.merchants:
        # A submission may hold codes that the merchant had, as the reading bulk_duplicate says.
        given = [project for project in merchant.projects if project.submitted_at is None]
        codes = (voucher.voucher_code for project in given for voucher in project.vouchers)
        _refuse_twice("voucher_code", codes, f"merchant {merchant.merchant_id!r}")
        for project in merchant.projects:
            if project.submitted_at is not None:
                codes = (voucher.voucher_code for voucher in project.vouchers)
                _refuse_twice("voucher_code", codes, f"project {project.project_id!r}")


def _refuse_twice(name: str, values: Iterator[Any], where: str) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise WorldError(f"{name} {value!r} appears twice in {where}; give each its own")
        seen.add(value)
