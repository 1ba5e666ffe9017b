"""Make a cassette of one api-version play for another, where that is proven.

In: a cassette, and an api-version. Out: the same cassette with the version
rewritten in its URLs, or an error that names what changed. Proven means that
the contract of the other version takes every recorded request, and still has
every field of the answers that the scenario read, with the same type and value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.finding import Finding
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import Row

_PROVIDER = "/providers/microsoft.machinelearningservices/"
_SHOWN = 8


class NotTransferable(CassetteError):
    """A cassette cannot stand in for one of another api-version.

    Args:
        cassette: The recorded one.
        file: Where it lies.
        version: What it should play for.
        changes: One line for each change, with its place.
        record_command: What records `version`.
    """

    def __init__(
        self,
        cassette: Cassette,
        file: Path,
        version: str,
        changes: tuple[str, ...],
        record_command: str,
    ) -> None:
        shown = "".join(f"\n  {change}" for change in changes[:_SHOWN])
        left = len(changes) - _SHOWN
        more = f"\n  ... and {left} more" if left > 0 else ""
        super().__init__(
            f"The cassette of {cassette.scenario} at {cassette.api_version} does not "
            f"play for {version}:{shown}{more}\n"
            f"The edits: azml-contract upgrade {file} --to {version}\n"
            f"When the scenario sends them: {record_command}"
        )
        self.changes = changes


def transfer(
    cassette: Cassette, file: Path, version: str, *, record_command: str
) -> Cassette:
    """The cassette as one of `version`.

    Args:
        cassette: As recorded.
        file: Where it lies, for messages.
        version: The other api-version.
        record_command: What a reader should run to record `version`.

    Raises:
        NotTransferable: Something changed, or the sources cannot tell.
    """
    old = cassette.upgraded_from
    told = f"it was upgraded from {old} and not recorded: its answers prove nothing"
    rows = [] if old else build_matrix([cassette], versions=[version])
    found = [told] if old else _find_changes(rows, version)
    changes = tuple(dict.fromkeys(found))
    if changes:
        raise NotTransferable(cassette, file, version, changes, record_command)
    moved = tuple(
        _rewrite(one, cassette.api_version, version) for one in cassette.interactions
    )
    return replace(cassette, api_version=version, interactions=moved)


def _find_changes(rows: list[Row], version: str) -> Iterator[str]:
    for row in rows:
        errors = row.outcome.new_errors(version)
        told = [f for f in row.cells[version].findings if f.code.startswith("AZC3")]
        for finding in (*errors, *(f for f in told if f not in errors)):
            yield f"{row.label} {_describe(finding)}"


def _describe(finding: Finding) -> str:
    place = finding.pointer or str(finding.side)
    side = " of the answer" if finding.pointer and finding.side == "response" else ""
    text = f"{place}{side}: {finding.message}"
    return f"{text} {finding.cure}" if finding.cure else text


def _rewrite(interaction: Interaction, old: str, new: str) -> Interaction:
    """Calls of other providers keep their version, whatever it is."""
    if _PROVIDER not in unquote(interaction.url).lower():
        return interaction
    pattern = rf"(?i)([?&]api-version=){re.escape(old)}(?![\w-])"
    text = json.dumps(dict(interaction.data), ensure_ascii=False)
    moved = re.sub(pattern, rf"\g<1>{new}", text)
    return Interaction(json.loads(moved), interaction.side_files)
