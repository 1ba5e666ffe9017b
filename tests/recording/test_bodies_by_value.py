"""Two JSON bodies are the same where their values are, however they are written."""

from __future__ import annotations

import pytest

from azml_contract.exchange import Request
from azml_contract.recording.match import Content, Matcher


def content(body: bytes) -> Content:
    sent = (("Content-Type", "application/json"),)
    return Matcher().content(Request("PUT", "https://example.org/a", sent, body))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"a": 1, "b": [2]}', b'{"b":[2],"a":1}', True),
        (b'{"a": 1}', b'{"a": 1.0}', True),
        (b'{"a": 1.5}', b'{"a": 1}', False),
        (b'{"a": 1}', b'{"a": true}', False),
        (b'{"a": true, "b": 1}', b'{"a": 1, "b": true}', False),
        (b'{"a": 0}', b'{"a": false}', False),
        (b'{"a": 1, "a": 1}', b'{"a": 1}', False),
        (b'{"a": "true"}', b'{"a":"true"}', True),
        (b"{no JSON}", b"{no JSON}", True),
        (b"{no JSON}", b"{no  JSON}", False),
        (b"{no JSON}", b'{"a": 1}', False),
        (b"[" * 200_000, b"[" * 200_000, True),
        (b"[" * 200_000, b"[" * 200_001, False),
    ],
)
def test_values_decide_and_both_ways_to_compare_agree(one, other, same):
    assert content(one).equals(content(other)) is same
    assert (content(one).key == content(other).key) is same

    settled = content(one)
    settled.settle()
    assert settled.equals(content(other)) is same


def test_json_is_told_by_its_first_brace_whatever_blanks_stand_before_it():
    sent = Request("PUT", "https://example.org/a", (), b'\r\n {"a": 1}')

    assert Matcher().content(sent).equals(content(b'{"a":1}'))


def test_a_sas_in_another_charset_is_levelled_as_any():
    text = '{"url": "https://a.blob.core.windows.net/b?sv=1&sig=%s"}'

    one, other = (content((text % sig).encode("utf-16")) for sig in ("abc", "def"))

    assert one.equals(other)


@pytest.mark.parametrize("more", range(0, 1000, 50))
def test_a_body_as_deep_as_the_stack_is_compared_nevertheless(more):
    one, other = (
        content(b"[" * more + inner + b"]" * more)
        for inner in (b'{"a":1}', b'{"a": 1}')
    )

    assert one.equals(other) or one.key != other.key
    assert not one.equals(content(b"[" * more + b"]" * more))
    assert one.as_sent


def test_what_only_looks_like_json_is_compared_by_its_bytes():
    broken = content(b'{"a": ')

    assert not broken.is_json
    assert broken.key == broken.as_sent
    assert broken.key.startswith("sha256:")
