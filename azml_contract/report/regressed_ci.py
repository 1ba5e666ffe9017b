"""Render a regression run for CI: JUnit, GitHub annotations, a step summary, SARIF.

In: what was found. Out: text. Breaks that the baseline knows are no failures.

Source: JUnit XML as Jenkins and GitLab read it; GitHub Actions, workflow
commands and job summaries; SARIF 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from azml_contract.finding import Finding
from azml_contract.report.causes import (
    Cause,
    count_known,
    find_causes,
    key_of,
    say_where,
)
from azml_contract.report.github import annotate, annotate_calls, escape_property, fit
from azml_contract.report.github import escape as escape_data
from azml_contract.report.junit import Suite, attribute, clean, render_suites
from azml_contract.report.markdown import cell
from azml_contract.report.regressed import Broken, Regressed, Scenario
from azml_contract.report.sarif import Tool, locate, make_fix, make_result, render_run

_MOST_ROWS = 500


def render_junit(found: Regressed) -> str:
    """One failure for each cause, and a case for each recording.

    A recording that breaks is skipped there, and says by how many causes: it is no
    failure of its own, and it did not pass. Alarms, and what was not judged, fail in
    suites of their own. Names are unique.
    """
    causes = [one for one in find_causes(found) if not one.known]
    missed = [_tell_finding(one) for one in found.findings if one.severity == "error"]
    suites = [
        Suite("what breaks", [(one.title, _fail_cause(one, found)) for one in causes]),
        Suite("recordings", list(_tell_recordings(found))),
        Suite("api-versions", [_fail(one) for one in found.alarms]),
        Suite("not judged", [_fail(one) for one in missed]),
    ]
    return render_suites([suite for suite in suites if suite.cases])


def _fail(text: str) -> tuple[str, str]:
    name = text.partition(",")[0]
    return name, f"<failure message={attribute(text)}/>"


def _fail_cause(one: Cause, found: Regressed) -> str:
    told = f"{one.finding.message} {one.finding.cure}".strip()
    text = escape(clean(f"{told}\n{say_where(one, found)}"))
    return f"<failure message={attribute(f'{one.status} {one.when}')}>{text}</failure>"


def _tell_recordings(found: Regressed) -> Iterator[tuple[str, str]]:
    for one in found.scenarios:
        new = {key_of(broken) for broken in one.broken if not broken.known}
        why = "1 cause" if len(new) == 1 else f"{len(new)} causes"
        skipped = f'<skipped message="breaks by {why}"/>' if new else ""
        for name in (one.name, *one.others):
            yield f"{name} ({one.recorded})", skipped


def _tell_finding(one: Finding) -> str:
    place = f"{one.location.file}:{one.location.line}, " if one.location else ""
    return f"{place}{one.code}: {one.message} {one.cure}".strip()


def _tell(one: Broken) -> str:
    place = one.finding.pointer or f"({one.finding.side})"
    text = f"{one.status} {one.when} {place}: {one.finding.message}"
    return f"{text} {one.finding.cure}" if one.finding.cure else text


def render_github(found: Regressed) -> str:
    """One annotation for each cause, the worst first, and one for all that is known."""
    causes = find_causes(found)
    lines = [_annotate(one, found) for one in causes if not one.known]
    lines += [
        f"::error title=azml-contract::{escape_data(alarm)}" for alarm in found.alarms
    ]
    lines += [annotate(finding, "") for finding in found.findings]
    known = count_known(causes)
    lines += [f"::notice title=azml-contract::{escape_data(known)}"] if known else []
    return "\n".join(fit([*lines, annotate_calls(found.seen)]))


def _annotate(one: Cause, found: Regressed) -> str:
    where = ""
    if one.file:
        file, line = found.locate(one.file, one.step)
        where = f"file={escape_property(file)},line={line},"
    told = f"{one.finding.message} {one.finding.cure}".strip()
    text = f"{told}\n{one.count}"
    return f"::error {where}title={escape_property(one.title)}::{escape_data(text)}"


def render_step_summary(found: Regressed) -> str:
    """Markdown for the summary page of a job: a table, then what breaks.

    GitHub refuses a summary of more than 1 MiB, so long tables are cut.
    """
    rows = [_summarise_scenario(one) for one in found.scenarios]
    lines = [
        "### Api-versions",
        "",
        *_tell_causes(find_causes(found)),
        "| scenario | recorded | newest unchanged | breaks |",
        "|---|---|---|---|",
        *_cut(rows),
    ]
    lines += ["", f"{cell(found.seen.describe())}."]
    loud = (*found.alarms, *map(_tell_finding, found.findings))
    return "\n".join([*lines, *(f"\n**{cell(one)}**" for one in loud), ""])


def _tell_causes(causes: Sequence[Cause]) -> list[str]:
    """What breaks, the worst first; one line for what the baseline knows."""
    new = [one for one in causes if not one.known]
    lines = ["| breaks | calls | why |", "|---|---|---|"] if new else []
    lines += _cut([_summarise(one) for one in new])
    known = count_known(causes)
    return [*lines, *([""] if new else []), *([known, ""] if known else [])]


def _cut(rows: Sequence[str]) -> list[str]:
    left = len(rows) - _MOST_ROWS
    more = [f"| ... and {left} more | | | |"] if left > 0 else []
    return [*rows[:_MOST_ROWS], *more]


def _summarise_scenario(one: Scenario) -> str:
    more = f" and {len(one.others)} more" if one.others else ""
    newest = one.newest or "none"
    name = f"{cell(one.name)}{more}"
    return f"| {name} | {one.recorded} | {newest} | {len(one.broken)} |"


def _summarise(one: Cause) -> str:
    why = f"{one.finding.message} {one.finding.cure}".strip()
    return f"| {cell(one.title)} | {cell(one.count)} | {cell(why)} |"


def render_sarif(found: Regressed, tool: Tool) -> str:
    """One run with a result for each break."""
    missed = (make_result("", one) for one in found.findings)
    told = (_result(one, found) for one in found.broken)
    return render_run(tool, [*missed, *told], found.seen)


def _result(one: Broken, found: Regressed) -> dict[str, Any]:
    place = found.locate(one.file, one.step) if one.file else (one.scenario, 1)
    location = locate(*place)
    if one.finding.pointer:
        member = {"fullyQualifiedName": one.finding.pointer, "kind": "member"}
        location["logicalLocations"] = [member]
    fix = found.fixes.get(one.file) if one.lasts else None
    fixes = make_fix(fix.told, fix.changes) if fix is not None else {}
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
        **fixes,
    }
