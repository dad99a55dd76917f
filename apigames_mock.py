"""What the entry points load, as the first thing: it finds the package `mockserver`, or says what hides it.

A user's own folder of that name comes first under `python -m pytest` or a PYTHONPATH, and what is in this package could
not be loaded to say so. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def hiding() -> str | None:
    """Return one line that says what hides the package `mockserver`, None when nothing does."""
    found = find_spec("mockserver")
    if found is None or found.origin is None:
        return None
    origin = Path(found.origin)
    hider = origin.parent if origin.name == "__init__.py" else origin
    if (hider / "testing" / "pytest_plugin.py").is_file():
        return None
    return (
        f"apigames-mock: {hider} hides the package mockserver of apigames-mock; rename it, or take its folder out of "
        "PYTHONPATH and of sys.path"
    )


def main() -> int:
    """Run the command `apigames-mock`."""
    hidden = hiding()
    if hidden is not None:
        print(hidden, file=sys.stderr)  # noqa: T201 - there is nothing else yet to say it with
        return 3
    run: Any = import_module("mockserver.cli.main").main
    status: int = run()
    return status


def __getattr__(name: str) -> Any:
    if name != "plugin":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    hidden = hiding()
    if hidden is not None:
        import pluggy  # noqa: PLC0415 - pytest has it
        import pytest  # noqa: PLC0415 - it is what asks

        # pytest 7 lets the error through a hook of the old style, of which pluggy would warn with five more lines.
        # Nothing else is heard of from here on: pytest ends with this error.
        warning: Any = getattr(pluggy, "PluggyTeardownRaisedWarning", None)
        if warning is not None:
            warnings.simplefilter("ignore", warning)
        raise pytest.UsageError(f"{hidden}; or leave the plugin out: -p no:apigames")
    return import_module("mockserver.testing.pytest_plugin")
