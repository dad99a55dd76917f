"""A known secret is masked in every form that a program writes it in, whatever it is and whatever is beside it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.contract.masking import LONGEST_WRITTEN, MASK, Masker, Maskers
from mockserver.contract.secret_forms import forms_of, layers, lower
from tests.support.examples import examples
from tests.support.secret_forms import FORMS, secrets, traces_of

around = st.text(st.sampled_from(' {}[]":,\n.,-ghmnt0189'), max_size=12)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40))
@given(secret=secrets, before=around, after=around)
@example(secret="00%00ß", before="", after="")  # next to nothing when the escape in it is undone
@example(secret="000'%0", before="", after="0")  # an escape with the digit beside it
@example(secret="0001\x001", before="", after="")  # a zero byte, as PHP writes it, and a digit
def test_a_known_secret_is_masked_in_every_form(form: str, secret: str, before: str, after: str) -> None:
    masked = Masker([secret])(before + FORMS[form](secret) + after).lower()
    for trace in traces_of(secret):
        assert trace not in masked or trace in f"{before}{MASK}{after}".lower()


@settings(max_examples=examples(200))
@given(secret=secrets, outer=st.sampled_from(sorted(FORMS)), inner=st.sampled_from(["JSON in ASCII", "a URL", "HTML"]))
def test_a_form_within_a_form_is_masked_too(secret: str, outer: str, inner: str) -> None:
    if outer.startswith(("base64", "hex")):
        inner = "plain"  # what is encoded as a whole hides all but the plain secret, and its JSON in ASCII
    written = FORMS[outer](FORMS[inner](secret))
    masked = Masker([secret])(written).lower()
    for trace in traces_of(secret):
        assert trace not in masked or trace in MASK


@pytest.mark.parametrize("form", ["plain", "JSON in ASCII", "a URL", "HTML, all of it", "JSON in JSON"])
def test_what_is_beside_it_is_left_as_it_was(form: str) -> None:
    """Escapes stay escapes, and only what stands for the secret is replaced."""
    secret = 'kunci "rahasia"/é&1'
    written = FORMS[form](secret)
    masked = Masker([secret])(f"\\u00e9 %20 &amp; {written} %C3%A9 \\n")
    inside = '"{\\"a\\": \\"***\\"}"' if form == "JSON in JSON" else MASK
    assert masked in (f"\\u00e9 %20 &amp; {inside} %C3%A9 \\n", f"é %20 &amp; {inside} %C3%A9 \\n")


@given(st.text(st.sampled_from("ab\\\"'%&;#xu0123456789é\0"), max_size=60), st.data())
def test_a_place_in_a_text_without_quoting_is_found_in_the_text(text: str, data: st.DataObject) -> None:
    """What is between two places of a layer came from what `origin` gives: undone, that holds it."""
    for layer in layers(text):
        if layer.text:
            start = data.draw(st.integers(0, len(layer.text) - 1))
            stop = data.draw(st.integers(start + 1, len(layer.text)))
            begins, ends = layer.origin(start, stop)
            assert 0 <= begins < ends <= len(text)
            undone = text[begins:ends]
            seen = [undone, *(one.text for one in layers(undone))]
            assert any(lower(layer.text[start:stop]) in lower(one) for one in seen)


@given(secret=secrets, before=st.text("ab \"'\\", max_size=200), limit=st.integers(1, 260))
def test_what_is_cut_after_it_was_masked_shows_no_part_of_a_secret(secret: str, before: str, limit: int) -> None:
    text = before + secret + " " + "x" * 2 * LONGEST_WRITTEN
    for shown in (Masker([secret]).beginning(text, limit), Masker([secret]).beginning(text[: limit + 9000], limit)):
        assert len(shown) <= limit
        kept = shown.rstrip("…")
        assert kept == Masker([secret])(text)[: len(kept)]


def test_what_was_cut_before_shows_none_either() -> None:
    secret = "kunci-yang-sangat-rahasia-sekali-" * 3
    text = "a" * 9_000 + secret[:-1]
    assert "kunci" not in Masker([secret]).beginning(text, 10_000, is_cut=True)


def test_a_secret_that_is_longer_than_any_is_masked_from_where_it_begins() -> None:
    secret = "kunci rahasia " * 100_000
    assert Masker([secret])(f'{{"a": "{secret}", "b": 1}}') == '{"a": "***'


@pytest.mark.parametrize(
    ("secret", "is_masked"),
    [
        ("abc", False),
        ("a1-", False),
        ("sesi", False),
        ("12345", False),
        ("se5i", True),
        ("s-si", True),
        ("rahasia", True),
    ],
)
def test_a_short_word_is_not_masked(secret: str, is_masked: bool) -> None:
    assert (Masker([secret])(f"x {secret} y") == f"x {MASK} y") is is_masked


def test_few_texts_are_looked_for() -> None:
    """A world of thousands of merchants has thousands of secrets, and each text costs memory."""
    simple = forms_of("apigames-mock-secret")
    assert (len(simple.texts), len(simple.base64)) == (1, 3)
    assert max(map(len, simple.base64)) == 16


def test_the_secrets_of_a_world_may_come_and_go() -> None:
    known = {f"kunci-rahasia-{number}" for number in range(300)}
    maskers = Maskers(lambda: known)
    first = maskers.masker()
    assert maskers.masker() is first
    for number in range(300, 500):
        known = known | {f"kunci-rahasia-{number}"}
        assert maskers.masker()(f"x kunci-rahasia-{number} kunci-rahasia-7 y") == f"x {MASK} {MASK} y"
    known = {"yang lain"}
    assert maskers.masker()("x yang lain y") == f"x {MASK} y"
