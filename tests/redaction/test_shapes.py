"""Tokens that their issuers document are told by their form, whoever knows the form."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.shapes import (
    TOKEN,
    ZERO_KEY,
    find_shapes,
    load_shapes,
    redact_account_keys,
    redact_shapes,
    redact_value,
    replace_shapes,
)

REDACTOR = Redactor(RedactionRules())
# In two parts, so that nobody takes them for tokens.
TOKENS = {
    "an AWS key": ("ASI", "A2345QWERTYUIOPZX"),
    "an Artifactory token": ("AK", "Cp5Vq9Zm7bR2nLw"),
    "a Discord token": (
        "MTk4NjIyNDgzNDcx",
        "OTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
    ),
    "a GitHub token": ("gh", "p_kT4vXq9Zm7bR2nLw5YcH8dPskT4vXq9Zm7bR"),
    "a GitLab token": ("glp", "at-kT4vXq9Zm7bR2nLw5YcH"),
    "a Mailchimp key": ("0123456789abcdef", "0123456789abcdef-us12"),
    "a PyPI token": ("pypi-AgEIcHlwaS5vcmc", "CJ" + "kT4vXq9Zm7" * 8),
    "a SendGrid key": ("SG", f".{'kT4vXq9Zm7b' * 2}.{'kT4vXq9Zm7bR2nLw5YcH8' * 2}d"),
    "a Slack token": ("xox", "b-123456789012-123456789012-kt4vxq9zm7br2nlw5ych8dps"),
    "a Square token": ("sq0c", "sp-kT4vXq9Zm7bR2nLw5YcH8dPskT4vXq9Zm7bR2nLw5Yc"),
    "a Stripe key": ("rk_li", "ve_kT4vXq9Zm7bR2nLw5YcH8dPs"),
    "a Telegram token": ("123456789", ":AAkT4vXq9Zm7bR2nLw5YcH8dPskT4vXq9Zm"),
    "a token of Azure DevOps": (
        "kt4vxq5z",
        "m7br2nlw5ych6dpskt4vxq5zm7br2nlw5ych6dpskt4v",
    ),
    "a Twilio key": ("A", "C0123456789abcdef0123456789abcdef"),
}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("around", ["{}", "we saw {} there", "/a/{}/b", '"{}",\n'])
def test_a_token_goes_by_its_form(kind, around):
    token = "".join(TOKENS[kind])

    assert kind in find_shapes(around.replace("{}", token))
    assert token not in REDACTOR.text(around.replace("{}", token))


@pytest.mark.parametrize(
    "start", ["hooks.slack.com/services/T0123/B0123", "discord.com/api/webhooks/123456"]
)
def test_a_webhook_in_a_path_goes_by_its_form(start):
    webhook = f"https://{start}/" + "kT4vXq9Zm7" * 4

    assert "kT4vXq9Zm7" not in REDACTOR.text(f"send to {webhook} then")


def test_a_webhook_of_slack_goes_though_each_part_of_its_path_is_short():
    webhook = "https://hooks.slack.com/services/T0123AB/B0123AB/kT4vXq9Zm7bR"

    assert [*find_shapes(webhook)] == ["a Slack token", "a webhook"]
    assert REDACTOR.text(f"{webhook} and") == "REDACTED and"


def test_the_shortest_token_is_one():
    token = "AK" + "Cp5Vq9Zm7bR2nL"

    assert len(token) == 16
    for text in (token, f"/a/{token}/b"):
        assert token not in REDACTOR.text(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("x?se=2026-01-02&sig=a1%3D", "x?se=2000-01-01T00:00:00Z&sig=REDACTED"),
        ("x?st=2026-01-02T00%3A00&sig=REDACTED", "x?st=2000-01-01T00%3A00%3A00Z&sig=R"),
        *(
            (f"x?{name}=2026-01-02&sig=a1", f"x?{name}=2000-01-01T00:00:00Z&sig=R")
            for name in ("st", "ske", "skt")
        ),
        ("of a design: x?se=2026-01-02", "of a design: x?se=2026-01-02"),
        ("x?se=2026-01-02", "x?se=2026-01-02"),
    ],
)
def test_times_go_with_a_signature_alone(text, made):
    assert redact_shapes(text).startswith(made)


@pytest.mark.parametrize(
    ("text", "made"),
    [("sig=abcd", "sig=REDACTED"), ("sig=abc", "sig=abc"), ("Sig%3Dab+c", "Sig%3D")],
)
def test_what_is_too_short_for_a_secret_is_not_looked_at(text, made):
    assert redact_shapes(text) == replace_shapes(text, lambda _: "REDACTED")
    assert redact_shapes(text).startswith(made)
    assert [*find_shapes(text)] == ([] if made == text else ["a SAS signature"])


def test_keys_of_accounts_are_told_by_their_form():
    key = base64.b64encode(bytes(range(64))).decode()
    others = ("==", key[1:], f"{key[:-2]}", f"-{key}", f"a{key}")

    assert redact_account_keys(f"a {key}; {key}") == f"a {ZERO_KEY}; {ZERO_KEY}"
    for one in others:
        assert redact_account_keys(f"{one} ==") == f"{one} =="


def test_a_token_of_a_cassette_says_nothing_of_anybody():
    """But what clients read in theirs, from 2000 to 2100."""

    def read(part):
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    head, claims, signature = TOKEN.split(".")
    assert (read(head), signature) == ({"typ": "JWT", "alg": "RS256"}, "REDACTED")
    start = "00000000-0000-4000-8000-00000000a00"
    assert read(claims) == {
        "aud": "https://ml.azure.com",
        "iss": f"https://sts.windows.net/{start}1/",
        "iat": 946684800,
        "nbf": 946684800,
        "exp": 4102444800,
        "appid": f"{start}2",
        "idtyp": "app",
        "oid": f"{start}3",
        "sub": f"{start}3",
        "tid": f"{start}1",
        "ver": "1.0",
    }
    assert redact_value(f"eyJ{'a1' * 8}.eyJ{'b2' * 8}.c3") == TOKEN


KEY = base64.b64encode(bytes(range(64))).decode()


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("hunter2", "REDACTED"),
        (KEY, ZERO_KEY),
        (KEY[:-4], "REDACTED"),
        (KEY[4:], "REDACTED"),
        (f"{KEY}!", "REDACTED"),
        (f"eyJ{'a1' * 8}.eyJ{'b2' * 8}.c3", TOKEN),
        (f"x eyJ{'a1' * 8}.eyJ{'b2' * 8}.c3", "REDACTED"),
        ("https://h/c?sv=2&sig=a1%3D&x=1", "https://h/c?sv=2&sig=REDACTED&x=1"),
        ("c?sig=a1b2&password=hunter2x", "c?sig=REDACTED&password=REDACTED"),
        (f"A=b;AccountKey={KEY};C=d", f"A=b;AccountKey={ZERO_KEY};C=d"),
        ("A=b;AccountKey=hunter2hunter2", "A=b;AccountKey=REDACTED"),
        ("sig=", "REDACTED"),
        ("a=b;AccountKey=", "REDACTED"),
        ("A=b;password=hunter2hunter2", "REDACTED"),
    ],
)
def test_what_stands_for_a_secret_has_its_shape(value, made):
    assert redact_value(value) == made


def test_tokens_of_ours_stay_among_others():
    other = f"eyJ{'a1' * 8}.eyJ{'b2' * 8}.c3"
    texts = (f"say {TOKEN} so", f"{TOKEN},{TOKEN}", TOKEN)

    for text in texts:
        assert redact_shapes(text) == text
        assert [*find_shapes(text)] == []
        assert [*find_shapes(f"{text} {other}")] != []
    made = replace_shapes(f"{TOKEN} {other}", lambda _: "<>")
    assert made == f"{TOKEN} <>"
    assert replace_shapes(f"{TOKEN}x", lambda _: "<>") != f"{TOKEN}x"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Bearer a1b2c3d4", "Bearer <>"),
        ("say Basic  a1b2c3d4== so", "say Basic  <> so"),
        ("SharedKey a:b1c2d3e4", "SharedKey <>"),
        *((text, None) for text in ("Bearer a1b2c3d", "Bearer abcdefgh", "a1b2c3d4")),
        *((text, None) for text in ("Bearer REDACTED1", "Bearera1b2c3d4", "a sig=$X")),
        ("a SIG=a1b2", "a SIG=<>"),
    ],
)
def test_a_login_and_a_signature_are_told_by_the_word_before(text, made):
    assert replace_shapes(text, lambda _: "<>") == (made or text)
    assert [*find_shapes(text)] == (
        []
        if made is None
        else ["a SAS signature" if "SIG" in text else "an authorization header"]
    )


@pytest.mark.parametrize(
    "text", [f"eyJ{'a1' * 8}.eyJ{{}}.c3", "at?x=1&sig={}", "at%3Fx%3D1%26sig%3D{}"]
)
def test_a_shape_is_found_among_bytes_without_a_name_beside_it(text):
    secret = "kT4vXq9Zm7" * 2
    for written in (text, text.upper() if "eyJ" not in text else text):
        raw = b"\xff\0" + written.format(secret).encode() + b"\0\xff"
        made = REDACTOR.binary(raw)
        assert secret.encode() not in made
        assert (made[:2], made[-2:]) == (raw[:2], raw[-2:])


def test_every_kind_of_these_is_known():
    assert {one.kind for one in load_shapes()} >= TOKENS.keys()


def test_a_text_without_tokens_loads_no_formats_of_others():
    text = (
        "curl -X PUT https://management.azure.com/subscriptions/AC12/jobs?x=1.2 "
        "-H 'Authorization: Bearer $TOKEN' --location eastasia --use-us-east"
    )
    program = (
        "import sys; from azml_contract.redaction.blot import find_secrets\n"
        f"assert find_secrets({text!r}) == []\n"
        "assert 'detect_secrets' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
