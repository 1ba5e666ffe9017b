"""Names and times that a program draws for itself, bound to what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import UsageError
from azml_contract.exchange import Request
from azml_contract.recording.match import Matcher
from azml_contract.recording.miss import NoMatchingInteraction
from azml_contract.recording.names_drawn import DrawnNames
from azml_contract.recording.player import Player
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules

URL = "https://management.azure.com/subscriptions/s/jobs/{}?api-version=2024-04-01"


def make_player(*names: str, draws: tuple[str, ...] = ()) -> Player:
    interactions = []
    for name in names:
        body = {"properties": {"displayName": name, "at": "2026-01-01T00:00:00Z"}}
        answer = {"status": 201, "headers": {}, "body": {"json": {"name": name}}}
        asked = {"method": "PUT", "uri": URL.format(name), "headers": {}}
        interactions.append(
            {"request": {**asked, "body": {"json": body}}, "response": answer}
        )
        asked = {"method": "GET", "uri": URL.format(name), "headers": {}}
        interactions.append({"request": asked, "response": {**answer, "status": 200}})
    cassette = Cassette(
        "x/y", "2024-04-01", "emulator", "", "", tuple(map(Interaction, interactions))
    )
    redactor = Redactor(RedactionRules())
    return Player(
        cassette, Path("c.json"), Matcher(), redactor, names=DrawnNames(draws)
    )


def put(name: str, at: str = "2026-11-29T06:00:00Z") -> Request:
    body = json.dumps({"properties": {"displayName": name, "at": at}}).encode()
    return Request("PUT", URL.format(name), (), body)


def answered(player: Player, request: Request) -> str:
    return json.loads(player.play(request).response.body)["name"]


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        ("neat_nest_7wv9798c3d", "boring_celery_j9mrqzm4n6"),
        ("train-1764396000", "train-1764399999"),
        ("train-1764396000123", "train-1764399999456"),
        ("run-20261129-060000", "run-20261130-070102"),
        ("exp_1764396000_0a1b2c3d", "exp_1764399999_ffffffff"),
        ("j-0f8fad5bd9cb469fa165708467b0a9e1", "j-7c9e6679742540de944be07fc1f90ae7"),
        (
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        ),
    ],
)
def test_a_name_that_is_drawn_stands_for_the_recorded_one(recorded, now):
    if recorded.count("-") == 4:
        recorded = "00000000-0000-4000-8000-000000000001"  # as it is written
    player = make_player(recorded)
    assert answered(player, put(now)) == now
    assert answered(player, Request("GET", URL.format(now))) == now


@pytest.mark.parametrize("now", ["train-2", "test", "train-v2beta1", "neat_nest_1"])
def test_a_name_that_was_chosen_is_missed(now):
    player = make_player("train-1")
    with pytest.raises(NoMatchingInteraction):
        player.play(put(now))


def test_two_names_are_not_one():
    player = make_player("train-1764396000", "train-1764396001")
    assert answered(player, put("train-1764399998")) == "train-1764399998"
    assert answered(player, put("train-1764399999")) == "train-1764399999"
    for name in ("train-1764399999", "train-1764399998"):
        assert answered(player, Request("GET", URL.format(name))) == name


def test_a_form_of_ones_own_is_told():
    player = make_player("job-0a1b2c3d", draws=("job-[0-9a-f]{8}",))
    assert answered(player, put("job-ffff0000")) == "job-ffff0000"
    without = make_player("job-0a1b2c3d")
    with pytest.raises(NoMatchingInteraction):
        without.play(put("job-ffff0000"))


@pytest.mark.parametrize("pattern", ["(", "(a)", "[z-a]"])
def test_a_pattern_that_is_none_is_told(pattern):
    with pytest.raises(UsageError, match=r"pattern|group"):
        DrawnNames((pattern,))
