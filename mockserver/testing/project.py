"""A project in a test: look at its vouchers, move one, some or all of them."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver._text import nearest
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.provider import Provider
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Voucher
from mockserver.testing.present import present_merchant, present_project
from mockserver.testing.validation import check_number, check_text

Status = VoucherStatus | str
Which = Status | int | Voucher | Iterable[str | int | Voucher]


class FakeProject:
    """A project of a fake merchant. `id` is the vendor's number, `project_id` what a consumer asks for."""

    def __init__(self, provider: Provider, merchant: MerchantStore, stored: ProjectStore) -> None:
        self._provider = provider
        self._given = merchant, stored
        self.id: int = stored.id
        self.project_id: str = stored.project_id
        self.project_name: str | None = stored.project_name

    @property
    def _merchant(self) -> MerchantStore:
        return present_merchant(self._provider, self._given[0])

    @property
    def _stored(self) -> ProjectStore:
        return present_project(self._provider, *self._given)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={count}" for name, count in self.stats.items() if count)
        return f"FakeProject({self.project_id!r}{', ' if counts else ''}{counts})"

    def __len__(self) -> int:
        return len(self._stored)

    def __bool__(self) -> bool:
        return True  # a project without vouchers is a project

    @property
    def vouchers(self) -> tuple[Voucher, ...]:
        """The vouchers as they are now, newest first (RES-5)."""
        self._provider.settle(self._merchant, self._stored)
        return self._stored.snapshot().vouchers

    @property
    def stats(self) -> dict[str, int]:
        """How many vouchers are in each status, by the names and in the order of `stats` (SUM-1)."""
        self._provider.settle(self._merchant, self._stored)
        return {status.value: count for status, count in zip(STATUSES, self._stored.stats(STATUSES), strict=True)}

    def move(
        self,
        which: Which,
        *,
        to: Status,
        count: int | None = None,
        note: str | None = None,
        response_json: str | None = None,
        nominal_gs: int | None = None,
    ) -> tuple[Voucher, ...]:
        """Put vouchers in another status and return them as they are now.

        `which` is a status (its `count` oldest vouchers; all of them when None), a voucher's id, its code, a
        `Voucher`, or several ids, codes or vouchers; one that is in the status already is left as it is, but for what
        is given beside. `updated_at` becomes now; a success gets a nominal if it had none. `note` and `response_json`
        are made up to fit unless given.

        A consumer sees all of them moved, or none.

        Raises:
            ValueError: no such status, fewer vouchers than `count` in it, a voucher that the project does not have,
                or a text or nominal that is none; nothing is moved.
        """
        target = as_status(to)
        check_text("note", note)
        check_text("response_json", response_json)
        if nominal_gs is not None:
            check_number("nominal_gs", nominal_gs, "a whole number")
        with self._provider.changing:
            self._provider.settle(self._merchant, self._stored)
            ids = self._ids(which, count)
            self._provider.move_vouchers(
                self._merchant,
                self._stored,
                target,
                ids=ids,
                note=note,
                response_json=response_json,
                nominal_gs=nominal_gs,
            )
            return tuple(map(self._stored.voucher, ids))

    def _ids(self, which: Which, count: int | None) -> list[int]:
        if isinstance(which, VoucherStatus) or (isinstance(which, str) and which in _NAMES):
            return self._oldest(as_status(which), count)
        if count is not None:
            raise ValueError(f"count={count!r} goes with a status; expected which to be one of {', '.join(_NAMES)}")
        if isinstance(which, (str, int, Voucher)):
            return [self._id_of(which)]
        if not isinstance(which, Iterable):
            raise ValueError(f"cannot move {which!r}; expected a status, {_WHICH}, or several of the last three")
        return [self._id_of(one) for one in which]

    def _oldest(self, status: VoucherStatus, count: int | None) -> list[int]:
        ids = self._stored.ids_in((status,))
        if count is None:
            return ids
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= len(ids):
            raise ValueError(f"cannot move {count!r} of {len(ids)} {status.value} vouchers in {self!r}")
        return ids[:count]

    def _id_of(self, one: object) -> int:
        if isinstance(one, VoucherStatus) or one in _NAMES:
            raise ValueError(f"cannot move {one!r} as one of several; a status goes alone, as in move('pending', ...)")
        if isinstance(one, str):
            return self._id_of_code(one)
        id_ = one.id if isinstance(one, Voucher) else one
        if isinstance(id_, bool) or not isinstance(id_, int):
            raise ValueError(f"cannot move {one!r}; expected {_WHICH}")
        return self._known_id(id_)

    def _id_of_code(self, code: str) -> int:
        for voucher in self._stored.snapshot().vouchers:
            if voucher.voucher_code == code:
                return voucher.id
        raise ValueError(f"{code!r} is neither a status nor a voucher code of {self!r}{nearest(code, _NAMES)}")

    def _known_id(self, id_: int) -> int:
        try:
            return self._stored.voucher(id_).id
        except KeyError:
            raise ValueError(f"{self!r} has no voucher with the id {id_!r}") from None


_NAMES = tuple(status.value for status in STATUSES)
_WHICH = "a voucher's id, its code, or a mockserver.Voucher"


def as_status(status: Status) -> VoucherStatus:
    """Return a status given by name (`pending`, as in `stats`) or as itself.

    Raises:
        ValueError: there is none of this name.
    """
    if isinstance(status, VoucherStatus):
        return status
    if status in _NAMES:
        return VoucherStatus(status)
    raise ValueError(f"there is no status {status!r}{nearest(str(status), _NAMES)}; known are {', '.join(_NAMES)}")
