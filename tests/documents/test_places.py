"""Lines and columns of a body that is a text inside of JSON or YAML."""

from __future__ import annotations

import json
import random

import pytest
import yaml

from azml_contract.documents.formats import Spot
from azml_contract.documents.places import RecordingPlaces
from azml_contract.redaction.blot import find_hidden
from azml_contract.source.excerpt import Excerpt, Source
from azml_contract.source.json_places import JsonPlaces
from tests.support.soak import sized

BODY = '{\n  "na\\"me": "caf\u00e9 \U0001f600",\n  "inner": {"x": [1, {"y": "z"}]}\n}'
ALPHABET = "ab {}[]\":,\n\n  \t\\\u00e9\U0001f600'#-"


def check_excerpt(excerpt: Excerpt, text: str, *, exact: bool) -> None:
    """Every character that stands in the source as itself is found there."""
    assert excerpt.text == text
    source = excerpt.source
    for offset, char in enumerate(text):
        place = excerpt.locate(offset)
        found = source.text[source.find_offset(place.line, place.column)]
        assert found == char or (found in "\\ \n\t'" and not exact) or found == "\\"


def make_text(seed: int) -> str:
    drawn = random.Random(seed)
    return "".join(drawn.choices(ALPHABET, k=drawn.randrange(1, 60)))


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_body_inside_a_json_string_is_found(ascii_only, indent):
    document = {"a/b": [{"text": BODY, "status": 200}]}
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    places = RecordingPlaces(Source("f.har", text))

    excerpt = places.read(Spot("/a~1b/0/status", "/a~1b/0/text"), BODY.encode())

    check_excerpt(excerpt, BODY, exact=True)
    place = places.locate("/a~1b/0/status")
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith('"status"')


def test_a_body_that_stands_as_json_is_cut_out_of_the_document():
    text = '{\n "Entries": [\n  {"RequestBody": {"a": 1,\n    "b": 2}}]}'
    places = RecordingPlaces(Source("f.json", text))

    excerpt = places.read(Spot("", "/Entries/0/RequestBody", True), b"")

    assert excerpt.text == '{"a": 1,\n    "b": 2}'
    assert excerpt.locate(excerpt.text.index('"b"')).line == 4


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(60, 5000)))
@pytest.mark.parametrize("style", ['"', "'", "|", None])
def test_a_body_inside_a_yaml_scalar_is_found_whatever_its_style(seed, style):
    body = make_text(seed)
    text = yaml.dump({"a": [{"body": body}]}, default_style=style, allow_unicode=True,
                     width=20)  # fmt: skip

    excerpt = RecordingPlaces(Source("f.yaml", text), is_yaml=True).read(
        Spot("", "/a/0/body"), body.encode()
    )

    if not excerpt.packed:
        check_excerpt(excerpt, body, exact=False)


@pytest.mark.parametrize("style", ['"', "'", "|", None])
def test_the_yaml_of_vcrpy_gives_exact_columns(style):
    body = json.dumps({"properties": {"jobType": "Command", "words": "it's a " * 9}})
    text = yaml.dump({"string": body}, default_style=style, width=80)

    excerpt = RecordingPlaces(Source("f.yaml", text), is_yaml=True).read(
        Spot("", "/string"), body.encode()
    )

    place = excerpt.locate(body.index("words"))
    assert not excerpt.packed
    assert place.shown[place.caret - 1 :].startswith("words")


def test_a_body_that_is_packed_is_told_at_its_start():
    text = '{\n "body": "eyJhIjogMX0="\n}'
    places = RecordingPlaces(Source("f.json", text))

    excerpt = places.read(Spot("", "/body"), b'{"a": 1}')

    assert excerpt.packed
    assert (excerpt.locate(5).line, excerpt.locate(5).column) == (2, 11)


def test_what_is_absent_is_told_at_its_nearest_ancestor():
    places = JsonPlaces('{"a": [{"b": 1}]}')

    assert places.find("/a/0/c/d").start == 7
    assert places.find("/a/7").start == 1
    assert places.find("/x").start == 0


def test_a_text_that_is_no_json_has_no_places():
    with pytest.raises(ValueError, match="no JSON"):
        JsonPlaces('{"a": }')


def test_the_line_is_shown_around_the_caret_and_without_secrets():
    line = '{"pad": "' + "x" * 500 + '", "password": "hunter2hunter2", "next": 1}'
    source = Source("f.json", line, find_hidden)

    place = source.locate(line.index('"next"'))

    assert place.shown[place.caret - 1 :].startswith('"next"')
    assert place.width == len('"next"')
    assert "hunter2" not in place.shown
    assert len(place.shown) <= 140


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('"clientSecret": "abcdefgh"', "abcdefgh"),
        ('\\"accountKey\\": \\"abcdefgh==\\"', "abcdefgh"),
        ("url?sv=1&sig=abcdefgh%3D&x=1", "abcdefgh"),
        ("Authorization: Bearer abcd.efgh.ijkl", "efgh"),
        ("AccountKey=abcdefgh;x", "abcdefgh"),
        ("--client-secret abc password=abcdefgh", "abcdefgh"),
    ],
)
def test_secrets_of_a_line_are_blotted_out_in_place(line, secret):
    place = Source("f", line, find_hidden).locate(0)

    assert secret not in place.shown
    assert len(place.shown) == len(line)
