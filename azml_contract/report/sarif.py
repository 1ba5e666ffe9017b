"""Render findings as SARIF, for code scanning.

In: what was checked, and the titles of the codes. Out: text.

Source: SARIF 2.1.0, OASIS standard.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from azml_contract.finding import Act, Finding, Severity
from azml_contract.remote_path import url_of
from azml_contract.report.checked import Checked
from azml_contract.seen import Calls, add_up

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means: a title, an explanation and what to do."""

    title: str
    meaning: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """The program that found something: its version, and its rules by code."""

    version: str
    rules: Mapping[str, Rule]


def render_sarif(checked: Sequence[Checked], tool: Tool) -> str:
    """One run with a result for each finding, and the fixes that are text."""
    results = [
        make_result(one.name, finding) | _make_fixes(one.name, finding)
        for one in checked
        for finding in one.findings
    ]
    return render_run(tool, results, add_up(one.calls for one in checked))


def render_run(tool: Tool, results: Iterable[dict[str, Any]], calls: Calls) -> str:
    """A log of one run; results get the index of their rule and a fingerprint."""
    results = list(results)
    codes = sorted({result["ruleId"] for result in results})
    places = {code: index for index, code in enumerate(codes)}
    seen: Counter[str] = Counter()
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
        print_of = _take_print(result)
        seen[print_of] += 1
        result["partialFingerprints"] = {
            "azmlContract/v1": f"{print_of}:{seen[print_of]}"
        }
    driver = {
        "name": "azml-contract",
        "version": tool.version,
        "semanticVersion": tool.version,
        "rules": [_describe(code, tool.rules.get(code, Rule(code))) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The working folder."}}},
        "results": results,
        "properties": {"calls": calls.to_json()},
    }
    shape = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(shape, indent=2, ensure_ascii=False)


def _describe(code: str, rule: Rule) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": _end(rule.title)},
    }
    if rule.meaning:
        told = f"{rule.meaning} {rule.cure}".strip()
        shape["fullDescription"] = {"text": rule.meaning}
        shape["help"] = {"text": told, "markdown": told}
    return shape


def _end(text: str) -> str:
    """A title as a sentence."""
    return f"{text[:1].upper()}{text[1:]}." if text else text


def _take_print(result: Mapping[str, Any]) -> str:
    """What stays the same of a result when lines above it change."""
    (place,) = result["locations"]
    parts = (
        result["ruleId"],
        place["physicalLocation"]["artifactLocation"]["uri"],
        place.get("logicalLocations", ""),
        result["message"]["text"],
    )
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def locate(file: str, line: int = 1, column: int = 1) -> dict[str, Any]:
    """A place in a file; one below the working folder is told from there."""
    path = file.replace("\\", "/")
    url = url_of(path)
    below = not path.startswith("/") and ":" not in path and ".." not in path.split("/")
    artifact = {"uri": quote(path)}
    if url:
        artifact["uri"] = quote(url, safe="/:@%")
    elif below:
        artifact["uriBaseId"] = _ROOT
    elif path.startswith("/"):
        artifact["uri"] = f"file://{quote(path)}"
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _make_fixes(name: str, finding: Finding) -> dict[str, Any]:
    """The member ``fixes`` of a result; nothing where none is a piece of text."""
    fix = finding.fix
    if fix is None or any(edit.act is not Act.TEXT for edit in fix.edits):
        return {}
    told = finding.cure or finding.message
    return make_fix(told, {name: [edit.value for edit in fix.edits]})


def make_fix(
    told: str, changes: Mapping[str, Iterable[tuple[int, int, str, str]]]
) -> dict[str, Any]:
    """The member ``fixes`` with one fix.

    Args:
        told: What it does, in words.
        changes: By file: line and column from 1, what stands there, what is to.
    """
    made = [
        {
            "artifactLocation": locate(file)["physicalLocation"]["artifactLocation"],
            "replacements": [_replace(*piece) for piece in pieces],
        }
        for file, pieces in changes.items()
    ]
    return {"fixes": [{"description": {"text": told}, "artifactChanges": made}]}


def _replace(line: int, column: int, old: str, new: str) -> dict[str, Any]:
    *before, last = old.split("\n")
    region = {
        "startLine": line,
        "startColumn": column,
        "endLine": line + len(before),
        "endColumn": len(last) + (1 if before else column),
    }
    return {"deletedRegion": region, "insertedContent": {"text": new}}


def make_result(name: str, finding: Finding) -> dict[str, Any]:
    """One finding; `name` is its file where it does not tell one."""
    place = finding.location
    file = place.file if place is not None and place.file else name
    line, column = (place.line, place.column) if place is not None else (1, 1)
    text = f"{finding.message} {finding.cure}".strip()
    location = locate(file, line, column)
    if finding.pointer:
        name_of = {"fullyQualifiedName": finding.pointer, "kind": "member"}
        location["logicalLocations"] = [name_of]
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [location],
        "properties": {
            "operation": finding.operation,
            "apiVersion": finding.api_version,
            "side": str(finding.side),
            "evidence": str(finding.evidence),
        },
    }
