"""Malformed input of every kind, at every command: one line, an exit code, no trace."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from bad_input import CASSETTE, RAW, list_spoiled, write
from soak import sized

SENT = ("--url", "jobs/j", "--api-version", "2024-04-01")
AS_JOB = ("--from", "2024-04-01", "--operation", "Jobs_CreateOrUpdate")
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "BAD"),
    "check a body": ("check", "BAD", *SENT),
    "check --diff": ("check", "BAD", *SENT, "--diff"),
    "check among others": ("check", "BAD", "good.json", "--format", "json"),
    "regress": ("regress", "BAD", "--to", "2024-04-01"),
    "regress --merge": ("regress", "--merge", "BAD"),
    "upgrade": ("upgrade", "BAD", "--to", "2026-05-01"),
    "upgrade a body": ("upgrade", "BAD", "--to", "2026-05-01", *AS_JOB),
    "lint": ("cassette", "lint", "BAD"),
    "ls": ("cassette", "ls", "BAD"),
    "show": ("cassette", "show", "BAD"),
    "diff": ("cassette", "diff", "BAD", "good.json"),
    "scrub": ("cassette", "scrub", "BAD", "-o", "clean.json"),
    "import": ("cassette", "import", "BAD", "--to", "new.json"),
    "export": ("cassette", "export", "BAD", "--format", "har", "-o", "new.har"),
}
JUDGING = ("check", "regress")
SLOW = {"many keys", "a long script", "many colons", "a very long number"}
Try = Callable[[str, str, bytes], Any]


@pytest.fixture
def attempt(azml_contract, tmp_path) -> Try:
    """Run one command on one input; every rule of bad input is asserted."""
    (tmp_path / "good.json").write_bytes(write("good.json", CASSETTE))

    def run(command: str, name: str, content: bytes) -> Any:
        (tmp_path / name).write_bytes(content)
        for made in ("clean.json", "new.json", "new.har"):
            (tmp_path / made).unlink(missing_ok=True)
        words = (name if word == "BAD" else word for word in COMMANDS[command])
        done = azml_contract(*words)  # an exception of another kind fails here
        assert done.code in (0, 1, 2)
        for line in done.err.splitlines():
            assert line.startswith(("Error: ", "Note: ", "# ", " "))
        return done

    return run


def name_of(what: str) -> str:
    return "bad.yaml" if what.startswith("YAML") else "bad.json"


def test_there_are_kinds_enough_and_each_is_another() -> None:
    assert len(RAW) >= 80
    assert len(set(RAW.values())) == len(RAW)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_broken_as_text_is_one_line(attempt: Try, command: str) -> None:
    rng = random.Random(f"raw {command}")
    kinds = [what for what in sorted(RAW) if sized(what not in SLOW, True)]
    for what in rng.sample(kinds, sized(40, len(kinds))):
        done = attempt(command, name_of(what), RAW[what])

        assert done.code or command not in JUDGING, (command, what, done)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_value_anywhere_in_a_document_is_one_line(
    attempt: Try, command: str
) -> None:
    rng = random.Random(f"spoilt {command}")
    for what, name, content in islice(list_spoiled(rng), sized(40, 1500)):
        assert attempt(command, name, content), what


def test_an_import_names_the_pattern(azml_contract, tmp_path) -> None:
    folder = tmp_path / "Microsoft.MachineLearningServices" / "stable" / "2030-01-01"
    folder.mkdir(parents=True)
    name = {"type": "string", "pattern": "^(a+)+$"}
    path = "/providers/Microsoft.MachineLearningServices/jobs"
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "2030-01-01"},
        "paths": {
            path: {
                "put": {
                    "operationId": "Jobs_Put",
                    "parameters": [
                        {
                            "name": "body",
                            "in": "body",
                            "schema": {"$ref": "#/definitions/Job"},
                        }
                    ],
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
        "definitions": {"Job": {"type": "object", "properties": {"name": name}}},
    }
    (folder / "mfe.json").write_text(json.dumps(document), "utf-8")

    done = azml_contract("contract", "import", "--specs", ".", "--to", "mine")

    assert done.code == 2
    assert "pattern '^(a+)+$' may take for ever" in done.err
    assert "mfe.json#/definitions/Job/properties/name" in done.err
