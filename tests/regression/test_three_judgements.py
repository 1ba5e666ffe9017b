"""What changed, what is proven and what plays across versions never contradict.

Over all neighbouring api-versions, and for every operation that takes a body.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator

import pytest
from soak import sized

from azml_contract.cassette.recordings import Recording
from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.change import Change, ChangeKind
from azml_contract.contract.contract import Contract
from azml_contract.contract.diff import diff_contracts
from azml_contract.contract.model import Operation, View
from azml_contract.contract.samples import make_samples
from azml_contract.contract.schema import write_schema
from azml_contract.contract.views import Lens
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Finding, Severity, Side
from azml_contract.regression.matrix import build_matrix
from azml_contract.validation.judge import compile_judge
from azml_contract.validation.proof import Proof, Proven, prove

PAIRS = list(itertools.pairwise(known_versions()))
_OF_NO_BODY = frozenset(
    (
        ChangeKind.PARAMETER_ADDED,
        ChangeKind.PARAMETER_CHANGED,
        ChangeKind.PARAMETER_REMOVED,
        ChangeKind.OPERATION_RENAMED,
        ChangeKind.BODY_CHANGED,  # whether there has to be one
    )
)
_UNTOLD = "AZC307"
"""Whether the operation is there at all is not told: nothing about its body."""
_TRIED = 40
"""Bodies of an operation that are played, where the proof says that all are taken."""


def find_breaks(before: Contract, after: Contract, operation: str) -> list[Change]:
    """The changes that break what is sent in a body."""
    return [
        change
        for change in diff_contracts(before, after, operation=operation)
        if Side.REQUEST in change.breaks and change.kind not in _OF_NO_BODY
    ]


def play(
    before: Contract, after: Contract, operation: Operation, bodies: list[object]
) -> Iterator[tuple[object, list[Finding]]]:
    """Each body, and what keeps its recording from playing at the other version.

    What is wrong from the beginning keeps no recording from anything.
    """
    versions = [before.api_version, after.api_version]
    path = re.sub(r"\{(\w+)\}", "name1", operation.path)
    url = f"https://management.azure.com{path}?api-version={before.api_version}"
    texts = [json.dumps(body).encode() for body in bodies]
    parts = [
        Exchange(Request(operation.method, url, (), text), Response(200))
        for text in texts
    ]
    recording = Recording("sample", before.api_version, tuple(parts), {})
    rows = build_matrix([recording], versions=versions)
    for body, row in zip(bodies, rows, strict=True):
        was, now = (row.outcome.cells[version].findings for version in versions)
        known = {(f.code, f.pointer) for f in was}
        yield (
            body,
            [
                finding
                for finding in now
                if finding.side is Side.REQUEST
                and finding.code != _UNTOLD
                and (finding.code, finding.pointer) not in known
            ],
        )


def find_contradictions(before: Contract, after: Contract) -> Iterator[str]:
    """Each in a line: the operation, who says what, and the body."""
    for one in prove(before, after):
        operation = before.operations[one.operation]
        place = f"{before.api_version} {after.api_version} {one.operation}"
        breaks = find_breaks(before, after, one.operation)
        if one.proven is Proven.YES:
            yield from (f"{place}: proven, and broken by {change}" for change in breaks)
            yield from _play_proven(before, after, operation, place)
        elif one.proven is Proven.NO:
            yield from _play_refuted(before, after, one, place, breaks)


def _play_proven(
    before: Contract, after: Contract, operation: Operation, place: str
) -> Iterator[str]:
    assert operation.body is not None
    lens = Lens(View.UPDATE if operation.method == "PATCH" else View.CREATE)
    takes = compile_judge(write_schema(before.definitions, operation.body, lens))
    made = make_samples(before.definitions, operation.body, lens, most=_TRIED)
    taken = [body for body in made if takes(body)]
    for body, found in play(before, after, operation, taken):
        yield from (f"{place}: proven, and does not play: {body} {f}" for f in found)


def _play_refuted(
    before: Contract, after: Contract, one: Proof, place: str, breaks: list[Change]
) -> Iterator[str]:
    operation = before.operations[one.operation]
    for body, found in play(before, after, operation, [one.body]):
        if not found:
            yield f"{place}: refuted, and plays without a word: {body}"
        # What only warns, as a new value of an open enum, breaks nothing.
        if any(f.severity is Severity.ERROR for f in found) and not breaks:
            yield f"{place}: refuted, and nothing changed: {body}"


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(
    "pair",
    random.Random(7).sample(PAIRS, sized(5, len(PAIRS))),
    ids=lambda pair: " ".join(pair),
)
def test_neighbouring_versions_are_told_alike(pair: tuple[str, str]) -> None:
    before, after = map(load_contract, pair)
    assert list(find_contradictions(before, after)) == []
