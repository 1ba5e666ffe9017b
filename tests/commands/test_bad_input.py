"""Malformed input of every kind, at every command: one line, an exit code, no trace."""

from __future__ import annotations

import json
import random
import resource
import shutil
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from bad_input import CASSETTE, RAW, list_spoiled, write
from bad_kinds import KINDS
from soak import sized

SENT = ("--url", "jobs/j", "--api-version", "2024-04-01")
AS_JOB = ("--from", "2024-04-01", "--operation", "Jobs_CreateOrUpdate")
AT = ("--to", "2026-05-01")
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "BAD"),
    "check a body": ("check", "BAD", *SENT),
    "check an answer": ("check", "BAD", *SENT, "--method", "GET", "--status", "200"),
    "check --diff": ("check", "BAD", *SENT, "--diff"),
    "check --fix": ("check", "BAD", *SENT, "--fix"),
    "check --to": ("check", "BAD", *AT),
    "check among others": ("check", "BAD", "good.json", "--format", "json"),
    "check in SARIF": ("check", "BAD", "good.json", "--format", "sarif"),
    "check for GitHub": ("check", "BAD", "good.json", "--format", "github"),
    "check a folder": ("check", "FOLDER"),
    "regress": ("regress", "BAD", "--to", "2024-04-01"),
    "regress among others": ("regress", "BAD", "good.json", *AT, "--format", "junit"),
    "regress a folder": ("regress", "FOLDER", *AT, "--format", "github"),
    "regress as a page": ("regress", "BAD", "good.json", *AT, "--format", "html"),
    "regress --baseline": ("regress", "good.json", *AT, "--baseline", "BAD"),
    "regress --merge": ("regress", "--merge", "BAD"),
    "upgrade": ("upgrade", "BAD", "--to", "2026-05-01"),
    "upgrade a body": ("upgrade", "BAD", "--to", "2026-05-01", *AS_JOB),
    "upgrade among others": ("upgrade", "BAD", "good.json", *AT, "--format", "json"),
    "upgrade --write": ("upgrade", "BAD", *AT, "--write"),
    "generate": ("generate", "BAD", "--to", "scenarios"),
    "lint": ("cassette", "lint", "BAD"),
    "lint among others": ("cassette", "lint", "BAD", "good.json"),
    "ls": ("cassette", "ls", "BAD"),
    "show": ("cassette", "show", "BAD", "--body"),
    "diff": ("cassette", "diff", "BAD", "good.json"),
    "scrub": ("cassette", "scrub", "BAD", "-o", "clean.json"),
    "scrub --in-place": ("cassette", "scrub", "BAD", "--in-place"),
    "import": ("cassette", "import", "BAD", "--to", "new.json"),
    "export": ("cassette", "export", "BAD", "--format", "har", "-o", "new.har"),
    "contract import": ("contract", "import", "--specs", "SPECS", "--to", "mine"),
    "--contracts": ("check", "good.json", "--contracts", "CONTRACTS"),
    "a project": ("check", "good.json", "PROJECT"),
    "a .env file": ("cassette", "lint", "good.json", "DOTENV"),
}
PLACES = {
    "FOLDER": ("folder/bad.json", "folder/good.json"),
    "SPECS": ("specs/Microsoft.MachineLearningServices/stable/2030-01-01/mfe.json",),
    "CONTRACTS": ("contracts/catalog.json", "contracts/definitions.txt"),
    "PROJECT": ("pyproject.toml",),
    "DOTENV": (".env",),
}
"""Where else than under its name a bad file is put, and `good.json` beside it."""
JUDGING = ("check", "regress")
LONGEST_S, MOST_KB = 5, 256 * 1024
SLOW = {"many keys", "a long script", "many colons", "a very long number"}
Try = Callable[[str, str, bytes], Any]


@pytest.fixture
def attempt(azml_contract, tmp_path) -> Try:
    """Run one command on one input; every rule of bad input is asserted."""
    (tmp_path / "good.json").write_bytes(write("good.json", CASSETTE))

    def run(command: str, name: str, content: bytes) -> Any:
        (tmp_path / name).write_bytes(content)
        for made in ("clean.json", "new.json", "new.har", "pyproject.toml", ".env"):
            (tmp_path / made).unlink(missing_ok=True)
        for made in ("scenarios", "mine", "folder", "specs", "contracts"):
            shutil.rmtree(tmp_path / made, ignore_errors=True)
        words = []
        for word in COMMANDS[command]:
            for place in PLACES.get(word, ()):
                file = tmp_path / place
                file.parent.mkdir(parents=True, exist_ok=True)
                is_good = file.name == "good.json"
                file.write_bytes(write(file.name, CASSETTE) if is_good else content)
            words += [name if word == "BAD" else word.lower()]
        if words[-1] in ("project", "dotenv"):
            words.pop()
        before_s = time.process_time()
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        done = azml_contract(*words)  # an exception of another kind fails here
        assert time.process_time() - before_s < LONGEST_S
        # What other tests of this process have taken is no fault of the command.
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
        assert grown_kb < MOST_KB
        assert done.code in (0, 1, 2)
        for line in done.err.splitlines():
            assert line.startswith(("Error: ", "Note: ", "# ", " ", name))
        assert sum(one.startswith("Error: ") for one in done.err.splitlines()) < 2
        assert done.code < 2 or done.err
        return done

    return run


def name_of(what: str) -> str:
    is_yaml = what.startswith(("YAML", "a vcrpy", "vcrpy", "a workflow"))
    return "bad.yaml" if is_yaml else "bad.json"


def test_there_are_kinds_enough_and_each_is_another() -> None:
    assert len(KINDS) >= 165
    assert len(set(KINDS.values())) == len(KINDS)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_broken_is_one_line(attempt: Try, command: str) -> None:
    rng = random.Random(f"raw {command}")
    kinds = [what for what in sorted(KINDS) if sized(what not in SLOW, True)]
    for what in rng.sample(kinds, sized(15, len(kinds))):
        done = attempt(command, name_of(what), KINDS[what])

        assert done.code or command not in JUDGING or what not in RAW, (what, done)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_value_anywhere_in_a_document_is_one_line(
    attempt: Try, command: str
) -> None:
    rng = random.Random(f"spoilt {command}")
    for what, name, content in islice(list_spoiled(rng), sized(15, 250)):
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
