"""Requests and responses as values."""

from __future__ import annotations

import dataclasses
from urllib.parse import parse_qsl, urlsplit

import pytest

from azml_contract.exchange import (
    Exchange,
    Request,
    Response,
    find_header,
    make_headers,
)

URL = "https://Management.Azure.com:443/subscriptions/s%20x?API-Version=2024-04-01&a=&b=1+2"


def test_a_request_knows_the_parts_of_its_url() -> None:
    request = Request("GET", URL)
    assert request.host == "management.azure.com"
    assert request.path == "/subscriptions/s%20x"
    assert request.query == [("API-Version", "2024-04-01"), ("a", ""), ("b", "1 2")]
    assert request.api_version == "2024-04-01"
    assert str(request) == f"GET {URL}"


def test_a_request_without_an_api_version_has_none() -> None:
    assert Request("GET", "https://x/y?z=1").api_version is None
    assert Request("GET", "not a url").host == ""


def test_headers_are_found_in_any_case_and_the_first_one_wins() -> None:
    headers = make_headers([("Location", "a"), ("location", "b")])
    assert find_header(headers, "LOCATION") == "a"
    assert find_header(headers, "Retry-After") is None
    assert Response(200, headers).header("location") == "a"
    assert Request("GET", URL, make_headers({"X-A": "1"})).header("x-a") == "1"


@pytest.mark.parametrize(
    ("body", "parsed"),
    [(b"", None), (b" \n", None), (b"null", None), (b'{"a":1}', {"a": 1})],
)
def test_a_response_body_is_parsed(body: bytes, parsed: object) -> None:
    assert Response(200, (), body).parse_json() == parsed


def test_a_response_body_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Response(200, (), b"<html>").parse_json()


def test_values_cannot_be_changed() -> None:
    exchange = Exchange(Request("GET", URL), Response(200))
    with pytest.raises(dataclasses.FrozenInstanceError):
        exchange.request = Request("PUT", URL)  # type: ignore[misc]
    assert exchange == Exchange(Request("GET", URL), Response(200))
    assert hash(exchange)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:8443/subscriptions/s?api-version=2024-04-01",
        "https://localhost:8443/subscriptions/s",
        "https://management.azure.com/a/b.c~d:e@f-g?api-version=2024-04-01",
        "https://management.azure.com:443/",
        "https://LOCALHOST:1/A?api-version=V&b=",
        "https://user@host:1/a",
        "https://[::1]:8443/a?x=%20",
        "https://host:/a",
    ],
)
def test_a_url_is_taken_apart_as_the_standard_library_does(url: str) -> None:
    request, split = Request("GET", url), urlsplit(url)
    assert (request.host, request.path) == (split.hostname, split.path)
    assert request.query == parse_qsl(split.query, keep_blank_values=True)
