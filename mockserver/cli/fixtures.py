"""`apigames-mock fixtures`: generated golden data for tests in any language."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mockserver._resources import resource
from mockserver.cli.shared.extra import check_extra
from mockserver.cli.shared.printing import echo

BROKEN = 1


@click.group()
def fixtures() -> None:
    """Write the golden data in fixtures/, or check what is stored."""


@fixtures.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to. [default: fixtures]"
)
@click.option("--any-version", is_flag=True, help="Generate under another version of hypothesis than the recorded one.")
def generate(output: Path | None, any_version: bool) -> None:
    """Write every file anew: the same bytes under the recorded version of hypothesis, others under another."""
    check_extra("strategies")
    import hypothesis  # noqa: PLC0415 - the check of the extra comes first

    from mockserver.golden.make import dumped, make_files  # noqa: PLC0415

    recorded = _recorded_version()
    if recorded not in {None, hypothesis.__version__} and not any_version:
        raise click.UsageError(
            f"the stored files were made with hypothesis {recorded}, {hypothesis.__version__} is installed and makes "
            f"others; install hypothesis=={recorded}, or give --any-version"
        )
    folder = output or Path("fixtures")
    files = make_files()
    for name, document in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumped(document), encoding="utf-8", newline="\n")
    echo(f"{len(files)} files written to {folder}")


@fixtures.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path | None) -> int:
    """Check the stored files against their schemas, and derive every exchange again, byte for byte."""
    check_extra("strategies")
    from mockserver.golden.check import failures_in  # noqa: PLC0415 - the check of the extra comes first

    failures = list(failures_in(folder or resource("fixtures")))
    for failure in failures:
        echo(failure, err=True)
    if failures:
        echo(f"{len(failures)} failures", err=True)
        return BROKEN
    echo("the fixtures hold")
    return 0


def _recorded_version() -> str | None:
    manifest = resource("fixtures") / "manifest.json"
    if not manifest.is_file():
        return None
    version: str = json.loads(manifest.read_text(encoding="utf-8"))["hypothesis"]
    return version
