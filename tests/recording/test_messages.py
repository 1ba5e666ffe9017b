"""Requests and answers as HTTP libraries hold them, and as this package does."""

from __future__ import annotations

import pytest
import requests

from azml_contract.exchange import Response
from azml_contract.recording.messages import framed, from_prepared


def test_headers_in_a_plain_dict_are_all_taken():
    prepared = requests.Request("GET", "https://h.example/").prepare()
    prepared.headers = {"X-Tag": "a", "x-tag": b"b"}

    assert from_prepared(prepared).headers == (("X-Tag", "a"), ("x-tag", "b"))


def test_headers_of_requests_own_kind_are_taken_in_lower_case():
    prepared = requests.Request("GET", "https://h.example/", {"X-Tag": "a"}).prepare()

    assert ("x-tag", "a") in from_prepared(prepared).headers


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        ("bytes 0-5/6", "bytes 0-8/9"),  # all of it
        ("bytes 10-15/16", "bytes 10-18/19"),  # its end
        ("bytes 10-15/99", "bytes 10-18/99"),  # what comes next is asked for as before
        ("bytes 10-15/*", "bytes 10-18/*"),
        ("bytes 0-5/8", "bytes 0-8/9"),  # more than the whole was
        ("bytes 10-15/18", "bytes 10-18/19"),
        ("bytes 10-15/19", "bytes 10-18/19"),
        ("lines 1-2/3", "lines 1-2/3"),
    ],
)
def test_a_range_follows_a_body_that_holds_a_longer_name_now(recorded, now):
    answer = Response(206, (("content-range", recorded),), b"now-it-is")

    assert framed("GET", answer) == [("content-range", now), ("Content-Length", "9")]


def test_a_range_whose_body_is_as_long_as_it_was_stays():
    headers = (("Content-Range", "bytes 4-6/9"),)

    assert framed("GET", Response(206, headers, b"abc"))[0] == headers[0]
    assert framed("HEAD", Response(206, headers, b""))[0] == headers[0]
    assert framed("GET", Response(206, headers, b"ab"), missing=1)[0] == headers[0]
    assert framed("GET", Response(416, headers, b"ab"))[0] == headers[0]


def test_an_answer_that_a_session_reads_is_handed_on_as_reading_would_leave_it(
    service, record, replay
):
    service.on("GET", "/x", lambda call: (200, {}, b"abc"))

    def story(recorder):
        answer = requests.get(f"{service.url}/x", verify=str(service.ca))
        assert answer.content == b"abc"
        assert list(answer.iter_content(2)) == [b"ab", b"c"]
        assert answer.raw.read() == b""
        assert answer.raw.tell() == 3
        streamed = requests.get(f"{service.url}/x", verify=str(service.ca), stream=True)
        assert streamed.raw.read() == b"abc"

    record(story)
    replay(story)
