"""`apigames-mock survive -- COMMAND...`: does a client survive?"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from mockserver.cli.shared.outputs import STANDARD_OUTPUT, OutputFile, write_report
from mockserver.cli.shared.printing import echo
from mockserver.contract.foreign_text import json_text

if TYPE_CHECKING:
    from mockserver.testing.survive.catalogue import Catalogue
    from mockserver.testing.survive.playing import Verdict
    from mockserver.testing.survive.report import SurviveReport

FAILED = 1
CANNOT_RUN = 3


class _Command(click.Command):
    """Says in one line how to give the command when none was given."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show the `--` that keeps the client's own options from being taken for ours."""
        return ["[OPTIONS]", "--", "COMMAND..."] if ctx else []


@click.command(
    cls=_Command,
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
    epilog="Exit status: 0 survives, 1 does not or never called, 2 wrong usage, 3 the command could not be run. "
    "--list and docs/survive.md tell of each scenario.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--flow", is_flag=True, help="For a client of the whole journey: it submits codes, then polls.")
@click.option("--scenario", "names", metavar="NAME", multiple=True, help="Run this one only; may be given again.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the worlds and the generated scenarios.")
@click.option(
    "--examples",
    type=click.IntRange(0, 10_000),
    default=10,
    show_default=True,
    help="How many generated scenarios follow the fixed list.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 3000, min_open=True),
    help="Seconds after which a run has not ended in time (default: 10; with --flow 30).",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), help="How many clients run at a time (default: two for each processor)."
)
@click.option("--json", "json_path", type=OutputFile(), help="Write the report as JSON; - for standard output.")
@click.option("--junit", "junit_path", type=OutputFile(), help="Write the report as JUnit XML; - for standard output.")
@click.option("--list", "lists", is_flag=True, help="List the fixed scenarios, and run nothing.")
def survive(
    command: tuple[str, ...],
    flow: bool,
    names: tuple[str, ...],
    seed: int,
    examples: int,
    timeout: float | None,
    jobs: int | None,
    json_path: Path | None,
    junit_path: Path | None,
    lists: bool,
) -> int:
    """Run a client, in any language, through every scenario: worlds, errors, readings and faults.

    COMMAND is run many times. It finds its server, merchant and project in the variables APIGAMES_BASE_URL,
    APIGAMES_MERCHANT_ID, APIGAMES_SECRET_KEY, APIGAMES_SESSION_KEY and APIGAMES_PROJECT_ID. If it prints
    {"vouchers": [codes...], "counts": {"pending": 3, ...}, "error": text or null}, any part left out, then what it
    saw is judged too.

    With --flow it finds voucher codes in APIGAMES_VOUCHERS, one a line, in place of the project: it submits them, polls
    (pausing APIGAMES_POLL_SECONDS) and prints {"codes": {"ABC123DEF456GHI": "success", ...}, "error": text or null},
    each code with its last status, or "refused", or "unknown" where no reply told.
    """
    from mockserver.testing.survive.running import CommandError  # noqa: PLC0415 - as above
    from mockserver.testing.survive.scenario import ScenarioError  # noqa: PLC0415 - as above
    from mockserver.testing.survive.survive import catalogue_of  # noqa: PLC0415 - the server is for a run only
    from mockserver.testing.survive.survive import survive as run  # noqa: PLC0415 - as above

    catalogue = catalogue_of(flow=flow)
    if lists:
        _list(catalogue)
        return 0
    if not command:
        raise click.UsageError(
            "give the command that runs your client behind --, as in: apigames-mock survive -- node client.js",
            _context(),
        )
    if json_path == junit_path == STANDARD_OUTPUT:
        raise click.UsageError("--json and --junit cannot both go to standard output", _context())
    try:
        wanted = catalogue.chosen(names or None, examples=examples, seed=seed)
        with _Progress(len(wanted)) as progress:
            report = run(
                command,
                flow=flow,
                scenarios=names or None,
                examples=examples,
                seed=seed,
                timeout=timeout,
                jobs=jobs,
                on_verdict=progress.hear,
            )
    except ScenarioError as error:
        raise click.UsageError(str(error), _context()) from None
    except CommandError as error:
        echo(f"apigames-mock: {error}", err=True)
        return CANNOT_RUN
    _write(report, json_path, junit_path)
    return 0 if report.survives else FAILED


def _context() -> click.Context:
    return click.get_current_context()


def _list(catalogue: Catalogue) -> None:
    width = max(map(len, catalogue.scenarios))
    for scenario in catalogue.scenarios.values():
        echo(f"{scenario.name:<{width}}  {scenario.meaning} ({scenario.source})")


def _write(report: SurviveReport, json_path: Path | None, junit_path: Path | None) -> None:
    # Whoever asked for a document on standard output gets that alone there.
    aside = STANDARD_OUTPUT in {json_path, junit_path}
    for text, colour in report.lines():
        echo(text, colour=colour, err=aside)
    if json_path is not None:
        write_report(json_path, json_text(report.to_document(), indent=2) + "\n")
    if junit_path is not None:
        from mockserver.testing.survive.junit import junit  # noqa: PLC0415 - for this only

        write_report(junit_path, junit(report))


class _Progress:
    """A bar on standard error while it runs, when that is a terminal."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._stream = sys.stderr if stream is None else stream
        self._failed = 0
        self._lock = threading.Lock()
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        if self._stream.isatty():
            from rich.console import Console  # noqa: PLC0415 - for a terminal only
            from rich.progress import Progress  # noqa: PLC0415 - as above

            self._bar = Progress(console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("surviving", total=self._total)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def hear(self, verdict: Verdict) -> None:
        """Move the bar on."""
        with self._lock:
            self._failed += verdict.result == "failed"
            if self._bar is not None:
                self._bar.update(self._task, advance=1, description=f"{self._failed} failed")
