"""The recorder: records, replays or passes through what a scenario sends.

In: a cassette path, a mode, redaction rules. Out: a context in which HTTP is
intercepted; afterwards `save` writes the cassette, or `finish` checks that it
was played to the end. Knows neither ARM nor pytest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from azml_contract.cassette.cassette import (
    Cassette,
    UnplayableCassette,
    load_cassette,
    render_cassette,
)
from azml_contract.cassette.store import write_cassette
from azml_contract.errors import CassetteError
from azml_contract.exchange import Exchange, Request
from azml_contract.recording.extend import (
    Extension,
    held_texts,
    require_same_target,
)
from azml_contract.recording.identity import LOGINS, is_identity
from azml_contract.recording.match import Canonicaliser, Matcher
from azml_contract.recording.player import Played, Player
from azml_contract.recording.scrub import Sanitizer, Scrubber
from azml_contract.recording.seed import SEED_VARIABLE, draw_seed, seeded
from azml_contract.recording.tape import Tape
from azml_contract.redaction.discretion import Discretion
from azml_contract.redaction.redact import Redactor, secret_names
from azml_contract.redaction.rules import RedactionRules
from azml_contract.redaction.scan import Scanner, SecretFound
from azml_contract.redaction.sides import Sides

if TYPE_CHECKING:
    import requests

    from azml_contract.recording.verify import EnumValues

T = TypeVar("T")


class Mode(StrEnum):
    """What happens to a request."""

    REPLAY = "replay"
    RECORD = "record"
    EXTEND = "extend"
    LIVE = "live"
    VERIFY = "verify"


_TAPED = (Mode.RECORD, Mode.EXTEND, Mode.VERIFY)


class NetworkRefused(CassetteError):
    """Something tried to open a connection while replaying."""

    def __init__(self, host: str, scenario: str) -> None:
        super().__init__(
            f"Replay of {scenario} opens no connection, and something asked for "
            f"{host} outside HTTP, or through a client that is not intercepted.\n"
            "Replay answers from the cassette only. To reach the network: "
            "pytest --azml-mode=live"
        )
        self.host = host


class Recorder:
    """Intercepts HTTP while it is entered, in every mode.

    One recorder at a time may be entered in a process; any number of threads
    may send. `exchanges` counts what went through.
    """

    _active: Recorder | None = None
    _guard = threading.Lock()

    def __init__(
        self,
        path: Path,
        *,
        mode: Mode,
        scenario: str,
        api_version: str,
        target: str,
        rules: RedactionRules,
        observe: Callable[[Exchange], None] | None = None,
        sanitizers: Sequence[Sanitizer] = (),
        canonicalisers: Sequence[Canonicaliser] = (),
        record_command: str = "pytest --azml-mode=record",
        keep_variables: bool = False,
        enum_values: EnumValues | None = None,
        seed_random: bool = False,
    ) -> None:
        """Prepare; nothing is read or intercepted yet.

        Args:
            path: The cassette.
            mode: Answer from it, write it, add to it, compare with it, or
                leave it alone.
            scenario: Name of the scenario, for the file and for messages.
            api_version: The version this run speaks.
            target: ``emulator`` or ``azure``; what is recorded from.
            rules: What must not be kept.
            observe: Called with every exchange, one at a time, in the thread
                that sent it: raw ones in record and live, recorded ones in
                replay.
            sanitizers: A project's own rules, applied before an exchange is
                kept.
            canonicalisers: A project's own rules, applied before requests are
                compared.
            record_command: What a reader should run to record.
            keep_variables: Record with the values that the old cassette drew, so
                that a new recording differs where behaviour does. For targets
                that forget: on others a name that exists already would clash.
            enum_values: For verify: lower-case names of properties to the
                values that the contract lists.
            seed_random: Seed `random` and `uuid.uuid4` while entered, for
                clients that draw their own names; the seed is a variable.
        """
        self._path = path
        self._mode = mode
        self._scenario = scenario
        self._api_version = api_version
        self._target = target
        self._rules = rules
        self._observe = observe
        self._sanitizers = tuple(sanitizers)
        self._canonicalisers = tuple(canonicalisers)
        self._record_command = record_command
        self._keep_variables = keep_variables
        self._previous: dict[str, Any] = {}
        self._enum_values = enum_values or {}
        self._seed_random = seed_random
        self._drawn_ids: list[str] = []
        self._observing = threading.RLock()
        self._tape = Tape()
        self._discretion = Discretion(rules)
        self._count = 0
        self._variables: dict[str, Any] = {}
        self._reads: dict[int, set[str]] = {}
        self._player: Player | None = None
        self._extension: Extension | None = None
        self._before: Cassette | None = None
        self._refused: list[CassetteError] = []
        self._entered = ExitStack()
        self.replaying = mode is Mode.REPLAY
        self.extending = False

    @property
    def exchanges(self) -> int:
        """How many exchanges went through so far."""
        return self._count

    @property
    def target(self) -> str:
        """What answered; in replay, what the cassette says it was recorded from."""
        if self._player is not None:
            return self._player.cassette.target
        return self._target

    @property
    def recorded_at(self) -> str:
        """When what is played was recorded; ``""`` where nothing is played."""
        if self._player is not None:
            return self._player.cassette.recorded_at
        return "" if self._extension is None else self._extension.cassette.recorded_at

    @property
    def reads(self) -> dict[int, tuple[str, ...]]:
        """The JSON pointers looked at so far in answers played, by interaction."""
        return {index: tuple(sorted(found)) for index, found in self._reads.items()}

    def __enter__(self) -> Self:
        """Start to intercept.

        Raises:
            CassetteError: Replay has no cassette that can be played, or
                another recorder is active.
        """
        from azml_contract.recording.intercept import intercept

        with Recorder._guard:
            if Recorder._active is not None:
                raise CassetteError(
                    f"{self._scenario} cannot be recorded or replayed while "
                    f"{Recorder._active._scenario} is: one recorder at a time in a "
                    "process. Use one test at a time, or pytest -n."
                )
            self._tape.adopt()
            self._load()
            with ExitStack() as entered:
                if not self.replaying:
                    entered.enter_context(self._discretion.over_logs())
                entered.enter_context(intercept(self, self._path))
                if self._seed_random:
                    seed = self.var(SEED_VARIABLE, draw_seed)
                    self._drawn_ids = entered.enter_context(seeded(seed))
                self._entered = entered.pop_all()
            Recorder._active = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to intercept; writes nothing."""
        with Recorder._guard:
            Recorder._active = None
            self._entered.__exit__(kind, error, trace)

    def _load(self) -> None:
        if self._mode is Mode.REPLAY:
            self._player = self._make_player(self._load_cassette())
        elif self._mode is Mode.RECORD and self._keep_variables:
            self._previous = _variables_of(self._path)
        elif self._mode is Mode.VERIFY:
            self._before = self._load_cassette()
        elif self._mode is Mode.EXTEND and self._path.exists():
            self._extension = self._load_extension()
            self.extending = True

    def _load_cassette(self) -> Cassette:
        if not self._path.exists():
            raise CassetteError(
                f"There is no cassette for {self._scenario} under api-version "
                f"{self._api_version}: {self._path} does not exist.\n"
                f"Record it: {self._record_command}"
            )
        try:
            return load_cassette(self._path)
        except UnplayableCassette as error:
            raise error.advising(self._record_command) from None

    def _make_player(self, cassette: Cassette) -> Player:
        self._variables = dict(cassette.variables)
        matcher = Matcher(secret_names(self._rules), self._canonicalisers)
        redactor = Redactor(self._rules)
        return Player(cassette, self._path, matcher, redactor, self._record_command)

    def _load_extension(self) -> Extension:
        cassette = self._load_cassette()
        require_same_target(cassette, self._target, self._path)
        extension = Extension(self._make_player(cassette), Sides(self._rules))
        self._tape.copies_logins = not extension.holds_login
        return extension

    def var(self, name: str, draw: Callable[[], T]) -> T:
        """A value that differs between runs: drawn live, repeated in replay.

        Args:
            name: Names the value in the cassette; the same name gives the same
                value again.
            draw: Draws it; text, a number, or a list or dict of these.

        Raises:
            CassetteError: Replay, and the cassette has no such variable; or
                the value cannot be written as JSON.
        """
        if name not in self._variables:
            if self.replaying:
                raise CassetteError(self._say_unknown(name))
            kept = name in self._previous
            drawn = self._previous[name] if kept else _as_json(name, draw())
            self._variables[name] = drawn
        value: T = self._variables[name]
        return value

    def _say_unknown(self, name: str) -> str:
        known = ", ".join(sorted(self._variables)) or "none"
        return (
            f"{self._path} has no variable {name!r}; it has: {known}.\n"
            f"If {self._scenario} draws it since lately, record again: "
            f"{self._record_command}"
        )

    def note_read(self, response: requests.Response, pointer: str) -> None:
        """Note that a scenario looked at a part of an answer.

        Args:
            response: As this recorder handed it out; any other is ignored.
            pointer: JSON pointer into its body.
        """
        from azml_contract.recording.intercept import NUMBER, TAKE

        played = getattr(response, NUMBER, None)
        taken = getattr(response, TAKE, -1)
        if played is not None:
            self._reads.setdefault(played, set()).add(pointer)
        elif taken >= 0:
            self._tape.read(taken, pointer)

    # What the interception asks; public because it calls from another module.

    def answer(self, request: Request) -> Played:
        """Answer a request in replay.

        Raises:
            NoMatchingInteraction: The cassette has no answer for it.
        """
        assert self._player is not None
        played = self._player.play(request)
        if played.interaction is not None:
            self._see(played.interaction.exchange if self._observe else None)
        return played

    def try_answer(self, request: Request) -> Played | None:
        """Answer a request while extending; None where it must go out."""
        assert self._extension is not None
        played = self._extension.answer(request)
        if played is not None:
            self._see(played.exchange)
        return played

    def start(self) -> int:
        """Note that a live request goes out."""
        return self._tape.start()

    def record(self, exchange: Exchange, started: int) -> int:
        """Take a live exchange; returns its number."""
        self._discretion.note(exchange)
        number = -1
        if self._mode in _TAPED and not self._is_known(exchange):
            number = self._tape.add(exchange, started)
        elif is_identity(exchange.request):
            LOGINS.note(exchange)
        self._see(exchange)
        return number

    def _is_known(self, exchange: Exchange) -> bool:
        return self._extension is not None and self._extension.is_known(exchange)

    def refuse(self, host: str) -> CassetteError:
        """The error for a connection that replay must not open."""
        error = NetworkRefused(host, self._scenario)
        self._refused.append(error)
        return error

    def _see(self, exchange: Exchange | None) -> None:
        with self._observing:
            self._count += 1
            if self._observe is not None and exchange is not None:
                self._observe(exchange)

    def stop_playing(self) -> frozenset[str]:
        """Extend: let every further request go out, so as to clean up.

        Returns:
            Paths of the PUTs that were played: the service was not asked to
            create these, and may hold something of somebody else's there.
        """
        self.extending = False
        return frozenset(self._extension.played if self._extension else ())

    def save(self) -> None:
        """Write what was recorded; does nothing in replay, live and verify.

        Sanitised, scanned, then put in place whole: until that moment, and
        after any error, an old cassette stays as it was. An extended cassette
        is written only when something was added.

        Raises:
            SecretFound: Something that looks secret would have been written.
            CassetteError: Nothing was recorded.
        """
        if self._mode not in (Mode.RECORD, Mode.EXTEND):
            return
        if self._extension is not None and not self._has_grown():
            return
        if self._extension is None and not len(self._tape):
            raise CassetteError(
                f"{self._scenario} sent nothing that could be recorded; "
                f"{self._path} was not written."
            )
        scrubber, cassette = self._scrub()
        rendered = render_cassette(cassette)
        scanner = Scanner(scrubber.redactor, self._variables)
        found = scanner.scan(rendered, scrubber.side_files)
        if found:
            raise SecretFound(self._path, found)
        write_cassette(self._path, rendered, scrubber.side_files)

    def _has_grown(self) -> bool:
        assert self._extension is not None
        old = self._extension.cassette
        return bool(len(self._tape)) or set(self._variables) > set(old.variables)

    def _scrub(self) -> tuple[Scrubber, Cassette]:
        """What is on the tape, sanitised, behind what the cassette held."""
        extension = self._extension
        drawn = {f"uuid {n}": one for n, one in enumerate(self._drawn_ids)}
        scrubber = Scrubber(
            self._rules,
            [*self._tape.exchanges(), *(extension.passed if extension else ())],
            variables={**self._variables, **drawn},
            sanitizers=self._sanitizers,
            held=held_texts(extension.cassette.interactions) if extension else (),
        )
        cassette = self._tape.to_cassette(self._header(), scrubber, self._variables)
        if extension is not None:
            cassette = extension.join(cassette, self.reads)
        return scrubber, cassette

    def _header(self) -> Cassette:
        return Cassette(
            scenario=self._scenario,
            api_version=self._api_version,
            target=self._target,
            recorded_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            recorder=f"azml-contract {_version()}",
        )

    def finish(self) -> None:
        """Check a scenario that passed against its cassette.

        Raises:
            NoMatchingInteraction: A miss that the client under test swallowed.
            NetworkRefused: A refused connection that it swallowed.
            UnusedInteractions: Something recorded was never asked for.
            RecordingDiffers: Verify, and the service answers otherwise now.
        """
        if self._refused:
            raise self._refused[0]
        if self._player is not None:
            self._player.finish()
        if self._extension is not None:
            self._extension.finish()
        if self._before is not None:
            self._verify(self._before)

    def _verify(self, before: Cassette) -> None:
        from azml_contract.recording.verify import RecordingDiffers, compare_cassettes

        found = compare_cassettes(before, self._scrub()[1], self._enum_values)
        if found:
            raise RecordingDiffers(
                self._path, found, record_command=self._record_command
            )

    def redact(self, text: str) -> str:
        """A text about a live run without the secrets that the run has seen."""
        return text if self.replaying else self._discretion.redact(text)

    def describe_differences(self) -> str:
        """In verify, for a scenario that failed: what differed up to there.

        Returns:
            Text for a person; ``""`` in other modes, or where nothing differed.
        """
        from azml_contract.recording.verify import RecordingDiffers

        if self._before is None or not len(self._tape):
            return ""
        try:
            self._verify(self._before)
        except RecordingDiffers as error:
            return error.describe_made()
        return ""


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("azml-contract")
    except PackageNotFoundError:
        return "0"


def _variables_of(path: Path) -> dict[str, Any]:
    """What was drawn when a cassette was recorded; nothing where it cannot be read."""
    try:
        return dict(load_cassette(path).variables) if path.exists() else {}
    except CassetteError:
        return {}


def _as_json(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise CassetteError(
            f"The variable {name!r} is a {type(value).__name__}, which a cassette "
            "cannot hold. Draw text, a number, or a list or dict of these."
        ) from error
