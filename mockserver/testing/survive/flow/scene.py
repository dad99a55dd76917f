"""A client that submits and polls: its merchant, the replies of its situation, and what it did."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from hashlib import blake2b
from typing import Any

import msgspec

from mockserver.contract.operation import MERCHANT, SIGNATURE, SUCCESS, Operation
from mockserver.contract.project_detail import PROJECT, PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, BadList, decode_codes
from mockserver.provider.provider import Provider
from mockserver.provider.refusal import AskedFor
from mockserver.provider.reply import Reply, error_reply
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Merchant, Project
from mockserver.testing.survive.flow.habits import habit_of
from mockserver.testing.survive.flow.judging import REFUSED, UNKNOWN, Asked, Expected, Submitted, judge
from mockserver.testing.survive.flow.situations import ERRORS, FAULT_HEADERS, FlowSituation, clarity_of
from mockserver.testing.survive.judgement import Habit, Judgement, Problem
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scene import Answer, Scene, fields_of, page_of, with_added_fields

# What a client that heeds it pauses between two polls: so long that it is a pause, so short that a run is soon over.
POLL_SECONDS = "0.2"


class FlowScene(Scene):
    """One situation of a client that submits and polls."""

    situation: FlowSituation
    observed: Asked

    def __init__(self, situation: FlowSituation, seed: int, number: int, url: str) -> None:
        self.situation = situation
        self.observed = Asked()
        # Codes are new in every scene: under one of the readings nobody else may have them.
        rng = random.Random(_digest(f"{seed}:{situation.name}:{number}"))  # noqa: S311 - a seed makes it repeatable
        made = generate_vouchers(situation.codes, first_id=1, seed=rng.getrandbits(32))
        self._codes = tuple(voucher.voucher_code for voucher in reversed(made))
        role = ERRORS[situation.error].role if situation.error else None
        self._is_known = role != MERCHANT
        self._forced = None if role in {MERCHANT, SIGNATURE} else situation.error
        letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(4))
        secret, other, session = (f"{rng.getrandbits(128):032x}" for _ in range(3))
        older = Project(7, f"R240815{letters}000007", f"DW{number}", (made[0],))
        merchant = Merchant(
            f"M240315{letters}{number:04d}K", secret, session, (older,) if situation.mutation == "double_before" else ()
        )
        given = (*self._codes, self._codes[0]) if situation.mutation == "double_in_list" else self._codes
        environment = {
            "APIGAMES_BASE_URL": url,
            "APIGAMES_MERCHANT_ID": merchant.merchant_id,
            "APIGAMES_SECRET_KEY": other if role == SIGNATURE else secret,
            "APIGAMES_SESSION_KEY": session,
            "APIGAMES_VOUCHERS": "\n".join(given),
            "APIGAMES_POLL_SECONDS": POLL_SECONDS,
        }
        super().__init__(merchant, situation.in_force, environment, codes=self._codes)
        self._merchant = merchant
        self._stored: MerchantStore | None = None
        self._provider: Provider | None = None
        self._late = situation.late
        self._polls_to_hit = situation.polls_hit or None

    def enter(self, provider: Provider) -> None:
        """Add the merchant, unless it is to be unknown."""
        self._provider = provider
        if self._is_known:
            self._stored = provider.add_merchant(self._merchant, self.readings)

    def expected(self) -> Expected:
        """Return what became of each code, or would have."""
        plan = self.situation.plan_value
        final = {}
        for place, code in enumerate(self._codes):
            taken = self.observed.projects_of(code)
            position = taken[0].codes.index(code) if taken else place
            final[code] = plan.draw(position).outcome.value
        return Expected(self._codes, final)

    def judge(self, run: ClientRun, timeout: float) -> Judgement:
        """Judge a run; `timeout` (seconds) is what it was given."""
        return judge(self.situation, self.expected(), self.observed, run, timeout)

    def habit(self, problem: Problem, run: ClientRun) -> Habit | None:
        """Return the habit that a problem points at, or None when it could be anything."""
        return habit_of(self.situation, problem.symptom, run, self.observed, self.expected())

    def expected_output(self) -> dict[str, Any]:
        """Return what a careful client may say of each code, in the order of `APIGAMES_VOUCHERS`; no code is in it."""
        situation = self.situation
        others = {
            "finishes": (),
            "refused": (REFUSED,),
            "unknown": (UNKNOWN,),
            "open": ("pending", UNKNOWN),
            "either": (REFUSED, UNKNOWN),
        }[situation.ending]
        ends = situation.ending in {"finishes", "either"}
        expected = self.expected()
        document: dict[str, Any] = {
            "outcome": {"finishes": "sees", "refused": "fails"}.get(situation.ending, "either"),
            "codes": [[*((expected.final[code],) if ends else ()), *others] for code in expected.codes],
        }
        if situation.ending != "finishes":
            document["error"] = situation.expected_error
        return document

    def expected_in_words(self) -> str:
        """Return the same for a person, in one line."""
        situation, words = self.situation, self.expected_output()["codes"]
        count = f"{len(words)} code{'s' * (len(words) != 1)}"
        if situation.ending == "refused":
            return f'{count} refused; error "{situation.expected_error}"'
        if situation.ending == "unknown":
            return f"{count} unknown, submitted once; some text in error"
        if situation.ending == "open":
            return f"{count} pending or unknown, after a while"
        ends = Counter(one[0] for one in words)
        told = ", ".join(f"{name} {number}" for name, number in ends.items())
        return f"{count}: {told}" + ("" if situation.ending == "finishes" else "; or all of them refused or unknown")

    def _reply(self, operation: Operation, body: bytes, answer: Answer) -> Reply:
        reply = self._submit(body, answer) if operation is REDEEM_BULK else self._poll(body, answer)
        if self.situation.mutation == "added_fields" and reply.role == SUCCESS:
            return msgspec.structs.replace(reply, written=with_added_fields(reply.body))
        return reply

    def _submit(self, body: bytes, answer: Answer) -> Reply:
        situation, asked = self.situation, self.observed
        codes = _codes_in(body, self.readings)
        own = {code for one in asked.submitted if one.clarity != "refused" for code in one.codes}
        fault = situation.fault if not asked.submitted else None
        header = self._forced
        if fault is not None:
            header = FAULT_HEADERS[fault] + ("; carried_out=0" if situation.prevented else "")
        reply = answer(header)
        project = self._started(reply)
        if project is not None:
            codes = tuple(one.voucher_code for one in reversed(project.snapshot().vouchers))
        clarity = clarity_of(fault)
        if clarity != "lost" and project is None and not situation.prevented:
            clarity = "refused"
        clause = reply.clause if project is None else None
        is_own = clause == "BULK-ERR-10" and not own.isdisjoint(codes)
        asked.submitted.append(
            Submitted(codes, None if project is None else project.project_id, clause, clarity, is_own)
        )
        return reply

    def _started(self, reply: Reply) -> ProjectStore | None:
        """Return the project that a submission became, under the plan of this situation."""
        if reply.made is None or self._stored is None or self._provider is None:
            return None
        project = self._stored.project(reply.made.project_id)
        assert project is not None
        self._provider.set_plan(self._stored, project, self.situation.plan_value)
        return project

    def _poll(self, body: bytes, answer: Answer) -> Reply:
        situation, asked = self.situation, self.observed
        project_id = fields_of(body).get("projectid")
        if project_id not in {one.project_id for one in asked.submitted if one.project_id}:
            asked.other_polls += 1
            return answer(None)
        page = page_of(body)
        asked.own_polls += 1
        asked.highest_page = max(asked.highest_page, page)
        if page == 1:
            asked.polls.append(time.monotonic())
        if self._late:
            self._late -= 1
            return error_reply(PROJECT_DETAIL.error_of[PROJECT], AskedFor("the scenario"), self.readings)
        header = None
        if situation.poll_fault and self._polls_to_hit != 0:
            header = FAULT_HEADERS[situation.poll_fault]
            self._polls_to_hit = None if self._polls_to_hit is None else self._polls_to_hit - 1
        reply = answer(header)
        if reply.role == SUCCESS and (header is None or clarity_of(situation.poll_fault) == "doubtful"):
            stats = json.loads(reply.body)["data"]["data"]["stats"]
            asked.is_open = stats["pending"] + stats["process"] > 0
        return reply


def _codes_in(body: bytes, readings: Readings) -> tuple[str, ...]:
    """Return the codes of a submission, as kindly as they can be read."""
    try:
        kindly = readings.replace(bulk_base64="lenient", bulk_lines="any", bulk_most="none")
        return tuple(decode_codes(str(fields_of(body).get("kode_voucher")), kindly))
    except BadList:
        return ()


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
