"""`cassette ls`, `show` and `diff`: what a reader learns of recordings."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

COMMITTED = Path(__file__).parents[2] / "cassettes"
CANCEL = COMMITTED / "failures" / "cancel"
NEWER, OLDER = str(CANCEL / "2024-04-01.json"), str(CANCEL / "2023-10-01.json")
JOB = "7b1c0f52-0000-4a0b-9d55-0f9f3a1c7e21"
BASE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000/"
    "resourceGroups/resource-group/providers/Microsoft.MachineLearningServices/"
    "workspaces/workspace"
)


def call(path: str, answer: Any, *, method: str = "GET", sent: Any = None) -> Any:
    request: dict[str, Any] = {
        "method": method,
        "uri": f"{BASE}/{path}?api-version=2024-04-01",
        "headers": {},
    }
    if sent is not None:
        request["body"] = {"json": sent}
    response = {"status": 200, "headers": {}, "body": {"json": answer}}
    return {"request": request, "response": response, "times": 1}


def cassette(job: str = JOB, version: str = "7") -> dict[str, Any]:
    return {
        "format": 1,
        "scenario": "story/test",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-20T09:30:00Z",
        "recorder": "azml-contract 0.1.0",
        "variables": {"job": job, "version": version},
        "reads": {"0": ["/name"], "1": ["/properties/status"]},
        "interactions": [
            call(f"jobs/{job}", {"name": job}, method="PUT", sent={"version": version}),
            call(f"jobs/{job}", {"properties": {"status": "Running"}}),
            call("computes", {"value": [{"name": "a"}, {"name": "b"}]}),
        ],
    }


@pytest.fixture
def write(tmp_path):
    """Write a cassette; gives its name."""

    def write(name: str, content: dict[str, Any]) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        return name

    return write


def test_ls_tells_each_cassette_in_a_line(azml_contract, write):
    moment = datetime.now(UTC) - timedelta(days=3, minutes=5)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    write("cassettes/story/test/2024-04-01.json", cassette() | {"recorded_at": stamp})

    done = azml_contract("cassette", "ls")

    assert done.code == 0
    assert done.out == ("story/test  2024-04-01  emulator  3 d  3 interactions  2 KB\n")


def test_ls_json_has_the_same_as_numbers(azml_contract, write):
    write("cassettes/story/test/2024-04-01.json", cassette())

    shape = json.loads(azml_contract("cassette", "ls", "--format", "json").out)

    (one,) = shape["cassettes"]
    assert shape["format"] == 1
    assert one.pop("size_bytes") > 1000
    assert one == {
        "path": "cassettes/story/test/2024-04-01.json",
        "scenario": "story/test",
        "api_version": "2024-04-01",
        "target": "emulator",
        "recorded_at": "2026-11-20T09:30:00Z",
        "recorder": "azml-contract 0.1.0",
        "interactions": 3,
        "calls": 3,
    }


def test_ls_lists_what_it_can_read_and_exits_1_for_the_rest(azml_contract, write):
    write("a/one.json", cassette())
    write("a/two.json", {"hello": 1})

    write("a/cut.json", {"format": 1})

    done = azml_contract("cassette", "ls", "a", "missing", "a/two.json")
    shape = json.loads(azml_contract("cassette", "ls", "a", "--format", "json").out)

    assert done.code == 1
    assert done.out.startswith("story/test")
    assert "AZC404 a/two.json: it is no recording. Recordings are cas" in done.err
    assert "AZC404 missing: there is no such file or folder." in done.err
    # Below a folder, what is something else is none of ours.
    assert [one["location"]["file"] for one in shape["findings"]] == ["a/cut.json"]


def test_show_tells_the_story_with_drawn_values_by_name(azml_contract, write):
    done = azml_contract("cassette", "show", write("c.json", cassette()))

    assert done.code == 0
    head, calls = done.out.split("\n\n")
    assert head.startswith(
        "story/test at api-version 2024-04-01\nrecorded from emulator"
    )
    assert f'  job = "{JOB}"' in head
    assert calls.splitlines() == [
        "  0  PUT    ~/jobs/{job}  -> 200",
        "     read /name",
        "  1  GET    ~/jobs/{job}  -> 200",
        "     read /properties/status",
        "  2  GET    ~/computes  -> 200",
    ]


def test_show_one_interaction_in_full(azml_contract, write):
    name = write("c.json", cassette())

    plain = azml_contract("cassette", "show", name, "--interaction", "1").out
    whole = azml_contract("cassette", "show", name, "--interaction", "1", "--body").out

    assert plain.splitlines()[0] == f"GET {BASE}/jobs/{{job}}?api-version=2024-04-01"
    assert "shown with --body" in plain
    assert '"status": "Running"' in whole
    assert whole.endswith("\nread: /properties/status\n")


def test_show_names_the_interactions_there_are(azml_contract, write):
    done = azml_contract(
        "cassette", "show", write("c.json", cassette()), "--interaction", "3"
    )

    assert done.code == 2
    assert "no interaction 3; they are numbered 0 to 2" in done.err


def test_two_recordings_of_the_same_behaviour_are_equal(azml_contract, write):
    other = cassette("9c0de5f1-1111-4d7a-b8a4-5ab1f0c3d2e4", "8")
    other |= {"recorded_at": "2026-11-22T00:00:00Z", "recorder": "azml-contract 9"}

    done = azml_contract(
        "cassette", "diff", write("a.json", cassette()), write("b.json", other)
    )

    assert (done.code, done.out) == (0, "No differences.\n")


def test_a_difference_has_its_call_and_json_path(azml_contract, write):
    other = cassette()
    answer = other["interactions"][1]["response"]["body"]["json"]
    answer["properties"]["status"] = "Completed"
    other["interactions"][2]["response"]["body"]["json"]["value"].insert(
        0, {"name": "x"}
    )

    done = azml_contract(
        "cassette", "diff", write("a.json", cassette()), write("b.json", other)
    )

    assert done.code == 1
    assert done.out.splitlines() == [
        "  GET ~/jobs/{job}  (call 1 of A, call 1 of B)",
        '  /response/body/json/properties/status: "Running" -> "Completed"',
        "  GET ~/computes  (call 2 of A, call 2 of B)",
        '  /response/body/json/value/0: absent -> {"name": "x"}',
        "",
        "2 differences.",
    ]


def test_a_call_more_is_one_difference_and_moves_no_other(azml_contract, write):
    other = cassette()
    other["interactions"].insert(0, call("environments/e", {}))
    other["reads"] = {"1": ["/name"], "2": ["/properties/status"]}

    done = azml_contract(
        "cassette", "diff", write("a.json", cassette()), write("b.json", other)
    )

    assert done.out.splitlines() == [
        "+ GET ~/environments/e  (call 0 of B, not in A)",
        "",
        "1 difference.",
    ]


def test_another_order_is_a_difference(azml_contract, write):
    other = copy.deepcopy(cassette())
    other["interactions"].append(other["interactions"].pop(0))
    other["reads"] = {"2": ["/name"], "0": ["/properties/status"]}

    done = azml_contract(
        "cassette", "diff", write("a.json", cassette()), write("b.json", other)
    )

    assert done.code == 1
    assert '(order): "call 1" -> "call 0"' in done.out


def test_types_count_as_json_counts_them(azml_contract, write):
    one, other = cassette(), cassette()
    one["interactions"][2]["response"]["body"]["json"] = {"n": 1, "t": True}
    other["interactions"][2]["response"]["body"]["json"] = {"n": 1.0, "t": 1}

    done = azml_contract(
        "cassette", "diff", write("a.json", one), write("b.json", other)
    )

    assert "/response/body/json/n: 1 -> 1.0" in done.out
    assert "/response/body/json/t: true -> 1" in done.out


def test_versions_are_compared_call_by_call(azml_contract):
    done = azml_contract("cassette", "diff", OLDER, NEWER, "--format", "json")

    shape = json.loads(done.out)
    first, *others = shape["differences"]
    assert done.code == 1
    assert (first["pointer"], first["before"], first["after"]) == (
        "/api_version",
        "2023-10-01",
        "2024-04-01",
    )
    assert all(one["interactions"][0] is not None for one in others)
    assert "/response/body/json/properties/queueSettings" in [
        one["pointer"] for one in others
    ]


@pytest.mark.parametrize(
    "path", sorted(COMMITTED.rglob("*.json")), ids=lambda p: p.name
)
def test_a_committed_cassette_equals_itself_and_can_be_told(azml_contract, path):
    assert azml_contract("cassette", "diff", str(path), str(path)).code == 0
    assert azml_contract("cassette", "show", str(path), "--body").code == 0


@pytest.mark.slow
def test_thousands_of_polls_are_compared_in_order(azml_contract, write):
    """difflib alone would take minutes for two long lists of a few answers."""

    def polled(period: int) -> dict[str, Any]:
        calls = [
            call("jobs/j", {"properties": {"step": number % period}})
            for number in range(1500)
        ]
        return cassette() | {"interactions": calls, "reads": {}}

    done = azml_contract(
        "cassette", "diff", write("a.json", polled(1)), write("b.json", polled(2))
    )

    assert done.out.endswith("\n750 differences.\n")
