"""What the tests of the test tools have in common."""

from __future__ import annotations

import pytest

from mockserver import FakeMerchant


@pytest.fixture(autouse=True)
def only_our_plugin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other plugins take seconds to load; a run that needs one names it."""
    if "pytester" in request.fixturenames:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def merchant(apigames: FakeMerchant) -> FakeMerchant:
    return apigames
