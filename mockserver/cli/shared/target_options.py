"""The options that name a target, shared by `verify` and `calibrate`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mockserver.cli.shared.extra import check_extra
from mockserver.cli.shared.printing import echo
from mockserver.contract.masking import is_unmaskable
from mockserver.verification.live_guard import (
    ALLOW_VARIABLE,
    DEFAULT_MAX_REQUESTS,
    Refused,
    Submitting,
    changes_the_path,
    is_loopback,
)

if TYPE_CHECKING:
    from mockserver.verification.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RATE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(?:/s)?")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
REFUSED = 4
_LAST = "A process list shows it, so the environment and --env-file are read first."


def _rate(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read calls a second, as `2` or `2/s`."""
    if value is None:
        return None
    found = _RATE.fullmatch(value.strip())
    if found is None or not float(found.group(1)):
        raise click.BadParameter(f"{value!r} is no rate; write calls a second, as in 2/s", ctx, param)
    return float(found.group(1))


def target_options(command: _Command) -> _Command:
    """Add the options."""
    options = (
        click.option("--base-url", metavar="URL", help="Where the target is: scheme, host and port."),
        click.option("--merchant-id", metavar="ID", help="Merchant to call as."),
        click.option("--secret-key", metavar="KEY", help=f"Its secret key. {_LAST}"),
        click.option("--project-id", metavar="ID", help="A project of that merchant, which is only read."),
        click.option("--session-key", metavar="KEY", help=f"Sent with every call when given. {_LAST}"),
        click.option("--project-name", metavar="NAME", help="The project's name, where it is known (project_match)."),
        click.option("--env-file", type=_FILE, help="File of APIGAMES_* lines; the environment stands over it."),
        click.option(
            "--max-requests",
            type=click.IntRange(min=1),
            help=f"Calls in all, retries included. [default: {DEFAULT_MAX_REQUESTS[Submitting.NOTHING]}; more where "
            "something is submitted]",
        ),
        click.option(
            "--rate", callback=_rate, metavar="N/s", help="Calls a second, as 5/s. [default: 2/s, on loopback no limit]"
        ),
        click.option(
            "--timeout", type=click.FloatRange(min=0.01), default=10.0, show_default=True, help="Seconds for one call."
        ),
        click.option(
            "--allow-live",
            is_flag=True,
            help=f"Let a host be called that is not loopback; no {ALLOW_VARIABLE} may say other than 1.",
        ),
        click.option(
            "--submit-refusals",
            is_flag=True,
            help="Ask the submit call too, with what no target can accept: not JSON, no list, a signature of zeros.",
        ),
        click.option(
            "--submit",
            is_flag=True,
            help="Ask the submit call with lists that are accepted, of codes that are made up; on loopback only.",
        ),
        click.option("--dry-run", is_flag=True, help="Print the plan and call nothing."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_from_options(ctx: click.Context, options: dict[str, Any]) -> Settings:
    """Put the settings together: command line over environment over `--env-file`, but secrets of the command line last.

    Raises:
        click.UsageError: something is missing or wrong, or the extra `verify` is not installed.
    """
    check_extra("verify")
    from mockserver.verification.settings import REQUIRED, SECRET, VARIABLES, Settings  # noqa: PLC0415
    from mockserver.verification.target import checked_base_url  # noqa: PLC0415

    in_file = _env_file(options["env_file"], ctx) if options["env_file"] else {}
    known: dict[str, str | None] = {}
    for name, variable in VARIABLES.items():
        elsewhere = os.environ.get(variable) or in_file.get(variable) or None
        known[name] = (elsewhere or options[name]) if name in SECRET else (options[name] or elsewhere)
        if name in SECRET and options[name] and known[name] != options[name]:
            echo(f"apigames-mock: {_option(name)} is left aside, since {variable} is set", err=True)
    missing = [f"{_option(name)} (or {VARIABLES[name]})" for name in REQUIRED if known[name] is None]
    if missing:
        raise click.UsageError(f"missing: {', '.join(missing)}", ctx)
    try:
        base_url = checked_base_url(str(known["base_url"]))
    except ValueError as error:
        raise click.UsageError(str(error), ctx) from None
    _check_ids(ctx, known)
    for name in SECRET:
        if known[name] and is_unmaskable(str(known[name])):
            echo(f"apigames-mock: {_option(name)} is a short word and is not masked in what is reported", err=True)
    return Settings(
        base_url=base_url,
        merchant_id=str(known["merchant_id"]),
        secret_key=str(known["secret_key"]),
        project_id=str(known["project_id"]),
        session_key=known["session_key"],
        project_name=options["project_name"],
        max_requests=options["max_requests"],
        rate=options["rate"],
        timeout=options["timeout"],
        seed=options.get("seed", 0),
        submitting=_submitting(options),
        leave={
            "--allow-live": "1" if options["allow_live"] else "",
            f"{ALLOW_VARIABLE} of {options['env_file']}": in_file.get(ALLOW_VARIABLE, ""),
        },
    )


def told_beforehand(settings: Settings, plan: Iterable[str], *, dry_run: bool) -> int | None:
    """Say what will be asked of a target beyond this machine, or on a dry run of any.

    Returns the exit status when nothing is to be asked: on a dry run, or when the live guard refuses the target.
    """
    if dry_run:
        echo(*plan)
        return 0
    try:
        settings.check_allowed()
    except Refused as reason:
        echo(f"apigames-mock: {reason}", err=True)
        return REFUSED
    if not is_loopback(settings.base_url):
        echo(*plan, err=True)
    return None


def _submitting(options: dict[str, Any]) -> Submitting:
    if options["submit"]:
        return Submitting.ANYTHING
    return Submitting.REFUSALS if options["submit_refusals"] else Submitting.NOTHING


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check_ids(ctx: click.Context, known: dict[str, str | None]) -> None:
    for name, text in known.items():
        if any("\ud800" <= letter <= "\udfff" for letter in text or ""):
            raise click.UsageError(f"{_option(name)} is not UTF-8 text", ctx)
    for name in ("merchant_id", "project_id"):
        if changes_the_path(str(known[name])):
            raise click.UsageError(
                f"{_option(name)} {known[name]!r} would change the path that is called; expected an id without "
                r"/ \ ? # % that is not . or .., as in M240315GAME2847K",
                ctx,
            )


def _env_file(path: Path, ctx: click.Context) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(
            f"cannot read {path}: {type(error).__name__}; expected lines of NAME=VALUE", ctx
        ) from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise click.UsageError(f"{path} line {number}: expected NAME=VALUE", ctx)
        name = found.group(1)
        if name in values and name.startswith("APIGAMES_"):
            raise click.UsageError(f"{path} line {number}: {name} appears twice; keep one", ctx)
        values[name] = _unquoted(found.group(2).strip())
    return values


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text.split(" #", maxsplit=1)[0].rstrip()
