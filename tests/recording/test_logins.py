"""Logins are told from calls, remembered by token, and made up where none is held."""

from __future__ import annotations

import json

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording import identity
from azml_contract.recording.identity import (
    Logins,
    bearer,
    is_identity,
    is_token_request,
    synthesise,
)
from azml_contract.redaction.shapes import TOKEN

HOST = "https://login.example"
TOKEN_URL = f"{HOST}/tenant/oauth2/v2.0/token"
DISCOVERY = f"{HOST}/tenant/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("method", "url", "login", "token"),
    [
        ("POST", TOKEN_URL, True, True),
        ("POST", f"{HOST}/tenant/OAuth2/Token?x=1", True, True),
        ("GET", TOKEN_URL, True, False),
        ("GET", DISCOVERY, True, False),
        ("GET", f"{HOST}/common/discovery/instance?x=1", True, False),
        ("GET", f"{HOST}/common/instance", False, False),
        ("POST", f"{HOST}/token", False, False),
        ("POST", f"{TOKEN_URL}/more", False, False),
        ("GET", f"{HOST}/x?next=/oauth2/token", False, False),
    ],
)
def test_a_login_is_told_by_its_path(method, url, login, token):
    request = Request(method, url)

    assert is_identity(request) is login
    assert is_token_request(request) is token


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer  abc ", "abc"), ("bearer abc", "abc"), ("Basic abc", ""), ("", "")],
)
def test_the_token_of_a_call_is_what_its_header_bears(header, token):
    assert bearer(Request("GET", HOST, (("Authorization", header),))) == token
    assert bearer(Request("GET", HOST)) == ""


def answer(request, body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(request, Response(200, (), raw))


def log_in(token, tenant="tenant"):
    url = TOKEN_URL.replace("tenant", tenant)
    return answer(Request("POST", url), {"access_token": token})


def calls(token):
    return Request("GET", "https://host", (("authorization", f"Bearer {token}"),))


def test_the_login_that_a_token_came_from_is_remembered_with_what_led_to_it():
    logins = Logins()
    found = answer(Request("GET", DISCOVERY), {})
    first, other = log_in("abc"), log_in("def", "elsewhere")
    for one in (found, first, other):
        logins.note(one)

    assert logins.origin(calls("abc")) == (found, first)
    assert logins.origin(calls("def")) == (other,)
    assert logins.origin(calls("unknown")) == ()
    assert logins.origin(Request("GET", "https://host")) == ()


@pytest.mark.parametrize(
    "body", [b"no json", [], {}, {"access_token": 1}, {"access_token": ""}]
)
def test_an_answer_without_a_token_is_no_login(body):
    logins = Logins()

    logins.note(answer(Request("POST", TOKEN_URL), body))

    assert logins.origin(calls("1")) == ()
    assert logins.origin(calls("")) == ()


def test_only_the_last_logins_are_remembered(monkeypatch):
    monkeypatch.setattr(identity, "_REMEMBERED", 2)
    logins = Logins()
    for token in ("a", "b", "c"):
        logins.note(log_in(token))

    assert [bool(logins.origin(calls(token))) for token in "abc"] == [False, True, True]


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        (
            "POST",
            TOKEN_URL,
            {
                "token_type": "Bearer",
                "expires_in": 3599,
                "ext_expires_in": 3599,
                "access_token": TOKEN,
            },
        ),
        (
            "GET",
            f"{HOST}/common/discovery/INSTANCE",
            {
                "tenant_discovery_endpoint": f"{HOST}/common/.well-known",
                "metadata": [],
            },
        ),
        (
            "GET",
            DISCOVERY,
            {
                "issuer": f"{HOST}/tenant/v2.0",
                "authorization_endpoint": f"{HOST}/tenant/oauth2/v2.0/authorize",
                "token_endpoint": f"{HOST}/tenant/oauth2/v2.0/token",
            },
        ),
    ],
)
def test_a_login_that_no_cassette_holds_is_answered_as_one(method, url, body):
    made = synthesise(Request(method, url))

    assert (made.status, made.parse_json()) == (200, body)
    assert made.header("content-type") == "application/json; charset=utf-8"
