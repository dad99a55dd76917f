"""`apigames-mock serve`: the endpoint on this machine until it is stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from mockserver.cli.serve.banner import Served, url_elsewhere, write_banner
from mockserver.cli.serve.control import clock_from, plan_from, rule_from
from mockserver.cli.serve.log_writer import LogWriter
from mockserver.cli.serve.reload import WorldFile
from mockserver.cli.serve.request_log import LOG_FORMATS, ErrorLog, RequestLog, dropped_line, notice
from mockserver.cli.serve.workers import Workers, WorkersError
from mockserver.cli.shared.configuration import (
    PREFIX,
    SECRET_VARIABLE,
    TABLE,
    ConfiguredCommand,
    secret_from_environment,
    utf8,
    variable,
)
from mockserver.cli.shared.failures import USAGE_ERROR, one_line
from mockserver.cli.shared.outputs import STANDARD_OUTPUT, OutputFile, write_output
from mockserver.cli.shared.printing import drop, write_line
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.readings_file import read_readings_file, readings_from_document
from mockserver.provider.journal.journal import DEFAULT_CAPACITY
from mockserver.provider.journal.recorded import Observer
from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER
from mockserver.provider.state.clock import MovableClock
from mockserver.provider.state.log import Log, StateError, StateUnavailable
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_file import built_in_world, read_world
from mockserver.storage.opening import open_log
from mockserver.storage.sqlite import SqliteLog
from mockserver.web.admin.access import MOST_BYTES
from mockserver.web.connection import Limits
from mockserver.web.server import Server, ServerError
from mockserver.web.stopping import end_process_within

_STANDARD_ERROR = 2
# From a signal to the end, for a call that takes longer and for a log that nobody reads.
_STOP_SECONDS = 1.5
# What says how a state begins.
_OF_THE_START = ("world", "merchant", "readings", "reading", "clock", "plan", "fault")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _ServeCommand(ConfiguredCommand):
    """Says why it cannot serve in the format of its log."""

    def invoke(self, ctx: click.Context) -> Any:
        """Serve; returns the exit status, or None when it served to the end."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (click.ClickException, OSError) as error:
            if ctx.params["log_format"] != "json":
                raise
            if isinstance(error, OSError):
                drop(sys.stdout)
            write_line(notice("json", one_line(error), "error").rstrip(), err=True)
            return USAGE_ERROR


@click.command(
    cls=_ServeCommand,
    epilog=f"Options also come from {PREFIX}* variables and from [tool.{TABLE}] in the nearest pyproject.toml.",
)
@click.option("--host", envvar=variable("host"), default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option(
    "--port",
    envvar=variable("port"),
    type=click.IntRange(0, 65535),
    default=8787,
    show_default=True,
    help="Port to serve on; 0 picks a free one.",
)
@click.option("--world", envvar=variable("world"), type=_FILE, help="World file (JSON) in place of the built-in one.")
@click.option(
    "--reload",
    envvar=variable("reload"),
    is_flag=True,
    help="Read the world file again when it has changed, and say what changed.",
)
@click.option(
    "--merchant",
    envvar=variable("merchant"),
    metavar="ID",
    help=f"Serve the built-in world under your own merchant id; its secret key comes from {SECRET_VARIABLE}.",
)
@click.option(
    "--state",
    envvar=variable("state"),
    metavar="URL",
    help="Keep everything in sqlite:///FILE, so that a restart loses nothing; made where there is none. docs/state.md",
)
@click.option(
    "--fresh", envvar=variable("fresh"), is_flag=True, help="With --state: forget what is in it, and begin anew."
)
@click.option(
    "--workers",
    envvar=variable("workers"),
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="So many processes on one port that are one fake; without --state in a file that is gone in the end.",
)
@click.option("--readings", envvar=variable("readings"), type=_FILE, help="Readings file, as `calibrate` writes it.")
@click.option(
    "--reading",
    metavar="KEY=VALUE",
    multiple=True,
    help="Answer one open question otherwise; may be given again. `apigames-mock readings` lists them.",
)
@click.option(
    "--log-format",
    envvar=variable("log_format"),
    type=click.Choice(LOG_FORMATS),
    default=LOG_FORMATS[0],
    show_default=True,
    help="How the request log on standard error is written.",
)
@click.option(
    "--clock",
    envvar=variable("clock"),
    default="real",
    show_default=True,
    metavar="real|frozen|TIME",
    help="The fake's clock: real, frozen now, or frozen at Unix seconds or at 'YYYY-MM-DD HH:MM:SS'.",
)
@click.option(
    "--plan",
    envvar=variable("plan"),
    metavar="PLAN",
    help="How vouchers leave pending where a project has no plan: immediate, manual, timed, or a plan as JSON.",
)
@click.option(
    "--fault",
    envvar=variable("fault"),
    multiple=True,
    metavar="NAME[;KEY=VALUE]...",
    help="Put a fault on calls, as in 'delay;seconds=2;share=0.1'; may be given again. docs/faults.md lists them.",
)
@click.option(
    "--admin-token",
    envvar=variable("admin_token"),
    metavar="TOKEN",
    help="Key of /__admin/ when served beyond this machine, and of secrets anywhere; made and printed when left out.",
)
@click.option(
    "--allowed-host",
    envvar=variable("allowed_host"),
    multiple=True,
    metavar="NAME",
    help="A further name under which /__admin/ may be called: mock, mock:8787 or *.internal; may be given again.",
)
@click.option(
    "--max-admin-body",
    envvar=variable("max_admin_body"),
    type=click.IntRange(8, 4096),
    default=MOST_BYTES // 1_048_576,
    show_default=True,
    metavar="MIB",
    help="Longest body of a call to /__admin/, as of a world, in MiB.",
)
@click.option(
    "--url-file",
    envvar=variable("url_file"),
    type=OutputFile(),
    help="Write the base URL to this file too, once it answers; gone when it ends. For `health` and for scripts.",
)
@click.option(
    "--keep-alive",
    envvar=variable("keep_alive"),
    type=click.FloatRange(0, 86_400, min_open=True),
    default=Limits().keep_alive_seconds,
    show_default=True,
    metavar="SECONDS",
    help="How long a connection is kept on which nothing is asked.",
)
@click.option(
    "--doctor-header",
    envvar=variable("doctor_header"),
    is_flag=True,
    help=f"Say why a call was refused in the reply header {DOCTOR_HEADER} too.",
)
@click.option(
    "--journal",
    envvar=variable("journal"),
    type=click.IntRange(0, 1_000_000),
    default=DEFAULT_CAPACITY,
    show_default=True,
    metavar="N",
    help="How many of the newest requests are kept.",
)
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    world: Path | None,
    reload: bool,
    merchant: str | None,
    state: str | None,
    fresh: bool,
    workers: int,
    readings: Path | None,
    reading: tuple[str, ...],
    log_format: str,
    clock: str,
    plan: str | None,
    fault: tuple[str, ...],
    admin_token: str | None,
    allowed_host: tuple[str, ...],
    max_admin_body: int,
    url_file: Path | None,
    keep_alive: float,
    doctor_header: bool,
    journal: int,
) -> None:
    """Serve the endpoint. The first line on standard output is the base URL; all else goes to standard error."""
    with ExitStack() as at_end:
        if workers > 1:
            if reload:
                raise click.UsageError("--reload is for one process; leave it or --workers out", ctx)
            state = state or f"sqlite:///{at_end.enter_context(TemporaryDirectory(prefix='apigames-mock-'))}/state.db"
        log_of_state = _log(ctx, state, fresh)
        world, merchant = _one_of(ctx, world, merchant)
        if reload and world is None:
            raise click.UsageError("--reload reads a world file again; give one with --world", ctx)
        in_force, origin = _readings(ctx, readings, reading)
        its_clock = clock_from(clock, in_force.timezone)
        its_plan = None if plan is None else plan_from(plan)
        # Before it is read: what is written meanwhile is seen.
        world_file = WorldFile(world, its_plan) if reload and world is not None else None
        served = _world(world, merchant, in_force, its_clock)
        if its_plan is not None:
            served = msgspec.structs.replace(served, plan=its_plan)

        def made(log: Log | None, observers: tuple[Observer, ...] = ()) -> Provider:
            try:
                return Provider(
                    served,
                    in_force,
                    its_clock,
                    journal_capacity=journal,
                    observers=observers,
                    readings_origin=origin,
                    rules=[rule_from(one) for one in fault],
                    doctor_header=doctor_header,
                    log=log,
                )
            except (StateError, StateUnavailable) as error:
                raise click.ClickException(str(error)) from None

        def server_of(provider: Provider, **given: Any) -> Server:
            try:
                return Server(
                    provider,
                    **{"port": port, "admin_token": admin_token, **given},
                    host=host,
                    limits=Limits(keep_alive_seconds=keep_alive),
                    allowed_hosts=allowed_host,
                    most_admin_bytes=max_admin_body * 1_048_576,
                )
            except ServerError as error:
                raise click.ClickException(str(error)) from None

        def shown(server: Server) -> Served:
            provider = server.provider
            return Served(
                server.url,
                provider.store.snapshot() if log_of_state else served,
                provider.readings,
                world_file=world,
                merchant=merchant or _own_merchant(provider),
                state=state,
                admin_token=None if admin_token else server.access.token,
                configuration=ctx.obj,
                elsewhere=url_elsewhere(host, server.port),
                operations=provider.operations,
            )

        _remove(url_file)  # of an earlier run, which may not have ended by itself
        at_end.callback(_remove, url_file)
        if workers == 1:
            _serve_here(partial(made, log_of_state), server_of, shown, log_format, url_file, world_file)
        else:
            assert log_of_state is not None
            assert state is not None
            probe = server_of(made(log_of_state))  # says what is wrong once, and which port it is
            banner = shown(probe)
            probe.stop()
            log_of_state.close()
            url = state
            _serve_with_workers(
                workers,
                lambda: partial(made, open_log(url)),
                partial(server_of, port=probe.port, admin_token=probe.access.token, shares_port=True),
                banner,
                log_format,
                url_file,
            )


def _serve_here(
    made: Callable[[tuple[Observer, ...]], Provider],
    server_of: Callable[[Provider], Server],
    shown: Callable[[Server], Served],
    log_format: str,
    url_file: Path | None,
    world_file: WorldFile | None,
) -> None:
    """Serve in this process until a signal."""
    with _logging(log_format) as (writer, log):
        server = _logged(made, server_of, log, log_format, writer)
        banner = shown(server)

        def tell(message: str, level: str) -> None:
            writer.write(notice(log_format, message, level))

        def on_ready() -> None:
            if url_file is not None:
                write_output(url_file, f"{server.url}\n")
            write_banner(banner, writer.write, log_format)
            if world_file is not None:
                world_file.watch(server.provider, tell)

        server.run(on_ready, lambda: end_process_within(_STOP_SECONDS, partial(_remove, url_file)))


def _serve_with_workers(
    count: int,
    made: Callable[[], Callable[[tuple[Observer, ...]], Provider]],
    server_of: Callable[[Provider], Server],
    banner: Served,
    log_format: str,
    url_file: Path | None,
) -> None:
    """Serve in processes of their own until a signal."""

    def work(on_ready: Callable[[], None], parent_is_alive: int) -> None:
        with _logging(log_format) as (writer, log):
            server = _logged(made(), server_of, log, log_format, writer)

            def ready() -> None:
                asyncio.get_running_loop().add_reader(parent_is_alive, server.stop)
                on_ready()

            server.run(ready, lambda: end_process_within(_STOP_SECONDS, lambda: None))

    def write(line: str) -> None:
        write_line(line.rstrip("\n"), err=True)

    def on_ready() -> None:
        if url_file is not None:
            write_output(url_file, f"{banner.url}\n")
        write_banner(banner, write, log_format)

    try:
        Workers(count, work, lambda message: write(notice(log_format, message, "warning"))).run(on_ready)
    except WorkersError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _logging(log_format: str) -> Iterator[tuple[LogWriter, RequestLog]]:
    # Lines of JSON are UTF-8 wherever they go; those for people are in what the terminal understands.
    encoding = "utf-8" if log_format == "json" else sys.stderr.encoding
    writer = LogWriter(_STANDARD_ERROR, partial(dropped_line, log_format), encoding)
    try:
        yield writer, RequestLog(log_format, writer.write)
    finally:
        writer.close()


def _logged(
    made: Callable[[tuple[Observer, ...]], Provider],
    server_of: Callable[[Provider], Server],
    log: RequestLog,
    log_format: str,
    writer: LogWriter,
) -> Server:
    """Return the server, its calls and errors in the log."""
    provider = made((log,))
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    # Now, and not when the first call is refused: of thousands of merchants it takes a while.
    provider.maskers.masker()
    server = server_of(provider)
    ErrorLog(log_format, writer.write).listen()
    return server


def _log(ctx: click.Context, state: str | None, fresh: bool) -> SqliteLog | None:
    """Open the state, if there is one, and see to it that nothing else says how it begins where it has begun."""
    if state is None:
        if fresh:
            raise click.UsageError(
                "--fresh forgets what is in a state; name it with --state, or leave --fresh out", ctx
            )
        return None
    try:
        log = open_log(utf8(state, "--state"))
        if fresh:
            log.empty()
        if log.head().change:
            given = [name for name in _OF_THE_START if _is_given(ctx, name)]
            if given:
                options = ", ".join(f"--{name}" for name in given)
                raise click.UsageError(
                    f"{log.name} is not empty, and {options} would say how it begins: leave that out to go on with "
                    "what is there, or begin anew with --fresh",
                    ctx,
                )
    except (StateError, StateUnavailable) as error:
        raise click.UsageError(str(error), ctx) from None
    return log


def _is_given(ctx: click.Context, name: str) -> bool:
    if name == "reading" and os.environ.get(variable("reading")):
        return True
    return ctx.get_parameter_source(name) not in {click.core.ParameterSource.DEFAULT, None}


def _own_merchant(provider: Provider) -> str | None:
    """Return a merchant whose secret key not everybody may know, None where all is as in the built-in world."""
    known = {one.merchant_id: one.secret_key for one in built_in_world(Readings(), MovableClock()).merchants}
    others = (one.merchant_id for one in provider.store.merchants() if known.get(one.merchant_id) != one.secret_key)
    return next(others, None)


def _remove(file: Path | None) -> None:
    if file is not None and file != STANDARD_OUTPUT:
        file.unlink(missing_ok=True)


def _one_of(ctx: click.Context, world: Path | None, merchant: str | None) -> tuple[Path | None, str | None]:
    """Keep the one named in the stronger place: `--merchant` is about the built-in world."""
    if world is None or merchant is None:
        return world, merchant
    strength = [click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT]
    ranks = [
        strength.index(source) if (source := ctx.get_parameter_source(name)) in strength else len(strength)
        for name in ("world", "merchant")
    ]
    if ranks[0] == ranks[1]:
        raise click.UsageError("--merchant serves the built-in world, --world another; give one of the two", ctx)
    return (world, None) if ranks[0] < ranks[1] else (None, merchant)


def _readings(ctx: click.Context, file: Path | None, switches: tuple[str, ...]) -> tuple[Readings, dict[str, str]]:
    """Put the readings together, weakest first: the file, pyproject.toml, the environment, the command line.

    Returns them, and where each that was chosen came from.
    """
    from_project = (ctx.default_map or {}).get("reading", [])
    from_environment = os.environ.get(variable("reading"), "").split()
    given = [(switch, "pyproject.toml") for switch in from_project]
    given += [(switch, variable("reading")) for switch in from_environment]
    # Without a switch on the command line, click hands down those of pyproject.toml.
    if ctx.get_parameter_source("reading") is click.core.ParameterSource.COMMANDLINE:
        given += [(switch, "command line") for switch in switches]
    pairs = [(*_pair(ctx, switch), place) for switch, place in given]
    try:
        document = read_readings_file(file) if file else {"readings": {}}
        in_force = readings_from_document(document).replace(**{key: value for key, value, _ in pairs})
    except (FileError, ReadingsError) as error:
        raise click.UsageError(str(error), ctx) from None
    origin = dict.fromkeys(document["readings"], str(file))
    return in_force, {**origin, **{key: place for key, _, place in pairs}}


def _pair(ctx: click.Context, switch: str) -> tuple[str, str]:
    key, separator, value = switch.partition("=")
    if not separator:
        raise click.UsageError(f"--reading {switch!r}: expected KEY=VALUE, as in http_status=200", ctx)
    return key, value


def _world(file: Path | None, merchant_id: str | None, readings: Readings, clock: MovableClock) -> World:
    try:
        if file is not None:
            return read_world(file, readings, clock)
        if merchant_id is None:
            return built_in_world(readings, clock)
        utf8(merchant_id, "--merchant")
        secret_key = secret_from_environment()
        if secret_key is None:
            raise click.UsageError(f"--merchant {merchant_id} needs its secret key in {SECRET_VARIABLE}; set it first")
        return built_in_world(readings, clock, merchant_id=merchant_id, secret_key=secret_key)
    except WorldError as error:
        raise click.UsageError(str(error)) from None
