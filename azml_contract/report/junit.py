"""Render cases and failures as JUnit XML.

In: suites of named cases, or what was checked. Out: text.

Source: JUnit XML as Jenkins, GitLab and junitparser read it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from azml_contract.finding import Finding, Severity
from azml_contract.report.checked import Checked

_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases by name, each with what stands in it: a failure, or nothing."""

    name: str
    cases: Sequence[tuple[str, str]]


def render_suites(suites: Sequence[Suite]) -> str:
    """The whole file; of cases with one name the second is ``NAME #2``."""
    cases = [inner for suite in suites for _, inner in suite.cases]
    failed = sum("<failure" in inner for inner in cases)
    head = f'<testsuites name="azml-contract" tests="{len(cases)}" failures="{failed}">'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    for suite in suites:
        lines += _write(suite)
    return "\n".join([*lines, "</testsuites>"])


def _write(suite: Suite) -> Iterator[str]:
    inner = [inside for _, inside in suite.cases]
    failed = sum("<failure" in one for one in inner)
    skipped = sum("<skipped" in one for one in inner)
    yield (
        f'<testsuite name={attribute(suite.name)} tests="{len(inner)}" '
        f'failures="{failed}" skipped="{skipped}">'
    )
    seen: Counter[str] = Counter()
    for name, inside in suite.cases:
        seen[name] += 1
        full = name if seen[name] == 1 else f"{name} #{seen[name]}"
        case = f"<testcase classname={attribute(suite.name)} name={attribute(full)}"
        yield f"{case}>{inside}</testcase>" if inside else f"{case}/>"
    yield "</testsuite>"


def render_junit(checked: Sequence[Checked]) -> str:
    """A suite for each input: a failure for each cause, or one case that passed."""
    return render_suites([Suite(one.name, list(_tell(one))) for one in checked])


def _tell(one: Checked) -> Iterator[tuple[str, str]]:
    causes: dict[tuple[str, str], list[Finding]] = {}
    for finding in one.findings:
        if finding.severity is Severity.ERROR:
            causes.setdefault((finding.code, finding.message), []).append(finding)
    for (code, message), found in causes.items():
        places = ", ".join(map(_place, found))
        text = escape(clean(f"{message} {found[0].cure}\n{places}"))
        inner = f"<failure message={attribute(message)}>{text}</failure>"
        yield f"{code} {found[0].pointer or _place(found[0])}", inner
    if not causes:
        yield one.calls.describe(), ""


def _place(finding: Finding) -> str:
    spot = finding.location
    return f"{spot.file}:{spot.line}:{spot.column}" if spot else finding.pointer


def attribute(text: str) -> str:
    """A text as the value of an attribute, in quotes."""
    return quoteattr(clean(text))


def clean(text: str) -> str:
    """A text without the characters that XML does not have."""
    return _NO_XML.sub("", text)
