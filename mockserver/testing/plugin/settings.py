"""What a run and a test are told: readings, world and seed from options, ini keys and the marker `apigames`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mockserver._text import nearest
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.readings_file import read_readings_file, readings_from_document

EACH = "each"
DEFAULTS = "defaults"
MARKER_ARGUMENTS = ("readings", "world", "faults")

_ARGUMENTS = f"{', '.join(MARKER_ARGUMENTS[:-1])} and {MARKER_ARGUMENTS[-1]}"

# A value may hold commas itself (status_codes=0,2,1,4,3), so one ends a value only where the next key begins.
_BETWEEN_PAIRS = re.compile(r",(?=[A-Za-z_]+=)")


def readings_from_words(words: Iterable[str], directory: Path) -> Readings:
    """Return the readings that an option gives: each word KEY=VALUE (several with commas between), or a file.

    A file is a readings file, as `apigames-mock calibrate` writes it; its path is taken from `directory`.

    Raises:
        ReadingsError: a key or value that the register does not have, or a file that cannot be read.
    """
    readings = Readings()
    for word in words:
        if "=" not in word:
            readings = readings.replace(**_from_file(directory / word, word))
            continue
        for pair in _BETWEEN_PAIRS.split(word):
            key, _, value = pair.partition("=")
            readings = readings.replace(**{key.strip(): value.strip()})
    return readings


def _from_file(path: Path, word: str) -> dict[str, str]:
    try:
        document = read_readings_file(path)
    except FileError as error:
        known = nearest(word, [EACH])
        raise ReadingsError(
            f"{word!r} is neither {EACH!r}{known}, nor KEY=VALUE (as in http_status=200), nor a readings file: {error}"
        ) from None
    chosen = readings_from_document(document).as_dict()
    return {key: chosen[key] for key in document["readings"]}


def marked(markers: Iterable[Any]) -> dict[str, Any]:
    """Return what `@pytest.mark.apigames(readings=..., world=..., faults=...)` says, the nearest marker first.

    A reading of one marker comes on top of those of the markers around it; a world and faults take their place.

    Raises:
        ReadingsError: an argument that the marker does not take.
    """
    settings: dict[str, Any] = {"readings": {}}
    for marker in markers:
        if marker.args:
            raise ReadingsError(f"@pytest.mark.apigames takes {_ARGUMENTS} by name, got {marker}")
        for name, value in marker.kwargs.items():
            if name not in MARKER_ARGUMENTS:
                hint = nearest(name, MARKER_ARGUMENTS)
                raise ReadingsError(f"@pytest.mark.apigames has no {name!r}{hint}; it takes {_ARGUMENTS}")
            if name == "faults":
                _check_faults(value)
            if name == "readings":
                settings["readings"] = {**_choices(value), **settings["readings"]}
            else:
                settings.setdefault(name, value)
    return settings


def _check_faults(faults: object) -> None:
    is_list = isinstance(faults, (list, tuple)) and all(isinstance(one, (str, Mapping)) for one in faults)
    if not is_list:
        raise ReadingsError(
            "@pytest.mark.apigames(faults=...) takes a list of names, or of dicts as in "
            f'{{"name": "html_502", "times": 2}}, got {faults!r}'
        )


def _choices(readings: object) -> dict[str, object]:
    if isinstance(readings, Readings):
        return dict(readings.as_dict())
    if isinstance(readings, Mapping):
        return dict(readings)
    raise ReadingsError(f"@pytest.mark.apigames(readings=...) takes a dict or mockserver.Readings, got {readings!r}")


def world_source(world: Any, directories: Iterable[Path]) -> Any:
    """Return a world as it was given; the path of a file is looked for in `directories`, the first that has it."""
    if not isinstance(world, (str, os.PathLike)):
        return world
    candidates = [directory / world for directory in directories]
    return next((path for path in candidates if path.is_file()), candidates[0])
