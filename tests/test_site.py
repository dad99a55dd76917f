"""The site is made of all pages in both languages and of all public names, and loads nothing from elsewhere."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import mockserver
from tests.support.chromium import browser
from tests.support.environments import ROOT, fresh, sh
from tools.site import reference, stage


def test_the_navigation_has_every_page() -> None:
    configuration = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = list[str]()
    for part in configuration["nav"]:
        listed += [part] if isinstance(part, str) else next(iter(part.values()))
    pages = {path.name for path in (ROOT / "docs").glob("*.md") if not path.name.endswith(".id.md")}
    assert sorted(listed) == sorted([*pages, "reference.md"])
    sections = [*(name for part in configuration["nav"] if isinstance(part, dict) for name in part)]
    i18n = next(plugin["i18n"] for plugin in configuration["plugins"] if isinstance(plugin, dict) and "i18n" in plugin)
    assert sorted(i18n["languages"][1]["nav_translations"]) == sorted(sections)


def test_links_of_staged_pages_stay_in_the_site(tmp_path: Path) -> None:
    stage(tmp_path / "docs")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "docs").glob("*.md")}
    assert not [name for name, text in pages.items() if "](../" in text or ".id.md)" in text]
    assert "## Kesalahan terburuk { #the-worst-mistake }" in pages["submit.id.md"]
    assert "(other-languages.md#from-pytest-for-a-client-in-another-process)" in pages["submit.id.md"]
    assert (tmp_path / "docs" / "files" / "schemas" / "survive_json.txt").exists()


def test_the_reference_has_every_public_name() -> None:
    listed = [line.partition("mockserver.")[2] for line in reference().splitlines() if line.startswith(":::")]
    assert sorted(listed) == sorted(mockserver.__all__)


@pytest.mark.matrix
def test_it_is_built_strictly_and_read_without_a_network(tmp_path: Path) -> None:
    python = fresh(tmp_path, sys.executable, "--group", ROOT / "pyproject.toml:site")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "mockserver").symlink_to(ROOT / "mockserver")
    stage(tmp_path / "build" / "docs")
    sh(python.parent / "mkdocs", "build", "--quiet", folder=tmp_path, NO_MKDOCS_2_WARNING="1")
    built = tmp_path / "site"
    found = json.loads((built / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    assert {"submit/#the-worst-mistake", "id/submit/#the-worst-mistake"} <= {one["location"] for one in found}
    text = (built / "reference" / "index.html").read_text(encoding="utf-8")
    assert all(f'id="mockserver.{name}"' in text for name in mockserver.__all__)
    assert '<html lang="id"' in (built / "id" / "submit" / "index.html").read_text(encoding="utf-8")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, browser() as chromium:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = chromium.new_page()
        asked = set[str]()
        page.on("request", lambda request: asked.add(urlsplit(request.url).hostname or "none"))
        page.goto(f"http://127.0.0.1:{server.server_port}/id/submit/?q=dua+kali")
        page.locator(".md-search-result__link").first.wait_for()
        page.goto(f"http://127.0.0.1:{server.server_port}/reference/")
        server.shutdown()
        assert asked <= {"127.0.0.1", "none"}
