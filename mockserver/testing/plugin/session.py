"""One run of pytest: what it is told about the fixtures, and the fakes that its tests use."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
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

_LAST_PORT = 65_535


class _MerchantOptions(NamedTuple):
    """What a test is told about its merchant."""

    readings: Readings
    world: Any
    faults: Sequence[str | Mapping[str, Any]]


# With the reading of an `each` run that they are for.
_OPTIONS = pytest.StashKey[tuple[dict[str, str], _MerchantOptions]]()
_WORLD = pytest.StashKey[tuple[dict[str, str], Any]]()


class PluginSession:
    """Reads options (from the directory pytest was started in) and ini keys (from the root directory).

    `servers` are the fakes that tests of this run have come to by the fixture `apigames_server`, their own ones too.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.servers: list[FakeServer] = []
        self._present: tuple[ExitStack, Readings, str] | None = None
        words, directory = self._words("readings")
        words = [part for word in words for part in _apart(word)]
        self.is_each = EACH in words
        if self.is_each and words == [EACH]:
            words, directory = config.getini("apigames_readings"), config.rootpath
        try:
            self.readings = readings_from_words([word for word in words if word != EACH], directory)
            self._given_seed = self._read_seed()
            self._port = self._read_port()
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
            every = EveryReading(
                self.readings, self._calls, self._submissions, is_worker=hasattr(self._config, "workerinput")
            )
            self._config.pluginmanager.register(every, "apigames-each")

    def new_server(self) -> FakeServer:
        """Return the server of this run, as options and ini keys have it."""
        with suppress(OSError):  # a wider fixture hides the file system already: only what reads schemas fails
            read_all()
            if "pyfakefs" in sys.modules:
                # These read files as they are imported, and take too long to be imported for everybody.
                import_module("mockserver.contract.schema_errors")
                import_module("mockserver.web.app")
        return FakeServer(
            readings=self.readings,
            seed=self._given_seed,
            host=self._setting("host") or "127.0.0.1",
            port=self._port,
            allow_vendor_host=bool(
                self._config.getoption("apigames_allow_vendor_host")
                or self._config.getini("apigames_allow_vendor_host")
            ),
        )

    def adopt(self, server: object) -> None:
        """Take in what the fixture `apigames_server` is, of ours or a project's own; it follows the tests from now on.

        Raises:
            pytest.fail.Exception: it is not a FakeServer.
        """
        if not isinstance(server, FakeServer):
            raise pytest.fail.Exception(
                f"the fixture apigames_server is a {type(server).__name__}; expected a mockserver.FakeServer, as in "
                "FakeServer(host='0.0.0.0', port=8787); --apigames-host and --apigames-port do it without a fixture",
                pytrace=False,
            )
        if server in self.servers:
            return
        self.servers.append(server)
        if self._present is not None:
            block, readings, owner = self._present
            block.enter_context(server.under(readings))
            block.enter_context(server.identities.of(owner))

    @contextmanager
    def during(self, item: pytest.Item) -> Iterator[None]:
        """Serve merchants that have no readings of their own under those of a test, and make up ids for it.

        Under those of the run if its marker is wrong.
        """
        try:
            readings = self._options_of(item).readings
        except ReadingsError:
            readings = self.readings
        with ExitStack() as block:
            for server in self.servers:
                block.enter_context(server.under(readings))
                block.enter_context(server.identities.of(item.nodeid))
            self._present = block, readings, item.nodeid
            try:
                yield
            finally:
                self._present = None

    @contextmanager
    def making(self, fixture: str, node: pytest.Item | pytest.Collector) -> Iterator[None]:
        """Make up ids for a fixture of more than one test: whichever asks for it first, they are the same."""
        with ExitStack() as block:
            if self._given_seed is not None and not isinstance(node, pytest.Item):
                for server in self.servers:
                    block.enter_context(server.identities.of(f"{node.nodeid}::{fixture}"))
            yield

    def check(self, item: pytest.Item) -> None:
        """Fail a test whose marker is wrong, or of no use; read its world."""
        with _failing(item):
            options = self._options_of(item)
            if "apigames" in getattr(item, "fixturenames", ()):
                # Now, and not when the fixture begins: another one may hide the file system by then.
                item.stash[_WORLD] = reading_at(item), self._world(item, options.readings, options.world)
                return
            own = {name for marker in item.own_markers if marker.name == "apigames" for name in marker.kwargs}
            for name, instead in (("world", "merchant(world=...)"), ("faults", "merchant().fault(...)")):
                if name in own:
                    raise WorldError(
                        f"@pytest.mark.apigames({name}=...) is for a test that uses the fixture apigames; "
                        f"expected here: apigames_server.{instead}"
                    )

    def merchant(self, item: pytest.Item, server: FakeServer) -> FakeMerchant:
        """Return a fresh merchant for a test."""
        with _failing(item):
            options = self._options_of(item)
            reading, world = item.stash.get(_WORLD, (None, None))
            if reading != reading_at(item):
                world = self._world(item, options.readings, options.world)
            merchant = server.merchant(readings=options.readings, world=world)
            for fault in options.faults:
                _add_fault(merchant, fault)
            return merchant

    def undocumented_calls(self) -> list[str]:
        """Return what was called at the vendor's host that there is not or that is the real one, and forget it."""
        told = [line for server in self.servers for line in server.undocumented_calls]
        for server in self.servers:
            server.undocumented_calls.clear()
        return told

    def _calls(self) -> int:
        return sum(server.provider.journal.total for server in self.servers)

    def _submissions(self) -> int:
        return sum(server.submissions_received for server in self.servers)

    def _options_of(self, item: pytest.Item) -> _MerchantOptions:
        """Read a test's markers, and the reading that an `each` run is at; once for a reading, as every phase asks."""
        reading = reading_at(item)
        known = item.stash.get(_OPTIONS, None)
        if known is not None and known[0] == reading:
            return known[1]
        settings = marked(item.iter_markers("apigames"))
        readings = self._having({**settings["readings"], **reading})
        options = _MerchantOptions(readings, settings.get("world"), settings.get("faults", ()))
        item.stash[_OPTIONS] = reading, options
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

    def _setting(self, name: str) -> Any:
        """Return the value of an option, else of its ini key; None without one."""
        option = self._config.getoption(f"apigames_{name}")
        ini = self._config.getini(f"apigames_{name}")
        return option if option is not None else ini if ini != "" else None

    @property
    def seed(self) -> int:
        """The seed of the scenarios of `survive`."""
        return self._given_seed or 0

    def _read_seed(self) -> int | None:
        text = self._setting("seed")
        try:
            return None if text is None else int(text)
        except ValueError:
            raise ValueError(f"the seed {text!r} is not a whole number; expected one, as in 7") from None

    def _read_port(self) -> int:
        text = self._setting("port")
        if text is None:
            return 0
        if not str(text).isdecimal() or int(text) > _LAST_PORT:
            raise ValueError(f"the port {text!r} is none; expected one from 1 to {_LAST_PORT}, or 0 for a free one")
        workers = getattr(self._config.option, "numprocesses", None) or 0
        if int(text) and workers > 1:
            raise ValueError(
                f"port {text} is for one server, and each of the {workers} workers of xdist has one of its own; "
                "expected port 0, or a run without -n"
            )
        return int(text)

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


def _add_fault(merchant: FakeMerchant, fault: str | Mapping[str, Any]) -> None:
    arguments = {"name": fault} if isinstance(fault, str) else dict(fault)
    try:
        merchant.fault(**arguments)
    except (TypeError, ValueError) as error:
        raise WorldError(f"@pytest.mark.apigames(faults=...): {fault!r}: {error}") from None


def _apart(word: str) -> list[str]:
    return [EACH, word[len(EACH) + 1 :]] if word.startswith(f"{EACH},") else [word]


@contextmanager
def _failing(item: pytest.Item) -> Iterator[None]:
    """Fail a test that asks for what cannot be served, with the reason alone."""
    try:
        yield
    except (ReadingsError, WorldError) as error:
        raise pytest.fail.Exception(f"{item.nodeid}: {error}", pytrace=False) from None
