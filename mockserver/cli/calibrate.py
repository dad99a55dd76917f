"""`apigames-mock calibrate`: finds out what the page leaves open, and writes it as a readings file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mockserver.cli.shared.outputs import OutputFile, write_output
from mockserver.cli.shared.printing import echo
from mockserver.cli.shared.target_options import settings_from_options, target_options, told_beforehand
from mockserver.cli.verify import CRASHED
from mockserver.contract.foreign_text import json_text
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings_file import read_readings_file

NOT_JUDGED = 3


@click.command(
    epilog="Serve what was found with `apigames-mock serve --readings FILE`. Exit status: 0 written, 2 wrong usage, "
    "3 the target could not be asked, 4 refused by the live guard, 70 a failure of our own.",
)
@target_options
@click.option("--output", type=OutputFile(), help="Where to write; else standard output.")
@click.option(
    "--compare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An older file: say which readings changed since.",
)
@click.pass_context
def calibrate(ctx: click.Context, /, **options: Any) -> int:
    """Ask a target what the page leaves open, by reading alone unless told, and write a readings file."""
    settings = settings_from_options(ctx, options)
    # After the check of the extra, which comes with the settings.
    from mockserver.verification.calibrate import calibrate as calibrated  # noqa: PLC0415
    from mockserver.verification.live_guard import BudgetSpent  # noqa: PLC0415
    from mockserver.verification.plan import calibration_plan  # noqa: PLC0415
    from mockserver.verification.report.masked import Shown  # noqa: PLC0415
    from mockserver.verification.run.record import Aborted  # noqa: PLC0415

    older = _older(ctx, options["compare"])
    ended = told_beforehand(settings, calibration_plan(settings), dry_run=options["dry_run"])
    if ended is not None:
        return ended
    run = settings.run()
    try:
        document = calibrated(run)
    except (Aborted, BudgetSpent) as error:
        reason = Shown(run).reason(error.reason) if isinstance(error, Aborted) else str(error)
        echo(f"apigames-mock: the target could not be calibrated: {reason}", err=True)
        return NOT_JUDGED
    except Exception as error:
        echo(f"apigames-mock: calibrate failed of itself: {type(error).__name__}", err=True)
        return CRASHED
    finally:
        run.target.close()
    write_output(options["output"], json_text(document, indent=2) + "\n")
    _tell(document, older, run)
    return 0


def _older(ctx: click.Context, file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        return read_readings_file(file)
    except (FileError, ReadingsError) as error:
        raise click.UsageError(f"--compare: {error}", ctx) from None


def _tell(document: dict[str, Any], older: dict[str, Any] | None, run: Any) -> None:
    """Say in short, on standard error, what was found."""
    from mockserver.verification.calibrate import changes  # noqa: PLC0415

    entries = document["readings"]
    counts = {
        seen: sum(entry["seen"] == seen for entry in entries.values()) for seen in ("observed", "unseen", "other")
    }
    echo(
        f"{counts['observed']} readings observed, {counts['unseen']} could not be seen, {counts['other']} outside the "
        f"register; {run.pace.made} calls",
        err=True,
    )
    for key, entry in entries.items():
        if entry["seen"] == "other":
            echo(f"  {key}: {entry['why']}", err=True)
    if older is not None:
        lines = changes(older, document)
        echo(f"Changed since: {len(lines) or 'nothing'}", err=True)
        for line in lines:
            echo(f"  {line}", err=True)
    if run.record.broken:
        echo("The target also breaks clauses of the contract: see apigames-mock verify", err=True)
