"""A client that reads a project: its merchant, the replies of its situation, and what it asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mockserver.contract.operation import JSON, SUCCESS, Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.wire import STATUSES
from mockserver.provider.faults.faults import with_fault
from mockserver.provider.provider import Provider
from mockserver.provider.refusal import AskedFor
from mockserver.provider.reply import Reply, error_reply
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Project
from mockserver.testing.survive.judgement import Habit, Judgement, Problem, listed
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scene import CALLS_KEPT, Answer, Scene, fields_of, page_of, with_added_fields
from mockserver.testing.survive.status_call.habits import habit_of
from mockserver.testing.survive.status_call.judging import Asked, Expected, judge
from mockserver.testing.survive.status_call.situations import FAULT_EXPECTATIONS, Situation
from mockserver.testing.survive.status_call.worlds import grown, setup_for


class StatusCallScene(Scene):
    """One situation of a client that reads a project."""

    situation: Situation
    observed: Asked

    def __init__(self, situation: Situation, seed: int, number: int, url: str) -> None:
        self.situation = situation
        self.observed = Asked()
        self._setup = setup_for(situation, seed, number)
        super().__init__(self._setup.merchant, situation.in_force, {"APIGAMES_BASE_URL": url, **self._setup.asked})
        self._project = self._setup.project
        self._place: tuple[Provider, MerchantStore] | None = None
        self._stats: list[dict[str, int]] = [_tally(self._project)]
        self._last_seen: dict[str, str] = {}

    def enter(self, provider: Provider) -> None:
        """Add the merchant with its project, unless it is to be unknown."""
        if self._setup.is_known:
            self._place = provider, provider.add_merchant(self._setup.merchant, self.readings)

    def expected(self) -> Expected:
        """Return what there was to see, until now."""
        with self._lock:
            before = tuple(voucher.voucher_code for voucher in self._setup.project.vouchers)
            newer = tuple(v.voucher_code for v in self._project.vouchers[: -len(before) or None]) if before else ()
            counts = list(self._stats)
            if self._last_seen:
                names = list(self._last_seen.values())
                counts.append({status.value: names.count(status.value) for status in STATUSES})
            return Expected(before, newer, tuple(counts))

    def judge(self, run: ClientRun, timeout: float) -> Judgement:
        """Judge a run; `timeout` (seconds) is what it was given."""
        return judge(self.situation, self.expected(), run, timeout)

    def habit(self, problem: Problem, run: ClientRun) -> Habit | None:
        """Return the habit that a problem points at, or None when it could be anything."""
        return habit_of(self.situation, problem.symptom, run, self.observed, self.expected())

    def expected_output(self) -> dict[str, Any]:
        """Return what a careful client would have said, in the form of the output."""
        situation, expected = self.situation, self.expected()
        document: dict[str, Any] = {"outcome": situation.outcome}
        if situation.outcome != "sees":
            document["error"] = situation.expected_error
        if situation.outcome != "fails":
            document["vouchers"] = list(expected.vouchers)
            document["counts"] = dict(expected.counts[0])
        return document

    def expected_in_words(self) -> str:
        """Return the same for a person, in one line."""
        document = self.expected_output()
        parts = []
        if "vouchers" in document:
            codes = document["vouchers"]
            parts.append(f"{len(codes)} voucher{'' if len(codes) == 1 else 's'} {listed(codes)}".rstrip())
            parts.append("counts " + ", ".join(f"{name} {count}" for name, count in document["counts"].items()))
            parts.append("no error")
        seen = "; ".join(parts)
        failure = f'a failure: error "{document["error"]}"' if document.get("error") else "a failure, with any text"
        return {"sees": seen, "fails": failure, "either": f"{seen}; or {failure}"}[document["outcome"]]

    def _reply(self, operation: Operation, body: bytes, answer: Answer) -> Reply:
        reply = self._reply_of_situation(operation, body, answer(None))
        if operation is PROJECT_DETAIL:
            self._note(body)
        return reply

    def _reply_of_situation(self, operation: Operation, body: bytes, reply: Reply) -> Reply:
        situation = self.situation
        invalid_json = PROJECT_DETAIL.error_of[JSON]
        if situation.error == invalid_json.clause:
            reply = error_reply(invalid_json, AskedFor("the scenario"), self.readings)
        if reply.role == SUCCESS and operation is PROJECT_DETAIL:
            reply = self._mutated(reply)
        if situation.fault and page_of(body) >= situation.fault_from_page:
            return with_fault(reply, FAULT_EXPECTATIONS[situation.fault].fault, self.readings, PROJECT_DETAIL)
        return reply

    def _mutated(self, reply: Reply) -> Reply:
        if self.situation.mutation == "added_fields":
            return msgspec.structs.replace(reply, written=with_added_fields(reply.body))
        if self.situation.mutation == "totals_grow":
            self._grow(reply)
        elif self.situation.mutation == "statuses_move":
            self._note_statuses(reply)
        return reply

    def _grow(self, reply: Reply) -> None:
        """After the first page of several, let so many vouchers come that one page more is needed."""
        page = json.loads(reply.body)["data"]
        count = len(page["data"]["vouchers"] or ())
        if page["total_page"] > 1 and count and self._project is self._setup.project and self._place is not None:
            self._project = grown(self._project, page["total_page"] * count - page["total_data"] + 1)
            provider, stored = self._place
            provider.add_project(stored, self._project)
            self._stats.append(_tally(self._project))

    def _note_statuses(self, reply: Reply) -> None:
        data = json.loads(reply.body)["data"]["data"]
        if data["stats"] not in self._stats:
            self._stats.append(data["stats"])
        names = self.readings.status_of
        self._last_seen.update({v["voucher_code"]: names[v["status"]].value for v in data["vouchers"] or ()})

    def _note(self, body: bytes) -> None:
        asked = self.observed
        asked.highest_page = max(asked.highest_page, page_of(body))
        fields = fields_of(body)
        limit, status = fields.get("limit"), fields.get("status")
        if isinstance(limit, int) and limit > 0:
            asked.limit = limit if asked.calls == 1 else min(asked.limit, limit)
        if isinstance(status, str) and len(asked.filters) < CALLS_KEPT:
            asked.filters.add(status)


def _tally(project: Project) -> dict[str, int]:
    names = [voucher.status for voucher in project.vouchers]
    return {status.value: names.count(status) for status in STATUSES}
