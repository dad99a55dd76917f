"""Lists of calls: bounded, shared by all who look, and masked by the secrets of the moment they are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.wire import Reply
from mockserver.provider.journal.journal import LISTED_BODY, Journal, Search
from mockserver.provider.journal.recorded import Call
from tests.support.asking import MERCHANT, PATH, body, built_in_provider


class Recorded:
    """A journal that counts how often something is masked, by how often it asks for the secrets."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.asked = 0
        self.journal = Journal(self._secrets)
        self._provider = built_in_provider()

    def _secrets(self) -> list[str]:
        self.asked += 1
        return self.secrets

    def call(self, **changed: Any) -> None:
        sent = body(**changed)
        reply: Reply = self._provider.reply_to(MERCHANT, sent)
        self.journal.record(Call("POST", PATH, MERCHANT, sent, "test", 0.0), reply, 0.0)

    def masked_in(self, act: Any) -> int:
        before = self.asked
        act()
        return self.asked - before


def numbers(found: tuple[list[Any], int]) -> tuple[list[int], int]:
    return [one.n for one in found[0]], found[1]


def test_the_newest_come_with_how_many_there_are() -> None:
    recorded = Recorded()
    for page in range(1, 8):
        recorded.call(page=page)
    journal = recorded.journal
    assert numbers(journal.newest(2, after=3)) == ([6, 7], 4)
    assert numbers(journal.newest(2, after=3, before=7)) == ([5, 6], 3)
    assert numbers(journal.newest(9, page=5)) == ([5], 1)
    assert numbers(journal.newest(9, after=5, page=5)) == ([], 0)
    assert numbers(journal.newest(1, rc=200)) == ([7], 7)


def test_each_call_is_masked_once_for_all_lists_and_only_when_it_is_shown() -> None:
    recorded = Recorded()
    for page in range(1, 8):
        recorded.call(page=page)
    assert recorded.masked_in(lambda: recorded.journal.newest(2)) == 1 + 2
    assert recorded.masked_in(lambda: recorded.journal.newest(2)) == 1
    assert recorded.masked_in(lambda: recorded.journal.newest(3)) == 1 + 1


@pytest.mark.parametrize("matchers", [{}, {"page": 2}, {"rc": 200}])
def test_all_who_wait_share_what_they_look_at(matchers: dict[str, Any]) -> None:
    recorded = Recorded()
    searches = [Search(recorded.journal, matchers) for _ in range(50)]
    recorded.call(page=2, note="x" * 10_000)
    counts: list[int] = []
    assert recorded.masked_in(lambda: counts.extend(search.count() for search in searches)) <= 1
    assert counts == [1] * 50


def test_a_secret_that_came_to_be_known_later_is_not_in_the_next_list() -> None:
    recorded = Recorded()
    recorded.call(projectid="later-a-secret")
    assert Search(recorded.journal, {"projectid": "later-a-secret"}).count() == 1
    assert recorded.journal.newest(1)[0][0].fields == {
        **json.loads(body(projectid="later-a-secret")),
        "signature": "***",
    }
    recorded.secrets.append("later-a-secret")
    assert "later-a-secret" not in str(recorded.journal.newest(1)[0][0])


def test_of_a_long_body_a_list_has_the_documented_fields_alone() -> None:
    recorded = Recorded()
    recorded.call(note="x" * LISTED_BODY, page=[1] * 10, projectid="é" * 10)
    recorded.call()
    (long, short), _ = recorded.journal.newest(2)
    assert (long.is_cut, long.fields) == (True, {"projectid": "é" * 10, "status": "", "limit": 30})
    assert (short.is_cut, set(short.fields or {})) == (False, {"projectid", "status", "page", "limit", "signature"})
    assert "note" in (recorded.journal.entries()[0].fields or {})


def test_the_text_of_a_body_can_be_looked_for_all_the_same() -> None:
    recorded = Recorded()
    recorded.call(note="x" * LISTED_BODY + "needle")
    assert numbers(recorded.journal.newest(1, body=lambda text: "needle" in text)) == ([1], 1)
    assert numbers(recorded.journal.newest(1, reply=lambda text: "needle" in text)) == ([], 0)


def test_what_is_forgotten_is_in_no_list_and_numbers_that_come_again_name_other_calls() -> None:
    recorded = Recorded()
    recorded.call(page=7)
    assert recorded.journal.newest(1)[1] == 1
    recorded.journal.clear(numbers_too=True)
    assert recorded.journal.newest(1) == ([], 0)
    recorded.call(page=8)
    assert [(one.n, (one.fields or {})["page"]) for one in recorded.journal.newest(1)[0]] == [(1, 8)]
