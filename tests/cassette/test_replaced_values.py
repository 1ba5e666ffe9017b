"""Values that a cassette drew, replaced by those of another one."""

from __future__ import annotations

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.compare import replace_values, same_json
from azml_contract.cassette.interaction import Interaction


def cassette_of(text: str) -> Cassette:
    data = {
        "request": {"method": "GET", "uri": f"https://example.org/{text}"},
        "response": {"status": 200, "headers": {}, "body": {"json": {"name": text}}},
    }
    return Cassette(
        scenario="s/t",
        api_version="2024-04-01",
        target="emulator",
        recorded_at="2026-11-01T00:00:00Z",
        recorder="azml-contract",
        variables={},
        interactions=(Interaction(data, {}),),
    )


@pytest.mark.parametrize(
    ("text", "pairs", "expected"),
    [
        ("run-1/run-2", {"run-1": "run-2", "run-2": "run-1"}, "run-2/run-1"),
        ("train/train-sweep", {"train": "fit", "train-sweep": "search"}, "fit/search"),
        ("train", {"train": "train-2", "rain-2": "wrong"}, "train-2"),
        ("straße-1", {"straße-1": 'a "quoted" \\ name'}, 'a "quoted" \\ name'),
        ("as-told told", {"as-told": "as-told", "told": "lost"}, "as-told lost"),
        ("a.c abc", {"a.c": "dot"}, "dot abc"),
    ],
)
def test_values_are_replaced_once_the_longest_first(text, pairs, expected):
    replaced = replace_values(cassette_of(text), pairs.items())
    data = replaced.interactions[0].data
    assert data["response"]["body"]["json"] == {"name": expected}
    assert data["request"]["uri"] == f"https://example.org/{expected}"


def test_of_two_values_for_one_text_the_first_is_taken():
    replaced = replace_values(cassette_of("run"), [("run", "one"), ("run", "two")])
    assert replaced.interactions[0].data["request"]["uri"].endswith("/one")


def test_json_tells_numbers_and_truth_apart():
    assert same_json({"a": 1, "b": [True]}, {"b": [True], "a": 1})
    assert not same_json({"a": 1}, {"a": 1.0})
    assert not same_json([1], [True])
