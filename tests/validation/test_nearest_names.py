"""Which known name somebody meant."""

from __future__ import annotations

import pytest

from azml_contract.validation.nearest import (
    count_edits,
    find_abbreviated,
    find_nearest,
)

NAMES = ("command", "computeId", "codeId", "environmentId", "maxTotalTrials")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("comand", "command"),
        ("Command", "command"),
        ("compute_id", "computeId"),
        ("computID", "computeId"),
        ("environmentld", "environmentId"),
        ("maxTrials", "maxTotalTrials"),
        ("codeDi", "codeId"),
    ],
)
def test_the_name_meant_comes_first(name, nearest):
    assert find_nearest(name, NAMES)[0] == nearest


@pytest.mark.parametrize("name", ["colour", "x", "priority", ""])
def test_nothing_is_suggested_for_a_name_like_no_other(name):
    assert find_nearest(name, NAMES) == ()


def test_values_of_older_versions_are_found_through_case_and_separators():
    values = ("uri_file", "uri_folder", "mltable")

    assert find_nearest("UriFile", values)[0] == "uri_file"
    assert find_nearest("MLTable", values)[0] == "mltable"


def test_at_most_three_names_are_suggested():
    assert len(find_nearest("abcdefgh", [f"abcdefg{i}" for i in range(9)])) == 3


@pytest.mark.parametrize(
    ("one", "two", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "abd", 1),
        ("abc", "ab", 1),
        ("abc", "acb", 1),
        ("kitten", "sitting", 3),
    ],
)
def test_edits_are_counted_swaps_as_one(one, two, edits):
    assert count_edits(one, two, 3) == edits
    assert count_edits(two, one, 3) == edits
    assert edits == 0 or count_edits(one, two, edits - 1) is None


def test_a_name_may_be_shortened_in_each_of_its_parts():
    known = (
        "EnvironmentContainers_CreateOrUpdate",
        "EnvironmentVersions_CreateOrUpdate",
        "EnvironmentVersions_Get",
    )
    assert find_abbreviated("Env_Create", known) == (known[1], known[0])
    for strange in ("Env_Put", "Env", "_", ""):
        assert find_abbreviated(strange, known) == ()
