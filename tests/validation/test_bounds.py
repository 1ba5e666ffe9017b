"""Bounds that the service has and no specification tells, each with its source."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.model import Definition, Property, Type
from azml_contract.finding import Evidence, Severity
from azml_contract.validation import body
from azml_contract.validation import bounds as table
from azml_contract.validation.bounds import BOUNDS, Bound, Tightened
from azml_contract.validation.codes import CODES
from azml_contract.validation.ledger import find_entry, load_ledger

VERSIONS = ("2022-05-01", "2023-02-01-preview", "2024-04-01", "2026-05-01")


@pytest.fixture
def limited(sweep_job):
    """A sweep with limits of one's own."""

    def make(**limits):
        sweep_job["properties"]["limits"] = {"jobLimitsType": "Sweep", **limits}
        return sweep_job

    return make


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", ["PT1S", "PT59S", "PT30.5S"])
def test_a_sweep_limit_below_a_minute_is_a_warning(check, limited, version, text):
    (found,) = check("PUT", "jobs/s", limited(trialTimeout=text), version=version)

    assert (found.code, found.severity) == ("AZC115", Severity.WARNING)
    assert found.pointer == "/properties/limits/trialTimeout"
    assert found.evidence is Evidence.DOCS
    assert "(sweep-limits-of-a-minute)" in found.message
    assert "is less than a minute" in found.message
    assert "Carried over" not in found.message  # the bound is of no specification
    assert found.cure == "Write PT60S or more."


@pytest.mark.parametrize("text", ["PT60S", "PT1M", "PT100S", "P1D", "PT0S", None])
def test_other_limits_are_fine(check, limited, text):
    assert check("PUT", "jobs/s", limited(timeout=text), version="2024-04-01") == []


def test_a_bound_changes_nothing_in_strict(check, limited):
    body = limited(timeout="PT1S")
    assert check("PUT", "jobs/s", body, version="2024-04-01", profile="strict") == []


def test_what_the_specification_refuses_too_stays_an_error(check, limited):
    (found,) = check("PUT", "jobs/s", limited(timeout="1s"), version="2024-04-01")

    assert (found.code, found.severity) == ("AZC119", Severity.ERROR)


def test_a_number_can_be_bounded_too(check, limited, monkeypatch):
    """Rows of any kind work, and their own entry of the ledger weighs them."""
    made = Bound(
        "sweep-limits-of-a-minute",
        "SweepJobLimits",
        ("maxTotalTrials",),
        "is more than 1000",
        {"maximum": 1000, "minimum": -(2**40)},
        first="2022-05-01",
    )
    monkeypatch.setattr(table, "BOUNDS", (made,))
    monkeypatch.setattr(body, "_cache", OrderedDict())

    (found,) = check(
        "PUT", "jobs/s", limited(maxTotalTrials=1001), version="2023-10-01"
    )
    too_old = check(
        "PUT", "jobs/s", limited(maxTotalTrials=1001), version="2022-02-01-preview"
    )
    (far,) = check("PUT", "jobs/s", limited(maxTotalTrials=2**40), version="2023-10-01")

    assert (found.code, found.severity) == ("AZC116", Severity.WARNING)
    assert found.message.startswith("1001 in SweepJobLimits.maxTotalTrials is more")
    assert not [one for one in too_old if one.code == "AZC116"]
    assert (far.code, far.severity) == ("AZC116", Severity.ERROR)  # no int32
    assert "divergence" not in far.message


def test_every_bound_has_its_entry_and_every_entry_its_bound():
    entries = {entry.id for entry in load_ledger() if entry.is_bound}

    assert {bound.id for bound in BOUNDS} == entries
    for bound in BOUNDS:
        entry = find_entry(bound.id)
        assert entry is not None
        assert entry.source
        assert set(entry.codes) <= set(CODES)


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda one: f"{one.id} {one.owner}")
def test_a_bound_is_about_what_exists_and_what_no_specification_bounds(bound):
    owners = 0
    for version in known_versions():
        contract = load_contract(version)
        definition = contract.definitions.get(bound.owner)
        if definition is None:
            continue
        owners += 1
        tight = Tightened(contract.definitions, version)[bound.owner]
        for name in bound.names:
            assert definition.properties[name].type.pattern == ""
            assert tight.properties[name].type != definition.properties[name].type
    assert owners


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        ("", "", ["2021-01-01", "2022-05-01", "2024-04-01"]),
        ("2022-05-01", "", ["2022-05-01", "2024-04-01"]),
        ("", "2022-05-01", ["2021-01-01", "2022-05-01"]),
        ("2022-05-01", "2022-05-01", ["2022-05-01"]),
    ],
)
def test_a_bound_holds_at_its_versions_both_ends_included(first, last, holds):
    bound = Bound("x", "Job", ("a",), "is bad", first=first, last=last)
    versions = ("2021-01-01", "2022-05-01", "2024-04-01")

    assert [one for one in versions if bound.holds_at(one)] == holds


@pytest.mark.parametrize(
    ("known", "limits", "limited"),
    [
        (Type("integer"), {"minimum": 2}, Type("integer", minimum=2)),
        (Type("integer", minimum=1), {"minimum": 2}, Type("integer", minimum=2)),
        (Type("integer", minimum=3), {"minimum": 2}, Type("integer", minimum=3)),
        (Type("integer", maximum=1), {"maximum": 2}, Type("integer", maximum=1)),
        (Type("integer", maximum=3), {"maximum": 2}, Type("integer", maximum=2)),
        (Type("string"), {"pattern": "b"}, Type("string", pattern="b")),
        (Type("string", pattern="b"), {"pattern": "a"}, Type("string", pattern="b")),
        (Type("string", max_length=9), {"max_length": 5}, Type("string", max_length=5)),
    ],
)
def test_a_limit_that_is_tighter_already_stays(monkeypatch, known, limits, limited):
    bound = Bound("x", "Job", ("a", "absent"), "is bad", limits)
    monkeypatch.setattr(table, "BOUNDS", (bound,))
    job = Definition("Job", {"a": Property("a", known), "b": Property("b", known)})
    tight = Tightened({"Job": job, "Data": job}, "2024-04-01")

    assert tight["Job"].properties["a"].type == limited
    assert tight["Job"].properties["b"].type == known
    assert tight["Data"] is job
    assert tight["Job"] is tight["Job"]
    assert (list(tight), len(tight)) == (["Job", "Data"], 2)
    assert "Job" in tight
    assert "Other" not in tight
