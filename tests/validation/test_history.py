"""Which other api-versions have what one lacks, in words, and which to use instead."""

from __future__ import annotations

import pytest

from azml_contract.contract.catalog import known_versions
from azml_contract.validation.history import (
    Elsewhere,
    find_elsewhere,
    find_route,
    find_variant,
    write_span,
)

JOBS = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
    "/workspaces/w/jobs/j"
)
STABLE = [one for one in known_versions() if not one.endswith("-preview")]
PREVIEWS = [one for one in known_versions() if one.endswith("-preview")]


@pytest.mark.parametrize(
    ("versions", "span"),
    [
        (STABLE[:1], STABLE[0]),
        (STABLE[2:5], f"{STABLE[2]} to {STABLE[4]}"),
        ([STABLE[0], STABLE[2]], f"{STABLE[0]} and {STABLE[2]}"),
        (
            [*STABLE[0:2], STABLE[3], *STABLE[5:8]],
            f"{STABLE[0]} to {STABLE[1]}, {STABLE[3]} and {STABLE[5]} to {STABLE[7]}",
        ),
        ([STABLE[1], PREVIEWS[0]], f"{STABLE[1]} and {PREVIEWS[0]}"),
        (PREVIEWS, f"{PREVIEWS[0]} to {PREVIEWS[-1]}"),
    ],
)
def test_versions_are_written_as_ranges_the_stable_ones_first(versions, span):
    assert write_span(versions) == span


def test_the_next_stable_version_is_best_then_the_next_preview_then_the_last() -> None:
    jobs = find_route("2021-01-01", "PUT", JOBS)
    assert jobs is not None
    assert jobs.best == min(v for v in jobs.versions if not v.endswith("-preview"))
    labels = "labelingJobs/l".join((JOBS.removesuffix("jobs/j"), ""))
    told = find_route("2026-05-01", "PUT", labels)
    assert told is not None
    assert told.best == told.versions[-1] == "2024-04-01-preview"
    before = find_route("2020-08-01", "PUT", labels)
    assert before is not None
    assert before.best.endswith("-preview")
    assert before.best == before.versions[0]
    assert find_route("2024-04-01", "PUT", f"{JOBS}/unheard/of") is None


def test_a_property_of_other_versions_is_told_with_them() -> None:
    found = find_elsewhere("2024-04-01", "CommandJob", "inputDataBindings")

    assert found is not None
    assert (found.was, found.now, found.since) == (
        *("inputDataBindings", (), "2021-03-01-preview"),
    )
    assert found.later is False
    assert found.cure == "Leave it out, or use 2021-03-01-preview."
    assert found.message == (
        "`inputDataBindings` of CommandJob exists in 2021-03-01-preview only."
    )
    later = find_elsewhere("2021-03-01-preview", "CommandJob", "queueSettings")
    assert later is not None
    assert later.later is True
    assert find_elsewhere("2024-04-01", "CommandJob", "unheard") is None
    assert find_elsewhere("2024-04-01", "Unheard", "inputDataBindings") is None


def test_a_variant_of_other_versions_is_told_with_them() -> None:
    found = find_variant("2024-04-01", "JobBase", "Labeling")

    assert isinstance(found, Elsewhere)
    assert found.best in found.versions
    assert find_variant("2024-04-01", "JobBase", "Unheard") is None
    assert find_variant("2024-04-01", "Unheard", "Labeling") is None
