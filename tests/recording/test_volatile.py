"""What differs between two recordings by nature is written alike in both."""

from __future__ import annotations

import pytest

from azml_contract.recording.volatile import HTTP_DATE_ZERO, Normaliser, numbered_guid
from azml_contract.redaction.drawn import numbered_drawn

FIRST, SECOND = (f"5f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8{last}" for last in "ab")
DRAWN = "q8Xz2vLw7KpT4J9bYc3NsD6fHg1AeUk5"
TIME = "2026-11-30T08:22:25Z"


@pytest.fixture
def normaliser():
    return Normaliser({})


def test_guids_are_numbered_by_the_order_in_which_they_come(normaliser):
    assert normaliser.request(f"/jobs/{FIRST}") == f"/jobs/{numbered_guid(1)}"
    assert normaliser.response(SECOND.upper()) == numbered_guid(2)
    assert normaliser.response(f"a%2F{FIRST}") == f"a%2F{numbered_guid(1)}"
    assert normaliser.response(f"{'0' * 8}-0000-0000-0000-{'0' * 12}") == (
        "00000000-0000-0000-0000-000000000000"
    )
    assert normaliser.response(f"0{FIRST}") == f"0{FIRST}"


def test_guids_that_are_known_or_drawn_stay():
    normaliser = Normaliser({"id": SECOND.upper()}, known=[numbered_guid(1)])

    assert normaliser.request(SECOND) == SECOND
    assert normaliser.request(numbered_guid(1)) == numbered_guid(1)
    assert normaliser.request(FIRST) == numbered_guid(2)


def test_the_prefix_of_an_upload_is_no_more_than_its_guid(normaliser):
    assert (
        normaliser.response(f"0a1b2c3d-1-{FIRST}") == f"00000000-0-{numbered_guid(1)}"
    )
    assert normaliser.response(f"0a1b2c3d-12-{FIRST}") == (
        f"0a1b2c3d-12-{numbered_guid(1)}"
    )


@pytest.mark.parametrize(
    ("time", "zero"),
    [
        ("2026-11-30T08:22:25Z", "2000-01-01T00:00:00Z"),
        ("2026-11-30 08:22:25", "2000-01-01 00:00:00"),
        ("2026-11-30T08:22:25.123Z", "2000-01-01T00:00:00.000Z"),
        ("2026-11-30T08:22:25.1234Z", "2000-01-01T00:00:00.0000000Z"),
        ("2026-11-30T08:22:25.1234567+02:00", "2000-01-01T00:00:00.0000000+00:00"),
        ("2026-11-30T08%3A22%3A25%2B02%3A00", "2000-01-01T00%3A00%3A00%2B00%3A00"),
        ("2026-11-30%2008%3A22%3A25Z", "2000-01-01%2000%3A00%3A00Z"),
    ],
)
def test_a_time_of_the_service_is_zero_in_its_own_form(normaliser, time, zero):
    assert normaliser.response(f"at {time}.") == f"at {zero}."
    assert normaliser.request(time) == zero  # the client repeats what it was told


def test_a_time_of_the_clients_own_stays_whoever_repeats_it(normaliser):
    drawn = "2026-11-30T09:00:00Z"

    assert normaliser.request(f"start {TIME}") == f"start {TIME}"
    assert normaliser.response(f"start {TIME}") == f"start {TIME}"
    assert Normaliser({"at": drawn}).response(f"at {drawn}") == f"at {drawn}"


def test_dates_of_headers_are_one_date_in_answers_alone(normaliser):
    date = "Mon, 30 Nov 2026 08:22:25 GMT"

    assert normaliser.request(date) == date
    assert normaliser.response(date) == HTTP_DATE_ZERO


def test_etags_are_numbered_where_an_answer_brought_them(normaliser):
    brought, own = "0x8DC1234567890AB", "0x8DC1234567890AC"

    assert normaliser.request(f'"{own}"') == f'"{own}"'
    assert normaliser.response(f'"{brought}"') == '"0x000000000000002"'
    assert normaliser.request(f'"{brought}"') == '"0x000000000000002"'
    assert normaliser.response(f'"{own}"') == f'"{own}"'


def test_tokens_of_pages_are_numbered_in_whatever_spelling(normaliser):
    assert normaliser.response("/jobs?$skipToken=abc&x=1") == (
        "/jobs?$skipToken=page-1&x=1"
    )
    assert normaliser.request("%24skiptoken%3Ddef") == "%24skiptoken%3Dpage-2"
    assert normaliser.request("?$skiptoken=abc") == "?$skiptoken=page-1"
    assert normaliser.request("$skiptoken=a") == "$skiptoken=page-3"


@pytest.mark.parametrize("text", ["", "abc", "a-b-c-d-e-f-g-h-i-j-k-l", "x" * 40])
def test_what_is_short_or_has_no_digit_is_nothing_of_all_this(normaliser, text):
    assert not normaliser.is_volatile(text)
    assert normaliser.request(text) == normaliser.response(text) == text


def test_what_may_be_volatile_is_long_enough_and_has_a_digit_or_is_of_a_page(
    normaliser,
):
    assert normaliser.is_volatile("$skiptoken=")
    assert normaliser.is_volatile("x" * 40 + "skip")
    assert normaliser.is_volatile("x" * 15 + "1")
    assert not normaliser.is_volatile("x" * 14 + "1")


def test_a_recording_goes_on_with_the_numbers_that_are_taken(normaliser):
    held = [
        (f"/jobs/{numbered_guid(1)}", f'"0x000000000000001" at {TIME}'),
        (f"/jobs?since={TIME}", "$skiptoken=page-1"),
    ]

    normaliser.go_on_from([*held, (f"/{numbered_drawn(DRAWN, 3)}", "")])

    assert normaliser.request(DRAWN) == numbered_drawn(DRAWN, 4)
    assert normaliser.request(numbered_guid(1)) == numbered_guid(1)
    assert normaliser.request(FIRST) == numbered_guid(2)
