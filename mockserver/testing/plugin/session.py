"""One run of pytest: what it is told about the fixtures, and `--apigames-readings=each`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.schemas import read_all
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world import WorldError
from mockserver.testing.builders import read_world_source
from mockserver.testing.merchant import FakeMerchant
from mockserver.testing.plugin.each import EveryReading, reading_at
from mockserver.testing.plugin.settings import EACH, marked, readings_from_words, world_source
from mockserver.testing.server import FakeServer


class _MerchantOptions(NamedTuple):
    """What a test is told about its merchant."""

    readings: Readings
    world: Any


_OPTIONS = pytest.StashKey[_MerchantOptions]()


class PluginSession:
    """Reads options (from the directory pytest was started in) and ini keys (from the root directory)."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        words, directory = self._words("readings")
        words = [part for word in words for part in _apart(word)]
        self.is_each = EACH in words
        if self.is_each and words == [EACH]:
            words, directory = config.getini("apigames_readings"), config.rootpath
        try:
            self.readings = readings_from_words([word for word in words if word != EACH], directory)
            self.seed = self._read_seed()
        except (ReadingsError, ValueError) as error:
            raise pytest.UsageError(f"apigames: {error}") from None
        self._worlds: dict[Any, Any] = {}
        self._readings = {repr({}): self.readings}

    def configure(self) -> None:
        """Check everything now, and run every test under each reading if that is asked for."""
        try:
            self._world(None, self.readings)
        except WorldError as error:
            raise pytest.UsageError(f"apigames: {error}") from None
        if self.is_each:
            self._config.pluginmanager.register(EveryReading(self.readings), "apigames-each")

    @cached_property
    def server(self) -> FakeServer:
        """The server of this run."""
        with suppress(OSError):  # a wider fixture hides the file system already: only what reads schemas fails
            read_all()
        return FakeServer(readings=self.readings, seed=self.seed)

    @contextmanager
    def under_readings_of(self, item: pytest.Item) -> Iterator[None]:
        """Serve merchants that have no readings of their own under those of a test; not if its marker is wrong."""
        try:
            readings = self._options_of(item).readings
        except ReadingsError:
            readings = self.readings
        with self.server.under(readings):
            yield

    def check(self, item: pytest.Item) -> None:
        """Fail a test whose marker is wrong, or of no use."""
        with _failing(item):
            self._options_of(item)
            is_own = any(marker.name == "apigames" and "world" in marker.kwargs for marker in item.own_markers)
            if is_own and "apigames" not in getattr(item, "fixturenames", ()):
                raise WorldError(
                    "@pytest.mark.apigames(world=...) is for a test that uses the fixture apigames; expected here: "
                    "apigames_server.merchant(world=...)"
                )

    def merchant(self, item: pytest.Item, server: FakeServer) -> FakeMerchant:
        """Return a fresh merchant for a test."""
        with _failing(item):
            options = self._options_of(item)
            return server.merchant(readings=options.readings, world=self._world(item, options.readings, options.world))

    def _options_of(self, item: pytest.Item) -> _MerchantOptions:
        """Read a test's markers, and the reading that an `each` run is at; once, for each phase asks."""
        options = item.stash.get(_OPTIONS, None)
        if options is None:
            settings = marked(item.iter_markers("apigames"))
            readings = self._having({**settings["readings"], **reading_at(item)})
            options = item.stash[_OPTIONS] = _MerchantOptions(readings, settings.get("world"))
        return options

    def _having(self, choices: dict[str, object]) -> Readings:
        # One value for all tests under the same: what it works out once, it remembers.
        key = repr(choices)
        if key not in self._readings:
            self._readings[key] = self.readings.replace(**choices)
        return self._readings[key]

    def _words(self, name: str) -> tuple[list[str], Path]:
        option: list[str] | None = self._config.getoption(f"apigames_{name}")
        if option is not None:
            return option, self._config.invocation_params.dir
        return self._config.getini(f"apigames_{name}"), self._config.rootpath

    def _read_seed(self) -> int:
        text = self._config.getoption("apigames_seed") or self._config.getini("apigames_seed") or "0"
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"the seed {text!r} is not a whole number; expected one, as in 7") from None

    def _world(self, item: pytest.Item | None, readings: Readings, own: Any = None) -> Any:
        """Return the world of a test: its marker's, else the run's, else None."""
        if own is not None:
            beside = [] if item is None else [item.path.parent]
            return self._read_once(world_source(own, [*beside, self._config.rootpath]), readings)
        option = self._config.getoption("apigames_world")
        if option:
            return self._read_once(world_source(option, [self._config.invocation_params.dir]), readings)
        ini = self._config.getini("apigames_world")
        return self._read_once(world_source(ini, [self._config.rootpath]), readings) if ini else None

    def _read_once(self, world: Any, readings: Readings) -> Any:
        if not isinstance(world, Path):
            return world
        if not world.is_file():
            return read_world_source(world, readings, SystemClock())
        read = world.stat()
        key = (world, read.st_mtime_ns, read.st_size, readings.status_codes, readings.timezone)
        if key not in self._worlds:
            self._worlds[key] = read_world_source(world, readings, SystemClock())
        return self._worlds[key]


def _apart(word: str) -> list[str]:
    return [EACH, word[len(EACH) + 1 :]] if word.startswith(f"{EACH},") else [word]


@contextmanager
def _failing(item: pytest.Item) -> Iterator[None]:
    """Fail a test that asks for what cannot be served, with the reason alone."""
    try:
        yield
    except (ReadingsError, WorldError) as error:
        raise pytest.fail.Exception(f"{item.nodeid}: {error}", pytrace=False) from None
