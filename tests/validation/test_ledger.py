"""What the ledger knows of a place, by version, definition, property and null."""

from __future__ import annotations

import json
import math

import pytest

from azml_contract.finding import Evidence, Severity, Side
from azml_contract.validation import ledger
from azml_contract.validation.codes import CODE_OF
from azml_contract.validation.deviation import Deviation, Guess, Rule
from azml_contract.validation.grade import Background, Grader, Profile
from azml_contract.validation.ledger import Divergence, find_divergence, find_entry

ENTRY = Divergence(
    id="one",
    codes=("AZC101", "AZC105"),
    definitions=frozenset(),
    properties=frozenset(),
    first="",
    last="",
    severity=Severity.WARNING,
    spec="says so",
    service="does not",
    evidence=Evidence.LIVE,
    source="somewhere",
)


@pytest.mark.parametrize(
    ("facts", "covered", "others"),
    [
        ({}, [("2024-04-01", "Job", "x")], []),
        (
            {"definitions": frozenset({"Job"})},
            [("2024-04-01", "Job", "x")],
            [("2024-04-01", "Data", "x")],
        ),
        (
            {"properties": frozenset({"x", "y"})},
            [("2024-04-01", "Job", "x"), ("2024-04-01", "Data", "y")],
            [("2024-04-01", "Job", "z")],
        ),
        (
            {"first": "2022-05-01"},
            [("2022-05-01", "Job", "x"), ("2024-04-01", "Job", "x")],
            [("2022-02-01-preview", "Job", "x"), ("2021-01-01", "Job", "x")],
        ),
        (
            {"last": "2022-05-01"},
            [("2022-05-01", "Job", "x"), ("2021-01-01", "Job", "x")],
            [("2022-10-01", "Job", "x")],
        ),
        (
            {"first": "2022-05-01", "last": "2023-04-01"},
            [("2022-05-01", "Job", "x"), ("2023-04-01", "Job", "x")],
            [("2022-02-01-preview", "Job", "x"), ("2023-10-01", "Job", "x")],
        ),
    ],
)
def test_an_entry_covers_what_its_facts_name(facts, covered, others):
    entry = ENTRY._replace(**facts)

    assert [one for one in covered if not entry.covers(*one)] == []
    assert [one for one in others if entry.covers(*one)] == []


@pytest.fixture
def entries(monkeypatch):
    """Has the ledger hold these entries alone."""

    def use(*held):
        monkeypatch.setattr(ledger, "load_ledger", lambda: held)
        ledger.index_ledger.cache_clear()

    yield use
    ledger.index_ledger.cache_clear()


def test_the_first_entry_that_covers_a_finding_is_found(entries):
    null = ENTRY._replace(id="null", of_null=True, codes=("AZC105",))
    bound = ENTRY._replace(id="bound", is_bound=True)
    entries(bound, null, ENTRY)
    place = ("2024-04-01", "Job", "x")

    assert find_divergence("AZC105", *place, is_null=True) is null
    assert find_divergence("AZC105", *place) is ENTRY
    assert find_divergence("AZC101", *place, is_null=True) is ENTRY
    assert find_divergence("AZC102", *place) is None
    assert find_entry("bound") is bound
    assert find_entry("none") is None
    entries(ENTRY._replace(definitions=frozenset({"Data"})))
    assert find_divergence("AZC101", *place) is None


@pytest.mark.parametrize(
    ("seen", "reported"),
    [
        (None, None),
        (3, 3),
        (0.5, 0.5),
        (True, True),
        (math.inf, "inf"),
        (math.nan, "nan"),
        ({"a": 1}, "an object"),
        ([1, 2], "an array of 2"),
        ("text", "text"),
        ("https://h/?SIG=abc&x=1", "https://h/?SIG=(hidden)&x=1"),
    ],
)
def test_what_was_seen_is_reported_as_json_can_hold_it(seen, reported):
    grader = Grader(Profile.SERVICE, "2024-04-01", "Jobs_CreateOrUpdate", Side.REQUEST)

    finding = grader.find("AZC104", "x", seen=seen)

    assert finding.seen == reported
    json.dumps(finding.seen, allow_nan=False)


def test_what_was_expected_is_reported_without_what_is_unknown():
    grader = Grader(Profile.SERVICE, "2024-04-01", "Jobs_CreateOrUpdate", Side.REQUEST)
    place = (None, "x")
    range_ = Deviation(Rule.RANGE, place, 9, (None, 5), "Job", "x")
    foreign = Deviation(Rule.FOREIGN, place, "x", (), "Job", "x", ("A", "B"))
    unknown = Deviation(
        Rule.VARIANT_UNKNOWN, place, "C", ("A", "B"), "Job", "x", Guess()
    )

    def expected(deviation):
        return grader.grade(deviation, Background()).expected

    assert expected(range_) == (5,)
    assert expected(foreign) == ("A", "B")
    assert expected(unknown) == ("A", "B")


@pytest.mark.parametrize("side", list(Side))
def test_no_divergence_is_about_names_in_a_wrong_case(side):
    """`BodyCheck.grade` weighs one of a definition for all."""
    assert CODE_OF[Rule.CASE, side] not in ledger.index_ledger()
