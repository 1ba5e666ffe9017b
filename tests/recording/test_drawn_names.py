"""Names that a client draws itself, as azure-ai-ml does, need no seed."""

from __future__ import annotations

import json
import random
import string

import pytest
import requests

from azml_contract.recording.engine import Mode
from azml_contract.recording.miss import NoMatchingInteraction

LETTERS = string.ascii_lowercase + string.digits


def draw_name():
    ending = "".join(random.choices(LETTERS, k=10))
    words = random.choice(["calm", "brave"]), random.choice(["river", "stone"])
    return f"{words[0]}_{words[1]}_{ending}"


@pytest.fixture
def jobs(service):
    def put(call):
        name = call.path.rpartition("/")[2]
        return 201, {}, {"name": name, "tags": {f"_of_{name}_0": "x"}}

    def get(call):
        name = call.path.rpartition("/")[2]
        return 200, {}, {"name": name, "status": "Completed"}

    service.on("PUT", "/jobs/[^/]*", put)
    service.on("GET", "/jobs/[^/]*", get)

    def story(recorder, command="train"):
        names = [draw_name(), draw_name()]
        for name in names:
            url = f"{service.url}/jobs/{name}"
            body = {"displayName": name, "command": command}
            answer = requests.put(url, json=body, verify=str(service.ca))
            assert answer.json() == {"name": name, "tags": {f"_of_{name}_0": "x"}}
        for name in reversed(names):
            url = f"{service.url}/jobs/{name}"
            assert requests.get(url, verify=str(service.ca)).json()["name"] == name

    return story


def test_they_are_bound_at_first_sight(jobs, record, replay):
    record(jobs)
    for _ in range(3):
        replay(jobs)


def test_verify_takes_them_for_what_they_are(jobs, record, make_recorder):
    record(jobs)
    with make_recorder(Mode.VERIFY) as recorder:
        jobs(recorder)
    recorder.finish()


def test_all_else_must_be_as_it_was(jobs, record, make_recorder):
    record(jobs)
    with (
        make_recorder(Mode.REPLAY) as recorder,
        pytest.raises(NoMatchingInteraction, match="/command"),
    ):
        jobs(recorder, command="sleep")


def test_a_digest_in_a_name_is_no_drawn_name(service, record, make_recorder):
    service.on("PUT", "/environments/.*", lambda call: (201, {}, {}))

    def story(digest):
        url = f"{service.url}/environments/env_{digest}"
        requests.put(url, data=json.dumps({}), verify=str(service.ca))

    record(lambda recorder: story("0123456789abcdef0123456789abcdef"))
    with make_recorder(Mode.REPLAY), pytest.raises(NoMatchingInteraction):
        story("fedcba9876543210fedcba9876543210")
