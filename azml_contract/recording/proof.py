"""Prove, before it is written, that a recording will replay.

In: the finished bytes of a cassette, and the requests that it was made of. Out:
nothing, or `ProofFailed`. The bytes are read back and played with the matcher
that replay will have: with the requests as they were sent, names apart, with the
requests as they are written, and with each parallel run in another order.

A value that an earlier answer brought up comes back in replay as it was written,
so a request that differs from its recording in such values alone is no doubt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn
from urllib.parse import quote, unquote_plus

from azml_contract.cassette.cassette import Cassette, parse_cassette
from azml_contract.cassette.pending import UNPROVEN
from azml_contract.cassette.store import write_cassette
from azml_contract.errors import CassetteError, OutputError, show_path
from azml_contract.exchange import Exchange, Request
from azml_contract.recording.match import plain_body
from azml_contract.recording.miss import UnusedInteractions
from azml_contract.recording.player import Player
from azml_contract.recording.volatile import GUID
from azml_contract.redaction.addresses import is_url
from azml_contract.redaction.bodies import read_json
from azml_contract.redaction.forms import as_text
from azml_contract.redaction.redact import DEEPEST, NOTHING, Redactor
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.shapes import REDACTED
from azml_contract.whole_file import write_whole

_TOKEN = re.compile(r"[\w.~-]{4,}")
_PARALLEL = (
    "requests that ran at the same time were equal and were answered differently, so "
    "that replay could give either answer to either. Send them one after the other, "
    "or let them differ."
)
_CURE = (
    "Where a value differs from run to run, draw it with azml.var(), or level it in "
    "azml_matchers; where it is a name of yours, tell of it in "
    "[tool.azml-contract.redact]."
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One exchange that was recorded: as it went, and where it was written.

    `other_order` is its place in an order that parallel requests might as well
    have had.
    """

    exchange: Exchange
    index: int
    other_order: int


class ProofFailed(CassetteError):
    """What was recorded would not replay."""

    def __init__(self, path: Path, reason: str, kept: Path | None) -> None:
        left = f"\nWhat was recorded is kept in {show_path(kept)}." if kept else ""
        super().__init__(
            f"This recording would not replay, so {show_path(path)} was not written: "
            f"{reason}{left}"
        )
        self.kept = kept


class Proof:
    """The proof of one cassette that is ready to be written."""

    def __init__(
        self,
        path: Path,
        rendered: bytes,
        side_files: Mapping[str, bytes],
        make_player: Callable[[Cassette], Player],
    ) -> None:
        self._path = path
        self._rendered = rendered
        self._side_files = side_files
        self._make_player = make_player
        self._cassette = parse_cassette(path, rendered, side_files.__getitem__)

    def require(
        self, sent: Sequence[Sent], rules: RedactionRules, beside: Sequence[Exchange]
    ) -> None:
        """Play the cassette in every way that replay may ask for it.

        Args:
            sent: What was recorded, in the order sent.
            rules: Those of the recording; their identifiers are what a scenario
                knows by other names in replay.
            beside: What else was answered, before all of them.

        Raises:
            ProofFailed: The first way that fails; the cassette is kept beside.
        """
        written = [
            (one, self._cassette.interactions[one.index].request) for one in sent
        ]
        self._play(written, beside)
        self._play(list(zip(sent, _as_replayed(sent, rules), strict=True)), beside)
        other = sorted(written, key=lambda pair: pair[0].other_order)
        if other != written:
            self._play(other, beside, _PARALLEL)

    def require_headers(self, missed: Mapping[str, str]) -> None:
        """Refuse a scenario that looked at headers which no cassette keeps.

        Args:
            missed: Names of headers, and where each was looked up.

        Raises:
            ProofFailed: It did.
        """
        if missed:
            looked = ", ".join(f"{name!r} (at {at})" for name, at in missed.items())
            self._fail(
                f"the scenario looks up headers of answers that cassettes leave out: "
                f"{looked}.\nIf it needs them, keep them: headers = "
                f"{json.dumps([*missed])} in [tool.azml-contract.redact] of "
                "pyproject.toml"
            )

    def require_rerun(self, rerun: Callable[[Path], str]) -> None:
        """Replay the test itself, over this cassette in a folder of its own.

        Raises:
            ProofFailed: It does not pass.
        """
        with TemporaryDirectory(prefix="azml-proof-") as folder:
            place = Path(folder, *self._path.parts[-3:])
            write_cassette(place, self._rendered, self._side_files)
            reason = rerun(Path(folder))
        if reason:
            self._fail(reason)

    def _play(
        self,
        requests: Sequence[tuple[Sent, Request]],
        beside: Sequence[Exchange],
        reason: str = "",
    ) -> None:
        player = self._make_player(self._cassette)
        earlier = _Answers(beside)
        for one, request in requests:
            played = player.answer(request)
            if played is None:
                written = self._cassette.interactions[one.index].request
                if request is written or not earlier.brought_up(request, written):
                    is_told = REDACTED in f"{written.url} {as_text(written.body)}"
                    if is_told and player.is_as_written(request, written):
                        reason = reason or _told_later(one.index, written)
                    self._fail(reason or f"{player.explain(request)}\n{_CURE}")
                played = player.play(written)
            if played.index is not None and not self._is_same(played.index, one.index):
                self._fail(reason or self._say_other(one.index, played.index))
            earlier.add(one.exchange)
        try:
            player.finish()
        except UnusedInteractions as unused:
            self._fail(str(unused))

    def _is_same(self, played: int, expected: int) -> bool:
        if played == expected:
            return True
        ours, theirs = (self._cassette.interactions[i].data for i in (played, expected))
        parts = ("response", "failure")
        return all(bool(ours.get(p) == theirs.get(p)) for p in parts)

    def _say_other(self, expected: int, played: int) -> str:
        one = self._cassette.interactions[expected]
        return (
            f"the request of interaction {expected}, {one}, would be given the answer "
            f"of interaction {played}.\n{_CURE}"
        )

    def _fail(self, reason: str) -> NoReturn:
        kept: Path | None = self._path.with_suffix(UNPROVEN)
        try:
            assert kept is not None
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, self._rendered, private=True)
            ignored = kept.with_name(".gitignore")
            if not ignored.exists():
                write_whole(ignored, f"*{UNPROVEN}\n{ignored.name}\n")
        except (OSError, OutputError):
            kept = None
        raise ProofFailed(self._path, reason, kept)


def _as_replayed(sent: Sequence[Sent], rules: RedactionRules) -> Iterator[Request]:
    """Requests as sent, but for what a scenario takes from its settings."""
    known = _KnownOnly(replace(rules, secret_properties=frozenset()))
    for one in sent:
        yield known.request(plain_body(one.exchange.request))


def _told_later(index: int, written: Request) -> str:
    return (
        f"the request of interaction {index}, {written.method} {written.url}, holds a "
        "secret that only a later call tells to be one, so that replay cannot know it "
        "there.\nName the variable that has it in secrets of "
        "[tool.azml-contract.redact], or send it first where its name says what it is."
    )


class _KnownOnly(Redactor):
    """Replaces what the settings hold wherever it stands, and leaves all else."""

    def plain(self, text: str) -> str:
        return self.names.replace(self.secrets.replace(text))

    def _redact(self, text: str, depth: int) -> str:
        if is_url(text):
            return self.url(text, depth)
        text = self.plain(text)
        return text if depth >= DEEPEST else self._deep(text, depth)

    def _encoded(self, raw: bytes, depth: int) -> bytes:
        try:
            return self.text(raw.decode(), depth).encode()
        except UnicodeDecodeError:
            return raw

    def _query(self, query: str, depth: int) -> str:
        pairs = [pair.partition("=") for pair in query.split("&")]
        return "&".join(
            f"{name}{mark}{self._value(value, depth)}" for name, mark, value in pairs
        )

    def _value(self, value: str, depth: int) -> str:
        decoded = unquote_plus(value)
        known = self.text(decoded, depth + 1)
        return value if known == decoded else quote(known, safe="/:,")

    def _judge(self, name: str) -> int:
        return NOTHING

    def _is_listed(self, name: str, value: str) -> bool:
        return False

    def request(self, request: Request) -> Request:
        return replace(
            request, url=self.url(request.url), body=self._body(request.body)
        )

    def _body(self, body: bytes) -> bytes:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return self.binary(body)
        try:
            value = read_json(text) if text[:1] in ("{", "[") else None
        except ValueError:
            value = None
        if value is None:
            return self.text(text).encode()
        changed = self.json(value, self.text)
        return body if changed == value else json.dumps(changed).encode()


class _Answers:
    """The answers given so far, and what requests took from them."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = list(exchanges)
        self._texts: list[str] = []
        self._found: set[str] = set()

    def add(self, exchange: Exchange) -> None:
        """One more was answered."""
        self._exchanges.append(exchange)

    def brought_up(self, sent: Request, written: Request) -> bool:
        """Whether all in which a request differs from its recording was answered."""
        foreign = _tokens(sent) - _tokens(written)
        return bool(foreign) and all(map(self._hold, foreign))

    def _hold(self, token: str) -> bool:
        if token in self._found or GUID.fullmatch(token):
            return True
        unread = self._exchanges[len(self._texts) :]
        self._texts += map(_answer_text, unread)
        if any(token in text for text in self._texts):
            self._found.add(token)
        return token in self._found


def _tokens(request: Request) -> set[str]:
    text = f"{request.url}\n{request.body.decode('utf-8', 'replace')}"
    return {*_TOKEN.findall(unquote_plus(text))}  # an answer may say it unquoted


def _answer_text(exchange: Exchange) -> str:
    headers = " ".join(value for _, value in exchange.response.headers)
    text = f"{headers}\n{exchange.response.body.decode('utf-8', 'replace')}"
    return f"{text}\n{unquote_plus(text)}" if "%" in text else text
