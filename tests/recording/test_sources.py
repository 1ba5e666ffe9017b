"""Which calls of other processes ran beside each other, and what is said of these."""

from __future__ import annotations

import pytest

from azml_contract.recording.sources import (
    Lanes,
    Source,
    describe_sources,
    find_joined,
)


def runs(lanes: str) -> str:
    """The lanes with a bar where a new run begins."""
    joined = find_joined(lanes)
    return "".join(
        one if is_joined or not place else f"|{one}"
        for place, (one, is_joined) in enumerate(zip(lanes, joined, strict=True))
    )


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [
        ("aaa", "a|a|a"),  # one after the other
        ("abc", "a|b|c"),  # programs one after the other
        ("abba", "a|b|b|a"),  # a waits for b
        ("aabcbcaa", "a|a|bcbc|a|a"),  # a waits for a pool
        ("abab", "abab"),
        ("aaabab", "aaabab"),  # b began later: that is chance
        ("ababbbcc", "ababbb|c|c"),
        ("abcabc", "abcabc"),
        ("pcpdpep", "p|c|p|d|p|e|p"),  # p asks again and again
        ("", ""),
    ],
)
def test_calls_that_ran_beside_each_other_are_one_run(lanes, expected):
    assert runs(lanes) == expected


def test_a_lane_is_taken_over_by_who_comes_after():
    lanes = Lanes()
    with lanes.on(7, "h") as (first, _), lanes.on(7, "h") as (second, _):
        assert first != second
        with lanes.on(7, "other") as (third, _):
            assert third == first
    with lanes.on(7, "h") as (again, _):
        assert again == first


def test_a_lane_that_was_left_early_is_free_and_is_not_left_twice():
    lanes = Lanes()
    with lanes.on(7, "h") as (first, leave):
        leave()
        with lanes.on(7, "h") as (second, _):
            assert second == first
            leave()
            with lanes.on(7, "h") as (third, _):
                assert third != second


def test_a_process_is_named_by_its_script_or_its_turn():
    sources = [
        Source((1, 0), "curl"),
        None,
        Source((2, 0), "curl"),
        Source((1, 0), "curl"),
        Source((3, 0), "python3", "train.py"),
        Source((0, 0)),
    ]
    assert describe_sources(sources, str) == [
        {"program": "curl", "label": "curl 1"},
        None,
        {"program": "curl", "label": "curl 2"},
        {"program": "curl", "label": "curl 1"},
        {"program": "python3", "label": "train.py"},
        {"program": "unknown", "label": "unknown 1"},
    ]
