"""One value in every form in which it is written, and what holds it rewritten."""

from __future__ import annotations

import base64
import json
import quopri
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from azml_contract.redaction.forms import (
    Replacer,
    as_text,
    base64_runs,
    find_needles,
    hex_runs,
    merge_windows,
    rewrite_base64,
    rewrite_escaped,
    rewrite_hex,
    rewrite_percent,
    rewrite_quoted,
    unfolded,
    unquote_printable,
    wrapped_runs,
)

VALUE, NEW = 'Zq8 tR4w/"Lm2x&Vb', "in its <place>"
GUID = "3b1f0c52-7a5e-4a0b-9d55-0f9f3a1c7e21"


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "plain": lambda v: v,
    "in capitals": str.upper,
    "of a path": quote,
    "of a query": lambda v: quote(v, safe=""),
    "of a form": quote_plus,
    "of another writer": lambda v: quote(v, safe="@:/+=,;"),
    "twice": lambda v: quote(quote(v, safe=""), safe=""),
    "in JSON": lambda v: json.dumps(v)[1:-1],
    "in JSON in JSON": lambda v: json.dumps(json.dumps(v)[1:-1])[1:-1],
    "in XML": escape,
    "in hex": lambda v: v.encode().hex(),
    "two bytes a letter": "\\x00".join,
    "in base64": encode,
    "in base64 of URLs": lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
    "in base64 without padding": lambda v: encode(v).rstrip("="),
    "in base64 of a query": lambda v: quote(encode(v), safe=""),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_replaced_in_whatever_form_it_stands(form):
    write = FORMS[form]
    replacer = Replacer([(VALUE, NEW)])
    new = NEW if form == "in capitals" else write(NEW)
    assert replacer.replace(f"say {write(VALUE)} so") == f"say {new} so"
    assert replacer.find(write(VALUE))
    assert not replacer.find("say so")
    for value in ("Zq8?>tR4w~~Lm2", "Ünïcode-Zq8"):
        made = Replacer([(value, NEW)]).replace(f"say {write(value)} so")
        assert write(value) not in made


def test_a_guid_is_replaced_without_its_dashes_too():
    replacer = Replacer([(GUID, "0" * 8 + GUID[8:])])
    assert replacer.replace(GUID.replace("-", "")).startswith("0" * 8 + "7a5e")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("abc", "<>"),
        ("x abc,", "x <>,"),
        ("xabc", "xabc"),
        ("abc1", "abc1"),
        ("%2fabc", "%2f<>"),
        ("\\nabc", "\\n<>"),
        ("ABC_abc", "<>_<>"),
        ("616263", "616263"),  # so short a value is not looked for in hex
    ],
)
def test_a_short_value_is_replaced_where_it_stands_alone(text, made):
    assert Replacer([("abc", "<>")]).replace(text) == made


@pytest.mark.parametrize(("value", "made"), [("abcdefgh", "x<>y"), ("abcdefg", None)])
def test_a_value_of_eight_letters_is_replaced_within_words_too(value, made):
    text = f"x{value}y"
    assert Replacer([(value, "<>")]).replace(text) == (made or text)


def test_the_longest_value_goes_first_and_what_stands_for_itself_stays():
    pairs = [("acme", "one"), ("acme-long", "two"), ("same", "same"), ("", "none")]
    replacer = Replacer(pairs)
    assert replacer.replace("acme-long acme same") == "two one same"
    assert replacer.needles[0] == b"acme"
    assert replacer
    assert not Replacer([("same", "same")])


def test_letters_that_only_look_like_others_are_found_as_well():
    """A sign for Kelvin is a K for one who does not look at the case."""
    assert Replacer([("acme-key1", "<>")]).replace("say acme-\u212aey1") == "say <>"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("abc", "<>"),
        ("x.abc", "x.abc"),
        ("abc-x", "abc-x"),
        ("abc.", "<>."),
        ("x-0123456789abcdefy", "x-[]y"),
        ("nothing", "nothing"),
    ],
)
def test_a_long_value_is_replaced_anywhere_and_a_short_one_as_a_whole(text, made):
    replacer = Replacer([("abc", "<>"), ("0123456789abcdef", "[]")])
    assert replacer.replace_whole(text) == made
    assert Replacer([]).replace_whole(text) == text


def test_what_a_folded_line_cuts_in_two_is_replaced():
    replacer = Replacer([("abcdefgh", "<>")])
    assert replacer.replace_folded("a: abcd\n  efgh;\n b") == "a: <>;\n b"
    assert replacer.replace_folded("a: abcd\r\n\tefgh") == "a: <>"
    assert replacer.replace_folded("a: abcdefgh\n b") == "a: abcdefgh\n b"
    assert replacer.replace_folded("a: abcd\nefgh") == "a: abcd\nefgh"
    cut = encode("abcdefgh")
    assert replacer.replace_folded(f"{cut[:4]}\n {cut[4:]}") == encode("<>")
    assert unfolded("a\n b\r\n\tc\nd") == "abc\nd"


def test_needles_are_found_in_order_and_their_surroundings_joined():
    assert find_needles(b"a-bb-a-bbb", [b"a", b"bb"]) == [0, 2, 5, 7]
    assert merge_windows([], 10) == []
    assert merge_windows([5, 100], 50_000) == [(0, 8292)]
    assert merge_windows([100, 20_000], 50_000) == [(36, 8292), (19_936, 28_192)]
    assert merge_windows([100], 120) == [(36, 120)]
    assert merge_windows([100, 8292 + 64], 50_000) == [(36, 8292 + 64 + 8192)]
    assert merge_windows([100, 8292 + 65], 50_000)[0] == (36, 8292)


# What holds texts


def shout(text: str) -> str:
    return text.replace("secret", "GONE!")


def shout_bytes(raw: bytes) -> bytes:
    return raw.replace(b"secret", b"GONE!")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a%73ecret b", "aGONE%21 b"),
        ("x/a%73ecret/b%20", "x/aGONE%21/b%20"),
        ("a%20b", "a%20b"),
        ("%73ecret+a", "GONE%21%2Ba"),
        ("a%2Bsecret", "a%2BGONE%21"),
        ("secret", "secret"),
        ("se%2Fcret", "se%2Fcret"),
    ],
)
def test_a_run_of_percents_is_rewritten_where_it_holds_something(text, made):
    assert rewrite_percent(text, shout) == made


def test_a_plus_is_a_blank_where_only_that_tells():
    told = lambda text: text.replace("my secret", "GONE it is")  # noqa: E731
    assert rewrite_percent("%6dy+secret", told) == "GONE+it+is"
    assert rewrite_percent("a/%6dy+secret", told) == "a/GONE+it+is"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a \\u0073ecret b", "a GONE\\u0021 b"),
        ("a \\\\u0073ecret", "a GONE\\u0021"),
        ("a \\x73ecret", "a GONE\\u0021"),
        ("a \\u0041", "a \\u0041"),
        ("a \\n secret", "a \\n secret"),
    ],
)
def test_a_run_of_escapes_is_rewritten_where_it_holds_something(text, made):
    assert rewrite_escaped(text, shout) == made


LINE = "a line that holds a secret, and more than one would think?>~"
LONG = LINE * 3


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (encode(LINE), encode(shout(LINE))),
        (f"x {encode(LINE)}, y", f"x {encode(shout(LINE))}, y"),
        (
            encode(f"{LINE}x").rstrip("="),
            encode(shout(f"{LINE}x")).rstrip("="),
        ),
        (
            base64.urlsafe_b64encode(LINE.encode()).decode(),
            base64.urlsafe_b64encode(shout(LINE).encode()).decode(),
        ),
        (f"of/{encode('my secret ')}/b", f"of/{encode(shout('my secret '))}/b"),
        (encode("secret"), encode("secret")),  # so short a run is a word
        ("secret", "secret"),
        (encode("nothing to be found"), encode("nothing to be found")),
    ],
)
def test_a_run_of_base64_is_rewritten_where_it_holds_something(text, made):
    assert rewrite_base64(text, shout_bytes) == made


@pytest.mark.parametrize(("sign", "other"), [("_", "-"), ("-", "_")])
def test_base64_of_urls_is_told_by_either_of_its_signs(sign, other):
    text = "??? a secret ???" if sign == "_" else ">>> a secret >>>"
    run = base64.urlsafe_b64encode(text.encode()).decode()
    assert sign in run
    assert other not in run
    for new in ("???", ">>>"):
        made = rewrite_base64(run, lambda _, new=new: new.encode() * 5)
        assert made == base64.urlsafe_b64encode(new.encode() * 5).decode().rstrip("=")


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n  ", " "])
def test_base64_in_lines_is_one_run(between):
    def wrap(run: str) -> str:
        return between.join(run[at : at + 64] for at in range(0, len(run), 64))

    run = encode(LONG)
    text = f"before\n{wrap(run)}\nafter {encode(LINE)}"
    new = f"before\n{wrap(encode(shout(LONG)))}\nafter {encode(shout(LINE))}"
    assert rewrite_base64(text, shout_bytes) == new
    assert list(wrapped_runs(f"; {wrap(run)};")) == [run]
    other = wrap(encode(LONG.replace("secret", "nothing")))
    assert rewrite_base64(other, shout_bytes) == other
    assert list(wrapped_runs(run)) == []


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (encode(LINE), [LINE]),
        (f"a/{encode('my secret text')}/b", ["my secret text"]),
        (encode("ä umlaut in a text"), ["ä umlaut in a text"]),
        (encode("\x1f\x8b and so on, and on").replace("=", ""), []),
        ("a-word-of-many-letters", []),
        (encode("short"), []),
    ],
)
def test_runs_of_base64_are_read(text, runs):
    found = list(base64_runs(text))
    assert [one for one in found if one in runs] == runs
    if not runs and "H" not in text:
        assert found == []


HEXED = "a secret that is in hex"


@pytest.mark.parametrize("between", ["", " ", ":"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_run_of_hex_is_rewritten_in_its_own_way(between, case):
    def write(text: str) -> str:
        return case(between.join(f"{byte:02x}" for byte in text.encode()))

    assert rewrite_hex(f"x {write(HEXED)} y", shout_bytes) == (
        f"x {write(shout(HEXED))} y"
    )
    assert list(hex_runs(f"x {write(HEXED)} y")) == [HEXED.encode()]
    plain = f"x {write('nothing in this one')} y"
    assert rewrite_hex(plain, shout_bytes) == plain


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("0x" + HEXED.encode().hex(), True),
        (HEXED.encode("utf-16-le").hex(), True),
        (HEXED.encode("utf-16").hex(), True),
        ("\xe4" + HEXED.encode().hex(), True),
        ("g" + HEXED.encode().hex(), False),
        (HEXED.encode().hex() + "g", False),
        ((HEXED.encode() + b"\xff").hex(), False),
        (b"secret".hex(), False),
    ],
)
def test_hex_is_text_of_one_or_two_bytes_a_letter(text, is_read):
    rewrite = lambda raw: b"GONE!" if b"s" in raw else raw  # noqa: E731
    assert (rewrite_hex(text, rewrite) != text) is is_read


QUOTED = "=C3=A4 secret that is quoted=\n and goes on"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (QUOTED, "=C3=A4 GONE! that is quoted and goes on"),
        ("a =3D secret", "a =3D GONE!"),
        ("say my sec=\nret", "say my GONE!"),
        ("=41=42 nothing", "=41=42 nothing"),
        ("secret c2VjcmV0ISE=\n", "secret c2VjcmV0ISE=\n"),  # the padding of base64
        ("secret==\nx", "secret==\nx"),
        ("a=b secret", "a=b secret"),
        ("=C3=A4 secret a", "=C3=A4 GONE! a"),
        ("=C3=A4 secret abc", "=C3=A4 secret abc"),  # of so few signs it is none
        ("secret=AB and much more of a text than a sign", None),
    ],
)
def test_quoted_printable_is_rewritten_where_it_is_that(text, made):
    assert rewrite_quoted(text, shout) == (text if made is None else made)


def test_quoted_printable_is_read_as_it_was_written():
    text = "ä = ü, and a long line of it, which is to go on and on for more than one"
    written = quopri.encodestring(text.encode()).decode()
    assert unquote_printable(written) == text
    assert unquote_printable("plain") == "plain"


def test_bytes_that_are_no_text_are_letters_each():
    assert as_text("ä".encode()) == "ä"
    assert as_text(b"\xe4") == "ä"
