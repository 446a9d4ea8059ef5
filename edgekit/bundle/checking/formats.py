"""A check's report in the forms that CI services read."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from edgekit.bundle.checking.finding import CheckReport, Finding
from edgekit.files import sarif as sarif_file

_MOST_SUMMARY_BYTES = 60_000  # a comment on a pull request takes 64 kB
_SARIF_LEVELS = {"failed": "error", "warning": "warning"}


def junit(report: CheckReport) -> str:
    """Return JUnit XML, a test case for each finding."""
    levels = [each.level for each in report.findings]
    suite = ET.Element(
        "testsuite",
        name=f"edgekit check {report.bundle}",
        tests=str(len(levels)),
        failures=str(levels.count("failed")),
        skipped=str(levels.count("skipped")),
        errors="0",
    )
    for each in report.findings:
        case = ET.SubElement(suite, "testcase", classname=each.code, name=each.subject)
        if each.level == "failed":
            ET.SubElement(case, "failure", message=each.message)
        elif each.level == "skipped":
            ET.SubElement(case, "skipped", message=each.message)
        else:
            ET.SubElement(case, "system-out").text = f"{each.level}: {each.message}"
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def sarif(report: CheckReport) -> str:
    """Return SARIF 2.1.0 with what failed and what is doubtful."""
    shown = [each for each in report.findings if each.level in _SARIF_LEVELS]
    rules = [{"id": code} for code in dict.fromkeys(each.code for each in shown)]
    return sarif_file.document(rules, [_result(each) for each in shown])


def _result(finding: Finding) -> dict[str, object]:
    location = {"physicalLocation": {"artifactLocation": {"uri": finding.subject}}}
    return {
        "ruleId": finding.code,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": finding.message},
        "locations": [location],
    }


def markdown(report: CheckReport) -> str:
    """Return a summary for a pull request, below the size that a comment takes."""
    verdict = "failed" if report.failed else "passed"
    beside = f" beside `{report.baseline}`" if report.baseline else ""
    lines = [
        f"### edgekit check {verdict}: `{report.bundle}`{beside}",
        "",
        "| | check | file | found |",
        "|---|---|---|---|",
    ]
    order = ("failed", "warning", "passed", "skipped")
    rows = sorted(report.findings, key=lambda each: order.index(each.level))
    used = sum(len(line.encode()) + 1 for line in lines)
    for number, each in enumerate(rows):
        message = each.message.replace("|", "\\|")
        row = f"| {each.level} | {each.code} | `{each.subject}` | {message} |"
        used += len(row.encode()) + 1
        if used > _MOST_SUMMARY_BYTES:
            lines += ["", f"{len(rows) - number} more findings are not shown."]
            break
        lines.append(row)
    return "\n".join(lines) + "\n"
