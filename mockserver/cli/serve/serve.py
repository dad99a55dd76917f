"""`apigames-mock serve`: the endpoint on this machine until it is stopped."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from mockserver.cli.serve.banner import Served, url_elsewhere
from mockserver.cli.serve.chosen import chosen_readings, chosen_world, one_of, opened_log, own_merchant, ready_state
from mockserver.cli.serve.control import clock_from, plan_from, rule_from
from mockserver.cli.serve.own_state import OwnState
from mockserver.cli.serve.reload import WorldFile
from mockserver.cli.serve.request_log import LOG_FORMATS, notice
from mockserver.cli.serve.running import remove, serve_here, serve_with_workers
from mockserver.cli.serve.workers import WorkersError, check_system
from mockserver.cli.shared.configuration import (
    PREFIX,
    SECRET_VARIABLE,
    TABLE,
    ConfiguredCommand,
    StateUrl,
    variable,
)
from mockserver.cli.shared.failures import USAGE_ERROR, one_line
from mockserver.cli.shared.outputs import OutputFile
from mockserver.cli.shared.printing import drop, write_line
from mockserver.provider.journal.journal import DEFAULT_CAPACITY
from mockserver.provider.journal.recorded import Observer
from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER
from mockserver.provider.state.log import Log, StateError, StateUnavailable
from mockserver.storage.opening import let_go, open_log
from mockserver.web.admin.access import MOST_BYTES
from mockserver.web.connection import Limits
from mockserver.web.server import Server, ServerError

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
    type=StateUrl(),
    metavar="URL",
    help="Keep everything in sqlite:///FILE or postgresql://USER@HOST/DB, so that a restart loses nothing; made where "
    "there is none. docs/state.md",
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
    own_state: OwnState | None = None
    with ExitStack() as at_end:
        if workers > 1:
            if reload:
                raise click.UsageError("--reload is for one process; leave it or --workers out", ctx)
            try:
                check_system()
            except WorkersError as error:
                raise click.ClickException(str(error)) from None
            if not state:
                own_state = OwnState()
                at_end.callback(own_state.leave)
                state = own_state.url
        log_of_state = opened_log(ctx, state, fresh)
        world, merchant = one_of(ctx, world, merchant)
        if reload and world is None:
            raise click.UsageError("--reload reads a world file again; give one with --world", ctx)
        in_force, origin = chosen_readings(ctx, readings, reading)
        its_clock = clock_from(clock, in_force.timezone)
        its_plan = None if plan is None else plan_from(plan)
        # Before it is read: what is written meanwhile is seen.
        world_file = WorldFile(world, its_plan) if reload and world is not None else None
        served = chosen_world(world, merchant, in_force, its_clock)
        if its_plan is not None:
            served = msgspec.structs.replace(served, plan=its_plan)

        rules = [rule_from(one) for one in fault]

        def made(log: Log | None, observers: tuple[Observer, ...] = ()) -> Provider:
            try:
                return Provider(
                    served,
                    in_force,
                    its_clock,
                    journal_capacity=journal,
                    observers=observers,
                    readings_origin=origin,
                    rules=rules,
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
                merchant=merchant or own_merchant(provider),
                state=None if log_of_state is None else log_of_state.name,
                admin_token=None if admin_token else server.access.token,
                configuration=ctx.obj,
                elsewhere=url_elsewhere(host, server.port),
                operations=provider.operations,
            )

        if log_of_state is not None:
            ready_state(ctx, log_of_state, fresh, server_of)
        remove(url_file)  # of an earlier run, which may not have ended by itself
        at_end.callback(remove, url_file)
        if workers == 1:
            serve_here(partial(made, log_of_state), server_of, shown, log_format, url_file, world_file)
        else:
            assert log_of_state is not None
            assert state is not None
            probe = server_of(made(log_of_state))  # says which port it is
            banner = shown(probe)
            probe.stop()
            log_of_state.close()
            serve_with_workers(
                workers,
                # Never made by a worker: a state that is gone is to be missed, and not to begin anew.
                partial(open_log, state, make=False),
                made,
                partial(server_of, port=probe.port, admin_token=probe.access.token, shares_port=True),
                banner,
                log_format,
                url_file,
                own_state,
                partial(let_go, state),
            )
