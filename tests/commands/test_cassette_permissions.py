"""`cassette permissions`: a role definition, and what it cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

STORIES = Path(__file__).parents[2] / "cassettes" / "train_and_sweep"
ML = "Microsoft.MachineLearningServices"


def test_it_prints_what_az_role_definition_create_takes(
    run: Callable[..., Any],
) -> None:
    done = run("cassette", "permissions", STORIES, "--name", "trainer")
    assert done.code == 0
    role = json.loads(done.out)
    assert list(role) == [
        *("Name", "IsCustom", "Description", "Actions", "NotActions"),
        *("DataActions", "NotDataActions", "AssignableScopes"),
    ]
    assert role["Name"] == "trainer"
    assert f"{ML}/workspaces/jobs/write" in role["Actions"]
    assert not [one for one in role["Actions"] if "*" in one or one.endswith("delete")]
    assert role["DataActions"] == [
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
    ]
    assert role["Actions"] == sorted(set(role["Actions"]))
    assert "names placeholders; give yours: --scope" in done.err


def test_a_scope_of_ones_own_is_taken_as_it_is(run: Callable[..., Any]) -> None:
    done = run("cassette", "permissions", STORIES, "--scope", "/subscriptions/mine")
    assert json.loads(done.out)["AssignableScopes"] == ["/subscriptions/mine"]
    assert "placeholders" not in done.err


def test_text_tells_the_evidence_of_each_right(run: Callable[..., Any]) -> None:
    done = run("cassette", "permissions", STORIES, "--format", "text")
    assert f"  {ML}/workspaces/jobs/write  10 calls, of an operation\n" in done.out
    assert "listKeys/action  2 calls, of the rule alone\n" in done.out


@pytest.mark.parametrize("name", ["trace.har", "vcr.yaml", "proxy.json"])
def test_recordings_of_other_tools_do_too(
    run: Callable[..., Any], planted: Callable[[str], str], name: str
) -> None:
    done = run("cassette", "permissions", planted(name))
    assert done.code == 0
    assert json.loads(done.out)["Actions"] == [
        f"{ML}/workspaces/datastores/listSecrets/action",
        f"{ML}/workspaces/jobs/write",
    ]


def test_what_is_not_known_is_said_and_what_is_unreadable_too(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    def entry(url: str) -> dict[str, Any]:
        return {
            "startedDateTime": "2026-11-20T09:30:00Z",
            "request": {"method": "GET", "url": url, "headers": []},
            "response": {"status": 200, "headers": [], "content": {"size": 0}},
        }

    base = f"https://management.azure.com/subscriptions/s/providers/{ML}"
    urls = [f"{base}/operations?api-version=2024-04-01", "https://api.example.org/x"]
    har = {"log": {"version": "1.2", "entries": list(map(entry, urls))}}
    (tmp_path / "a.har").write_text(json.dumps(har), "utf-8")
    done = run("cassette", "permissions", "a.har", "nowhere.json")
    assert done.code == 1
    assert json.loads(done.out)["Actions"] == [f"{ML}/operations/read"]
    assert "# not known: GET api.example.org/x: no rule tells" in done.err
    assert "nowhere.json" in done.err

    har["log"]["entries"] = [entry(urls[1])]
    (tmp_path / "b.har").write_text(json.dumps(har), "utf-8")
    done = run("cassette", "permissions", "b.har")
    assert done.code == 2
    assert "None of 1 call needs a right that a rule names." in done.err
    assert "# not known: GET api.example.org/x: no rule tells" in done.err
    assert done.out == ""

    har["log"]["entries"] = []
    (tmp_path / "c.har").write_text(json.dumps(har), "utf-8")
    done = run("cassette", "permissions", "c.har")
    assert done.code == 2
    assert done.err.strip()


def test_scopes_of_another_case_are_one(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    def entry(group: str) -> dict[str, Any]:
        url = f"https://management.azure.com/subscriptions/s/{group}/providers/{ML}"
        request = {"method": "GET", "headers": []}
        return {
            "startedDateTime": "2026-11-20T09:30:00Z",
            "request": request | {"url": f"{url}/workspaces?api-version=2024-04-01"},
            "response": {"status": 200, "headers": [], "content": {"size": 0}},
        }

    groups = ("resourceGroups/Mine", "resourcegroups/mine", "resourceGroups/other")
    har = {"log": {"version": "1.2", "entries": list(map(entry, groups))}}
    (tmp_path / "a.har").write_text(json.dumps(har), "utf-8")
    done = run("cassette", "permissions", "a.har")
    assert json.loads(done.out)["AssignableScopes"] == [
        "/subscriptions/s/resourceGroups/Mine",
        "/subscriptions/s/resourceGroups/other",
    ]
