"""Texts, URLs and bodies without what must not be kept, in the form they had."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from urllib.parse import quote

import pytest

from azml_contract.exchange import Exchange, Request, Response
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import Identifier, RedactionRules
from azml_contract.redaction.scan import Scanner

WORD = "kT4vXq9Zm7"
SECRET = "Zq8-tR4w-Lm2x-Vb7n"
RULES = RedactionRules(
    identifiers=(Identifier("workspace", "acme-ml-ws", "workspace"),),
    secrets=(SECRET,),
    secret_properties=frozenset({"marked"}),
)
REDACTOR = Redactor(RULES)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("plain", "plain"),
        ("of acme-ml-ws", "of workspace"),
        ("acme-ml-ws", "workspace"),
        ("/workspaces/acme-ml-ws/jobs/x", "/workspaces/workspace/jobs/x"),
        (f"x {SECRET} y", "x REDACTED y"),
        (f"/a/{SECRET}/b", "/a/REDACTED/b"),
        (SECRET, "REDACTED"),
        (
            f"https://x.example/{SECRET}?a={SECRET}",
            "https://x.example/REDACTED?a=REDACTED",
        ),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        (f"&lt;{quote(SECRET)}&gt;", "&lt;REDACTED&gt;"),
        ("a &lt; of acme-ml-w&#115; &gt;", "a &lt; of workspace &gt;"),
        ("mail ada@corp.example now", "mail user@example.com now"),
        ("Zq8-tR4w-\n Lm2x-Vb7n x", "REDACTED x"),
        (
            base64.b64encode(f"say {SECRET} so".encode()).decode(),
            base64.b64encode(b"say REDACTED so").decode(),
        ),
        (f"say {SECRET} so".encode().hex(), b"say REDACTED so".hex()),
    ],
)
def test_a_text_is_rewritten_in_its_own_form(text, made):
    assert REDACTOR.text(text) == made
    assert REDACTOR.text(made) == made


KEY = "Zq8-tR4w-Lm2x-7"


@pytest.mark.parametrize("known", ["hunter22", "Zq8-tR4w!"])
@pytest.mark.parametrize("around", [b"\xff%b\xff", b"\x81\xa4note\xa8%b\xc0"])
def test_a_known_secret_goes_out_of_bytes_however_short_the_text_is(known, around):
    redactor = Redactor(RedactionRules(secrets=(known,)))
    body = around % known.encode()

    assert redactor.binary(body) == around % b"REDACTED"
    packed = redactor.text(base64.b64encode(body + b"\xff").decode())
    assert base64.b64decode(packed + "==").startswith(around % b"REDACTED")
    assert Scanner(redactor).kinds_in(body, "a")


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_base64_stays_whole_around_a_secret_that_begins_at_any_of_its_letters(before):
    redactor = Redactor(RedactionRules(secrets=(KEY,)))
    text = base64.b64encode(f"{before}abc{KEY}, and more of it".encode()).decode()

    clean = redactor.text(text)

    assert base64.b64decode(clean) == f"{before}abcREDACTED, and more of it".encode()


@pytest.mark.parametrize("around", ["-{}", "{}A", "AAAAA{}"])
def test_base64_of_a_secret_goes_where_what_is_around_it_cannot_be_decoded(around):
    redactor = Redactor(RedactionRules(secrets=(KEY,)))
    packed = base64.b64encode(KEY.encode()).decode()

    for text in (around.format(packed), f"https://x y/{around.format(packed)}?a=1"):
        assert packed not in redactor.text(text)


NESTED = {"ä": "é", "password": WORD, "n": [1, None]}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_json_in_a_text_keeps_its_blanks_and_letters(separators):
    text = json.dumps(NESTED, separators=separators, ensure_ascii=False)
    assert REDACTOR.text(text) == text.replace(WORD, "REDACTED")
    within = json.dumps({"of": text}, separators=separators, ensure_ascii=False)
    assert json.loads(json.loads(REDACTOR.text(within))["of"])["password"] == "REDACTED"
    plain = '{"a" :  1}'
    assert REDACTOR.text(plain) == plain
    assert WORD not in REDACTOR.text(f'{{"password": "{WORD}", ')


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ("a=1&b=c%20d", "a=1&b=c%20d"),
        (f"a={SECRET}&b=%C3%A4", "a=REDACTED&b=%C3%A4"),
        (
            "sig=abc&se=2026-01-02&x=2026",
            "sig=REDACTED&se=2000-01-01T00%3A00%3A00Z&x=2026",
        ),
        ("se=2026-01-02", "se=2026-01-02"),
        ("amp;sig=abc", "amp;sig=REDACTED"),
        ("t=1&c=2&s=3&h=4&x=5", "t=REDACTED&c=REDACTED&s=REDACTED&h=REDACTED&x=5"),
        ("t=1&c=2&s=3", "t=1&c=2&s=3"),
        (f"password={WORD}", "password=REDACTED"),
        (f"pass%77ord={WORD}", "pass%77ord=REDACTED"),
        ("id=/workspaces/acme-ml-ws", "id=/workspaces/workspace"),
        ("flag&x", "flag&x"),
        ("", ""),
    ],
)
def test_a_query_is_rewritten_field_by_field(query, made):
    assert REDACTOR.query(query) == made
    assert REDACTOR.query(query) == made  # as it is remembered
    assert REDACTOR.url(f"https://x.example/a?{query}") == f"https://x.example/a?{made}"


def test_what_spans_parts_of_a_path_goes_from_a_url_too():
    start = "https://discord.com/api/webhooks/123456/"
    made = REDACTOR.url(f"{start}{WORD * 6}?wait=true")
    assert WORD not in made
    assert made.endswith("?wait=true")


VALUES = [
    ({"a": SECRET}, {"a": "REDACTED"}),
    ({SECRET: 1}, {"REDACTED": 1}),
    (
        {"marked": {"a": WORD, "type": "kept"}},
        {"marked": {"a": "REDACTED", "type": "kept"}},
    ),
    ({"markedX": "kept"}, {"markedX": "kept"}),
    ({"password": WORD}, {"password": "REDACTED"}),
    ({"password": ["a", 7]}, {"password": ["REDACTED", 7]}),
    ({"db_pass": "none"}, {"db_pass": "none"}),
    ({"db_pass": WORD}, {"db_pass": "REDACTED"}),
    ({"db_pass": {"value": WORD}}, {"db_pass": {"value": "REDACTED"}}),
    ({"name": "DB_PASS", "value": WORD}, {"name": "DB_PASS", "value": "REDACTED"}),
    ({"secrets": {"db": WORD, "of": "a"}}, {"secrets": {"db": "REDACTED", "of": "a"}}),
    ({"passwords": [WORD]}, {"passwords": ["REDACTED"]}),
    ({"args": ["--password", WORD]}, {"args": ["--password", "REDACTED"]}),
    (
        {"secretsType": "Sas", "sas": WORD, "x": 7},
        {"secretsType": "Sas", "sas": "REDACTED", "x": 7},
    ),
    ([{"a": [SECRET]}, None, True], [{"a": ["REDACTED"]}, None, True]),
]


@pytest.mark.parametrize(("value", "made"), VALUES)
def test_a_value_of_json_is_rewritten_by_its_names(value, made):
    assert REDACTOR.json(value, REDACTOR.text) == made
    body = json.dumps(value).encode()
    request = Request("PUT", "https://x.example/acme-ml-ws", (), body)
    redacted = REDACTOR.request(request)
    assert redacted.url == "https://x.example/workspace"
    assert json.loads(redacted.body) == made
    assert REDACTOR.request(redacted) == redacted


def test_a_name_of_its_property_is_a_name():
    redactor = Redactor(
        RedactionRules(identifiers=(Identifier("workspace", "ml", "workspace"),))
    )
    kind = "Microsoft.MachineLearningServices/workspaces"
    value = {"workspaceName": "ML", "name": "ml", "type": kind, "other": "ml"}
    assert redactor.json(value, redactor.text) == {
        "workspaceName": "workspace",
        "name": "workspace",
        "type": kind,
        "other": "ml",
    }


def test_a_digest_stays_unless_it_is_a_live_secret():
    digest = base64.b64encode(bytes(range(200, 232))).decode()
    value = {"contentMD5": digest, "sha256": SECRET}
    assert REDACTOR.json(value, REDACTOR.text) == {
        "contentMD5": digest,
        "sha256": "REDACTED",
    }
    live = Redactor(RedactionRules(secrets=(digest,)))
    assert live.json({"sha256": digest}, live.text)["sha256"] != digest


def test_a_form_is_rewritten_field_by_field():
    kind = (("Content-Type", "application/X-www-form-urlencoded; charset=utf-8"),)
    for sent, made in (
        (f"client_secret=a&b={SECRET}", "client_secret=REDACTED&b=REDACTED"),
        (f"my_password={WORD}&c=", "my_password=REDACTED&c="),
        ("a=b+c&d=%7E", "a=b+c&d=%7E"),
    ):
        request = Request("POST", "https://x.example", kind, sent.encode())
        assert REDACTOR.request(request).body == made.encode()


def test_what_an_exchange_shows_is_known_from_then_on():
    shown = Exchange(
        Request(
            "PUT", "https://x.example", (), json.dumps({"password": WORD}).encode()
        ),
        Response(200),
    )
    learned = REDACTOR.learning(shown)
    assert learned.text(f"say {WORD} so") == "say REDACTED so"
    assert learned.learning(shown) is learned
    assert REDACTOR.text(f"say {WORD} so") == f"say {WORD} so"


def test_a_message_for_a_person_is_read_line_by_line():
    key = f"-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----"
    made = REDACTOR.message(f"of acme-ml-ws:\n{key}\nand {quote(SECRET + '!')}")
    assert made == "of workspace:\nREDACTED\nand REDACTED%21"


def test_wide_texts_in_an_archive_are_read_too():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for codec in ("utf-16-le", "utf-8"):
            archive.writestr(codec, f"of {SECRET} here".encode(codec))
    with zipfile.ZipFile(io.BytesIO(REDACTOR.binary(packed.getvalue()))) as archive:
        for codec in ("utf-16-le", "utf-8"):
            assert archive.read(codec).decode(codec) == "of REDACTED here"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_texts_keep_their_width_and_their_mark(codec):
    text = f"a wide text with {SECRET} in it"
    made = REDACTOR.binary(text.encode(codec))
    assert made == text.replace(SECRET, "REDACTED").encode(codec)
