"""Judge recorded requests under every other api-version.

In: cassettes, and a way to validate. Out: rows of cells, one row for each
recorded call, one cell for each api-version, with the status that
`interfaces` fixes: ok, warns, refused, ignored, gone or unknown. It reads
nothing but cassettes and the contract, and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from azml_contract.api_version import sort_key
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.contract import Contract, NoRoute, Route
from azml_contract.contract.model import SourceKind
from azml_contract.exchange import Request
from azml_contract.finding import Finding, Severity
from azml_contract.recording.cassette import Cassette
from azml_contract.validation.codes import CODES, Consequence
from azml_contract.validation.validator import Profile, Validator


class Status(StrEnum):
    """What becomes of a recorded call under another api-version.

    Worst last. ``ignored`` is worse than ``refused``: the call succeeds, and
    does something else. ``unknown`` says that the source of that version
    cannot tell, never that the call breaks.
    """

    OK = "ok"
    UNKNOWN = "unknown"
    WARNS = "warns"
    GONE = "gone"
    REFUSED = "refused"
    IGNORED = "ignored"

    @property
    def breaks(self) -> bool:
        """Whether a call with this status no longer does what it did."""
        return self in (Status.GONE, Status.REFUSED, Status.IGNORED)


@dataclass(frozen=True, slots=True)
class Cell:
    """One call under one api-version."""

    status: Status
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded call; `step` is its index in the cassette."""

    scenario: str
    step: int
    operation: str
    label: str
    recorded: str
    cells: Mapping[str, Cell]

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape of a row."""
        return {
            "scenario": self.scenario,
            "step": self.step,
            "operation": self.operation,
            "recorded": self.recorded,
            "versions": {
                version: {
                    "status": str(cell.status),
                    "findings": [finding.to_json() for finding in cell.findings],
                }
                for version, cell in self.cells.items()
            },
        }


def build_matrix(
    cassettes: Iterable[Cassette], *, versions: Sequence[str] | None = None
) -> list[Row]:
    """Judge every recorded call of the provider under each of `versions`.

    Args:
        cassettes: What was recorded.
        versions: Api-versions in the order of the columns; all known ones
            when None.

    Returns:
        One row for each distinct call of each cassette, in recorded order.
        Calls of other providers and hosts have no row.
    """
    columns = list(versions or known_versions())
    validator = Validator(profile=Profile.SERVICE)
    rows = []
    for cassette in cassettes:
        own = load_contract(cassette.api_version)
        for step, interaction in enumerate(cassette.interactions):
            found = own.find(interaction.request.method, _path(interaction.request))
            if isinstance(found, Route):
                rows.append(
                    _judge_call(
                        cassette, step, interaction.request, found, columns, validator
                    )
                )
    return rows


def newest_unchanged(rows: Iterable[Row]) -> dict[str, str]:
    """For each scenario, the newest version up to which no call breaks.

    Versions are looked at upwards from the recorded one; one that merely
    lacks knowledge does not stop the search, one that breaks does not either
    when a later one is whole again, since versions are not a straight line.
    """
    broken: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row.scenario, set()).update(row.cells)
        bad = {version for version, cell in row.cells.items() if cell.status.breaks}
        broken.setdefault(row.scenario, set()).update(bad)
    return {
        scenario: max(versions - broken[scenario], key=sort_key, default="")
        for scenario, versions in known.items()
    }


def _judge_call(
    cassette: Cassette,
    step: int,
    request: Request,
    route: Route,
    columns: Sequence[str],
    validator: Validator,
) -> Row:
    return Row(
        scenario=cassette.scenario,
        step=step,
        operation=route.operation.id,
        label=label_call(request, route.operation.path),
        recorded=cassette.api_version,
        cells={
            version: judge_under(request, version, validator) for version in columns
        },
    )


def judge_under(request: Request, version: str, validator: Validator) -> Cell:
    """What becomes of one request when only its api-version is rewritten."""
    contract = load_contract(version)
    if isinstance(contract.find(request.method, _path(request)), NoRoute):
        return Cell(_absent(contract))
    findings = validator.check_request(_rewrite(request, version)).findings
    return Cell(_classify(findings), findings)


def _absent(contract: Contract) -> Status:
    return Status.GONE if contract.source is SourceKind.SWAGGER else Status.UNKNOWN


def _classify(findings: Sequence[Finding]) -> Status:
    errors = [f for f in findings if f.severity is Severity.ERROR]
    outcomes = {CODES[finding.code].consequence for finding in errors}
    if Consequence.REFUSED in outcomes:
        return Status.REFUSED
    if outcomes:
        return Status.IGNORED
    if any(finding.severity is Severity.WARNING for finding in findings):
        return Status.WARNS
    return Status.OK


def _rewrite(request: Request, version: str) -> Request:
    url = re.sub(r"(?i)([?&]api-version=)[^&]*", rf"\g<1>{version}", request.url)
    return replace(request, url=url)


def _path(request: Request) -> str:
    return unquote(urlsplit(request.url).path)


def label_call(request: Request, template: str) -> str:
    """A short name of a call: verb, resource type, action, and the job's type.

    For example ``PUT environments``, ``PUT jobs Command`` or ``POST listSecrets``.
    """
    tail = template.partition("/workspaces/{workspaceName}/")[2]
    words = [word for word in tail.split("/") if word and not word.startswith("{")]
    if "{version}" in tail and "versions" in words:
        words.remove("versions")
    if request.method == "POST":
        words = words[-1:]
    kind = re.search(rb'"jobType":\s*"(\w+)"', request.body)
    kinds = [kind[1].decode()] if kind else []
    return " ".join([request.method, *(words or ["workspace"]), *kinds])
