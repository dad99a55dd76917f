"""Where the options of a command come from: command line over environment over the nearest pyproject.toml."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mockserver._text import json_type, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "APIGAMES_MOCK_"
SECRET_VARIABLE = f"{PREFIX}SECRET_KEY"
TABLE = "apigames-mock"
_MOST_READ = 1_048_576
# Kubernetes tells each container of every Service in its namespace: of one named apigames-mock by names like ours.
_OF_A_SERVICE = f"{PREFIX}SERVICE_HOST"
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Configuration:
    """Which pyproject.toml options were taken from, if any, and which were left aside since others can write them."""

    file: Path | None = None
    left_aside: tuple[Path, ...] = ()


class StateUrl(click.types.StringParamType):
    """The URL of a state."""

    @staticmethod
    def seen_from(folder: Path, url: str) -> str:
        """Return it with its file, if it has one, in this folder unless it says another: as a path is read there."""
        start, file = url[: len(_SQLITE)], url[len(_SQLITE) :]
        return f"{start}{folder / file}" if start == _SQLITE and file else url


class ConfiguredCommand(click.Command):
    """A command whose options can come from `APIGAMES_MOCK_*` and `[tool.apigames-mock]` too.

    A variable or key that begins like ours and is not would be ignored without a word, so it is an error. The context's
    `obj` is the Configuration.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the configuration before the command line is parsed."""
        options = _options_of(self)
        _check_environment(list(options))
        path, left_aside = _nearest_pyproject()
        extra["default_map"] = {} if path is None else _values(_our_table(path), options, path)
        extra["obj"] = Configuration(path if extra["default_map"] else None, left_aside)
        return super().make_context(info_name, args, parent, **extra)


class NeighbourCommand(click.Command):
    """A command that takes the options it shares with a ConfiguredCommand from the same table, and no others."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the configuration before the command line is parsed."""
        options = _options_of(self)
        path, _ = _nearest_pyproject()
        table = {} if path is None else _our_table(path)
        shared = {key: value for key, value in table.items() if key.replace("-", "_") in options}
        extra["default_map"] = {} if path is None else _values(shared, options, path)
        return super().make_context(info_name, args, parent, **extra)


def variable(option: str) -> str:
    """Return the environment variable of an option: `log_format` gives `APIGAMES_MOCK_LOG_FORMAT`."""
    return PREFIX + option.upper().replace("-", "_")


def secret_from_environment() -> str | None:
    """Return the secret key in the environment, or None when there is none or an empty one."""
    secret_key = os.environ.get(SECRET_VARIABLE) or None
    return None if secret_key is None else utf8(secret_key, SECRET_VARIABLE)


def utf8(text: str, name: str) -> str:
    """Return an argument or a variable if it came as UTF-8; `name` is what the message calls it.

    Raises:
        UsageError: it holds other bytes, which Python hands down as halves of surrogate pairs.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise click.UsageError(f"{name} is not UTF-8 text; give it in UTF-8") from None
    return text


def _check_environment(options: list[str]) -> None:
    known = [*map(variable, options), SECRET_VARIABLE]
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            hint = nearest(name, known) or f"; known are {', '.join(known)}"
            if _OF_A_SERVICE in os.environ:
                hint = (
                    "; Kubernetes sets it for a Service named apigames-mock: give the pod `enableServiceLinks: false`"
                )
            raise click.UsageError(f"there is no environment variable {name}{hint}")


def _options_of(command: click.Command) -> dict[str, click.Option]:
    return {option.name: option for option in command.params if isinstance(option, click.Option) and option.name}


def _our_table(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise click.UsageError(f"cannot read {path}: {error}") from None
    tools = _table(document.get("tool", {}), path, "tool")
    return _table(tools.get(TABLE, {}), path, f"tool.{TABLE}")


def _values(table: dict[str, Any], options: dict[str, click.Option], path: Path) -> dict[str, Any]:
    return {key.replace("-", "_"): _value(key, value, options, path) for key, value in table.items()}


def _table(value: Any, path: Path, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise click.UsageError(f"{path}: {name}: expected a table, [{name}], got {json_type(value)}")
    return value


def _nearest_pyproject() -> tuple[Path | None, tuple[Path, ...]]:
    """Return the nearest one that nobody else can have written, and those with options for us that were nearer."""
    left_aside: list[Path] = []
    try:
        folder = Path.cwd()
    except OSError:  # it was removed, or may not be looked at
        return None, ()
    for parent in (folder, *folder.parents):
        path = parent / "pyproject.toml"
        if path.is_file():
            if not _others_can_write(path):
                return path, tuple(left_aside)
            if _names_our_table(path):
                left_aside.append(path)
    return None, tuple(left_aside)


def _names_our_table(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return TABLE.encode() in file.read(_MOST_READ)
    except OSError:
        return False


def _others_can_write(path: Path) -> bool:
    """Whether any user may change the file or put another in its place, where a system has such rights."""
    if os.name != "posix":
        return False
    real = path.resolve()
    return any(place.stat().st_mode & stat.S_IWOTH for place in (path.parent, real, real.parent))


def _value(key: str, value: Any, options: dict[str, click.Option], path: Path) -> Any:
    known = [name.replace("_", "-") for name in options]
    option = options.get(key.replace("-", "_"))
    where = f"{path}: [tool.{TABLE}]"
    if option is None:
        hint = nearest(key, known) or f"; known are {', '.join(known)}"
        raise click.UsageError(f"{where} has no key {key!r}{hint}")
    if option.multiple:
        if isinstance(value, list) and key != "reading" and all(isinstance(item, str) for item in value):
            return value
        if not isinstance(value, dict) or key != "reading":
            wanted = "a table of KEY = VALUE" if key == "reading" else "a list of texts"
            raise click.UsageError(f"{where} {key}: expected {wanted}, got {json_type(value)}")
        return [f"{name}={choice}" for name, choice in value.items()]
    if option.is_flag:
        if not isinstance(value, bool):
            raise click.UsageError(f"{where} {key}: expected true or false, got {json_type(value)}")
        return value
    if isinstance(value, datetime):  # TOML has a type for what --clock takes as text
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise click.UsageError(f"{where} {key}: expected text or an integer, got {json_type(value)}")
    if isinstance(option.type, StateUrl):
        return option.type.seen_from(path.parent, str(value))
    return path.parent / str(value) if isinstance(option.type, click.Path) else value
