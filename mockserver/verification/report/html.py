"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from typing import Any

from mockserver.contract.foreign_text import html_text
from mockserver.verification.report.result import was_judged
from mockserver.verification.report.wording import some_of

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--bad:#c62828;--good:#2e7d32;--open:#b26a00;--soft:#8881}
@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#81c784;--open:#ffb74d}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.4rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2.5rem 0 .75rem}
.verdict{border-left:.4rem solid;padding:.75rem 1rem;margin:1rem 0;font-size:1.15rem;background:var(--soft)}
.exit-0{border-color:var(--good)}.exit-1{border-color:var(--bad)}.exit-3,.exit-130{border-color:var(--open)}
.facts{opacity:.8;margin:0}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
td.name{white-space:nowrap;font-weight:600}.holds{color:var(--good)}.broken{color:var(--bad);font-weight:700}
.open{color:var(--open)}
article{border:1px solid var(--line);border-left:.4rem solid var(--bad);padding:.75rem 1rem;margin:1rem 0}
article h3{margin:0 0 .5rem;font-size:1rem}dl{display:grid;grid-template-columns:6rem 1fr;gap:.25rem .75rem;margin:0}
dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);
padding:.6rem;margin:.5rem 0 0;font-size:.85rem}summary{cursor:pointer;margin-top:.5rem}
@media (max-width:36rem){dl{grid-template-columns:1fr}}
"""


def html_report(result: dict[str, Any]) -> str:
    """Return the page of a result document."""
    reason = f"<br>{html_text(result['reason'])}" if result["reason"] else ""
    findings = _findings(result) if was_judged(result) else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html_text(result["verdict"])}: {html_text(result["host"])}</title><style>{_STYLE}</style></head><body>
<h1>apigames-mock verify</h1>
<p class="facts">{html_text(result["target"])}, project {html_text(result["project_id"])}, {html_text(result["date"])},
{result["calls"]} calls in {result["seconds"]:g} s, seed {result["seed"]}</p>
<p class="verdict exit-{result["exit_status"]}"><strong>{html_text(result["verdict"].capitalize())}</strong>{reason}</p>
{findings}<p class="facts">No signature, secret key or session key is in this file.</p>
</body></html>
"""


def _findings(result: dict[str, Any]) -> str:
    drift = (
        f"<p>Added fields, not documented (no failure): {html_text(', '.join(result['drift']))}</p>"
        if result["drift"]
        else ""
    )
    violations = "".join(map(_violation, result["violations"]))
    if violations:
        violations = f"<h2>Violations ({len(result['violations'])}), the worst first</h2>{violations}"
    return f"""<p>{html_text(result["summary"])}.</p>
<h2>By clause</h2><div class="scroll"><table><thead>
<tr><th>Clause</th><th>What it says</th><th>Outcome</th></tr></thead>
<tbody>{"".join(map(_clause, result["clauses"]))}</tbody></table></div>
{violations}
<h2>Readings observed</h2><p>What the page leaves open, and what this target was seen to do.</p>
<div class="scroll"><table><thead><tr><th>Reading</th><th>Observed</th><th>Question</th></tr></thead>
<tbody>{"".join(map(_reading, result["readings"]))}</tbody></table></div>{drift}
"""


def _violation(item: dict[str, Any]) -> str:
    rows = [
        ("expected", item["expected"]),
        ("got", item["got"]),
        ("where", some_of(item["places"]) if len(item["places"]) > 1 else item["where"]),
        ("cases", some_of(item["cases"]) if len(item["cases"]) > 1 else ""),
        ("found by", some_of(item["laws"])),
    ]
    if item["times"] > 1:
        rows.append(("times", str(item["times"])))
    if item["formula"] != "right":
        rows.append(("signature", f"made as: {item['formula']}"))
    shown = "".join(f"<dt>{name}</dt><dd>{html_text(text)}</dd>" for name, text in rows if text)
    reply = f"<pre>HTTP {item['http_status']}\n{html_text(item['reply'])}</pre>" if item["reply"] else ""
    curl = f"<pre>{html_text(item['curl'])}</pre>" if item["curl"] else ""
    details = f"<details><summary>The smallest reply, and how to repeat the call</summary>{reply}{curl}</details>"
    heading = html_text(", ".join(item["clauses"]))
    return f"<article><h3>{heading}</h3><dl>{shown}</dl>{details if reply or curl else ''}</article>"


def _clause(item: dict[str, Any]) -> str:
    style = item["outcome"] if item["outcome"] in {"holds", "broken"} else "open"
    reason = f"<br><small>{html_text(item['reason'])}</small>" if item["reason"] and style == "open" else ""
    return (
        f'<tr><td class="name">{item["clause"]}</td><td>{html_text(item["text"])}</td>'
        f'<td class="{style}">{item["outcome"]}{reason}</td></tr>'
    )


def _reading(item: dict[str, Any]) -> str:
    if item["value"]:
        shown = f"<code>{html_text(item['value'])}</code>"
    elif item["left"] and item["evidence"]:
        shown = f'<span class="open">not settled: {html_text(" or ".join(item["left"]))}</span>'
    else:
        shown = '<span class="open">not seen</span>'
    evidence = f"<br><small>{html_text(item['evidence'])}</small>" if item["evidence"] else ""
    return (
        f'<tr><td class="name">{item["key"]}</td><td>{shown}</td><td>{html_text(item["question"])}{evidence}</td></tr>'
    )
