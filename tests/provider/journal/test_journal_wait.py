"""Calls are found, counted and waited for."""

from __future__ import annotations

import threading

from mockserver.provider.journal.journal import Search
from tests.support.asking import ask, body, built_in_provider, call


def test_what_is_there_already_counts() -> None:
    provider = built_in_provider()
    ask(provider, body(page=2))
    assert len(provider.journal.wait(page=2, timeout=0)) == 1
    assert provider.journal.wait(page=3, timeout=0) == []
    assert provider.journal.count(page=2) == 1


def test_a_wait_ends_with_the_call_it_waits_for() -> None:
    provider = built_in_provider()
    begun = threading.Event()
    found: list[int] = []

    def wait() -> None:
        begun.set()
        found.extend(entry.n for entry in provider.journal.wait(count=2, page=2, timeout=60))

    waiting = threading.Thread(target=wait)
    waiting.start()
    begun.wait()
    for page in (1, 2, 3, 2):
        ask(provider, body(page=page))
    waiting.join()
    assert found == [2, 4]


def test_the_nth_call_is_found_while_it_is_kept() -> None:
    provider = built_in_provider()
    assert provider.journal.kept(1) is None
    for _ in range(1005):
        call(provider, b"{}")
    assert provider.journal.kept(5) is None
    first, last = provider.journal.kept(6), provider.journal.kept(1005)
    assert first is not None
    assert last is not None
    assert (first.n, last.n, provider.journal.kept(1006), provider.journal.kept(0)) == (6, 1005, None, None)


def test_numbers_go_on_after_a_clear_and_begin_again_after_a_reset() -> None:
    provider = built_in_provider()
    ask(provider, body())
    provider.clear_journal()
    ask(provider, body())
    assert [entry.n for entry in provider.journal.entries()] == [2]
    provider.reset()
    ask(provider, body())
    assert [entry.n for entry in provider.journal.entries()] == [1]


def test_a_search_forgets_what_the_journal_forgot() -> None:
    provider = built_in_provider()
    search = Search(provider.journal, {"page": 2})
    ask(provider, body(page=2))
    assert search.count() == 1
    provider.reset()
    ask(provider, body(page=2))
    ask(provider, body(page=3))
    assert search.count() == 1
    provider.clear_journal()
    assert search.count() == 0


def test_a_wait_counts_only_the_calls_after_a_number() -> None:
    provider = built_in_provider()
    ask(provider, body(page=2))
    assert provider.journal.wait(after=1, timeout=0) == []
    assert provider.journal.wait(after=1, timeout=0, page=2) == []
    ask(provider, body(page=2))
    assert [entry.n for entry in provider.journal.wait(after=1, timeout=60, page=2)] == [2]


def test_numbers_after_which_a_search_looks_go_on_after_a_clear_and_begin_again_after_a_reset() -> None:
    provider = built_in_provider()
    search = Search(provider.journal, {}, after=2)

    def found_after_three_calls() -> int:
        for _ in range(3):
            ask(provider, body())
        return search.count()

    assert found_after_three_calls() == 1
    provider.clear_journal()
    assert found_after_three_calls() == 3
    provider.reset()
    assert found_after_three_calls() == 1


def test_nobody_listens_any_more_after_a_wait() -> None:
    provider = built_in_provider()
    provider.journal.wait(page=9, timeout=0)
    assert provider.journal.listeners == 0
