"""Hypothesis strategies for worlds: vouchers, the projects that hold them, the merchants that own those.

Examples shrink to few vouchers, pending, of nominal 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st

from mockserver.contract.project_detail import DEFAULT_LIMIT
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.state.clock import DATE_TIME_FORMAT
from mockserver.provider.state.world import NO_NOTE, Merchant, Project, Voucher, World

_FIRST_SECOND = datetime(2024, 1, 1)  # noqa: DTZ001 - wall-clock text of the vendor, not an instant
SECONDS = 200 * 24 * 3600
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE_TRIPLES = 26**3
_CODE_NUMBERS = 1000

_NOMINALS = (0, 25, 50, 100, 500, 2_000_000)
NOTES = (
    NO_NOTE,
    "",
    "voucher sudah digunakan",
    "catatan 🎮 ünïcode",
    "<script>alert(1)</script>",
    'kutip "dua" \\ \n',
)
# Two pages of the length that a client asks for when it follows the page, and one voucher more.
_MOST = 2 * DEFAULT_LIMIT + 1
_EDGES = (0, 1, 2, *(pages * DEFAULT_LIMIT + beside for pages in (1, 2) for beside in (-1, 0, 1)))
# Each as often as all sizes there are: most examples repeat an earlier one in part, so what matters must be frequent.
_SIZES = (_EDGES, (0, DEFAULT_LIMIT + 1, 2 * DEFAULT_LIMIT + 1), (0, 1))
# So many vouchers of a list differ in all that is drawn; the others repeat them under ids and codes of their own.
_DIFFERENT = 8
RESPONSES = ("", "{}", '{"code":0,"data":{"gs":25,"list":[1,2,{"a":null}]}}', "[]", "not JSON {")


def vouchers(
    *,
    min_size: int = 0,
    max_size: int = _MOST,
    statuses: Sequence[VoucherStatus] = STATUSES,
    nominals: Sequence[int] = _NOMINALS,
    first_id: int = 1,
) -> st.SearchStrategy[tuple[Voucher, ...]]:
    """Lists of vouchers as a project holds them: newest first, ids and codes unique, dates in order.

    Sizes are mostly where clients break: none, one, and round one and two pages of the default `limit` (30). `statuses`
    and `nominals` are what is chosen from; `first_id` is the lowest id given out.
    """
    texts = st.sampled_from(NOTES) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
    one = st.tuples(
        st.sampled_from(statuses),
        st.sampled_from(nominals),
        texts,
        st.sampled_from(RESPONSES),
        st.integers(0, SECONDS),
        st.integers(0, 3 * 24 * 3600),
        st.integers(0, 2),
    )

    def of_size(size: int) -> st.SearchStrategy[tuple[Voucher, ...]]:
        different = min(size, _DIFFERENT)
        drawn = st.lists(one, min_size=different, max_size=different)
        return drawn.map(lambda listed: numbered(first_id, list(itertools.islice(itertools.cycle(listed), size))))

    return st.sampled_from(sizes_to_draw(min_size, max_size)).flatmap(of_size)


def sizes_to_draw(least: int, most: int) -> list[int]:
    """Return sizes from `least` to `most` in order, each as often as it counts; one shrinks to the next smaller."""
    every = range(least, most + 1)
    weighted = [*every]
    for sizes in _SIZES:
        within = [size for size in sizes if size in every]
        weighted += within * (len(every) // max(len(within), 1))
    return sorted(weighted)


def projects(
    vouchers: st.SearchStrategy[tuple[Voucher, ...]] | None = None,
    *,
    number: int = 1,
    named: bool = True,
) -> st.SearchStrategy[Project]:
    """Projects; `number` (1 to 9999) sets `id` and `project_id`, so that two of one world differ."""
    names = st.sampled_from(["DW", "Proyek é"]).map(lambda name: f"{name} {number}") if named else st.none()
    listed = _vouchers(first_id=number * 100_000) if vouchers is None else vouchers
    return st.builds(
        Project,
        id=st.just(5000 + number),
        project_id=st.just(f"R240815XPQR{number:06d}"),
        project_name=st.none() | names,
        vouchers=listed,
    )


def worlds(
    *, min_projects: int = 1, max_projects: int = 3, max_merchants: int = 2, max_vouchers: int = _MOST
) -> st.SearchStrategy[World]:
    """Worlds of one merchant or more, the first with at least `min_projects` projects; ids unique, secrets made up."""
    merchants = [
        _merchants(number, min_projects if number == 1 else 0, max_projects, max_vouchers)
        for number in range(1, max_merchants + 1)
    ]
    return st.integers(1, max_merchants).flatmap(lambda count: st.tuples(*merchants[:count]).map(World))


_vouchers = vouchers


def numbered(first_id: int, drawn: list[tuple[VoucherStatus, int, str, str, int, int, int]]) -> tuple[Voucher, ...]:
    """Return the vouchers of drawn (status, nominal, note, response_json, second made, seconds taken, gap in ids)."""
    seconds = sorted(made for *_, made, _, _ in drawn)
    id_, listed = first_id - 1, []
    for (status, nominal, note, response, _, taken, gap), made in zip(drawn, seconds, strict=True):
        id_ += 1 + gap
        created = _FIRST_SECOND + timedelta(seconds=made)
        updated = created if status is VoucherStatus.PENDING else created + timedelta(seconds=taken)
        listed.append(
            Voucher(
                id=id_,
                voucher_code=_code(id_),
                status=status,
                created_at=created.strftime(DATE_TIME_FORMAT),
                updated_at=updated.strftime(DATE_TIME_FORMAT),
                nominal_gs=nominal,
                note=note,
                response_json=response,
            )
        )
    return tuple(reversed(listed))


def _code(id_: int) -> str:
    """A code such as `ABC123DEF456GHI`, another for each id."""
    low, number = id_ % _CODE_TRIPLES, id_ % _CODE_NUMBERS
    high = id_ // _CODE_TRIPLES % _CODE_TRIPLES
    return f"{_triple(low)}{number:03d}{_triple(high)}{(number * 7) % _CODE_NUMBERS:03d}GHI"


def _triple(number: int) -> str:
    return _LETTERS[number // 676] + _LETTERS[number // 26 % 26] + _LETTERS[number % 26]


def _merchants(number: int, min_projects: int, max_projects: int, max_vouchers: int) -> st.SearchStrategy[Merchant]:
    made = [
        projects(
            _vouchers(max_size=max_vouchers, first_id=number * 1_000_000 + place * 10_000), number=number * 10 + place
        )
        for place in range(max_projects)
    ]
    count = st.integers(min_projects, max_projects)
    listed: st.SearchStrategy[tuple[Project, ...]] = count.flatmap(lambda size: st.tuples(*made[:size]))
    return listed.map(
        lambda held: Merchant(f"M240315GAME{number:04d}K", f"made-up-secret-{number}", None, held),
    )
