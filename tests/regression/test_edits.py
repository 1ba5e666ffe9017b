"""What a reader has to do, to take a scenario to another api-version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azml_contract.cassette.recordings import Recording
from azml_contract.errors import InputError
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.finding import Finding, Severity, Side
from azml_contract.regression.edits import make_edits, read_requests
from azml_contract.regression.matrix import build_matrix
from azml_contract.regression.outcome import Cell, Outcome, Row, Status

BASE = (
    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000"
    "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws1"
)
OLD, NEW = "2021-03-01-preview", "2022-05-01"
DOCKER = {"docker": {"dockerSpecificationType": "Image", "dockerImageUri": "a:1"}}


def record(properties: Any, path: str = "environments/e/versions/1") -> Recording:
    url = f"{BASE}/{path}?api-version={OLD}"
    body = json.dumps({"properties": properties}).encode()
    sent = Exchange(Request("PUT", url, (), body), Response(201))
    asked = Exchange(Request("GET", url), Response(200, (), body))
    reads = {1: ("/properties/docker/dockerImageUri",)}
    return Recording("s", OLD, (sent, asked), reads)


def edits_of(recording: Recording, requests: Any = None, goal: str = NEW) -> list[str]:
    rows = build_matrix([recording], versions=[goal])
    held = {call.step: call.exchange.request for call in recording.calls()}
    find = (lambda *_: held) if requests is None else requests
    return list(make_edits(find)(rows, goal))


def test_a_body_is_told_by_its_edits_and_an_answer_by_its_cure():
    found = edits_of(record(DOCKER))
    assert found == [
        "PUT environments: /docker/dockerImageUri -> /image",
        "PUT environments: /docker/dockerSpecificationType removed",
        (
            "GET environments: /properties/docker of the answer: "
            "Read `image` and `build` in its place."
        ),
    ]


def test_what_a_person_has_to_decide_is_told_as_such():
    found = edits_of(record({**DOCKER, "nonsense": 1}))
    # It was wrong from the beginning, and is there still.
    assert any(one.startswith("PUT environments: decide /nonsense: ") for one in found)


def test_without_its_request_a_call_is_told_by_the_cures_of_its_findings():
    asked, answered = edits_of(record(DOCKER), lambda *_: {})
    assert asked.startswith("PUT environments: /properties/docker: Send docker.")
    assert answered.startswith("GET environments: /properties/docker of the answer: ")
    gone = edits_of(record(DOCKER), goal="2021-07-01")
    assert gone[0].startswith("PUT environments: Stay at a version that has it")


def test_a_scenario_that_does_not_break_needs_no_edit():
    assert edits_of(record({"description": "a"})) == []


def test_an_edit_that_many_calls_need_is_told_once_by_its_message_for_want_of_a_cure():
    findings = tuple(
        Finding("AZC104", Severity.ERROR, "It is odd.", pointer="/a", side=Side.REQUEST)
        for _ in range(2)
    )
    cells = {NEW: Cell(Status.REFUSED, findings)}
    outcome = Outcome("A_Put", "PUT a", OLD, Cell(Status.OK), cells)
    rows = [Row("s", step, outcome) for step in range(2)]
    bare = {0: Request("PUT", "https://x"), 1: Request("PUT", "https://x", (), b"{")}
    for requests in ({}, bare):
        found = make_edits(lambda *_, held=requests: held)(rows, NEW)
        assert found == ("PUT a: /a: It is odd.",)


def test_requests_are_those_of_the_file_that_a_scenario_came_from():
    recording = record(DOCKER)
    read: list[Path] = []

    def open_file(path: Path) -> Recording:
        read.append(path)
        if path.name == "gone.json":
            raise InputError("It is gone.")
        return recording

    files = {f"s {OLD}": "a.json", f"t {OLD}": "gone.json"}
    requests = read_requests(files, open_file)
    assert list(requests("s", OLD)) == [0, 1]
    assert requests("s", OLD)[0].method == "PUT"
    assert requests("t", OLD) == {}
    assert requests("s", NEW) == {}
    assert {path.name for path in read} == {"a.json", "gone.json"}
