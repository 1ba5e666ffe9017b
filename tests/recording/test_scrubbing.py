"""What of an exchange a cassette holds: headers, forms, and what differs each time."""

from __future__ import annotations

import gzip
import json

import pytest

from azml_contract.cassette.content import read_json
from azml_contract.exchange import NO_ANSWER, Exchange, Failure, Request, Response
from azml_contract.recording.scrub import RedactionRules, Scrubber

URL = "https://management.azure.com/subscriptions/s?api-version=2024-04-01"
JSON = ("Content-Type", "application/json")
GUID = "5f0c7a31-9f5e-4c7b-8f7e-3a2b1c0d9e8f"


def scrub(exchange, **options):
    return Scrubber(RedactionRules(), [exchange], **options).scrub(exchange)


def asked(*headers, method="PUT", url=URL, body=b""):
    """What is written of a request with these headers and this body."""
    exchange = Exchange(Request(method, url, headers, body), Response(200))
    return scrub(exchange)["request"]


def answered(*headers, body=b"", method="GET", status=200, **options):
    """What is written of an answer with these headers and this body."""
    response = Response(status, headers, body)
    return scrub(Exchange(Request(method, URL), response), **options)["response"]


def told(value, url=URL, method="GET"):
    """What is written of an answer of JSON."""
    response = Response(200, (JSON,), json.dumps(value).encode())
    written = scrub(Exchange(Request(method, url), response))["response"]
    return read_json(written["body"])


def test_only_known_headers_and_a_users_metadata_are_written():
    sent = asked(("X-MS-Meta-Owner", "me"), ("If-Match", "*"), ("User-Agent", "me"))
    came = answered(("x-ms-meta-Owner", "me"), ("ETag", "a"), ("Server", "x"))

    assert sent["headers"] == {"if-match": "*", "x-ms-meta-owner": "me"}
    assert came["headers"] == {"etag": "a", "x-ms-meta-owner": "me"}
    assert answered(("Server", "x"), keep_headers=frozenset({"server"}))["headers"] == {
        "server": "x"
    }


def test_headers_are_sorted_and_repeated_ones_are_joined():
    headers = answered(("Sunset", "1"), ("ETag", "a"), ("sunset", "2"))["headers"]

    assert list(headers.items()) == [("etag", "a"), ("sunset", "1, 2")]


def test_an_answer_never_makes_replay_wait():
    assert answered(("Retry-After", "30"))["headers"] == {"retry-after": "0"}


def test_cookies_keep_their_names_and_what_does_not_change():
    cookie = "session=abc=; Path=/ ; expires=Thu, 01 Jan 2026; Max-Age=9; Secure"

    assert answered(("Set-Cookie", cookie))["headers"] == {
        "set-cookie": "session=REDACTED; Path=/; Secure"
    }


@pytest.mark.parametrize("between", [", ", ",", "\n"])
def test_cookies_in_one_header_are_named_each(between):
    cookies = f"a=abc; expires=Thu, 01 Jan 2026{between}b=def; Path=/{between}c=ghi"

    assert answered(("Set-Cookie", cookies))["headers"] == {
        "set-cookie": "a=REDACTED, b=REDACTED; Path=/, c=REDACTED"
    }


def test_a_boundary_of_parts_is_the_same_each_time():
    body = b"--b1\r\n\r\nx\r\n--b1--"
    sent = asked(("Content-Type", 'Multipart/form-data; boundary="b1"'), body=body)

    assert sent["headers"] == {"content-type": "Multipart/form-data; boundary=boundary"}
    assert sent["body"] == {"text": "--boundary\r\n\r\nx\r\n--boundary--"}
    assert asked(("If-Match", "multipart/x; boundary=b1"))["headers"] == {
        "if-match": "multipart/x; boundary=b1"
    }


def test_metadata_that_is_named_as_a_secret_is_one():
    sent = asked(("x-ms-meta-password", "hunter2"))["headers"]

    assert sent == {"x-ms-meta-password": "REDACTED"}


@pytest.mark.parametrize(
    "name", ["location", "azure-asyncoperation", "operation-location"]
)
def test_a_header_with_a_url_is_redacted_as_one(name):
    url = f"https://host/{GUID}?sig=abc&x=1"
    shown = answered((name, url))["headers"][name]

    assert shown == "https://host/00000000-0000-4000-8000-000000000001?sig=REDACTED&x=1"


def test_the_length_that_a_head_answers_with_is_kept_and_of_others_made_anew():
    length = ("Content-Length", "12345")

    assert answered(length, method="HEAD")["headers"] == {"content-length": "12345"}
    assert answered(method="HEAD")["headers"] == {}
    assert answered(length)["headers"] == {}


def test_what_is_not_there_is_not_written():
    exchange = Exchange(Request("GET", URL), Response(204))

    assert scrub(exchange) == {
        "request": {"method": "GET", "uri": URL, "headers": {}},
        "response": {"status": 204, "headers": {}},
    }


def test_a_failure_is_written_with_what_is_known_of_it():
    request, cut = Request("GET", URL), Response(200, (), b"ab")
    none = Failure("timeout")
    some = Failure("dropped", 2, "ReadTimeout")

    assert scrub(Exchange(request, Response(NO_ANSWER), none)) == {
        "request": {"method": "GET", "uri": URL, "headers": {}},
        "failure": {"kind": "timeout"},
    }
    written = scrub(Exchange(request, cut, some))
    assert written["failure"] == {
        "kind": "dropped",
        "after_bytes": 2,
        "raised": "ReadTimeout",
    }
    assert written["response"]["body"] == {"text": "ab"}


def test_a_form_keeps_its_order_and_empty_fields_and_loses_secrets():
    kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    body = b"scope=a+b&client_secret=hunter2hunter2&empty=&grant_type=x"

    assert asked(kind, method="POST", body=body)["body"] == {
        "text": "scope=a+b&client_secret=REDACTED&empty=&grant_type=x"
    }


def test_a_body_that_is_text_and_bytes_that_happen_to_be_text_are_told_apart():
    assert asked(body=f"id {GUID}".encode())["body"] == {
        "text": "id 00000000-0000-4000-8000-000000000001"
    }
    written = json.dumps(asked(body=b"a\0b me@contoso.com")["body"])
    assert "contoso" not in written
    written = json.dumps(asked(body=b"\xff\xfe me@contoso.com \x80")["body"])
    assert "contoso" not in written


@pytest.mark.parametrize("status", [200, 206, 399, 400, 404])
def test_storage_answers_with_exact_bytes_unless_it_tells_an_error(status):
    kind = ("x-ms-version", "2025-01-05")
    written = {"json": {"a": 1}} if status >= 400 else {"text": '{"a":1}'}

    assert answered(kind, body=b'{"a":1}', status=status)["body"] == written


def test_a_compressed_body_is_written_as_it_was_before():
    sent = asked(("content-encoding", "gzip"), JSON, body=gzip.compress(b'{"a": 1}'))

    assert sent["body"] == {"json": {"a": 1}}


def test_a_rule_of_the_project_comes_before_any_other():
    def shorten(exchange):
        return Exchange(Request("GET", "https://host/short"), exchange.response)

    exchange = Exchange(Request("GET", URL), Response(200))
    scrubber = Scrubber(RedactionRules(), [exchange], sanitizers=[shorten])

    assert scrubber.scrub(exchange)["request"]["uri"] == "https://host/short"


def test_ids_of_correlation_are_zeros_where_they_stand():
    number = "0123456789abcdef"
    error = {
        "additionalInfo": [
            {"type": "Correlation", "info": {"value": number * 2, "count": 3}},
            {"type": "Other", "info": {"value": f"kept-{number}"}},
        ],
        "correlation": {"operation": number * 2, "request": "short"},
        "Correlation": number,
    }

    assert told({"error": error})["error"] == {
        "additionalInfo": [
            {"type": "Correlation", "info": {"value": "0" * 32, "count": 3}},
            {"type": "Other", "info": {"value": f"kept-{number}"}},
        ],
        "correlation": {"operation": "0" * 32, "request": "short"},
        "Correlation": "0" * 16,
    }


def test_people_of_an_answer_are_a_person_an_address_or_an_id():
    made = {"createdBy": "Jane Doe", "lastModifiedBy": "jane@contoso.com"}
    by_app = {"createdBy": GUID, "lastModifiedBy": ""}

    assert told({"systemData": made})["systemData"] == {
        "createdBy": "User",
        "lastModifiedBy": "user@example.com",
    }
    assert told([{"systemData": by_app}])[0]["systemData"] == {
        "createdBy": "00000000-0000-4000-8000-000000000001",
        "lastModifiedBy": "",
    }


def test_a_token_expires_at_the_same_time_in_every_recording():
    url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    times = {"expires_in": 5000, "ext_expires_in": "5000", "expires_on": 1, "other": 1}

    assert told({**times, "not_before": "5"}, url, method="POST") == {
        "expires_in": 3599,
        "ext_expires_in": "3599",
        "expires_on": 4102444800,
        "other": 1,
        "not_before": "946684800",
    }
    assert told(times) == times


def test_drawn_variables_are_named_in_what_tells_calls_apart():
    drawn = {"name": "run-4711", "short": "abc12", "number": 7}
    scrubber = Scrubber(RedactionRules(), [], variables=drawn)

    told = scrubber.without_drawn(f"/jobs/run-4711/abc12/{GUID}/x")

    assert told == "/jobs/{name}/abc12//x"
    assert scrubber.variables(drawn) == drawn
