"""What tests that run pytest have in common."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def only_our_plugin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other plugins take seconds to load; a run that needs one names it."""
    if "pytester" in request.fixturenames:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
