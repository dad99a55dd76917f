"""A call that is masked when it is looked at says the same as one that was masked before."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.masking import MASK, Masker
from mockserver.provider.journal.recorded import Entry
from mockserver.provider.journal.shown import LazyEntry, masked_entry
from mockserver.provider.state.world import Merchant
from tests.support.asking import body, built_in_provider, call

SECRETS = ["projectid", "a-secret", "12345678", "30"]
VALUES = st.sampled_from([*SECRETS, "x a-secret y", '{"secret":"z-z-z"}', "a%2Dsecret", 12345678, 1.5, True, None]) | (
    st.recursive(st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
)
NAMES = ["projectid", "status", "page", "limit", "signature", "session_key", "kode_voucher", "note"]


@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES),
    st.sampled_from(["json", "form", "cut"]),
    st.lists(st.sampled_from(SECRETS)),
)
@settings(max_examples=100)
def test_looked_at_later_or_before_it_says_the_same(fields: dict[str, Any], form: str, secrets: list[str]) -> None:
    provider = built_in_provider()
    content = body(**fields)
    if form == "form":
        content = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    call(provider, content[:-1] if form == "cut" else content)
    (kept,) = provider.journal.calls()
    masker = Masker(secrets)
    entry = masked_entry(kept, masker)
    for name in Entry.__struct_fields__:
        assert getattr(LazyEntry(kept, masker), name) == getattr(entry, name)


@pytest.mark.parametrize("asked", [{"projectid": "a-secret"}, {"status": ["a-secret"]}])
def test_no_secret_is_in_what_was_asked(asked: dict[str, Any]) -> None:
    provider = built_in_provider()
    call(provider, body(**asked))
    provider.add_merchant(Merchant("M2", "a-secret"))
    (lazy,) = provider.journal.lazy_entries()
    assert MASK in str(lazy.asked)
    assert "a-secret" not in str(lazy.asked)
    assert copy.copy(lazy).asked == lazy.asked
    with pytest.raises(AttributeError):
        lazy.no_such_name  # noqa: B018
