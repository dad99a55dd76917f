"""The site: `docs/`, the reference of the public names, and the files that pages link to, put into `build/docs`.

`make site` runs this, then MkDocs (`mkdocs.yml`).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import mockserver

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
STAGED = ROOT / "build" / "docs"
# A link out of docs/, as it stands in a page.
_OUTSIDE = re.compile(r"\[([^]\n]+)\]\(\.\./([^)#\n]+)\)")
# The link to a page's twin: on the site the theme has one.
_TWIN = re.compile(r"^\[(?:English|Bahasa Indonesia)\]\(.*\)\n\n", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_GROUPS = {
    "In tests": "serve FakeServer FakeMerchant FakeProject Received UndocumentedCall EscapedCall",
    "A server and its admin side": "Server ServerError AdminClient AdminProblem",
    "The fake without a socket": "create_app Provider Readings ReadingsError SystemClock MovableClock",
    "Worlds": "built_in_world world_from_document World Merchant Project Voucher VoucherStatus Plan WorldError",
    "What was sent": "Entry MatcherError sign",
    "Survive": "survive SurviveReport",
}


def stage(folder: Path = STAGED) -> None:
    """Write everything that MkDocs reads into the folder, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    (folder / "reference.md").write_text(reference(), encoding="utf-8")
    for page in folder.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for _, path in _OUTSIDE.findall(text):
            if (ROOT / path).is_file():
                copy = folder / _copied(path)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, copy)
        page.write_text(_for_site(text), encoding="utf-8")
    _share_anchors(folder)


def reference() -> str:
    """Return the page of the public names: all of them, each once.

    Raises:
        ValueError: a public name is in no group, or a name in a group is not public.
    """
    grouped = [name for names in _GROUPS.values() for name in names.split()]
    if sorted(grouped) != sorted(mockserver.__all__):
        raise ValueError(
            f"expected each public name in one group of {__name__}: {set(grouped) ^ {*mockserver.__all__}}"
        )
    parts = [
        f"## {title}\n\n" + "".join(f"::: mockserver.{name}\n\n" for name in names.split())
        for title, names in _GROUPS.items()
    ]
    return "# Python reference\n\nWhat `mockserver` exports. Anything else may change.\n\n" + "".join(parts)


def _copied(path: str) -> str:
    # Without a dot but the last: `.py` before it would be taken for a language.
    return f"files/{path.replace('.', '_')}.txt"


def _share_anchors(folder: Path) -> None:
    """Give the headings of a page in Indonesian the anchors of its English twin's: pages link to both by one name."""
    renamed: dict[str, str] = {}
    for twin in sorted(folder.glob("*.id.md")):
        english = _HEADING.findall(twin.with_name(twin.name.replace(".id.md", ".md")).read_text(encoding="utf-8"))
        text = twin.read_text(encoding="utf-8")
        for (mark, heading), (_, name) in zip(_HEADING.findall(text), english, strict=True):
            if heading == name:
                continue  # as a comment in a snippet
            text = text.replace(f"{mark} {heading}\n", f"{mark} {heading} {{ #{_slug(name)} }}\n", 1)
            renamed[f"{twin.name.replace('.id.md', '.md')}#{_slug(heading)}"] = _slug(name)
        twin.write_text(text, encoding="utf-8")
    for twin in folder.glob("*.id.md"):
        text = twin.read_text(encoding="utf-8")
        for link, anchor in renamed.items():
            text = text.replace(f"]({link})", f"]({link.partition('#')[0]}#{anchor})")
        twin.write_text(text, encoding="utf-8")


def _slug(heading: str) -> str:
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _for_site(text: str) -> str:
    def led(found: re.Match[str]) -> str:
        shown, path = found.groups()
        # A folder has no page: its name stays as text.
        return f"[{shown}]({_copied(path)})" if (ROOT / path).is_file() else shown

    return _OUTSIDE.sub(led, _TWIN.sub("", text)).replace(".id.md", ".md")


if __name__ == "__main__":
    stage()
