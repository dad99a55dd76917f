from __future__ import annotations

from tools.documents import made


def test_what_is_made_from_the_code_is_not_stale() -> None:
    stale = [path.name for path, text in made().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run `make documents`: {', '.join(stale)}"
