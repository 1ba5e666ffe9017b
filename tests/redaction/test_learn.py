"""Live secrets and names of people are learned where they are known to be."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.learn import is_email, is_key_list, learn, lists_keys
from azml_contract.redaction.rules import RedactionRules

WORD, OTHER = "kT4vXq9Zm7", "pL8wRn2Bc5"
HOST = "https://x.example"
RULES = RedactionRules(secret_properties=frozenset({"marked"}))


def exchange(
    url: str = "/a",
    sent: Any = None,
    came: Any = None,
    *,
    method: str = "PUT",
    status: int = 200,
    **headers: str,
) -> Exchange:
    def encode(body: Any) -> bytes:
        if isinstance(body, bytes):
            return body
        return b"" if body is None else json.dumps(body).encode()

    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    request = Request(method, HOST + url, told, encode(sent))
    return Exchange(request, Response(status, (), encode(came)))


def secrets_of(*args: Any, **options: Any) -> set[str]:
    return set(learn([exchange(*args, **options)], RULES).secrets)


def people_of(body: Any) -> set[str]:
    return set(learn([exchange(came=body)], RULES).people)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"Bearer {WORD}", {WORD}),
        (f"basic  {WORD} ", {WORD}),
        (f"Other {WORD}", {WORD}),
        (WORD, {WORD}),
        (f"Bearer {WORD}, Bearer {OTHER}", {WORD, OTHER}),
        (f"SharedKey acme:{WORD}", {f"acme:{WORD}", WORD}),
        (f"SharedAccessSignature sr=x&sig={WORD}&se=1", {WORD}),
        (
            f"HMAC-SHA256 SignedHeaders=host;date, Signature={WORD}{OTHER}",
            {WORD + OTHER},
        ),
        ("Digest username='ada', realm=\"somewhere1\"", set()),
        ("Negotiate", set()),
    ],
)
def test_a_login_shows_its_token(value, found):
    assert secrets_of(authorization=value) == found


def test_basic_credentials_show_the_password_and_not_the_name():
    packed = base64.b64encode(f"somebody:{WORD}:1".encode()).decode()

    assert secrets_of(authorization=f"Basic {packed}") == {packed, f"{WORD}:1"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("API_Key", {WORD}),
        ("x_functions_key", {WORD}),
        ("Private_Token", {WORD}),
        ("x_ms_client_secret", {WORD}),
        ("x_ms_key_name", set()),
        ("Idempotency_Key", set()),
        ("x_ms_continuation_token", set()),
        ("x_request_id", set()),
    ],
)
def test_a_header_that_is_a_key_shows_it(name, found):
    assert secrets_of(**{name: WORD}) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"lang=en-GB; session={WORD}{OTHER}", {WORD + OTHER}),
        (f"JSESSIONID={WORD}", {WORD}),
        ("session=new", set()),
        ("region=westeurope-production-1", set()),
    ],
)
def test_a_cookie_of_a_login_shows_it(value, found):
    assert secrets_of(cookie=value) == found


PARTS = f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{WORD}\r\n--b--'
TEXTS: list[tuple[str, set[str]]] = [
    (f"a: 1\npassword: {WORD}\n", {WORD}),
    (f"DB_PASSWORD={WORD}\n", {WORD}),
    (f"user,password\nada,{WORD}\n", {WORD}),
    (f"<a><Password>{WORD}</Password></a>", {WORD}),
    (f'<a Password="{WORD}"/>', {WORD}),
    (PARTS, {WORD}),
    (f"Server=s;User ID=sa;Password={WORD};", {WORD}),
    (f"postgres://u:{WORD}@h/db", {WORD}),
    (f"python t.py --password {WORD}", {WORD}),
    ('{"a": 1}\n' + json.dumps({"password": "a-plain-choice"}), {"a-plain-choice"}),
    (f'{{"a": 1, "password": "{WORD}",}}', {WORD}),
    (base64.b64encode(f"password: {WORD}".encode()).decode(), {WORD}),
    (f"password%3D{WORD}", {WORD}),
    # Names of code and words of prose stand everywhere.
    ("run(password=model_id, token=next_token)", set()),
    ("password: correct-horse", set()),
    ("the password is required here", set()),
    ("API_KEY=$OTHER_VALUE_1", set()),
    (f"key: {WORD}", set()),
]


@pytest.mark.parametrize("at", ["sent", "came"])
@pytest.mark.parametrize(("text", "found"), TEXTS)
def test_a_text_shows_what_names_in_it_say(text, found, at):
    assert secrets_of(**{at: text.encode()}) == found
    assert secrets_of(**{at: {"a": [{"note": text}]}}) == found
    assert secrets_of(**{at: {"a": [json.dumps({"note": text})]}}) == found


def test_an_address_shows_who_is_in_it_and_what_its_parameters_hold():
    holds = f"Server%3Ds%3BPassword%3D{WORD}"
    asked = Request("GET", f"https://u:{OTHER}@x.example/a?to={holds}", (), b"")
    assert learn([Exchange(asked, Response(200, (), b""))], RULES).secrets == {
        WORD,
        OTHER,
    }


def test_a_body_with_a_byte_order_mark_is_json_all_the_same():
    body = b"\xef\xbb\xbf" + json.dumps({"password": "a-plain-choice"}).encode()
    assert secrets_of(sent=body) == {"a-plain-choice"}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"/a?sv=1&sig={WORD}%2B", {f"{WORD}+"}),
        (f"/a?sig={WORD}", {WORD}),
        (f"/a?to=https%3A%2F%2Fy%3Fsig%3D{WORD}", {WORD}),
        (f"/a?design={WORD}", set()),
    ],
)
def test_a_url_shows_its_signature(url, found):
    assert secrets_of(url) == found


@pytest.mark.parametrize("at", ["sent", "came"])
def test_a_text_shows_the_signature_of_a_url(at):
    text = f"see https://y/z?se=1&sig={WORD}%3D 'x'".encode()
    for body in (text, b"\xff " + text):
        assert secrets_of(**{at: body}) == {f"{WORD}="}


def test_a_form_shows_its_secret_fields():
    form = f"client_secret={WORD}&username=adalovelace1&x={OTHER}".encode()
    kind = "application/x-www-form-urlencoded"
    for body in (form, b"a=\xff&" + form):
        assert secrets_of(sent=body, content_type=kind) == {WORD}
    # Those of a login, which no name need tell, and those that a name tells.
    for name in ("code", "assertion", "refresh_token", "dbPassword"):
        other = f"{name}={WORD}&x={OTHER}".encode()
        assert secrets_of(sent=other, content_type=kind) == {WORD}


BODIES: list[tuple[Any, set[str]]] = [
    ({"password": WORD}, {WORD}),
    ({"a": [{"dbPassword": WORD}]}, {WORD}),
    ({"marked": {"type": OTHER, "a": [WORD, 7], "name": "acmeOne12"}}, {WORD}),
    ({"markedType": WORD, "name": OTHER}, set()),
    ({"password": 12345678}, set()),
    ({"password": {"value": WORD}}, {WORD}),
    ({"name": "DB_PASSWORD", "value": WORD}, {WORD}),
    ({"name": "REGION", "value": WORD}, set()),
    ({"secrets": {"db": WORD}}, {WORD}),
    ({"secrets": {"db": "hello-you"}}, set()),
    ({"secrets": {"rotationState": WORD}}, set()),
    ({"secrets": [WORD]}, {WORD}),
    ({"tokens": ["hello", "world"]}, set()),
    (["--password", WORD], {WORD}),
    ({"kind": "Secret", "data": {"db": WORD}}, {WORD}),
    ({"username": "ada", "key": WORD}, {WORD}),
    ({"columns": ["user", "password"], "rows": [["ada", WORD]]}, {WORD}),
    ({"password": "abcde"}, set()),
    ({"password": "abc12"}, set()),
    ({"password": "abc123"}, {"abc123"}),
    ({"password": "abcdefgh"}, set()),  # a word
    ({"password": "Password"}, set()),
    ({"password": "12345678"}, set()),
    ({"password": "REDACTED"}, set()),
    ({"sasUri": "https://x.example/y1"}, set()),
]


@pytest.mark.parametrize(("body", "found"), BODIES)
@pytest.mark.parametrize("at", ["sent", "came"])
def test_a_body_shows_what_its_names_say(body, found, at):
    assert secrets_of(**{at: body}) == found


def test_what_a_parser_refuses_is_read_with_less_care():
    def refuse(raw: bytes) -> Any:
        raise ValueError(raw)

    for parse in (json.loads, refuse):
        found = learn([exchange(came={"password": WORD})], RULES, parse)
        assert found.secrets == {WORD}
    assert learn([exchange(came=b'{"password": ')], RULES).secrets == set()


@pytest.mark.parametrize("path", ["listKeys", "listSecrets/", "regenerateKey"])
def test_an_answer_of_keys_is_secret_but_for_what_it_is_of(path):
    body = {
        "key": WORD,
        "keyName": OTHER,
        "location": OTHER,
        "more": [{"x": "p1-q2-r3"}],
    }
    answer = exchange(f"/w/{path}", came=body, method="POST")
    assert is_key_list(answer.request)
    assert lists_keys(answer)
    assert learn([answer], RULES).secrets == {WORD, "p1-q2-r3"}
    whole = exchange(f"/w/{path}", came=[{"key": WORD}], method="POST")
    assert learn([whole], RULES).secrets == {WORD}
    refused = exchange(f"/w/{path}", came=body, method="POST", status=400)
    assert is_key_list(refused.request)
    assert not lists_keys(refused)
    assert learn([refused], RULES).secrets == set()
    asked = exchange(f"/w/{path}", came=body, method="GET")
    assert not is_key_list(asked.request)


def test_what_a_contract_marks_is_learned_by_its_place():
    def find(request: Request, body: Any, /, *, answer: bool) -> list[tuple[Any, ...]]:
        return [("came", 0)] if answer else [("sent",)]

    rules = RedactionRules(secret_places=find)
    one = exchange(sent={"sent": WORD, "b": OTHER}, came={"came": [OTHER, "x1-y2-z3"]})
    assert learn([one], rules).secrets == {WORD, OTHER}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"systemData": {"createdBy": "Ada Lovelace"}}, {"Ada Lovelace"}),
        ({"lastModifiedBy": "Ada Lovelace"}, {"Ada Lovelace"}),
        ({"createdBy": ["Ada Lovelace"]}, {"Ada Lovelace"}),
        ({"createdBy": "ada"}, set()),
        ({"createdBy": "Adalovelace"}, set()),
        ({"createdBy": "A B C"}, {"A B C"}),
        ({"createdBy": "A B "}, set()),
        ({"createdBy": "ada lovelace@x.example"}, set()),
        ({"name": "Ada Lovelace"}, set()),
        ({"message": '{"createdBy": "Ada Lovelace"}'}, {"Ada Lovelace"}),
        (b'{"createdBy": "Ada Lovelace", ', {"Ada Lovelace"}),
        (b'see "createdBy": "Ada Lovelace"', {"Ada Lovelace"}),
        (b'\xff"createdBy": "Ada Lovelace"', {"Ada Lovelace"}),
        ({"a": 'see "owner"', "b": '"createdBy": "Ada Lovelace"'}, {"Ada Lovelace"}),
    ],
)
def test_who_made_something_is_learned(body, found):
    assert people_of(body) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ada@x.example", True),
        ("ada@example", False),
        ("say ada@x.example", False),
        ("a@b@x.example", False),
    ],
)
def test_an_address_is_one_and_nothing_else(text, told):
    assert is_email(text) is told
