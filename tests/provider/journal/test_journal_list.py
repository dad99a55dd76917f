"""Lists of calls: bounded, shared by all who look, and masked by the secrets of the moment they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.contract.masking import Masker
from mockserver.provider.journal import journal as module
from mockserver.provider.journal.journal import Search
from mockserver.provider.journal.recorded import Listed, RawEntry
from mockserver.provider.journal.shown import LISTED_BODY, listed_entry
from mockserver.provider.state.world import Merchant
from tests.support.asking import body, built_in_provider, call


class Recorded:
    """A journal of which is counted how often a call is made ready for a list."""

    def __init__(self) -> None:
        self.provider = built_in_provider()
        self.journal = self.provider.journal
        self.made: list[int] = []

    def call(self, **changed: Any) -> None:
        call(self.provider, body(**changed))

    def made_in(self, act: Callable[[], object]) -> list[int]:
        self.made.clear()
        act()
        return sorted(self.made)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    recorded = Recorded()

    def counted(kept: RawEntry, masker: Masker) -> Listed:
        recorded.made.append(kept.n)
        return listed_entry(kept, masker)

    monkeypatch.setattr(module, "listed_entry", counted)
    return recorded


def numbers(found: tuple[list[Any], int]) -> tuple[list[int], int]:
    return [one.n for one in found[0]], found[1]


def test_the_newest_come_with_how_many_there_are(recorded: Recorded) -> None:
    for page in range(1, 8):
        recorded.call(page=page)
    journal = recorded.journal
    assert numbers(journal.newest(2, after=3)) == ([6, 7], 4)
    assert numbers(journal.newest(2, after=3, before=7)) == ([5, 6], 3)
    assert numbers(journal.newest(9, page=5)) == ([5], 1)
    assert numbers(journal.newest(9, after=5, page=5)) == ([], 0)
    assert numbers(journal.newest(1, rc=200)) == ([7], 7)


def test_each_call_is_masked_once_for_all_lists_and_only_when_it_is_shown(recorded: Recorded) -> None:
    for page in range(1, 8):
        recorded.call(page=page)
    assert recorded.made_in(lambda: recorded.journal.newest(2)) == [6, 7]
    assert recorded.made_in(lambda: recorded.journal.newest(2)) == []
    assert recorded.made_in(lambda: recorded.journal.newest(3)) == [5]


@pytest.mark.parametrize("matchers", [{}, {"page": 2}, {"rc": 200}])
def test_all_who_wait_share_what_they_look_at(recorded: Recorded, matchers: dict[str, Any]) -> None:
    searches = [Search(recorded.journal, matchers) for _ in range(50)]
    recorded.call(page=2, note="x" * 10_000)
    counts: list[int] = []
    assert recorded.made_in(lambda: counts.extend(search.count() for search in searches)) == [1]
    assert counts == [1] * 50


def test_a_secret_that_came_to_be_known_later_is_not_in_the_next_list(recorded: Recorded) -> None:
    recorded.call(projectid="later-a-secret")
    assert Search(recorded.journal, {"projectid": "later-a-secret"}).count() == 1
    assert recorded.journal.newest(1)[0][0].fields == {
        **json.loads(body(projectid="later-a-secret")),
        "signature": "***",
    }
    recorded.provider.add_merchant(Merchant("M9", "later-a-secret"))
    assert "later-a-secret" not in str(recorded.journal.newest(1)[0][0])


def test_of_a_long_body_a_list_has_the_documented_fields_alone(recorded: Recorded) -> None:
    recorded.call(note="x" * LISTED_BODY, page=[1] * 10, projectid="é" * 10)
    recorded.call()
    (long, short), _ = recorded.journal.newest(2)
    assert (long.is_cut, long.fields) == (True, {"projectid": "é" * 10, "status": "", "limit": 30})
    assert (short.is_cut, set(short.fields or {})) == (False, {"projectid", "status", "page", "limit", "signature"})
    assert "note" in (recorded.journal.entries()[0].fields or {})


def test_the_text_of_a_body_can_be_looked_for_all_the_same(recorded: Recorded) -> None:
    recorded.call(note="x" * LISTED_BODY + "needle")
    assert numbers(recorded.journal.newest(1, body=lambda text: "needle" in text)) == ([1], 1)
    assert numbers(recorded.journal.newest(1, reply=lambda text: "needle" in text)) == ([], 0)


def test_what_is_forgotten_is_in_no_list_and_numbers_that_come_again_name_other_calls(recorded: Recorded) -> None:
    recorded.call(page=7)
    assert recorded.journal.newest(1)[1] == 1
    recorded.provider.reset()
    assert recorded.journal.newest(1) == ([], 0)
    recorded.call(page=8)
    assert [(one.n, (one.fields or {})["page"]) for one in recorded.journal.newest(1)[0]] == [(1, 8)]
