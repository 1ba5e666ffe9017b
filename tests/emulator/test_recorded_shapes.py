"""What the emulator answers has the status and the pointers of the live answers.

Each recording's calls to ARM are sent again, in order. `DIFFERENT` names every
place where the emulator is known to differ, and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from azml_contract.emulator.server import Emulator
from tests.emulator.conftest import ArmClient
from tests.emulator.recorded import Pair, Rerun, StillClock, read_entries

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings31"
FILES = sorted(RECORDINGS.glob("*__*.json"))

DIFFERENT = {
    "*_Get +/kind": "a workspace of before 2022-10 has no kind",
    "Workspaces_Get +/properties/enableDataIsolation": "nor knows of isolation",
    "Workspaces_Get +/properties/v1LegacyMode": "nor of the legacy mode",
    "Jobs_* +/properties/taskDetails/nCrossValidations/*": (
        "forecasting of 2022-08 forgot it"
    ),
    "Jobs_Get -/properties/tags/[*]": "AutoML tags its run; nothing is run here",
    "ModelVersions_CreateOrUpdate -/properties/flavors/[*]*": (
        "flavors are read from the files of an MLflow model, which are not looked at"
    ),
    "Compute_Get -/properties/properties/enableBatchPrivateLink": (
        "285 of 1,001 clusters have it; what makes the difference is not known"
    ),
    "resources -/value/[*]*": "the filter names what the recording renamed",
    "operations -/value/[*]*": "a deployment's operations are listed when it is done",
    "status of an operation -/percentComplete": "it asked for another's operation",
}


@pytest.fixture(scope="module")
def rerun_all() -> list[tuple[str, Pair]]:
    """Every call of every recording, with what the emulator says."""
    return list(_rerun_all())


def _rerun_all() -> Iterator[tuple[str, Pair]]:
    for path in FILES:
        with Emulator(azurite=False, clock=StillClock()) as emulator:
            emulator.blobs.make_containers = lambda names: None  # type: ignore[method-assign]
            rerun = Rerun(emulator, ArmClient(emulator))
            for pair in rerun.run(read_entries(path)):
                yield path.name, pair
            assert emulator.bugs == []


def differences(pair: Pair) -> Iterator[str]:
    """Pointers that are missing or more, those that are known apart."""
    recorded, shown = set(pair.recorded), set(pair.shown)
    found = [f"{pair.operation} -{p}" for p in sorted(recorded - shown)]
    found += [f"{pair.operation} +{p}" for p in sorted(shown - recorded)]
    for one in found:
        if not any(fnmatchcase(one, pattern) for pattern in DIFFERENT):
            yield one


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="the recordings are not here")
def test_answers_have_the_status_and_pointers_of_the_recorded_ones(rerun_all):
    statuses = [
        (name, pair.operation, pair.entry.status, pair.status)
        for name, pair in rerun_all
        if pair.entry.status != pair.status
    ]
    assert statuses == []
    unknown = [f"{name}: {one}" for name, p in rerun_all for one in differences(p)]
    assert unknown == []
    same = sum(pair.is_same for _, pair in rerun_all)
    assert same / len(rerun_all) >= 0.95, f"{same} of {len(rerun_all)}"


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="the recordings are not here")
def test_headers_that_lead_further_are_those_of_the_recorded_answers(rerun_all):
    wrong = [
        (name, pair.entry.method, pair.operation, header)
        for name, pair in rerun_all
        for header in ("location", "azure-asyncoperation")
        if (header in pair.entry.headers) is not (header in pair.headers)
    ]
    assert wrong == []
