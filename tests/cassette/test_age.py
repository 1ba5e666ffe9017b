"""Recordings past an age limit."""

from __future__ import annotations

from datetime import UTC, datetime

from azml_contract.cassette.age import Recorded, describe_stale

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COMMAND = "pytest test_story.py::test_list --azml-mode=record"


def stale(*times: str, limit_days: float = 30) -> list[str]:
    recordings = [Recorded(f"{n}.json", time, COMMAND) for n, time in enumerate(times)]
    return describe_stale(recordings, limit_days=limit_days, now=NOW)


def test_a_recording_within_the_limit_is_fresh():
    assert stale("2026-10-23T12:00:00Z", "2026-11-22T10:00:00Z") == []


def test_older_recordings_are_named_with_the_command_oldest_first():
    assert stale("2026-10-23T11:59:59Z", "2025-11-22T12:00:00+00:00") == [
        f"stale cassette: 1.json is 365 days old (limit 30); record again: {COMMAND}",
        f"stale cassette: 0.json is 30 days old (limit 30); record again: {COMMAND}",
    ]


def test_recordings_of_one_age_are_named_in_the_order_of_their_names():
    pairs = [Recorded(f"{name}.json", "2026-01-01", COMMAND) for name in "bca"]
    lines = describe_stale(pairs, limit_days=1, now=NOW)
    assert [line.split()[2] for line in lines] == ["a.json", "b.json", "c.json"]


def test_a_cassette_that_two_tests_play_is_named_once():
    twice = [Recorded("a.json", "2020-01-01T00:00:00Z", COMMAND)] * 2
    assert len(describe_stale(twice, limit_days=1, now=NOW)) == 1


def test_a_time_that_cannot_be_read_counts_as_stale():
    (line,) = stale("yesterday")
    assert "'yesterday', which is no time" in line


def test_a_time_without_a_zone_is_utc():
    assert stale("2026-11-22T11:00:00", limit_days=0.1) == []
    assert len(stale("2026-11-22T11:00:00", limit_days=0.01)) == 1
