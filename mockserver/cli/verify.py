"""`apigames-mock verify`: the contract suite at any server."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mockserver.verification.settings import Settings

from mockserver._resources import resource
from mockserver.cli.shared.outputs import STANDARD_OUTPUT, OutputFile, write_output
from mockserver.cli.shared.target_options import settings_from_options, target_options, told_beforehand
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings_file import observed_readings, read_readings_file

CRASHED = 70
_OUT = OutputFile()


@click.command(
    epilog="Exit status: 0 the contract holds, 1 it is broken, 2 wrong usage, 3 could not be judged, 4 refused by the "
    "live guard, 70 a failure of our own.",
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
@click.pass_context
def verify(ctx: click.Context, /, **options: Any) -> int:
    """Judge any server by the contract: the fake, or the real endpoint. Reads only; nothing must be seeded."""
    settings = dataclasses.replace(
        settings_from_options(ctx, options), strict=_strict(ctx, options["readings"]), progress=sys.stderr.isatty()
    )
    from mockserver.verification.plan import plan_of  # noqa: PLC0415 - after the check of the extra

    ended = told_beforehand(settings, plan_of(settings), dry_run=options["dry_run"])
    if ended is not None:
        return ended
    result = run_suite(settings)
    if isinstance(result, str):
        click.echo(f"apigames-mock: {result}", err=True)
        return CRASHED
    _write_reports(result, options)
    status: int = result["exit_status"]
    return status


def run_suite(settings: Settings) -> dict[str, Any] | str:
    """Run the suite in a process of its own, cut off from the user's pytest.

    Returns its result, or why there is none.
    """
    suite = resource("contract_tests")
    with tempfile.TemporaryDirectory(prefix="apigames-mock-") as folder:
        result = Path(folder) / "result.json"
        handed = dataclasses.replace(settings, result=str(result)).as_text()
        command = [
            *(sys.executable, "-m", "pytest", str(suite), "-c", os.devnull, "--rootdir", str(suite)),
            *("--confcutdir", str(suite), "--import-mode=importlib", "-p", "no:cacheprovider", "-q", "--tb=no"),
            *("--capture=no", "--apigames-target", settings.base_url),
        ]
        # The suite's own output is for people who run it in a checkout; here the report stands in its place.
        ended = subprocess.run(  # noqa: S603 - our own interpreter and suite
            command,
            cwd=suite,
            env=_environment(handed),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if settings.progress else subprocess.DEVNULL,
            check=False,
        )
        try:
            document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return f"the suite ended without a result (its status was {ended.returncode}); this is a failure of our own"
    if document["crash"]:
        return f"the suite failed of itself: {document['crash']}; the target was not judged to the end"
    return document


def _environment(handed: str) -> dict[str, str]:
    from mockserver.verification.settings import SETTINGS_VARIABLE  # noqa: PLC0415

    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_CORE_"))}
    for name in ("PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSTARTUP"):
        ours.pop(name, None)
    return {
        **ours,
        SETTINGS_VARIABLE: handed,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }


def _strict(ctx: click.Context, file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        return observed_readings(read_readings_file(file))
    except (FileError, ReadingsError) as error:
        raise click.UsageError(f"--readings: {error}", ctx) from None


def _write_reports(result: dict[str, Any], options: Mapping[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from mockserver.verification.report.files import github_annotations, junit_xml, step_summary  # noqa: PLC0415
    from mockserver.verification.report.html import html_report  # noqa: PLC0415
    from mockserver.verification.report.text import print_report  # noqa: PLC0415

    # Files first: whoever reads the terminal may close the pipe, as `| head` does, and the status still counts.
    makers: dict[str, Callable[[dict[str, Any]], str]] = {
        "report_json": lambda made: json.dumps(made, indent=2, ensure_ascii=False) + "\n",
        "report_html": html_report,
        "junit_xml": junit_xml,
    }
    aside = STANDARD_OUTPUT in {options[name] for name in makers}
    for name, make in makers.items():
        if options[name] is not None:
            write_output(options[name], make(result))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in github_annotations(result):
            click.echo(line, err=aside)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(step_summary(result))
    try:
        print_report(result, Console(stderr=aside))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
