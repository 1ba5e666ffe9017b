"""`cassette review`: changes in groups, decided by one key, and nothing is lost."""

from __future__ import annotations

import json
import os
import pty
import select
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azml_contract.cassette import reviewing
from azml_contract.cassette.pending import cassette_of
from azml_contract.cassette.reviewing import Review

ROOT = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/resource-group/providers/Microsoft.MachineLearningServices"
    "/workspaces/workspace"
)
VERSION = "2024-04-01"
STATE = "/response/body/json/properties/provisioningState"


def call(method: str, path: str, **answer: Any) -> dict[str, Any]:
    return {
        "request": {
            "method": method,
            "uri": f"{ROOT}/{path}?api-version={VERSION}",
            "headers": {},
        },
        "response": {"status": 200, "headers": {}, "body": {"json": answer}},
        "times": 1,
        "at": "test_story.py:1",
    }


def cassette(name: str, *interactions: Any, run: str = "run-one-1") -> dict[str, Any]:
    return {
        "format": 2,
        "scenario": f"{name}/list",
        "api_version": VERSION,
        "target": "emulator",
        "recorded_at": "2026-11-01T00:00:00Z",
        "recorder": "azml-contract 0.1.0",
        "variables": {"run": run},
        "reads": {"0": ["/properties/provisioningState"]},
        "interactions": list(interactions),
    }


def write(folder: Path, name: str, old: Any, new: Any) -> Path:
    """A cassette and what waits beside it; returns the latter."""
    place = folder / name / "list"
    place.mkdir(parents=True)
    place.joinpath(f"{VERSION}.json").write_text(json.dumps(old, indent=2) + "\n")
    file = place / f"{VERSION}.new.json"
    file.write_text(json.dumps(new, indent=2) + "\n")
    return file


def job(state: str, run: str, **more: Any) -> dict[str, Any]:
    return call("GET", f"jobs/{run}", properties={"provisioningState": state}, **more)


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """Three recordings: one change in all, one in the first, a call less in the last.

    Each drew another run, was made at another line and polled more often.
    """
    for name in ("one", "two", "three"):
        old = [job("Updating", "run-one-1"), call("GET", "computes", value=[])]
        more = {"tags": {"by": "review"}} if name == "one" else {}
        new = [job("Succeeded", "run-two-2", **more), call("GET", "computes", value=[])]
        new[0] |= {"times": 7, "at": "test_story.py:99"}
        write(
            tmp_path / "cassettes",
            name,
            cassette(name, *old),
            cassette(name, *new[: 1 if name == "three" else 2], run="run-two-2"),
        )
    return tmp_path / "cassettes"


@pytest.fixture
def review(azml_contract: Callable[..., Any]) -> Callable[..., Any]:
    """The command, for a folder."""
    return lambda folder, *words: azml_contract(
        "cassette", "review", str(folder), *words
    )


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / name / "list" / f"{VERSION}.json").read_text())


def names(folder: Path) -> set[str]:
    return {file.parent.parent.name for file in folder.rglob("*.new.json")}


def test_alike_changes_are_one_group_and_lines_and_polls_are_none(
    review: Callable[..., Any],
    waiting: Path,
) -> None:
    result = review(str(waiting), "--list", "--format", "json")
    told = json.loads(result.out)
    found = {one["pointer"]: one for one in told["changes"]}
    assert result.code == 1
    assert len(told["pending"]) == 3
    assert list(found) == [
        STATE,
        "/response/body/json/tags",
        f"removed GET {ROOT}/computes?api-version={{api-version}}",
    ]
    assert len(found[STATE]["cassettes"]) == 3
    assert found[STATE]["values"] == [
        {"before": "Updating", "after": "Succeeded", "count": 3}
    ]
    assert found["/response/body/json/tags"]["values"] == [
        {"after": {"by": "review"}, "count": 1}
    ]


def test_a_pointer_is_accepted_in_all_and_the_rest_goes_on_waiting(
    review: Callable[..., Any],
    waiting: Path,
) -> None:
    result = review(str(waiting), "--accept", "/properties/provisioningState")
    assert result.code == 1
    assert names(waiting) == {"one", "three"}
    for name in ("one", "two", "three"):
        state = load(waiting, name)["interactions"][0]["response"]["body"]["json"]
        assert state["properties"] == {"provisioningState": "Succeeded"}
        assert "tags" not in state
    # Of "two" nothing is left: it is as it was recorded.
    assert load(waiting, "two")["variables"] == {"run": "run-two-2"}
    # In "one" it stands at the call as the cassette drew it.
    assert load(waiting, "one")["interactions"][0]["request"]["uri"].startswith(
        f"{ROOT}/jobs/run-one-1"
    )
    removed = f"removed GET {ROOT}/computes?api-version={{api-version}}"
    assert review(str(waiting), "--accept", removed).code == 1
    assert len(load(waiting, "three")["interactions"]) == 1
    assert load(waiting, "three")["reads"] == {"0": ["/properties/provisioningState"]}
    result = review(str(waiting), "--reject", "/tags")
    assert result.code == 0
    assert "Nothing waits for review." in (result.out + result.err)
    assert names(waiting) == set()
    body = load(waiting, "one")["interactions"][0]["response"]["body"]["json"]
    assert body == {"properties": {"provisioningState": "Succeeded"}}


def test_what_is_rejected_first_is_not_taken_later(
    review: Callable[..., Any], waiting: Path
) -> None:
    review(str(waiting), "--reject", "/tags")
    assert review(str(waiting), "--accept-all").code == 0
    first = load(waiting, "one")["interactions"][0]["response"]["body"]["json"]
    assert first == {"properties": {"provisioningState": "Succeeded"}}


def test_a_call_that_is_new_comes_after_what_came_before_it(
    review: Callable[..., Any], tmp_path: Path
) -> None:
    old = [call("GET", "computes", value=[]), call("GET", "jobs", value=[])]
    new = [old[0], call("GET", "datastores", value=[1]), call("GET", "jobs", value=[2])]
    write(tmp_path, "one", cassette("one", *old), cassette("one", *new))
    added = f"added GET {ROOT}/datastores?api-version={{api-version}}"
    assert review(str(tmp_path), "--accept", added).code == 1
    made = load(tmp_path, "one")["interactions"]
    assert [one["request"]["uri"].partition("?")[0].rpartition("/")[2] for one in made]
    assert made == [old[0], new[1], old[1]]
    assert review(str(tmp_path), "--reject-all").code == 0
    assert load(tmp_path, "one")["interactions"] == made


def test_another_order_and_another_target_are_changes(
    review: Callable[..., Any], tmp_path: Path
) -> None:
    calls = [call("GET", "computes", value=[]), call("GET", "jobs", value=[])]
    old = cassette("one", *calls) | {"reads": {}}
    new = old | {"target": "azure", "interactions": calls[::-1]}
    write(tmp_path, "one", old, new)
    assert review(str(tmp_path), "--accept", "order").code == 1
    assert review(str(tmp_path), "--accept", "/target").code == 0
    made = load(tmp_path, "one")
    assert (made["target"], made["interactions"]) == ("azure", calls[::-1])


def test_a_review_that_is_cut_off_loses_nothing(
    review: Callable[..., Any], waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reviewing.write_whole
    written: list[Path] = []

    def cut_off(path: Path, content: bytes) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        whole(path, content)

    monkeypatch.setattr(reviewing, "write_whole", cut_off)
    files = sorted(waiting.rglob("*.new.json"))
    with pytest.raises(KeyboardInterrupt):
        Review(files).accept([STATE])
    monkeypatch.undo()
    assert review(str(waiting), "--accept", STATE).code == 1
    assert review(str(waiting), "--accept-all").code == 0
    states = {
        load(waiting, name)["interactions"][0]["response"]["body"]["json"][
            "properties"
        ]["provisioningState"]
        for name in ("one", "two", "three")
    }
    assert states == {"Succeeded"}
    assert load(waiting, "one")["interactions"][0]["response"]["body"]["json"]["tags"]


def test_undo_puts_back_what_was_there(waiting: Path) -> None:
    before = {file: file.read_bytes() for file in waiting.rglob("*.json")}
    opened = Review(sorted(waiting.rglob("*.new.json")))
    opened.accept([STATE])
    opened.reject(["/response/body/json/tags"])
    assert opened.undo()
    assert opened.undo()
    assert not opened.undo()
    assert {file: file.read_bytes() for file in waiting.rglob("*.json")} == before
    assert len(opened.pending) == 3


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_decision_on_all_is_put_back_as_well(
    waiting: Path, accepts: bool, is_new: bool
) -> None:
    if is_new:
        cassette_of(next(waiting.rglob("*.new.json"))).unlink()
    before = {file: file.read_bytes() for file in waiting.rglob("*.json")}
    files = sorted(waiting.rglob("*.new.json"))
    opened = Review(files)
    assert (opened.accept_all if accepts else opened.reject_all)() == 3
    assert (opened.pending, opened.groups(), names(waiting)) == ([], [], set())
    assert opened.undo()
    assert {file: file.read_bytes() for file in waiting.rglob("*.json")} == before
    assert opened.pending == files


def test_groups_say_how_many_they_concern_and_decisions_how_many_they_met(
    waiting: Path,
) -> None:
    opened = Review(sorted(waiting.rglob("*.new.json")))
    first, *others = opened.groups()
    assert (first.key, len(first.files)) == (STATE, 3)
    assert [len(one.files) for one in others] == [1, 1]
    assert opened.accept(["/nowhere"]) == 0
    assert opened.accept([STATE]) == 3
    assert opened.reject([one.key for one in others]) == 2
    assert opened.pending == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--accept", "/nowhere"], "Nothing that waits for review changes /nowhere"),
        ([], "To review needs a terminal."),
        (["--accept-all", "--reject-all"], "one at a time: --accept-all; --reject-all"),
        (["--accept", STATE, "--reject-all"], "one at a time: --accept and --reject;"),
        (["--list", "--accept-all"], "one at a time: --accept-all; --list."),
    ],
)
def test_what_makes_no_sense_is_refused(
    review: Callable[..., Any], waiting: Path, words: list[str], message: str
) -> None:
    result = review(str(waiting), *words)
    assert result.code == 2
    assert message in (result.out + result.err)
    assert len(names(waiting)) == 3


@pytest.mark.parametrize("raw", [b"\xff{", b'{"format": 99}', None])
@pytest.mark.parametrize("decision", ["--accept", "--reject"])
def test_a_recording_of_a_cassette_that_cannot_be_read_is_one_change(
    review: Callable[..., Any], waiting: Path, raw: bytes | None, decision: str
) -> None:
    """Broken, of another format, or removed: its recording is taken whole, or not."""
    broken = waiting / "two" / "list" / f"{VERSION}.json"
    recorded = broken.with_suffix(".new.json").read_bytes()
    broken.unlink() if raw is None else broken.write_bytes(raw)

    listed = review(str(waiting), "--list")
    done = review(str(waiting), decision, "whole")

    assert listed.code == done.code == 1  # the others wait
    assert "GET" in listed.out
    assert str(broken.name) in listed.out
    assert names(waiting) == {"one", "three"}
    if decision == "--accept":
        assert broken.read_bytes() == recorded
    else:
        assert (broken.read_bytes() if broken.exists() else None) == raw


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 40])
def test_a_hundred_cassettes_take_one_key(tmp_path: Path, columns: int) -> None:
    for number in range(100):
        name = f"story{number}"
        write(
            tmp_path,
            name,
            cassette(name, job("Updating", "run-one-1")),
            cassette(name, job("Succeeded", "run-two-2"), run="run-two-2"),
        )
    said, code = type_keys(tmp_path, ["a", "q"], columns)
    assert code == 0
    assert "accepted in 100 cassettes." in said
    assert names(tmp_path) == set()
    lines = [line.lstrip("aq") for line in said.splitlines()]  # keys, as echoed
    assert max(map(len, lines)) <= columns
    for key in ("a accept", "r reject", "s skip", "u undo", "q quit"):
        assert key in said


def type_keys(folder: Path, keys: list[str], columns: int) -> tuple[str, int]:
    """Review in a terminal so wide, one key whenever it asks; what was said."""
    import fcntl
    import termios

    child, screen = pty.fork()
    if child == 0:
        size = struct.pack("HHHH", 30, columns, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        words = ["-m", "azml_contract", "cassette", "review", str(folder)]
        # Python does not know of the COLUMNS that readline put into the environment.
        environ = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
        os.execve(sys.executable, [sys.executable, *words], environ)
    said, asked = b"", b""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if select.select([screen], [], [], 0.5)[0]:
            try:
                said += os.read(screen, 65536)
            except OSError:
                break
        elif said.rstrip().endswith(b"quit"):
            if keys and asked not in (b"", said):
                keys.pop(0)
            # A terminal drops what is typed before a program asks for a key.
            os.write(screen, keys[0].encode())
            asked = said
    status = os.waitpid(child, 0)[1]
    os.close(screen)
    return said.decode().replace("\r", ""), os.waitstatus_to_exitcode(status)
