"""The helpers for tests in TypeScript and PHP, run as their users run them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.command import CLEAN
from tests.support.environments import ROOT, sh
from tests.third_parties.conftest import Npm

pytestmark = pytest.mark.matrix

# Where the command is that the helpers start.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{CLEAN['PATH']}"
DEBIAN = Path("/usr/share/php")


def test_vitest_runs_its_tests_in_parallel(node: Path, npm: Npm) -> None:
    folder = shutil.copytree(ROOT / "examples" / "node" / "vitest", node / "vitest-example", dirs_exist_ok=True)
    npm("tsc", folder=folder)
    vitest = node / "node_modules" / ".bin" / "vitest"
    report = json.loads(sh(vitest, "run", "--reporter=json", folder=folder, PATH=PATH))
    assert (report["numPassedTests"], report["numTotalTests"]) == (8, 8)


def test_phpunit_runs_the_client_with_http_of_laravel(tmp_path: Path) -> None:
    if shutil.which("phpunit") is None or not (DEBIAN / "Illuminate" / "Http").exists():
        pytest.skip("no phpunit or no Illuminate: apt-get install phpunit php-illuminate-http php-guzzlehttp-guzzle")
    folder = shutil.copytree(ROOT / "examples" / "php" / "phpunit", tmp_path / "phpunit")
    # What composer would write, of Debian's packages.
    (folder / "vendor").mkdir()
    loaded = [DEBIAN / "Illuminate/Http/autoload.php", DEBIAN / "GuzzleHttp/autoload.php"]
    loaded += [folder / "src" / "Redeem.php", folder / "tests" / "Apigames.php"]
    (folder / "vendor" / "autoload.php").write_text("<?php\n" + "".join(f"require '{path}';\n" for path in loaded))
    assert "OK (6 tests, 10 assertions)" in sh("phpunit", folder=folder, PATH=PATH)
