"""What a merchant was asked to redeem: each submission with its codes, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, BadList, decode_codes
from mockserver.provider.journal.recorded import Entry, RawEntry


class Submission(NamedTuple):
    """One call of `redeem_bulk` as it arrived.

    `codes` are the voucher codes that were sent, in their order (none where they could not be read); `project_id` names
    the project that they became, None where the submission was refused, or hit before it was carried out. `entry` is
    the call in the journal, where the codes are masked.
    """

    codes: tuple[str, ...]
    project_id: str | None
    entry: Entry

    @property
    def is_accepted(self) -> bool:
        """Whether it became a project, also where its reply was lost."""
        return self.project_id is not None

    def __repr__(self) -> str:
        # Without the codes: a failing test prints this, and a code is money.
        entry = self.entry
        became = f"accepted as {self.project_id}" if self.is_accepted else entry.clause or "not carried out"
        lost = f", its reply hit by {entry.fault}" if entry.fault else ""
        return f"#{entry.n} {len(self.codes)} code{'' if len(self.codes) == 1 else 's'}: {became}{lost}"


def submission_of(raw: RawEntry, entry: Entry, readings: Readings) -> Submission:
    """Return the submission that a call of `redeem_bulk` was."""
    made = raw.reply.made
    return Submission(_codes(raw.call.body, readings), None if made is None else made.project_id, entry)


def failure(found: Sequence[Submission], codes: Iterable[str] | None, expected: str) -> str:
    """Return the text of a failed expectation: what was expected, every submission, and why each is not it."""
    wanted = None if codes is None else Counter(codes)
    of_these = "" if wanted is None else f" of these {sum(wanted.values())} codes"
    if not found:
        return f"expected {expected}{of_these}; no submission arrived.\nOne is a {REDEEM_BULK.call}."
    lines = [f"  + {one!r}" if wanted is None else _line(one, Counter(one.codes), wanted) for one in found]
    return "\n".join([f"expected {expected}{of_these}; {len(found)} arrived:", *lines])


def _line(one: Submission, sent: Counter[str], wanted: Counter[str]) -> str:
    if sent == wanted:
        return f"  + {one!r}"
    missing, more = (wanted - sent).total(), (sent - wanted).total()
    return f"  - {one!r} ({missing} of the codes are missing, {more} are others)"


def _codes(body: bytes, readings: Readings) -> tuple[str, ...]:
    try:
        sent = msgspec.json.decode(body, type=dict)
        return tuple(decode_codes(str(sent.get("kode_voucher")), readings.replace(bulk_base64="lenient")))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BadList):
        return ()
