"""The quick ways through a check say what the long ones say."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soak import sized

from azml_contract.exchange import Request
from azml_contract.settings import PLACEHOLDERS
from azml_contract.validation import body as body_module
from azml_contract.validation import quick_json
from azml_contract.validation.jsontext import parse_json, parse_text
from azml_contract.validation.parsed import Parsed
from azml_contract.validation.phrases import _name_place
from azml_contract.validation.quick_json import UNSURE, QuickReader, QuickWriter
from azml_contract.validation.validator import Profile, Scope, Validator

WORKSPACE = f"https://management.azure.com{PLACEHOLDERS.workspace_id}"
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "python train.py",
        "environmentId": f"{PLACEHOLDERS.workspace_id}/environments/e/versions/1",
        "tags": {"when": "10:30", "slash": "a\\b", "colon": ":"},
        "limits": {"jobLimitsType": "Command", "timeout": "PT2H"},
        "services": {"a": {"port": 8080, "properties": {"n": "1.5e3"}}},
    }
}


NEWS = ("", "", *'"{}[]:,\\ \n0e.-', "\\u003a", '"tags": 1,', "99" * 12)
"""What a text is spoilt with."""


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> QuickReader:
    monkeypatch.setattr(quick_json, "_ENOUGH", 1)
    made = QuickReader()
    assert made.read(b"{}", 100) is UNSURE  # the first is read by others
    return made


@pytest.mark.parametrize(
    "text",
    [
        *("{}", "[]", "null", "3", ' {"a" : [1, 2.5, -3e2, true, null]}\n'),
        *("[-0]", "[-0.0]", "[1E+2]", "[18446744073709551616]", "[-1e400]"),
        *('["\\u00e9\\n\\/"]', '["\\ud83d\\ude00"]', '["é😀\u2028"]', '{"":{"":1}}'),
        json.dumps(JOB),
        json.dumps(JOB, indent=2),
    ],
)
def test_good_json_is_read_as_the_standard_library_reads_it(
    reader: QuickReader, text: str
) -> None:
    assert repr(reader.read(text.encode(), 100)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": ":"}, "a": {"b": "::"}}',
        b'{"a\\u003a": 1, "b": 2, "b": 3}',
        b'{"a\\u003A": 1, "b": 2, "b": 3}',
        *(b'["\\ud83d"]', b"[NaN]", b"[Infinity]", b'["a\nb"]', b"[1,]", b"[01]"),
        *(b'["\xff"]', b"\xef\xbb\xbf{}", b"", b"{} {}", b"[" * 101 + b"]" * 101),
        b'{"a":' * 60 + b"[" * 60 + b"]" * 60 + b"}" * 60,
        b"[" * 100_000,
    ],
)
def test_what_is_odd_is_left_to_the_standard_library(
    reader: QuickReader, body: bytes
) -> None:
    assert reader.read(body, 100) is UNSURE


def test_a_spoilt_text_is_never_read_otherwise(reader: QuickReader) -> None:
    """A character more, less or other: the value is the same, or it is left alone."""
    dice = random.Random(7)
    good = json.dumps(JOB, indent=1)
    read = 0
    for _ in range(sized(3000, 100_000)):
        at, size = dice.randrange(len(good)), dice.choice((0, 1, 1, 40))
        new = dice.choice(NEWS)
        body = (good[:at] + new + good[at + size :]).encode()
        value = reader.read(body, 100)
        if value is not UNSURE:
            read += 1
            assert parse_text(body.decode()) == Parsed(value), body
    assert read > 100


def test_without_msgspec_everything_is_left_to_the_standard_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "msgspec", None)
    monkeypatch.setattr(quick_json, "_ENOUGH", 1)
    reader = QuickReader()
    assert [reader.read(b"{}", 100) for _ in range(3)] == [UNSURE] * 3


def test_the_first_texts_are_not_worth_an_import() -> None:
    reader = QuickReader()
    said = [reader.read(b"{}", 100) for _ in range(quick_json._ENOUGH + 1)]
    assert said == [UNSURE] * quick_json._ENOUGH + [{}]


def test_what_is_written_often_is_written_without_the_standard_library(
    writer: QuickWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(writer, "_standard")
    assert writer.write(JOB) == json.dumps(JOB, separators=(",", ":")).encode()


_WORDS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["1e5", ",1e-7,", "a.00001", "\x7f", "\u2028", '"\\/']
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(1e-6, 1e-3)
    | st.floats(1e14, 1e18)
    | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4)
    ),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def writer() -> QuickWriter:
    """One that has written enough."""
    writer = QuickWriter()
    for _ in range(quick_json._ENOUGH):
        assert writer.write({}) == b"{}"
    return writer


@settings(max_examples=sized(300, 20_000))
@given(VALUES)
def test_what_is_written_quickly_is_what_the_standard_library_writes(
    writer: QuickWriter, value: Any
) -> None:
    wanted = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert writer.write(value) == wanted


@pytest.mark.parametrize(
    ("value", "error"), [("\ud800", ValueError), ({"a": object()}, TypeError)]
)
def test_what_is_no_json_is_refused_however_much_was_written(
    writer: QuickWriter, value: Any, error: type[Exception]
) -> None:
    for one in (writer, QuickWriter()):
        with pytest.raises(error):
            one.write(value)


def test_a_writer_does_without_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "msgspec", None)
    monkeypatch.setattr(quick_json, "_ENOUGH", 1)
    plain = QuickWriter()
    assert [plain.write({"a": 1e-5}) for _ in range(3)] == [b'{"a":1e-05}'] * 3


def make_request(
    tail: str = "jobs/train-1",
    *,
    query: str = "api-version=2023-10-01",
    method: str = "PUT",
    body: bytes | None = None,
    root: str = WORKSPACE,
    headers: tuple[tuple[str, str], ...] = (),
) -> Request:
    sent = json.dumps(JOB).encode() if body is None else body
    return Request(method, f"{root}/{tail}?{query}", headers, sent)


BROKEN = json.dumps({"properties": {**JOB["properties"], "comand": 1}}).encode()
REQUESTS = [
    make_request(),
    make_request("jobs/train-2"),
    make_request("jobs/train-3", body=BROKEN),
    make_request("jobs/train-4", body=b'{"properties": {"jobType": "Command",}}'),
    make_request("jobs/train-5", body=b'{"properties": {}, "properties": {}}'),
    make_request("jobs/train-6", body=b" "),
    make_request("jobs/-"),
    make_request("jobs/a%20b"),
    make_request("jobs/" + "a" * 300),
    make_request("jobs/a.b"),
    make_request("jobs/"),
    make_request("jobs"),
    make_request("Jobs/train-1"),
    make_request("jobs/train-1/cancel", method="POST"),
    make_request("jobs/cancel"),
    make_request("computes/cpu"),
    make_request("computes/c"),
    make_request("jobs/train-1", query="api-version=2023-10-01&x=a/b"),
    make_request("jobs/train-1", query="api-version=2023-10-02"),
    make_request("jobs/train-1", query="api-version=2024-04-01"),
    make_request("jobs/train-1", method="PATCH"),
    make_request("jobs/train-1", method="GET", body=b""),
    make_request("jobs/train-1", root=WORKSPACE.replace("management", "managment")),
    make_request("jobs/train-1", root=WORKSPACE.replace("resource", "other", 1)),
    make_request("jobs/train-1", headers=(("Access-Control-Request-Method", "PUT"),)),
    make_request("jobs/train-1", headers=(("Content-Type", "application/json"),)),
    make_request("ws", root=WORKSPACE.rpartition("/")[0]),
    make_request("other", root=WORKSPACE.rpartition("/")[0]),
]


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(
    "scope",
    [Scope(), Scope("2023-10-01", workspace="ws"), Scope(names_are_ours=True)],
)
def test_a_validator_that_has_seen_much_says_what_a_new_one_says(
    profile: Profile, scope: Scope
) -> None:
    seasoned = Validator(profile=profile, scope=scope)
    fresh = {
        request: Validator(profile=profile, scope=scope).check_request(request)
        for request in REQUESTS
    }
    for request in [*REQUESTS, *reversed(REQUESTS), *REQUESTS]:
        assert seasoned.check_request(request) == fresh[request], request


def test_calls_that_differ_in_name_and_body_alone_are_settled_when_two_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    validator = Validator()
    asked: list[Any] = []
    recognise = validator._recognise
    monkeypatch.setattr(
        validator, "_recognise", lambda one: (asked.append(one), recognise(one))[1]
    )
    for number in range(5):
        verdict = validator.check_request(make_request(f"jobs/run-{number}"))
        assert verdict.findings == ()
    assert len(asked) == 2


def test_threads_share_what_is_settled() -> None:
    validator = Validator()
    wrong: list[Request] = []

    def work(seed: int) -> None:
        mine = REQUESTS * 3
        random.Random(seed).shuffle(mine)
        wrong.extend(r for r in mine if validator.check_request(r) != expected[r])

    expected = {one: Validator().check_request(one) for one in REQUESTS}
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []


def test_texts_that_are_read_quickly_have_no_defects(
    reader: QuickReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azml_contract.validation.jsontext._QUICK", reader)
    assert parse_json(json.dumps(JOB).encode()) == Parsed(JOB)
    defects = parse_json(b'{"a": 1, "a": 2}').defects
    assert [one.kind for one in defects] == ["133"]


def forget_findings() -> None:
    """Forget what all validators of this process share of the faults that they met."""
    body_module._cache.clear()
    _name_place.cache_clear()


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_the_finding_of_a_fault_is_the_same_however_often_it_came(order: int) -> None:
    """Also where the same name stands elsewhere, is null, or its twin is there.

    In either order, as what came first is what is kept.
    """
    changes: list[dict[str, Any]] = [
        {"comand": "x"},
        {"comand": None},
        {"comand": "x", "command": None},
        {"comand": {"a": 1}},
        {"displayname": "x"},
        {"displayname": "x", "displayName": "y"},
        {"displayname": 3},
        {"environmentId": None},
        {"limits": {"jobLimitsType": "Command", "timeOut": "PT2H"}},
        {"limits": {"jobLimitsType": "Command", "comand": "x"}},
        {"maxTrials": 3},
        {"samplingAlgorithm": {}},
        {"computeId": 3},
        {"computeId": 4},
        {"codeid": 3},
        *(
            {"inputs": {name: {"jobInputType": "uri_file", "uri": "a", "x": 1}}}
            for name in "ab"
        ),
        *({"tags": {name: 3}} for name in "ab"),
    ]
    bodies = [{"properties": {**JOB["properties"], **one}} for one in changes]
    bodies += [{"properties": {"jobType": "Command", **one}} for one in changes]
    requests = [make_request(body=json.dumps(body).encode()) for body in bodies]
    requests = requests[::order]
    forget_findings()
    seasoned = Validator()
    for request in requests * 2:
        seasoned.check_request(request)
    said = [seasoned.check_request(request) for request in requests]
    for request, verdict in zip(requests, said, strict=True):
        forget_findings()
        assert verdict.findings
        assert verdict == Validator().check_request(request), request
