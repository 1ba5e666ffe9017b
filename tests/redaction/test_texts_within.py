"""What stands within a text: JSON, strings with escapes, folded lines, deep layers."""

from __future__ import annotations

import base64
import json
import time
import warnings

import pytest

from azml_contract.exchange import Request
from azml_contract.redaction.forms import Replacer, unfolded
from azml_contract.redaction.redact import DEEPEST, Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.scan import Scanner
from azml_contract.redaction.secret_fields import is_stand_in
from azml_contract.redaction.shapes import load_shapes, redact_value
from azml_contract.redaction.strings import rewrite_objects, rewrite_strings


def answer_with_key(number):
    """Nothing but its place in the object says that the word is secret."""
    return json.dumps({"secretsType": "AccountKey", "key": f"plainword-{number}-x"})


@pytest.mark.parametrize("number", [25, 2000])
@pytest.mark.parametrize("lead", ["", '{"an": "object that breaks off'])
def test_every_object_of_a_text_is_read(number, lead):
    lines = [answer_with_key(one) for one in range(number)]

    clean = Redactor(RedactionRules()).text("\n".join(["log:", lead, *lines]))

    assert "plainword" not in clean
    assert clean.count("AccountKey") == number


def test_objects_that_break_off_hide_none_that_is_whole():
    broken = '{"a": [1, {"b": tru}\n' * 200

    clean = Redactor(RedactionRules()).text(f"{broken}{answer_with_key(1)} end")

    assert "plainword" not in clean


HOSTILE = (
    "{", "[", '{"', '{"a":', '["a",', '{"a":"b"', '{"a\\"', '\\"', "\\'", "eyJ",
    "eyJaaaaaaaa", "aa:", "a=", "a:", "--a ", '"a":', "a.b.", "a://", "x://a@", "a:a@",
    "-u=", "sqlplus -", "password=REDACTED", "AccountKey=", "sk-", "password=$",
)  # fmt: skip


@pytest.mark.parametrize("lead", ["", "password T3BlbkFJ "])
@pytest.mark.parametrize("piece", HOSTILE)
def test_what_a_text_repeats_is_not_read_again_each_time(piece, lead):
    text = lead + piece * (40_000 // len(piece))
    started = time.process_time()

    Redactor(RedactionRules()).text(text)

    assert time.process_time() - started < 0.75


def test_what_goes_on_as_a_reference_is_replaced_in_the_end():
    """A chain that cannot be read once a name is taken for a secret, all of it."""
    text = "password=$password=REDACTED" * 2000 + "kT4vXq9Zm7"

    assert "kT4vXq9Zm7" not in Redactor(RedactionRules()).text(text)


@pytest.mark.parametrize("lead", ["", "it's ", "it's 'so', isn't it: "])
def test_quotes_that_nothing_closes_hide_no_string_behind_them(lead):
    word = 'ab"cd\\ef9X!k2'
    told = json.dumps(json.dumps({"password": word}))
    text = 'log: "' + '{\\"a\\": \\"b\\", ' * 40 + f"\n{lead}{told}"

    clean = Redactor(RedactionRules()).text(text)

    assert "ef9X!k2" not in clean
    assert clean.endswith(json.dumps(json.dumps({"password": "REDACTED"})))


def test_quotes_that_nothing_closes_are_read_in_linear_time():
    started = time.process_time()
    for piece in ('\\"', "\\\"'' ", '\\\'"" '):
        text = piece * (100_000 // len(piece))
        assert rewrite_strings(text, str.upper) == text
    assert time.process_time() - started < 2


def test_objects_far_into_a_text_that_breaks_off_again_and_again_are_read():
    """An error counts the lines before it: of them all, once a brace."""
    broken = '{"a": [1, {"b": tru}\n' * 10_000
    started = time.process_time()

    clean = rewrite_objects(f'{broken}{{"a": 1}} end', str.upper)

    assert clean == f'{broken}{{"A": 1}} end'
    assert time.process_time() - started < 1


def test_escapes_that_python_does_not_know_stay_and_warn_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clean = rewrite_strings(
            r"'C:\data \x70w: \u0041\d'", lambda inner: inner.replace("pw: A", "gone")
        )

    assert clean == r"'C:\\data gone\\d'"


@pytest.mark.parametrize(
    ("written", "held"),
    [(r"'\101\t\'\\'", "A\t'\\"), (r"'\U0001F600\q'", "\U0001f600\\q")],
)
def test_escapes_of_python_are_read(written, held):
    seen = []
    rewrite_strings(written, lambda inner: seen.append(inner) or inner)

    assert seen == [held]


def test_a_value_in_one_line_is_none_that_a_fold_cuts():
    secrets = Replacer([("ab12cd", "X"), ("longvalue99", "Y")])

    assert secrets.replace_folded("xab12cdx\n longvalue99\n on") == (
        "xab12cdx\n longvalue99\n on"
    )
    assert secrets.replace_folded("see longva\r\n\tlue99 and ab1\n 2cd.") == (
        "see Y and X."
    )


def test_a_short_value_is_no_part_of_a_word_that_is_folded():
    secrets = Replacer([("ab12cd", "X")])

    assert secrets.replace_folded("the zab1\n 2cdz stays") == "the zab1\n 2cdz stays"


@pytest.mark.parametrize(
    "written", ["pa\u017f\u017fword-kelvin", "PASSWORD-\u212aELVIN"]
)
def test_letters_that_match_without_being_lower_case_are_replaced(written):
    secrets = Replacer([("password-kelvin", "gone")])

    clean = secrets.replace(f"password-kelvin {written}")

    assert clean == "gone gone"
    assert secrets.replace_whole(f"{written}, password-kelvin") == "gone, gone"


def test_folded_lines_are_joined():
    assert unfolded("a\r\n\tb\n c\nd") == "abc\nd"


def test_how_far_a_text_is_looked_into_is_not_remembered_for_another_depth():
    twice = base64.b64encode(base64.b64encode(b"DB_PASSWORD=kT4vXq9Zm7")).decode()
    redactor = Redactor(RedactionRules())
    assert redactor.text(twice, DEEPEST - 1) == twice

    clean = redactor.text(twice)

    assert clean != twice
    assert clean == Redactor(RedactionRules()).text(twice)
    assert not Scanner(redactor).kinds(clean, entropy=False)


@pytest.mark.parametrize("name", ["your-account-key", "your_api_key", "YOUR_TOKEN"])
def test_a_placeholder_for_ones_own_key_is_no_secret(name):
    text = f"export API_TOKEN={name}"

    assert Redactor(RedactionRules()).text(text) == text
    assert is_stand_in(name)


def test_what_only_begins_as_a_placeholder_is_a_secret():
    text = "export API_TOKEN=your-kT4vXq9Zm7"

    assert "kT4vXq9Zm7" not in Redactor(RedactionRules()).text(text)
    assert not is_stand_in("your-kT4vXq9Zm7")


def test_a_value_made_of_the_same_name_over_and_over_is_replaced():
    assert redact_value("AccountKey=" * 3000) != "AccountKey=" * 3000


def test_objects_around_a_broken_one_keep_their_order():
    text = '{"a": 1} {"b": {"c": 2} {"d": 3} end'

    assert rewrite_objects(text, str.upper) == '{"A": 1} {"b": {"C": 2} {"D": 3} end'


def test_a_json_web_token_is_found_in_a_run_of_letters():
    (jwt,) = [one for one in load_shapes() if one.kind == "a JSON web token"]

    text = f"x=ab_eyJ{'a' * 9}.{'b' * 9}.sig eyJshort.{'c' * 9}"
    clean = jwt.replace(text, lambda _: "REDACTED")

    assert clean == f"x=ab_REDACTED eyJshort.{'c' * 9}"


def test_a_path_holds_what_its_pieces_hold_and_random_values_across_them():
    token = "qX7vTz2LpR9sWm4KcY8bHj3NdF6gQa1u"
    path = f"/subscriptions/a/providers/b/jobs/{token}"

    kinds = Scanner(Redactor(RedactionRules())).kinds(path, entropy=True)
    drawn = Scanner(Redactor(RedactionRules()), {"token": token})

    assert kinds == ("a random token",)
    assert drawn.kinds(path, entropy=True) == ()
    assert Scanner(Redactor(RedactionRules())).kinds(path, entropy=False) == ()


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n  ", " "])
def test_a_secret_across_two_lines_of_base64_goes_and_the_lines_stay(between):
    lead = "a harmless beginning of the text, then  "
    raw = f"{lead}DB_PASSWORD=kT4vXq9Zm7-and-more-of-it\n{lead}".encode()
    lines = base64.encodebytes(raw).decode().split()
    assert len(lines) > 1

    clean = Redactor(RedactionRules()).text(f"bundle: {between.join(lines)} end")

    kept = clean.removeprefix("bundle: ").removesuffix(" end")
    held = base64.b64decode("".join(kept.split())).decode()
    assert held == f"{lead}DB_PASSWORD=REDACTED\n{lead}"
    assert between in kept
    assert {len(line) for line in kept.split(between)[:-1]} == {76}
    assert Redactor(RedactionRules()).text(clean) == clean


def test_what_looks_random_in_bytes_that_are_no_text_is_not_told():
    raw = b"\xff\xfe\x00 secret words qX7vTz2LpR9sWm4KcY8bHj3NdF6gQa1u \xfe\xff"

    assert Scanner(Redactor(RedactionRules())).kinds_in(raw, "/a") == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"password": "%s"}, "a": 1}',
        '{"password": "%s", "password": "<none>"}',
        '[{"name": "a", "name": "b"}, {"apiKey": "%s", "apiKey": ""}]',
        '{"half": "\\ud800", "password": "%s"}',
        "[" * 300 + '{"password": "%s"}' + "]" * 300,
    ],
)
def test_json_that_parsing_would_change_is_redacted_as_a_text(text):
    held = text % "Zq8vN3kLp0sXw7RtYb2M"
    redactor = Redactor(RedactionRules())

    clean = redactor.text(held)

    assert "Zq8vN3" not in clean
    assert clean.count('"') == held.count('"')
    assert clean.encode()
    body = redactor.request(Request("PUT", "https://a.example/b", (), held.encode()))
    assert b"Zq8vN3" not in body.body
    assert Scanner(redactor).kinds(held, entropy=False)
