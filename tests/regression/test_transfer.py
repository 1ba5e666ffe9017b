"""A cassette plays for another api-version where nothing of it changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.regression.transfer import NotTransferable, transfer

BASE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws1"
)
OLD, NEW = "2024-04-01", "2024-10-01"
COMMAND = "pytest --azml-version=2024-10-01 --azml-mode=record"


def call(uri: str, sent: Any = None, answer: Any = None, method: str = "GET") -> Any:
    request: dict[str, Any] = {"method": method, "uri": uri, "headers": {}}
    if sent is not None:
        request["body"] = {"json": sent}
    response = {"status": 200, "headers": {}, "body": {"json": answer or {}}}
    return Interaction({"request": request, "response": response, "times": 1}, {})


def cassette(*calls: Interaction, version: str = OLD, **fields: Any) -> Cassette:
    times = ("2026-11-01T00:00:00Z", "azml-contract")
    return Cassette("story/one", version, "emulator", *times, calls, **fields)


def play_for(recorded: Cassette, version: str = NEW) -> Cassette:
    return transfer(recorded, Path("c.json"), version, record_command=COMMAND)


def test_its_own_version_is_rewritten_in_calls_and_links_and_no_other():
    link = f"{BASE}/jobs?$skip=é&Api-Version={OLD}"
    storage = call(f"https://a.blob.core.windows.net/b?api-version={OLD}")
    recorded = cassette(
        call(f"{BASE}/jobs?api-version={OLD}", None, {"nextLink": link}),
        call(f"{BASE}/jobs?api-version={OLD}-preview&x={OLD}"),
        call(f"{BASE.replace('/providers/', '%2Fproviders/')}/jobs?api-version={OLD}"),
        storage,
    )

    played = play_for(recorded)

    assert (played.api_version, played.scenario) == (NEW, "story/one")
    first, second, third, other = played.interactions
    assert first.url == f"{BASE}/jobs?api-version={NEW}"
    assert first.response_json == {"nextLink": link.replace(OLD, NEW)}
    assert second.url == f"{BASE}/jobs?api-version={OLD}-preview&x={OLD}"
    assert third.url.endswith(f"api-version={NEW}")
    assert other is storage
    assert recorded.interactions[0].url == f"{BASE}/jobs?api-version={OLD}"


def test_side_files_go_along():
    (one,) = cassette(call(f"{BASE}/jobs?api-version={OLD}")).interactions
    held = Interaction(one.data, {"a" * 64: b"x"})
    (played,) = play_for(cassette(held)).interactions
    assert played.side_files == {"a" * 64: b"x"}


def test_what_changed_is_told_each_once_with_what_to_do_next():
    docker = {"properties": {"docker": {"dockerImageUri": "a"}}}
    uri = f"{BASE}/environments/e/versions/1?api-version=2021-03-01-preview"
    recorded = cassette(
        call(uri, docker, method="PUT"),
        call(uri, docker, method="PUT"),
        call(uri, None, docker),
        version="2021-03-01-preview",
        reads={2: ("/properties/docker/dockerImageUri",)},
    )

    with pytest.raises(NotTransferable) as caught:
        play_for(recorded)

    asked, answered = caught.value.changes
    assert asked.startswith("PUT environments /properties/docker: ")
    assert answered.startswith(
        "GET environments /properties/docker of the answer: The answer has no `docker`"
    )
    assert answered.endswith("Read `image` and `build` in its place.")
    head, *changes, edits, record = str(caught.value).splitlines()
    assert head == (
        "The cassette of story/one at 2021-03-01-preview does not play for 2024-10-01:"
    )
    assert changes == [f"  {asked}", f"  {answered}"]
    assert edits == "The edits: azml-contract upgrade c.json --to 2024-10-01"
    assert record == f"When the scenario sends them: {COMMAND}"


def test_what_a_source_cannot_tell_is_proven_by_nobody():
    recorded = cassette(
        call(f"{BASE}/jobs/j/cancel?api-version={NEW}", method="POST"), version=NEW
    )
    with pytest.raises(NotTransferable) as caught:
        play_for(recorded, "2026-05-01")
    (change,) = caught.value.changes
    assert change.startswith("POST cancel request: The source of 2026-05-01 does not")


def test_an_upgrade_that_was_not_recorded_proves_nothing():
    recorded = cassette(call(f"{BASE}/jobs?api-version={OLD}", None, {"value": []}))
    play_for(recorded)

    with pytest.raises(NotTransferable) as caught:
        play_for(replace(recorded, recorder="azml-contract, upgraded from 2022-05-01"))
    assert "upgraded from 2022-05-01 and not recorded" in str(caught.value)


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, "... and 1 more")])
def test_of_many_changes_the_first_are_shown(count, more):
    changes = tuple(f"change {number}" for number in range(count))
    error = NotTransferable(cassette(), Path("c.json"), NEW, changes, COMMAND)
    shown = [line.strip() for line in str(error).splitlines()[1:-2]]
    assert shown == [*changes[:8], *filter(None, [more])]
    assert error.changes == changes


def test_a_cassette_that_was_transferred_is_whole():
    recorded = cassette(call(f"{BASE}/jobs?api-version={OLD}"), variables={"a": "b"})
    played = play_for(recorded)
    assert json.dumps(played.to_json()) == json.dumps(recorded.to_json()).replace(
        OLD, NEW
    )
