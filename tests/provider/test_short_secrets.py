"""What cannot be masked is said, once, and what it is is not."""

from __future__ import annotations

import logging

import pytest

from mockserver.contract.masking import MASK, Masker, is_unmaskable
from mockserver.provider.provider import Provider
from mockserver.provider.short_secrets import short_secrets
from mockserver.provider.state.world import Merchant, World


@pytest.mark.parametrize(
    ("secret", "is_masked"),
    [
        ("", False),
        ("a1-", False),
        ("kunci", False),
        ("12345", False),
        ("a1-b", True),
        ("kunc1", True),
        ("rahasi", True),
        ("123456", True),
    ],
)
def test_an_ordinary_short_word_is_not_masked(secret: str, is_masked: bool) -> None:
    assert is_unmaskable(secret) is not is_masked
    assert Masker([secret])(f"behind {secret} before") == f"behind {MASK if is_masked else secret} before"


def test_each_secret_that_is_not_masked_is_named() -> None:
    merchants = [Merchant("M1", "kunci", "sesi"), Merchant("M\x1b2", "12"), Merchant("M3", "long enough", None)]
    said = "is a word of fewer than 6 characters and is not masked in logs and reports; give it a longer one"
    assert list(short_secrets(merchants)) == [
        f"the secret_key of merchant 'M1' {said}",
        f"the session_key of merchant 'M1' {said}",
        rf"the secret_key of merchant 'M\x1b2' {said}",
    ]


def test_of_many_the_first_few_are_named() -> None:
    said = list(short_secrets(Merchant(f"M{number}", "kunci") for number in range(1000)))
    assert len(said) == 6
    assert said[-1] == "so are secrets of other merchants"


def test_it_is_said_once_when_the_world_is_taken_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    provider = Provider(World((Merchant("M1", "kunci"), Merchant("M2", "long enough"))))
    assert [record.getMessage()[:35] for record in caplog.records] == ["the secret_key of merchant 'M1' is "]
    assert provider.journal.mask("kunci") == "kunci"
    assert len(caplog.records) == 1
    caplog.clear()
    provider.add_merchant(Merchant("M3", "sesi"))
    assert [record.getMessage()[:35] for record in caplog.records] == ["the secret_key of merchant 'M3' is "]
    assert "sesi" not in caplog.text.replace("session", "")
