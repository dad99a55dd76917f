"""Put the data folders of the checkout inside the package when a wheel is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Globs, not folders: a folder would ship whatever git ignores in it, a `.env` for one.
BUNDLED = ("schemas/**/*.json", "fixtures/**/*.json")


class BundleData(BuildHookInterface[Any]):
    """Ship `schemas/` and `fixtures/` as `mockserver/_bundled/`.

    As top-level folders of a wheel they would collide with a user's own.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a real wheel; an editable install reads them where they are."""
        if version == "editable":
            return
        root = Path(self.root)
        for pattern in BUNDLED:
            for path in sorted(root.glob(pattern)):
                name = path.relative_to(root).as_posix()
                build_data["force_include"][str(path)] = f"mockserver/_bundled/{name}"
