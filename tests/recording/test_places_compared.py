"""Which requests are the same call: verb, place, query, range and body, levelled."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from azml_contract.cassette.interaction import Interaction
from azml_contract.exchange import Request
from azml_contract.recording.blocks import BlockLedger
from azml_contract.recording.match import (
    Matcher,
    Site,
    canonical_form,
    level_boundary,
    plain_body,
    site_of,
)

URL = "https://host.example/a"
BLOB = "https://a.blob.core.windows.net/c/b"


def same(one: Request, other: Request, **rules) -> bool:
    matcher = Matcher(**rules)
    first, second = matcher.prepare(one), matcher.prepare(other)
    equal = matcher.content(first).equals(matcher.content(second))
    assert equal is (matcher.content(first).key == matcher.content(second).key)
    return matcher.place(first) == matcher.place(second) and equal


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("HTTPS://Host.Example:443/A/b?x#y", ("https://host.example", "/A/b")),
        ("http://host:80/a", ("http://host", "/a")),
        ("https://host:80/a", ("https://host:80", "/a")),
        ("http://127.0.0.1:8080", ("http://127.0.0.1:8080", "/")),
        ("https://host#part", ("https://host", "/")),
        ("https://host/a%2Fb%20c", ("https://host", "/a/b%20c")),
        (
            "https://host/\u00fc:@!$&'()*+,;=~-._",
            ("https://host", "/%C3%BC:@!$&'()*+,;=~-._"),
        ),
    ],
)
def test_a_site_is_read_without_case_of_hosts_usual_ports_and_spellings(url, site):
    assert site_of("GET", url) == Site("GET", *site)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("?a=1&b=2", "?b=2&a=1", True),
        ("?a=1", "?a=1#part", True),
        ("?a=", "?a", True),
        ("?a=1", "?A=1", False),
        ("?a=1", "?a=2", False),
        ("?a=%20", "?a=+", True),
        ("", "?", True),
        ("?x=1&sig=a", "?x=1&sig=b", True),
        ("?x=1&SIG=a", "?x=1&sig=b", True),
        ("?x=1&sig=a", "?x=1", False),
        ("?sig=a&se=1&st=1&skoid=1", "?sig=b&se=2&st=2&skoid=2", True),
        ("?se=1", "?se=2", False),
        ("?comp=block&blockid=a", "?comp=block&blockid=b", True),
        ("?comp=blocklist&blockid=a", "?comp=blocklist&blockid=b", False),
        ("?x=REDACTED", "?x=REDACTED", True),
    ],
)
def test_queries_are_the_same_in_any_order_without_their_secrets(one, other, equal):
    requests = [Request("GET", URL + query) for query in (one, other)]

    assert same(*requests) is equal
    assert same(*requests[::-1]) is equal


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ((("Range", "bytes=0-1"),), (("x-ms-range", "bytes=0-1"),), True),
        ((("Range", "bytes=0-1"),), (("Range", "bytes=0-2"),), False),
        ((("Range", "bytes=0-1"),), (), False),
        ((("Accept", "a"),), (("Accept", "b"),), True),
    ],
)
def test_a_part_of_a_body_is_asked_for_by_its_range(one, other, equal):
    assert same(Request("GET", URL, one), Request("GET", URL, other)) is equal


def test_verbs_and_places_are_told_apart():
    assert not same(Request("GET", URL), Request("PUT", URL))
    assert not same(Request("GET", URL), Request("GET", f"{URL}/b"))
    assert not same(Request("GET", URL), Request("GET", "https://other/a"))


FORM = (("Content-Type", "application/X-WWW-Form-URLencoded; charset=utf-8"),)
JSON = (("content-type", "application/json"),)


@pytest.mark.parametrize(
    ("headers", "one", "other", "equal"),
    [
        (FORM, b"a=1&b=2", b"b=2&a=1", True),
        (FORM, b"a=1&client_secret=x", b"client_secret=y&a=1", True),
        (FORM, b"a=1", b"a=1&b=", False),
        ((), b"a=1&b=2", b"b=2&a=1", False),
        (JSON, b'{"a": 1, "b": 2}', b'{"b":2,"a":1.0}', True),
        (JSON, b'{"a": 1}', b'{"a": true}', False),
        (JSON, b"[1, 2]", b"[2, 1]", False),
        (JSON, b"1", b"1.0", True),
        ((), b"[1]", b"[1.0]", True),
        ((), b"1", b"1.0", False),
        (JSON, b'{"a": 1, "a": 2}', b'{"a": 2}', False),
        (JSON, b'{"a": 1, "a": 2}', b'{"a": 1, "a": 2}', True),
        (JSON, b"{no json", b"{no json", True),
        (JSON, b"{no json", b"{no  json", False),
        (JSON, '{"a": "\u00fc"}'.encode("utf-16"), '{"a": "\u00fc"}'.encode(), True),
        ((), b"", b"", True),
        ((), b"", b"x", False),
    ],
)
def test_bodies_are_compared_by_what_they_hold(headers, one, other, equal):
    requests = [Request("PUT", URL, headers, body) for body in (one, other)]

    assert same(*requests) is equal
    assert same(*requests[::-1]) is equal


def test_secrets_of_json_are_levelled_by_their_names():
    sent, held = ({"password": word, "x": [{"Key": word}]} for word in ("a", "b"))
    requests = [
        Request("PUT", URL, JSON, json.dumps(one).encode()) for one in (sent, held)
    ]

    assert same(*requests, secret_names={"password", "key"})
    assert not same(*requests, secret_names={"password"})


def test_a_body_in_the_order_in_which_it_was_sent_is_asked_for_apart():
    matcher = Matcher()
    one, other = (
        matcher.content(Request("PUT", URL, JSON, body))
        for body in (b'{"a":1,"b":2}', b'{"b":2,"a":1}')
    )
    text = matcher.content(Request("PUT", URL, (), b"text"))

    assert one.key == other.key
    assert one.as_sent != other.as_sent
    assert one.as_sent == one.key
    assert text.as_sent == text.key
    assert (one.is_json, text.is_json) == (True, False)
    twice = matcher.content(Request("PUT", URL, JSON, b'{"a":1,"a":2}'))
    assert twice.as_sent == twice.key


def test_a_list_of_blocks_is_the_same_whatever_ids_its_client_drew():
    def put(block, body=b"x"):
        ledger = BlockLedger()
        matcher = Matcher()
        sent = Request("PUT", f"{BLOB}?comp=block&blockid={block}", (), body)
        matcher.content(sent, ledger)
        listed = f"<BlockList><Latest>{block}</Latest></BlockList>".encode()
        return matcher.content(
            Request("PUT", f"{BLOB}?comp=blocklist", (), listed), ledger
        )

    assert put("YQ==").equals(put("Yg=="))
    assert not put("YQ==").equals(put("YQ==", b"y"))
    unknown = Request("PUT", f"{BLOB}?comp=blocklist", (), b"<Latest>YQ==</Latest>")
    assert Matcher().content(unknown).key == "blocks:Latest:YQ=="


@pytest.mark.parametrize(
    ("kind", "body", "levelled"),
    [
        (
            "multipart/form-data; boundary=ab",
            b"--ab\r\nx --ab\r\n--ab--",
            b"--boundary\r\nx --ab\r\n--boundary--",
        ),
        ('Multipart/Mixed; BOUNDARY="a.b"; x=y', b"--a.b\n--axb", b"--boundary\n--axb"),
        ("text/plain; boundary=ab", b"--ab\n", b"--ab\n"),
        ("multipart/form-data", b"--ab\n", b"--ab\n"),
        ("multipart/form-data; boundary=ab", b"--abc\n", b"--abc\n"),
    ],
)
def test_the_boundary_of_parts_is_levelled_where_it_parts(kind, body, levelled):
    assert level_boundary(kind, body) == levelled


def test_parts_are_the_same_whatever_their_boundary():
    one, other = (
        Request(
            "POST",
            URL,
            (("content-type", f"multipart/mixed; boundary={word}"),),
            f"--{word}\r\nx\r\n--{word}--".encode(),
        )
        for word in ("ab", "zz")
    )

    assert same(one, other)
    assert not same(one, replace(one, body=one.body.replace(b"x", b"y")))


def test_a_form_keeps_its_fields_sorted_without_what_is_ignored():
    assert (
        canonical_form(b"b=2&a=&Client_Secret=x&client_info=y&c=%C3%BC+z")
        == "a=&b=2&c=%C3%BC+z"
    )
    assert canonical_form(b"a=\xff") == "a=%EF%BF%BD"


def test_a_compressed_body_is_the_same_as_a_plain_one():
    plain = Request("PUT", URL, JSON, b'{"a": 1}')
    packed = (("Content-Encoding", "gzip"), *JSON)

    assert same(plain, Request("PUT", URL, packed, gzip.compress(plain.body)))
    broken = Request("PUT", URL, packed, b"no gzip")
    assert plain_body(broken) is broken
    assert plain_body(plain) is plain


def test_a_rule_of_the_project_rewrites_what_is_compared():
    def shorten(request):
        return replace(request, url=request.url.partition("?run=")[0])

    requests = [Request("GET", f"{URL}?run={number}") for number in (1, 2)]

    assert not same(*requests)
    assert same(*requests, canonicalisers=[shorten])


@pytest.mark.parametrize("canonicalisers", [[], [lambda request: request]])
@pytest.mark.parametrize(
    "body", [{"json": {"a": 1}}, {"text": '{"a":1}'}, {"text": "text"}, None]
)
def test_what_a_cassette_holds_is_read_as_what_a_client_sends(canonicalisers, body):
    matcher = Matcher(canonicalisers=canonicalisers)
    part = {"method": "PUT", "uri": f"{URL}?x=1", "headers": {"range": "bytes=0-1"}}
    if body is not None:
        part["body"] = body
    one = Interaction({"request": part, "response": {"status": 200, "headers": {}}})
    sent = one.request
    elsewhere = Request("GET", "https://elsewhere/x")

    for asked in (sent, elsewhere, replace(sent, headers=())):
        at, content = matcher.recorded(one, asked, matcher.place(asked))
        assert at == matcher.place(sent)
        assert content.equals(matcher.content(sent))
