"""What is made up for a test: vouchers; and worlds in any form that a test may hand in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.generate import generate_vouchers, outcome_texts
from mockserver.provider.state.plan import Plan, plan_to_document
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.world import Voucher, World, WorldError
from mockserver.provider.state.world_file import read_world, vouchers_from_list, world_from_document
from mockserver.testing.validation import check_number

WorldSource = str | os.PathLike[str] | Mapping[str, Any] | World

_KNOWN_NOMINALS = (25, 50, 100)


def read_world_source(source: WorldSource, readings: Readings, clock: Clock) -> World:
    """Return the world that a file, a decoded world file or a `World` holds.

    Raises:
        WorldError: it cannot be read or served, or is none of these.
    """
    if isinstance(source, World):
        return source
    if isinstance(source, (str, os.PathLike)):
        return read_world(Path(source), readings, clock)
    if isinstance(source, Mapping):
        return world_from_document(dict(source), readings, clock)
    raise WorldError(
        f"a world is the path of a world file, its document (a dict) or a mockserver.World, not {type(source).__name__}"
    )


def vouchers_by_status(
    counts: Mapping[VoucherStatus, int], *, first_id: int, seed: int, nominal_gs: int | Sequence[int] | None
) -> tuple[Voucher, ...]:
    """Return vouchers with exactly these counts, newest first, statuses mixed, ids from `first_id` up.

    `nominal_gs` is that of all, or several in equal shares. When None, it is known (25, 50 or 100) for a success and
    0 for every other status.
    """
    nominals = tuple(_nominals(nominal_gs))
    if not any(counts.values()):
        return ()
    return _made_once(tuple(counts.items()), first_id, seed, nominals, nominal_gs is None)


@lru_cache(maxsize=64)
def _made_once(
    counts: tuple[tuple[VoucherStatus, int], ...], first_id: int, seed: int, nominals: tuple[int, ...], unknown: bool
) -> tuple[Voucher, ...]:
    """Make vouchers; the first project of each test of a run is often the same, and vouchers are immutable."""
    shares = dict(counts)
    made = generate_vouchers(sum(shares.values()), first_id=first_id, seed=seed, shares=shares, nominals=nominals)
    return tuple(map(_unknown_until_success, made)) if unknown else made


def _nominals(nominal_gs: int | Sequence[int] | None) -> Sequence[int]:
    if nominal_gs is None:
        return _KNOWN_NOMINALS
    nominals = list(nominal_gs) if isinstance(nominal_gs, Iterable) else [nominal_gs]
    if not nominals:
        raise ValueError(f"nominal_gs={nominal_gs!r}: expected at least one nominal (RES-4)")
    for nominal in nominals:
        check_number("nominal_gs", nominal, "a whole number, or several of those (RES-4)")
    return nominals


def _unknown_until_success(voucher: Voucher) -> Voucher:
    if voucher.status is VoucherStatus.SUCCESS:
        return voucher
    note, response_json = outcome_texts(voucher.status, 0)
    return msgspec.structs.replace(voucher, nominal_gs=0, note=note, response_json=response_json)


def voucher_entries(vouchers: Iterable[Mapping[str, Any] | Voucher]) -> list[dict[str, Any]]:
    """Return vouchers, in any form that a test may hand them in, as a world file has them.

    Raises:
        ValueError: it is not a list of dicts and `mockserver.Voucher`s.
    """
    if isinstance(vouchers, (str, bytes, Mapping)) or not isinstance(vouchers, Iterable):
        raise ValueError(f"vouchers={vouchers!r}: expected how many, or a list of dicts or mockserver.Vouchers")
    return [_as_entry(one, number) for number, one in enumerate(vouchers)]


def vouchers_from_entries(
    entries: list[dict[str, Any]],
    project_id: str,
    *,
    first_id: int,
    seed: int,
    others: Iterable[ProjectStore],
    readings: Readings,
    clock: Clock,
) -> tuple[Voucher, ...]:
    """Return the vouchers of `voucher_entries`, newest first.

    What is left out gets a sensible value: an id from `first_id` up, a code, `pending`, now. `others` are the
    merchant's other projects.

    Raises:
        WorldError: a voucher does not fit `schemas/world.json`, or an id or a code appears twice.
    """
    _fill_in(entries, first_id, seed)
    vouchers = vouchers_from_list(entries, project_id, readings, clock)
    for other in others:
        _refuse_taken(vouchers, other)
    return tuple(sorted(vouchers, key=lambda voucher: voucher.id, reverse=True))


def _refuse_taken(vouchers: Iterable[Voucher], other: ProjectStore) -> None:
    codes = {voucher.voucher_code for voucher in other.snapshot().vouchers}
    for voucher in vouchers:
        taken = f"voucher id {voucher.id}" if other.has(voucher.id) else None
        if voucher.voucher_code in codes:
            taken = f"voucher_code {voucher.voucher_code!r}"
        if taken is not None:
            raise WorldError(f"{taken} is in another project of this merchant, {other.project_id!r}; choose another")


def project_id_of(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the project_id that the vouchers of a pasted reply carry, or None."""
    ids = (entry.get("project_id") for entry in entries)
    return next((id_ for id_ in ids if isinstance(id_, str)), None)


def _as_entry(one: Mapping[str, Any] | Voucher, number: int) -> dict[str, Any]:
    if isinstance(one, Voucher):
        entry = {name: value for name, value in msgspec.structs.asdict(one).items() if value is not None}
    elif isinstance(one, Mapping):
        entry = dict(one)
    else:
        raise WorldError(f"vouchers[{number}]: expected a dict or a mockserver.Voucher, got {type(one).__name__}")
    plan = entry.get("plan")
    return {**entry, "plan": plan_to_document(plan)} if isinstance(plan, Plan) else entry


def _fill_in(entries: list[dict[str, Any]], first_id: int, seed: int) -> None:
    """Give ids, newest first, above those that stand in the list; and codes."""
    given = [entry["id"] for entry in entries if isinstance(entry.get("id"), int)]
    without_id = [entry for entry in entries if "id" not in entry]
    highest = max([first_id - 1, *given]) + len(without_id)
    for back, entry in enumerate(without_id):
        entry["id"] = highest - back
    for entry, made in zip(entries, generate_vouchers(len(entries), first_id=1, seed=seed), strict=True):
        entry.setdefault("voucher_code", made.voucher_code)
