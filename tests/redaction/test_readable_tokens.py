"""Tokens in cassettes are one constant that clients can read, and no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jwt
import pytest

from azml_contract.exchange import Request
from azml_contract.recording.identity import synthesise
from azml_contract.redaction.shapes import (
    TOKEN,
    find_shapes,
    redact_shapes,
    redact_value,
)


def make_token(**claims: str) -> str:
    return jwt.encode({"oid": "9c0de5f1", **claims}, "k" * 32, algorithm="HS256")


def test_a_token_becomes_one_that_a_client_can_read() -> None:
    kept = redact_value(make_token(upn="somebody@contoso.example"))
    claims = jwt.decode(kept, options={"verify_signature": False})
    assert kept == TOKEN
    assert claims["aud"] == "https://ml.azure.com"  # azure-ai-ml compares it
    assert claims["exp"] > 4_000_000_000
    for name in ("tid", "oid", "sub", "appid"):
        assert claims[name].startswith("00000000-0000-4000-8000-")
    issuer = f"https://sts.windows.net/{claims['tid']}/"
    told = {"iss": issuer, "idtyp": "app", "ver": "1.0"}
    assert claims.items() >= told.items()
    times = {"exp", "iat", "nbf"}
    assert claims.keys() == {"aud", "tid", "oid", "sub", "appid", *told, *times}


def test_the_constant_stays_and_is_no_finding() -> None:
    for text in (TOKEN, f"Bearer {TOKEN}", f'{{"access_token": "{TOKEN}"}}'):
        assert redact_shapes(text) == text
        assert list(find_shapes(text)) == []


def test_the_page_on_cassettes_tells_every_claim() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "cassettes.md").read_text("utf-8")
    _, _, section = page.partition("## When a secret scanner flags a token")
    told = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert told is not None
    assert json.loads(told[1]) == jwt.decode(TOKEN, options={"verify_signature": False})


@pytest.mark.parametrize("place", ["{}", "{} " + TOKEN, TOKEN + " {}"])
def test_any_other_token_beside_it_goes(place: str) -> None:
    token = make_token()
    text = place.format(token)
    assert token not in redact_shapes(text)
    assert list(find_shapes(text))


@pytest.mark.parametrize("place", ["{}", "Bearer {}", "{}&a=1", TOKEN + " {}"])
def test_one_that_borrows_its_beginning_goes_too(place: str) -> None:
    head, payload, _ = TOKEN.split(".")
    claims, signature = make_token().split(".")[1:]
    for token in (
        f"{head}.{claims}.{signature}",
        f"{head}.{claims}.REDACTED",
        f"{head}.{payload}.{signature}",
        f"{TOKEN}{signature}",
        f"{TOKEN}.{signature}",
        TOKEN[:-1],
    ):
        text = place.format(token)
        assert redact_shapes(text) == place.format("REDACTED")
        assert list(find_shapes(text))


def test_a_login_that_was_not_recorded_has_it() -> None:
    url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    assert TOKEN.encode() in synthesise(Request("POST", url)).body
