"""Cassettes above a megabyte: read in pieces, same answers, same errors."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from azml_contract.cassette.cassette import Cassette, load_cassette, render_cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.layout import UnparsedInteraction, is_spelt_as
from azml_contract.errors import CassetteError
from azml_contract.recording.engine import Mode
from azml_contract.recording.miss import NoMatchingInteraction

_TEXTS = st.text(st.sampled_from('a ,:"{}[]\\\n'), max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)
FILLER = {f"name {n}": [n, f'quote " and \\ and é {n}', None, True] for n in range(60)}


def interaction(number):
    """Bodies of every kind, GETs without one, headers or none."""
    kinds = [
        {"json": {"n": number, "filler": FILLER}},
        {"text": "a\n    },\n    {\nb"},
        {"base64": "AP8Q"},
        None,
    ]
    request_body, response_body = kinds[number % 4], kinds[(number + 1) % 4]
    request = {
        "method": "PUT" if request_body else "GET",
        "uri": f'https://x/{number}?q="\\{number % 2}',
        "headers": {"content-type": "application/json"} if number % 2 else {},
    }
    response = {"status": 200 + number % 3, "headers": {"a": "b"} if number % 3 else {}}
    if request_body:
        request["body"] = request_body
    if response_body:
        response["body"] = response_body
    made = {"request": request, "response": response}
    if number % 12 == 1:
        made["failure"] = {"kind": "dropped", "after_bytes": 3}
    if number % 7 == 6:
        made["process"] = {"program": "python"}
    return Interaction({**made, "times": 1 + number % 12})


@pytest.fixture
def cassette():
    return Cassette(
        "story/test",
        "v",
        "emulator",
        "2026-11-22T10:00:00Z",
        "r",
        tuple(interaction(number) for number in range(900)),
        {"run": "a"},
        {3: ("/n",)},
    )


@pytest.fixture
def path(tmp_path, cassette):
    file = tmp_path / "large.json"
    file.write_bytes(render_cassette(cassette))
    assert file.stat().st_size > 1024 * 1024
    return file


def test_a_large_cassette_holds_the_same_as_a_small_one(path, cassette):
    loaded = load_cassette(path)

    assert all(type(one) is UnparsedInteraction for one in loaded.interactions)
    assert loaded.variables == {"run": "a"}
    assert loaded.reads == {3: ("/n",)}
    for ours, theirs in zip(loaded.interactions, cassette.interactions, strict=True):
        assert (ours.method, ours.url, ours.times) == (
            theirs.method,
            theirs.url,
            theirs.times,
        )
        for part in ("request", "response"):
            one, other = getattr(ours, part), getattr(theirs, part)
            assert one.headers == other.headers
            if one.body[:1] == b"{":
                assert json.loads(one.body) == json.loads(other.body)
            else:
                assert one.body == other.body
        assert ours.failure == theirs.failure
        assert ours.is_of_program == theirs.is_of_program
        assert ours.status == theirs.status
        assert ours.data == theirs.data


def test_what_is_played_of_json_and_text_is_not_parsed_whole(path):
    for number, one in enumerate(load_cassette(path).interactions):
        if number % 4 in (0, 3):  # others hold bytes
            assert one.request.method
            assert one.response.status
            assert one.failure is None
            assert one._data is None


def test_a_large_cassette_laid_out_by_another_program_is_read_too(path, cassette):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))

    loaded = load_cassette(path)

    assert [type(one) for one in loaded.interactions[:1]] == [Interaction]
    assert loaded.interactions[7].data == cassette.interactions[7].data


def test_a_large_cassette_plays(path, cassette, make_recorder):
    with make_recorder(Mode.REPLAY, path=path) as recorder:
        for number in range(900):
            one = interaction(number)
            body = one.request_json
            answer = requests.request(one.method, one.url, json=body) if body else None
            if answer is not None:
                assert answer.status_code == one.status
    assert recorder.exchanges == 225


def test_a_large_cassette_tells_true_from_one_and_finds_duplicate_keys(
    path, make_recorder
):
    one = interaction(4)
    body = json.dumps(one.request_json)
    changed = body.replace("true", "1", 1)
    doubled = body.replace('"n": 4,', '"n": 4, "n": 4,')

    with make_recorder(Mode.REPLAY, path=path):
        for text in (changed, doubled):
            with pytest.raises(NoMatchingInteraction):
                requests.put(one.url, data=text)
        assert requests.put(one.url, data=body).status_code == one.status


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"status": 201', '"status": "201"', "response.status and times as whole"),
        ('"uri": "https://x/401', '"url": "https://x/401', "it has no method and uri"),
        ('"headers": {},\n        "body"', '"headers": 1,\n        "body"', "headers"),
        ('\n            "n": 8,', "\n<<<<<<< HEAD\n", "malformed"),
        ("https://x/401?", r"https://x/401\x?", "Invalid"),
        ("https://x/401?", r"https://x/401\ud800?", "surrogates not allowed"),
        ('"a": "b"', '"a": 1', "header values must be text"),
        ('"times": 12', '"times": 99999999', "times as whole numbers"),
    ],
)
def test_faults_inside_a_large_cassette_are_named_by_index(path, old, new, reason):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    def read_all():
        for one in load_cassette(path).interactions:
            assert one.response.status
            assert one.request.url
            assert one.times

    with pytest.raises(CassetteError) as caught:
        read_all()
    assert "/interactions/" in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("url", [b"https://x/\xe97?", b"https://[x/7?"])
def test_a_url_that_nobody_can_read_makes_a_large_cassette_refuse_not_crash(path, url):
    path.write_bytes(path.read_bytes().replace(b"https://x/7?", url))

    with pytest.raises(CassetteError, match="/interactions/7 is malformed"):
        load_cassette(path)


def test_an_answer_that_was_broken_by_hand_is_told_where_a_test_fails(
    path, make_recorder
):
    before, found, after = path.read_text().partition('"n": 3,')
    path.write_text(f"{before}{found},{after}")
    one = interaction(3)

    with make_recorder(Mode.REPLAY, path=path) as recorder:
        assert recorder.describe_differences() == ""
        requests.get(one.url)
        told = recorder.describe_differences()
    assert "/interactions/3 is malformed" in told


def test_a_verb_of_any_spelling_is_read_in_a_large_cassette(path):
    path.write_text(path.read_text().replace('"GET"', '"M-search"', 1))

    methods = {one.method for one in load_cassette(path).interactions}
    assert methods == {"GET", "PUT", "M-search"}


def test_a_large_cassette_that_was_indented_by_tabs_is_read_as_it_was_meant(path):
    text = path.read_text().replace('\n            "n": 3', '\n\t\t"": ": ", "n": 3')
    path.write_text(text)

    found = load_cassette(path).interactions[3].response.body
    assert json.loads(found)[""] == ": "


def test_the_head_of_a_large_cassette_is_checked_too(path):
    path.write_text(path.read_text().replace('"format": 2', '"format": 3', 1))

    with pytest.raises(CassetteError, match="format is 3"):
        load_cassette(path)


def test_a_truncated_large_cassette_is_refused(path):
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(CassetteError, match="it seems cut off"):
        load_cassette(path)


@given(JSON_VALUES)
def test_a_body_is_known_by_its_text_alone_however_python_or_node_spaces_it(value):
    lines = json.dumps(value, ensure_ascii=False, indent=2).splitlines()
    stored = "\n          ".join(lines).encode()

    for separators in ((", ", ": "), (",", ":")):
        sent = json.dumps(value, ensure_ascii=False, separators=separators).encode()
        # Where a text may end in what looks like a name and a colon, values decide.
        is_plain = b'\\": ' not in stored and b' ": ' not in stored
        assert is_spelt_as(stored, sent) or not is_plain


@given(JSON_VALUES, JSON_VALUES)
def test_a_body_of_another_value_is_not_known_by_its_text(value, other):
    stored = json.dumps(value, ensure_ascii=False, indent=2).encode()

    for separators in ((", ", ": "), (",", ":")):
        sent = json.dumps(other, ensure_ascii=False, separators=separators).encode()
        assert value == other or not is_spelt_as(stored, sent)


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        (r'{"a": "x\": y"}', r'{"a":"x\":y"}'),
        ('": b"', '":b"'),
        ('[": b"]', '[":b"]'),
        (r'{"a": "\" \": y"}', r'{"a":"\" \":y"}'),
        ('["a, ", "b"]', '["a,", "b"]'),
        ('{"a": " b"}', '{"a": "b"}'),
        ('{"a": [1, 2]}', '{"a":  [1, 2]}'),
    ],
)
def test_blanks_inside_of_a_text_count(stored, sent):
    assert json.loads(stored) != json.loads(sent) or "  " in sent
    assert not is_spelt_as(stored.encode(), sent.encode())
