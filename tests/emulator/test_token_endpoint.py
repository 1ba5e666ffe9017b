"""The token endpoint: what it hands out, and its errors by their numbers."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import jwt
import pytest

from azml_contract.emulator.identity import Identity, TokenState
from azml_contract.emulator.seed import Seed
from azml_contract.exchange import Request

SEED = Seed()
LOGIN = "https://login.microsoftonline.com"
GOOD = {
    "grant_type": "client_credentials",
    "client_id": SEED.client_id,
    "client_secret": SEED.client_secret,
    "scope": "https://management.azure.com/.default",
}


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity(SEED)


def ask(identity, form, *, tenant=SEED.tenant, tail="oauth2/v2.0/token"):
    url = f"{LOGIN}/{tenant}/{tail}"
    return identity.answer(Request("POST", url, (), urlencode(form).encode()))


def test_a_token_says_for_whom_and_whence_it_is(identity):
    answer = ask(identity, GOOD)
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    token = answer.body["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "https://management.azure.com"
    assert claims["iss"] == f"https://sts.windows.net/{SEED.tenant}/"
    assert claims["appid"] == SEED.client_id
    assert identity.check_token(token).state is TokenState.VALID


def test_the_older_endpoint_takes_a_resource(identity):
    form = {k: v for k, v in GOOD.items() if k != "scope"}
    form["resource"] = "https://storage.azure.com/"
    answer = ask(identity, form, tail="oauth2/token")
    claims = jwt.decode(
        answer.body["access_token"], options={"verify_signature": False}
    )
    assert claims["aud"] == "https://storage.azure.com"
    assert answer.body["expires_in"] == "3599"


@pytest.mark.parametrize(
    ("change", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "openid"}, 400, "invalid_scope", 1002012),
    ],
)
def test_errors_have_the_numbers_of_entra(identity, change, status, error, number):
    answer = ask(identity, GOOD | change)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["error_codes"] == [number]
    assert answer.body["error_description"].startswith(f"AADSTS{number}: ")
    assert SEED.client_secret not in str(answer.body)


def test_an_unknown_tenant_is_refused_everywhere(identity):
    assert ask(identity, GOOD, tenant="other").body["error_codes"] == [90002]
    url = f"{LOGIN}/other/v2.0/.well-known/openid-configuration"
    assert identity.answer(Request("GET", url)).status == 400


def test_the_configuration_leads_back_to_the_host_that_was_asked(identity):
    tail = f"/{SEED.tenant}/v2.0/.well-known/openid-configuration"
    answer = identity.answer(Request("GET", "https://localhost:4711" + tail))
    assert answer.body["token_endpoint"] == (
        f"https://localhost:4711/{SEED.tenant}/oauth2/v2.0/token"
    )


def test_instance_discovery_knows_the_authority_that_is_asked_about(identity):
    asked = urlencode({"authorization_endpoint": "https://localhost:1/x/authorize"})
    url = f"{LOGIN}/common/discovery/instance?api-version=1.1&{asked}"
    answer = identity.answer(Request("GET", url))
    assert answer.body["metadata"][0]["aliases"] == ["localhost:1"]


def test_a_get_of_the_token_endpoint_is_not_allowed(identity):
    url = f"{LOGIN}/{SEED.tenant}/oauth2/v2.0/token"
    assert identity.answer(Request("GET", url)).status == 405


def test_tokens_of_another_secret_are_worth_nothing(identity):
    other = replace(SEED, client_secret="another")
    token = Identity(other).issue_token("https://management.azure.com")
    assert identity.check_token(token).state is TokenState.INVALID


@pytest.mark.parametrize("part", ["none", "HS512"])
def test_a_token_signed_in_another_way_is_worth_nothing(identity, part):
    key = None if part == "none" else "k" * 64
    claims = {"iss": identity.issuer, "exp": 9999999999}
    token = jwt.encode(claims, key, part)
    assert identity.check_token(token).state is TokenState.INVALID


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "..",
        "e30.e30",
        "e30.bnVsbA.e30",
        "e30.W10.",
        "\ud800",
        "e30.e30.\ud800",
    ],
)
def test_what_is_no_token_is_worth_nothing(identity, token):
    assert identity.check_token(token).state is TokenState.INVALID


def test_a_signature_that_has_no_utf_8_is_refused(identity):
    token = identity.issue_token("https://management.azure.com")

    assert identity.check_token(f"{token[:-1]}\ud800").state is TokenState.INVALID


def test_a_token_whose_claims_were_changed_is_worth_nothing(identity):
    token = identity.issue_token("https://management.azure.com")
    other = identity.issue_token("https://storage.azure.com")
    head, _, signature = token.split(".")
    changed = ".".join((head, other.split(".")[1], signature))
    assert identity.check_token(token).state is TokenState.VALID
    assert identity.check_token(changed).state is TokenState.INVALID
    assert identity.check_token(token[:-2]).state is TokenState.INVALID
