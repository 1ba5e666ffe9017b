"""Render a regression run for CI: JUnit, GitHub annotations, a step summary, SARIF.

In: what was found. Out: text. Breaks that the baseline knows are no failures.

Source: JUnit XML as Jenkins and GitLab read it; GitHub Actions, workflow
commands and job summaries; SARIF 2.1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from azml_contract.finding import Finding
from azml_contract.report.github import annotate, annotate_calls
from azml_contract.report.regressed import Broken, Regressed, Scenario
from azml_contract.report.sarif import make_result

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_ROWS = 500
_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(found: Regressed) -> str:
    """One test case for each call of a scenario; a break is a failure.

    So is each alarm, and what was not judged, in suites of their own.
    """
    suites = [_suite(one) for one in found.scenarios]
    tests = sum(len(one.calls) for one in found.scenarios)
    failed = sum(len(_failed_calls(one)) for one in found.scenarios)
    missed = [_tell_finding(one) for one in found.findings if one.severity == "error"]
    for name, failures in (("api-versions", found.alarms), ("not judged", missed)):
        if failures:
            suites.append(_suite_of_failures(name, failures))
            tests += len(failures)
            failed += len(failures)
    head = f'<testsuites name="azml-contract" tests="{tests}" failures="{failed}">'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]
    return "\n".join(lines)


def _suite_of_failures(suite: str, failures: Sequence[str]) -> str:
    count = len(failures)
    lines = [f'<testsuite name="{suite}" tests="{count}" failures="{count}">']
    for failure in failures:
        name = _attribute(failure.partition(",")[0])
        lines.append(f'<testcase classname="{suite}" name={name}>')
        lines.append(f"<failure message={_attribute(failure)}/></testcase>")
    return "\n".join([*lines, "</testsuite>"])


def _tell_finding(one: Finding) -> str:
    place = f"{one.location.file}:{one.location.line}, " if one.location else ""
    return f"{place}{one.code}: {one.message} {one.cure}".strip()


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("", text))


def _failed_calls(scenario: Scenario) -> dict[str, list[Broken]]:
    failed: dict[str, list[Broken]] = {}
    for one in scenario.broken:
        if not one.known:
            failed.setdefault(one.call, []).append(one)
    return failed


def _suite(scenario: Scenario) -> str:
    failed = _failed_calls(scenario)
    name = _attribute(f"{scenario.name} ({scenario.recorded})")
    counts = f'tests="{len(scenario.calls)}" failures="{len(failed)}"'
    lines = [f"<testsuite name={name} {counts}>"]
    for call in scenario.calls:
        case = f"<testcase classname={_attribute(scenario.name)}"
        case += f" name={_attribute(call)}"
        breaks = failed.get(call)
        if breaks is None:
            lines.append(f"{case}/>")
            continue
        text = escape(_NO_XML.sub("", "\n".join(_tell(one) for one in breaks)))
        what = _attribute(f"{breaks[0].status} {breaks[0].when}")
        lines.append(f"{case}><failure message={what}>{text}</failure>")
        lines.append("</testcase>")
    return "\n".join([*lines, "</testsuite>"])


def _tell(one: Broken) -> str:
    place = one.finding.pointer or f"({one.finding.side})"
    text = f"{one.status} {one.when} {place}: {one.finding.message}"
    return f"{text} {one.finding.cure}" if one.finding.cure else text


def render_github(found: Regressed) -> str:
    """One annotation for each break: an error, or a notice where it is known.

    GitHub shows few annotations of a step, so recordings that fare alike share
    one.
    """
    lines = [_annotate(b, one) for one in found.scenarios for b in one.broken]
    lines += [f"::error title=azml-contract::{_data(alarm)}" for alarm in found.alarms]
    lines += [annotate(finding, "") for finding in found.findings]
    return "\n".join([*lines, annotate_calls(found.seen)])


def _annotate(one: Broken, scenario: Scenario) -> str:
    level = "notice" if one.known else "error"
    where = f"file={_property(one.file)}," if one.file else ""
    title = _property(f"{one.call} {one.status} {one.when}")
    more = len(scenario.others)
    text = f"{_tell(one)} ({more} more of the same.)" if more else _tell(one)
    return f"::{level} {where}title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_step_summary(found: Regressed) -> str:
    """Markdown for the summary page of a job: a table, then what breaks.

    GitHub refuses a summary of more than 1 MiB, so long tables are cut.
    """
    rows = [_summarise_scenario(one) for one in found.scenarios]
    lines = [
        "### Api-versions",
        "",
        "| scenario | recorded | newest unchanged | breaks |",
        "|---|---|---|---|",
        *_cut(rows),
    ]
    new = [one for one in found.broken if not one.known]
    if new:
        lines += ["", "| call | breaks | where | why |", "|---|---|---|---|"]
        lines += _cut([_summarise(one) for one in new])
    lines += ["", f"{_cell(found.seen.describe())}."]
    loud = (*found.alarms, *map(_tell_finding, found.findings))
    return "\n".join([*lines, *(f"\n**{_cell(one)}**" for one in loud), ""])


def _cut(rows: Sequence[str]) -> list[str]:
    left = len(rows) - _MOST_ROWS
    more = [f"| ... and {left} more | | | |"] if left > 0 else []
    return [*rows[:_MOST_ROWS], *more]


def _summarise_scenario(one: Scenario) -> str:
    more = f" and {len(one.others)} more" if one.others else ""
    newest = one.newest or "none"
    name = f"{_cell(one.name)}{more}"
    return f"| {name} | {one.recorded} | {newest} | {len(one.broken)} |"


def _summarise(one: Broken) -> str:
    place = _cell(one.finding.pointer or one.finding.side)
    why = _cell(one.finding.message)
    return f"| {_cell(one.call)} | {one.status} {one.when} | `{place}` | {why} |"


def _cell(text: str) -> str:
    return escape(" ".join(text.split())).replace("|", "\\|")


def render_sarif(found: Regressed, titles: Mapping[str, str]) -> str:
    """One run with a result for each break.

    Args:
        found: What was found.
        titles: A short title for each finding code.
    """
    missed = found.findings
    codes = sorted({one.code for one in (*missed, *(b.finding for b in found.broken))})
    rules = [
        {"id": code, "shortDescription": {"text": titles.get(code, code)}}
        for code in codes
    ]
    driver = {"name": "azml-contract", "rules": rules}
    run = {
        "tool": {"driver": driver},
        "results": [
            *(make_result("", one) for one in missed),
            *map(_result, found.broken),
        ],
        "properties": {"calls": found.seen.to_json()},
    }
    shape = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(shape, indent=2, ensure_ascii=False)


def _result(one: Broken) -> dict[str, Any]:
    artifact = {"uri": quote((one.file or one.scenario).replace("\\", "/"))}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact}}
    if one.finding.pointer:
        member = {"fullyQualifiedName": one.finding.pointer, "kind": "member"}
        location["logicalLocations"] = [member]
    return {
        "ruleId": one.finding.code,
        "level": "error",
        "message": {"text": f"{one.call}: {_tell(one)}"},
        "locations": [location],
        "baselineState": "unchanged" if one.known else "new",
        "properties": {
            "scenario": one.scenario,
            "operation": one.finding.operation,
            "recorded": one.recorded,
            "since": one.since,
            "versions": list(one.versions),
            "side": str(one.finding.side),
        },
    }
