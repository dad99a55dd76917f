"""Vouchers made from a seed: the same numbers make the same vouchers on every machine and Python."""

from __future__ import annotations

import itertools
import random
import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.clock import DATE_TIME_FORMAT
from mockserver.provider.state.world import NO_NOTE, Voucher

_T = TypeVar("_T")

_CODES = (26**3) ** 3 * (10**3) ** 2
# Coprime to _CODES (odd, and no multiple of 5 or 13), so stepping by it gives each code once before any comes again.
_STEP = 2_654_435_761_000_003
_FIRST_CREATED = datetime(2025, 1, 1, 8)  # noqa: DTZ001 - wall-clock text of the vendor, not an instant
_MADE_A_SECOND = 3
_SECONDS_TAKEN = 180

# The page documents neither text; these are made up, and say so.
_NOTES = {
    VoucherStatus.ERROR_ENGINE: "engine error (made up by apigames-mock)",
    VoucherStatus.ERROR_VOUCHER: "voucher already used (made up by apigames-mock)",
}


def generate_vouchers(
    count: int,
    *,
    first_id: int,
    seed: int = 0,
    shares: Mapping[VoucherStatus, float] | None = None,
    nominals: Sequence[int] = (0,),
) -> tuple[Voucher, ...]:
    """Return `count` vouchers, newest first, with ids from `first_id` up.

    `shares` weighs the statuses against their sum (all pending when None) and is met to the voucher; `nominals`
    come in equal shares. Dates are wall-clock text, three vouchers a second.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing here is secret
    statuses = _apportioned(count, shares or {VoucherStatus.PENDING: 1}, rng)
    values = _apportioned(count, dict.fromkeys(nominals, 1), rng)
    code = _Codes(rng.getrandbits(60))
    times = _Times()
    oldest_first = [
        _voucher(first_id + index, code(index), times, index // _MADE_A_SECOND, status, nominal)
        for index, (status, nominal) in enumerate(zip(statuses, values, strict=True))
    ]
    return tuple(reversed(oldest_first))


def outcome_texts(status: VoucherStatus, nominal_gs: int) -> tuple[str, str]:
    """Return (`note`, `response_json`) as the fake writes them for a voucher in this status; both are made up."""
    response = f'{{"status":"{status.value}","nominal_gs":{nominal_gs}}}' if status is VoucherStatus.SUCCESS else ""
    return _NOTES.get(status, NO_NOTE), response


def _voucher(id_: int, code: str, times: _Times, second: int, status: VoucherStatus, nominal: int) -> Voucher:
    note, response_json = outcome_texts(status, nominal)
    return Voucher(
        id=id_,
        voucher_code=code,
        status=status,
        created_at=times[second],
        updated_at=times[second if status is VoucherStatus.PENDING else second + _SECONDS_TAKEN],
        nominal_gs=nominal,
        note=note,
        response_json=response_json,
    )


class _Times(dict[int, str]):
    """The text of each second since the first voucher; many vouchers share one."""

    def __missing__(self, second: int) -> str:
        self[second] = (_FIRST_CREATED + timedelta(seconds=second)).strftime(DATE_TIME_FORMAT)
        return self[second]


class _Codes:
    """Voucher codes such as `ABC123DEF456GHI`, each once, in an order that looks random."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._letters, self._digits = _code_parts()

    def __call__(self, index: int) -> str:
        number = (self._offset + index * _STEP) % _CODES
        number, a = divmod(number, len(self._letters))
        number, b = divmod(number, len(self._digits))
        number, c = divmod(number, len(self._letters))
        e, d = divmod(number, len(self._digits))
        letters, digits = self._letters, self._digits
        return letters[a] + digits[b] + letters[c] + digits[d] + letters[e]


@cache
def _code_parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return every run of three letters and of three digits; made once, as a test makes a few vouchers at a time."""
    letters = tuple("".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3))
    return letters, tuple(f"{number:03d}" for number in range(1000))


def _apportioned(count: int, shares: Mapping[_T, float], rng: random.Random) -> list[_T]:
    """Return `count` values by largest remainder, shuffled."""
    total = sum(shares.values())
    exact = {value: count * share / total for value, share in shares.items()}
    counts = {value: int(amount) for value, amount in exact.items()}
    by_remainder = sorted(exact, key=lambda value: counts[value] - exact[value])
    for value in by_remainder[: count - sum(counts.values())]:
        counts[value] += 1
    values = [value for value, times in counts.items() for _ in range(times)]
    rng.shuffle(values)
    return values
