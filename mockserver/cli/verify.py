"""`apigames-mock verify`: the laws of the contract at any server."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from mockserver.cli.shared.outputs import STANDARD_OUTPUT, OutputFile, write_report
from mockserver.cli.shared.printing import LEAST_WIDTH, console, echo, write_line
from mockserver.cli.shared.target_options import settings_from_options, target_options, told_beforehand
from mockserver.contract.foreign_text import json_text
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings_file import observed_readings, read_readings_file

if TYPE_CHECKING:
    from mockserver.verification.run.run import Listener, Run
    from mockserver.verification.settings import Settings

CRASHED = 70
_OUT = OutputFile()


@click.command(
    epilog="Exit status: 0 the contract holds, 1 it is broken, 2 wrong usage, 3 could not be judged, 4 refused by the "
    "live guard, 70 a failure of our own, 130 stopped: what was found by then is reported.",
)
@target_options
@click.option(
    "--readings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Readings observed before; a departure from one is exit 1.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the generated pages and limits.")
@click.option(
    "--report-json",
    type=_OUT,
    help="Write the report as JSON (schema: `apigames-mock schema report`); - for standard output.",
)
@click.option("--report-html", type=_OUT, help="Write the report as one HTML file; - as above.")
@click.option("--junit-xml", type=_OUT, help="Write the report as JUnit XML; - as above.")
@click.option("--progress", is_flag=True, help="A line for each law on standard error, also where it is no terminal.")
@click.pass_context
def verify(ctx: click.Context, /, **options: Any) -> int:
    """Judge any server by the contract: the fake, or the real endpoint. Reads only, unless told; nothing is seeded."""
    settings = replace(settings_from_options(ctx, options), strict=_strict(ctx, options["readings"]))
    from mockserver.verification.plan import plan_of  # noqa: PLC0415 - after the check of the extra

    ended = told_beforehand(settings, plan_of(settings), dry_run=options["dry_run"])
    if ended is not None:
        return ended
    result = _judged(settings, _listener(settings.limits.max_requests, asked=options["progress"]))
    if result["crash"]:
        echo(f"apigames-mock: verify failed of itself: {result['crash']}", err=True)
        return CRASHED
    _write_reports(result, options)
    status: int = result["exit_status"]
    return status


def _judged(settings: Settings, listener: Listener | None) -> dict[str, Any]:
    """Hold the target to every law, and return what came of it."""
    from mockserver.verification.laws.registry import laws_for  # noqa: PLC0415
    from mockserver.verification.report.result import result_of  # noqa: PLC0415
    from mockserver.verification.suite import judge  # noqa: PLC0415

    run = settings.run(listener=listener)
    try:
        with _stoppable(run):
            judge(run, laws_for(settings.submitting))
    except Exception as error:
        # A failure of our own; what it says may hold a secret, its type and place do not.
        run.crash = run.crash or type(error).__name__
    finally:
        run.listener.close()
        run.target.close()
    return result_of(run)


@contextmanager
def _stoppable(run: Run) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the run: what was found by then is reported. A second one ends the process."""
    from mockserver.verification.suite import stop  # noqa: PLC0415

    def handle(number: int, _: FrameType | None) -> None:
        stop(run, signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    # Whoever started us may have said that a signal is not for us, as nohup does.
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listener(most: int, *, asked: bool) -> Listener | None:
    """Return what shows progress on standard error: a bar on a terminal, lines where they are asked for."""
    from mockserver.verification.report.progress import Bar, Lines  # noqa: PLC0415

    if sys.stderr.isatty():
        return Bar(most)
    return Lines(most) if asked else None


def _strict(ctx: click.Context, file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        return observed_readings(read_readings_file(file))
    except (FileError, ReadingsError) as error:
        raise click.UsageError(f"--readings: {error}", ctx) from None


def _write_reports(result: dict[str, Any], options: Mapping[str, Any]) -> None:
    from mockserver.verification.report.files import github_annotations, junit_xml, step_summary  # noqa: PLC0415
    from mockserver.verification.report.html import html_report  # noqa: PLC0415
    from mockserver.verification.report.text import print_report  # noqa: PLC0415

    # Files first: whoever reads the terminal may close the pipe, as `| head` does, and the status still counts.
    makers: dict[str, Callable[[dict[str, Any]], str]] = {
        "report_json": lambda made: json_text(made, indent=2) + "\n",
        "report_html": html_report,
        "junit_xml": junit_xml,
    }
    aside = STANDARD_OUTPUT in {options[name] for name in makers}
    for name, make in makers.items():
        if options[name] is not None:
            write_report(options[name], make(result))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in github_annotations(result):
            write_line(line, err=aside)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            _append(Path(summary), step_summary(result))
    with console(err=aside, least_width=LEAST_WIDTH) as out:
        print_report(result, out)


def _append(summary: Path, text: str) -> None:
    try:
        with summary.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:  # what was found is what counts
        echo(f"apigames-mock: no summary in {summary}: {error.strerror or error}", err=True)
