"""The report of `survive` as JUnit XML, as CI systems read it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from mockserver.contract.foreign_text import harmless_lines

if TYPE_CHECKING:
    from mockserver.testing.survive.report import SurviveReport

_NOT_JUDGED = "it ended without a crash, and printed no JSON, so what it saw is not known"


def junit(report: SurviveReport) -> str:
    """Return the report as one test suite, a case for each scenario; what was not judged is skipped."""
    suite = Element(
        "testsuite",
        name="apigames-mock survive",
        tests=str(len(report.verdicts)),
        failures=str(len(report.failed)),
        skipped=str(len(report.not_judged)),
        errors="0",
        time=f"{report.took:.3f}",
    )
    for verdict in report.verdicts:
        played = verdict.played
        case = SubElement(
            suite, "testcase", classname="survive", name=verdict.scenario.name, time=f"{played.run.took:.3f}"
        )
        if verdict.result == "failed":
            message = harmless_lines("; ".join(problem.text for problem in played.judgement.problems))
            failure = SubElement(case, "failure", message=message)
            failure.text = "\n".join(text for text, _ in report.failure_lines(verdict))
        elif verdict.result == "not judged":
            SubElement(case, "skipped", message=_NOT_JUDGED)
    suites = Element("testsuites")
    suites.append(suite)
    text: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return text.decode() + "\n"
