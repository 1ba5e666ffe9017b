"""Record and replay without a server: exchanges in, a cassette and answers out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from azml_contract.cassette.cassette import Cassette, render_cassette
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.recording.identity import Logins
from azml_contract.recording.match import Matcher
from azml_contract.recording.player import Player
from azml_contract.recording.scrub import Scrubber
from azml_contract.recording.tape import Tape
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules, secret_names
from azml_contract.redaction.scan import Scanner, Suspicion

PATH = Path("story/2024-04-01.json")


@dataclass(frozen=True)
class Recorded:
    """What a recording came to."""

    cassette: Cassette
    rendered: bytes
    side_files: dict[str, bytes]
    found: tuple[Suspicion, ...]
    unopened: tuple[Suspicion, ...] = ()

    @property
    def text(self) -> str:
        """Everything that would lie on the disk."""
        parts = [self.rendered, *self.side_files.values()]
        return b"\n".join(parts).decode("latin-1")


def record(
    exchanges: Sequence[Exchange], rules: RedactionRules, variables: dict | None = None
) -> Recorded:
    """What the recorder makes of exchanges, scanned as it scans."""
    tape = Tape(Logins())
    for exchange in exchanges:
        tape.add(exchange, tape.start())
    drawn = variables or {}
    scrubber = Scrubber(rules, exchanges, variables=drawn)
    header = Cassette("story", "2024-04-01", "azure", "2026-01-01T00:00:00Z", "test")
    cassette = tape.to_cassette(header, scrubber, drawn)
    rendered = render_cassette(cassette)
    scanner = Scanner(scrubber.redactor, drawn)
    found = scanner.scan(rendered, scrubber.side_files)
    unopened = tuple(scanner.unopened)
    return Recorded(cassette, rendered, scrubber.side_files, found, unopened)


def replay(
    recorded: Recorded, requests: Sequence[Request], rules: RedactionRules
) -> list[Response]:
    """The answers to requests as they were sent; every one must be played."""
    cassette = recorded.cassette
    player = Player(cassette, PATH, Matcher(secret_names(rules)), Redactor(rules))
    answers = [player.play(request).response for request in requests]
    player.finish()
    return answers


def put(url: str, body: object, **headers: str) -> Request:
    """A PUT of JSON."""
    sent = {"content-type": "application/json", **headers}
    return Request("PUT", url, tuple(sent.items()), json.dumps(body).encode())


def answer(body: object, status: int = 200, **headers: str) -> Response:
    """An answer of JSON."""
    sent = {"content-type": "application/json", **headers}
    return Response(status, tuple(sent.items()), json.dumps(body).encode())
