"""Reports for programs: JUnit XML, and the annotations and step summary of GitHub Actions."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from mockserver.contract.foreign_text import github_command, harmless_lines, markdown_text


def junit_xml(result: dict[str, Any]) -> str:
    """Return the result as JUnit XML: one case for each law, a violation as its failure."""
    laws = result["laws"]
    counts = {
        "tests": len(laws),
        "failures": sum(law["outcome"] == "broken" for law in laws),
        "errors": 0,
        "skipped": sum(law["outcome"] in {"not seen", "not judged"} for law in laws),
        "time": result["seconds"],
    }
    suite = ET.Element(
        "testsuite", {"name": "apigames-mock verify", **{key: str(value) for key, value in counts.items()}}
    )
    for law in laws:
        case = ET.SubElement(suite, "testcase", {"name": law["law"], "classname": " ".join(law["clauses"])})
        if law["outcome"] == "broken":
            found = [item for item in result["violations"] if law["law"] in item["laws"]]
            failure = ET.SubElement(case, "failure", {"message": harmless_lines(found[0]["expected"] if found else "")})
            failure.text = harmless_lines("\n\n".join(map(_in_words, found)))
        elif law["outcome"] != "holds":
            ET.SubElement(case, "skipped", {"message": harmless_lines(f"{law['outcome']}: {law['reason']}")})
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode()


def github_annotations(result: dict[str, Any]) -> Iterator[str]:
    """Yield a GitHub Actions error command for each violation."""
    for item in result["violations"]:
        yield github_command("error", _in_words(item), title=item["clause"])
    if result["exit_status"] == 3:
        yield github_command("warning", result["reason"] or "", title="not judged")


def step_summary(result: dict[str, Any]) -> str:
    """Return the Markdown of a GitHub Actions step summary."""
    lines = [f"### apigames-mock verify: {result['verdict']}", ""]
    if result["reason"]:
        lines += [markdown_text(result["reason"]), ""]
    if result["violations"]:
        lines += ["| clause | expected | got |", "|---|---|---|"]
        lines += [
            f"| {' '.join(item['clauses'])} | {markdown_text(item['expected'])} | {markdown_text(item['got'][:300])} |"
            for item in result["violations"]
        ]
        lines.append("")
    lines += [f"{result['summary']}; {result['calls']} calls in {result['seconds']:g} s.", ""]
    return "\n".join(lines)


def _in_words(item: dict[str, Any]) -> str:
    clauses = ", ".join(item["clauses"])
    return f"{clauses}: expected {item['expected']}; got {item['got']}\n{item['curl']}"
