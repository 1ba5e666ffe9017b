"""Metadata of blobs, parts of forms, ETags that a client writes: recorded, replayed."""

from __future__ import annotations

import json

import pytest
from in_memory import answer, put, record, replay
from planted import VERSION, WORKSPACE

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.rules import RedactionRules

RULES = RedactionRules()
BLOB = "https://x.blob.core.windows.net/c/f"


def test_metadata_of_a_blob_goes_by_its_name():
    headers = (("x-ms-meta-db_password", "kT4vXq9Zm7"), ("x-ms-meta-kind", "csv8"))
    exchange = Exchange(Request("GET", BLOB), Response(200, headers, b"x"))

    recorded = record([exchange], RULES)

    assert "kT4vXq9Zm7" not in recorded.text
    assert "csv8" in recorded.text
    replay(recorded, [exchange.request], RULES)


def test_the_boundary_of_a_form_is_levelled_where_it_parts_and_nowhere_else():
    field = 'content-disposition: form-data; name="file"'
    body = f"--b\r\n{field}\r\n\r\na b --b8\r\n--b--\r\n"
    kind = (("content-type", "multipart/form-data; boundary=b"),)
    exchange = Exchange(Request("POST", BLOB, kind, body.encode()), answer({}))

    recorded = record([exchange], RULES)
    again = body.replace("--b\r\n", "--other\r\n").replace("--b--", "--other--")
    kind = (("content-type", "multipart/form-data; boundary=other"),)

    assert "a b --b8" in recorded.text
    assert "--boundary--" in recorded.text
    replay(recorded, [Request("POST", BLOB, kind, again.encode())], RULES)


def test_an_etag_that_no_answer_brought_is_the_clients_own():
    own, brought = "0x8DC3A5B7C9D1E2F", "0x8DC3A5B7C9D1E30"
    url = f"{WORKSPACE}/jobs/j{VERSION}"
    first = Exchange(put(url, {"a": own}), answer({"etag": brought, "sent": own}))
    second = Exchange(put(url, {"a": brought}), answer({}))

    recorded = record([first, second], RULES)
    one, other = json.loads(recorded.rendered)["interactions"]

    assert one["request"]["body"]["json"] == {"a": own}
    assert one["response"]["body"]["json"]["sent"] == own
    number = one["response"]["body"]["json"]["etag"]
    assert number not in (own, brought)
    assert other["request"]["body"]["json"] == {"a": number}
    replay(recorded, [first.request, put(url, {"a": number})], RULES)


@pytest.mark.parametrize("name", ["password", "api_key", "client_secret", "code"])
def test_a_secret_that_a_query_names_stands_nowhere_else_either(name: str) -> None:
    secret = "kT4vXq9Zm7pL8wRn2Bc5"
    url = f"https://x.example/rooms?{name}={secret}&page=kitchen"
    told = {"note": secret, "page": "kitchen", "path": f"/made/{secret}/x"}
    first = Exchange(Request("GET", url), answer(told))
    second = Exchange(put(f"{WORKSPACE}/jobs/j{VERSION}", {"a": secret}), answer({}))

    recorded = record([first, second], RULES)

    assert secret not in recorded.text
    assert recorded.text.count("kitchen") == 2
    replay(recorded, [first.request, second.request], RULES)


def test_a_secret_that_a_field_of_a_form_names_stands_nowhere_else_either() -> None:
    secret, kind = (
        "kT4vXq9Zm7",
        (("content-type", "application/x-www-form-urlencoded"),),
    )
    form = f"db_password={secret}&room=kitchen".encode()
    sent = Request("POST", "https://x.example/rooms", kind, form)

    recorded = record([Exchange(sent, answer({"note": f"{secret}!"}))], RULES)

    assert secret not in recorded.text
    assert "room=kitchen" in recorded.text
    replay(recorded, [sent], RULES)
