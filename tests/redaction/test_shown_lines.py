"""Lines that a report shows beside its findings hold no secret."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from azml_contract.cli import cli
from azml_contract.redaction.blot import find_hidden, hide_secrets
from azml_contract.source.excerpt import Source

WORD = "kT4vXq9Zm7"
COMMAND = f"python x.py --password {WORD} https://ada:{WORD}@x.example"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(body, *arguments):
        (tmp_path / "f.json").write_text(json.dumps(body), "utf-8")
        return CliRunner().invoke(cli, [*arguments, "f.json"]).output

    return run


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_what_is_wrong_with_a_body_is_told_without_its_secrets(run, form):
    body = {"properties": {"jobType": "Command", "comand": COMMAND, "command": COMMAND}}
    to = ("--url", "jobs/x", "--api-version", "2024-04-01", "--format", form)

    told = run(body, "check", *to)

    assert "AZC102" in told
    assert WORD not in told


def test_a_recording_is_linted_without_showing_what_is_found(run):
    request = {"method": "GET", "url": "https://x.example/a", "headers": []}
    text = json.dumps({"line": f"curl -u ada:{WORD} x"})
    answer = {"status": 200, "headers": [], "content": {"text": text}}
    entry = {"request": request, "response": answer}

    told = run({"log": {"entries": [entry]}}, "cassette", "lint")

    assert "AZC401" in told
    assert WORD not in told


def test_a_line_is_as_long_as_before_and_its_caret_stands_where_it_stood():
    text = f'{{"a": 1}}\n{{"b": "--password {WORD}", "c": 1}}\n'

    place = Source("f", text, find_hidden).locate(text.index('"c"'))

    assert place.shown == f'{{"b": "--password {"*" * len(WORD)}", "c": 1}}'
    assert (place.line, place.column, place.caret, place.width) == (2, 32, 32, 3)
    assert hide_secrets(text).splitlines()[1] == place.shown


def test_a_secret_of_a_line_that_is_read_in_pieces_is_hidden_too():
    text = "x" * 70_000 + f" --password {WORD} and on, " + "x" * 70_000

    place = Source("f", text, find_hidden).locate(text.index("and on"))

    assert WORD not in place.shown
    assert "--password **********" in place.shown
