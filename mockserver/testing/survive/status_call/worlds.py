"""The world behind a situation, derived from a seed; and situations that nobody thought of."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from mockserver.contract.readings import each_other_value
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import Merchant, Project, Voucher
from mockserver.testing.survive.status_call.situations import ERRORS, FAULT_EXPECTATIONS, MIXED, MUTATIONS, Situation

# Unequal, so that two statuses taken for each other show in the counts.
_SHARES = dict(zip(STATUSES, (5, 4, 3, 2, 1), strict=True))
_NOMINALS = (0, 25, 50, 100)
_UNUSUAL_NOTES = (
    'kutip "dua" \\ \n\t',
    "catatan 🎮 ünïcode",
    "<script>alert(1)</script>",
    "",
    "null",
    "%00 $(id) `id`",
)
_UNUSUAL_RESPONSES = ('{"code":0,"data":{"vouchers":[],"gs":25,"a":null}}', "not JSON {", "[]", "")
_SIZES = (0, 1, 2, 5, 12, 29, 30, 31, 60, 61, 75, 137)


@dataclass(frozen=True)
class Setup:
    """A merchant with its one project; `asked` is what the client is told of them, which may be wrong on purpose."""

    merchant: Merchant
    project: Project
    asked: dict[str, str]
    is_known: bool = True


def setup_for(situation: Situation, seed: int, number: int) -> Setup:
    """Make the merchant of a situation. `number` tells those of one run apart; all else follows from the seed."""
    rng = random.Random(_digest(f"{seed}:{situation.name}"))  # noqa: S311 - a seed makes it repeatable
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(4))
    merchant_id = f"M240315{letters}{number:04d}K"
    secret, session = (f"{rng.getrandbits(128):032x}" for _ in range(2))
    project = Project(
        rng.randrange(1000, 10_000),
        f"R240815{letters}{rng.randrange(1_000_000):06d}",
        f"DW{number}",
        _vouchers(situation, rng),
        Plan(after_reads=1) if situation.mutation == "statuses_move" else None,
    )
    asked = {
        "APIGAMES_MERCHANT_ID": merchant_id,
        "APIGAMES_SECRET_KEY": secret,
        "APIGAMES_SESSION_KEY": session,
        "APIGAMES_PROJECT_ID": project.project_id,
    }
    if _wrong_signature(situation):
        asked["APIGAMES_SECRET_KEY"] = f"{rng.getrandbits(128):032x}"
    if situation.error == "ERR-4":
        asked["APIGAMES_PROJECT_ID"] = f"R240815NONE{rng.randrange(1_000_000):06d}"
    known = situation.error != "ERR-2" and not (
        situation.error == "ERR-3" and _precedence(situation).startswith("signature")
    )
    return Setup(Merchant(merchant_id, secret, session, (project,)), project, asked, known)


def grown(project: Project, by: int) -> Project:
    """Return the project with so many newer vouchers, all pending: what another process adds meanwhile."""
    first_id = 1 + max((voucher.id for voucher in project.vouchers), default=0)
    newer = generate_vouchers(by, first_id=first_id, seed=_digest(f"grown:{project.project_id}"))
    return msgspec.structs.replace(project, vouchers=(*newer, *project.vouchers))


def generated_situation(seed: int, number: int) -> Situation:
    """Return the situation with this number under this seed: the same on every machine and Python."""
    rng = random.Random(_digest(f"{seed}:generated:{number}"))  # noqa: S311 - as above
    others: dict[str, str] = {}
    for key, value in rng.sample([*each_other_value()], rng.choice((0, 1, 2, 4))):
        others.setdefault(key, value)
    readings = tuple(sorted(others.items()))
    size = rng.choice(_SIZES)
    what = rng.choice(("world", "world", "world", "fault", "error", "mutation"))
    if what == "error":
        # Which error wins is told by scenarios of their own; here each is alone.
        alone = tuple(pair for pair in readings if pair[0] != "precedence")
        return Situation(min(size, 5), readings=alone, error=rng.choice([*ERRORS]))
    if what == "fault":
        quick = [name for name in FAULT_EXPECTATIONS if name not in {"no_reply", "stalled_body"}]
        return Situation(min(size, 5), readings=readings, fault=rng.choice(quick))
    if what == "mutation":
        return Situation(max(size, 31), readings=readings, mutation=rng.choice(MUTATIONS))
    status = rng.choice((MIXED, MIXED, MIXED, *(status.value for status in STATUSES)))
    return Situation(size, status, readings)


def _vouchers(situation: Situation, rng: random.Random) -> tuple[Voucher, ...]:
    shares = _SHARES if situation.status == MIXED else {VoucherStatus(situation.status): 1}
    seed, first_id = rng.getrandbits(32), rng.randrange(1, 90_000)
    if situation.mutation == "unusual_values":
        first_id += 5_000_000_000  # past 32 bits, exact in a double
    made = generate_vouchers(situation.vouchers, first_id=first_id, seed=seed, shares=shares, nominals=_NOMINALS)
    if situation.mutation != "unusual_values":
        return made
    return tuple(
        msgspec.structs.replace(
            voucher,
            note=rng.choice(_UNUSUAL_NOTES),
            response_json=rng.choice(_UNUSUAL_RESPONSES),
            nominal_gs=rng.choice((0, 2_000_000, 3_000_000_000)),
        )
        for voucher in made
    )


def _precedence(situation: Situation) -> str:
    return dict(situation.readings).get("precedence", "")


def _wrong_signature(situation: Situation) -> bool:
    # Under another precedence the signature is wrong too, and yet the project is what the reply is about.
    return situation.error == "ERR-3" or (
        situation.error == "ERR-4" and _precedence(situation).startswith("merchant-project")
    )


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
