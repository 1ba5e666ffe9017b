"""The recorder: records, replays or passes through what a scenario sends.

In: settings. Out: a context in which HTTP is intercepted; afterwards `finish`
checks the run against its cassette, and `save` writes one. What each mode does is
in `modes`. Knows neither ARM nor pytest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from azml_contract.cassette.cassette import Cassette
from azml_contract.errors import CassetteError
from azml_contract.exchange import NO_ANSWER, Exchange, Request, Response
from azml_contract.gateway.spool import is_large
from azml_contract.recording.children import Kind
from azml_contract.recording.children import Notes as ChildNotes
from azml_contract.recording.modes import MODES, Notes
from azml_contract.recording.player import Played
from azml_contract.recording.programs_started import noting_programs
from azml_contract.recording.recorder_settings import Mode, RecorderSettings
from azml_contract.recording.seed import SEED_VARIABLE, draw_seed, seeded
from azml_contract.recording.sources import Source
from azml_contract.recording.unseen import noting_unseen
from azml_contract.redaction.discretion import Discretion

if TYPE_CHECKING:
    import requests

    from azml_contract.recording.door import Door

__all__ = ["Mode", "NetworkRefused", "Recorder", "RecorderSettings"]

T = TypeVar("T")


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

    Recorders nest: the innermost takes the calls, and those around it rest until it
    leaves. They nest in one thread; any number of threads may send. `exchanges` counts
    what went through. `door` leads forked copies of this process back to it.
    `before_program`, if it is set, is called before a program starts, wherever the
    service is reached.
    """

    _awake: ClassVar[list[Recorder]] = []
    _guard = threading.Lock()

    def __init__(
        self,
        settings: RecorderSettings,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Prepare; nothing is read or intercepted yet.

        Args:
            settings: What to do.
            observe: Called with every exchange, one at a time, in the thread
                that sent it: raw ones in record and live, recorded ones in
                replay.
        """
        self.settings = settings
        self.replaying = settings.mode is Mode.REPLAY
        self.hurries = self.replaying or settings.hurries
        self.answering = settings.mode in (Mode.REPLAY, Mode.EXTEND)
        self.exchanges = 0
        self._observe = observe
        self._observing = threading.RLock()
        self._notes = Notes()
        self._mode = MODES[settings.mode](settings, self._notes)
        self._discretion = Discretion(settings.rules)
        self._asked: list[Request] = []
        self._refused: list[CassetteError] = []
        self._children = ChildNotes()
        self._unseen: dict[str, None] = {}
        self._programs: dict[str, None] = {}
        self._saw_programs = False
        self._is_saving = False
        self._entered = ExitStack()
        self._thread = 0
        self.door: Door | None = None
        self.before_program: Callable[[], object] | None = None

    @property
    def target(self) -> str:
        """What answered; in replay, what the cassette says it was recorded from."""
        played = self._mode.played if self.replaying else None
        return self.settings.target if played is None else played.target

    @property
    def recorded_at(self) -> str:
        """When what is played was recorded; ``""`` where nothing is played."""
        played = self._mode.played
        return "" if played is None else played.recorded_at

    @property
    def absent(self) -> CassetteError | None:
        """Replay: that there is no cassette, as an error that names it."""
        return self._mode.absent

    @property
    def played(self) -> Cassette | None:
        """The cassette that answers; None where the service does."""
        return self._mode.played

    @property
    def plays(self) -> Sequence[int]:
        """How often each interaction of `played` was played."""
        return self._mode.plays

    def hosts(self) -> frozenset[str]:
        """The hosts of what is played."""
        played = self._mode.played
        found = () if played is None else played.interactions
        return frozenset(Request("GET", one.url).host for one in found)

    def rewind(self) -> None:
        """Replay: play from the beginning, as if nothing had been asked for."""
        self._mode.open()

    def taken(self) -> list[Exchange]:
        """What went out so far and was kept, as it ended."""
        return self._mode.tape.exchanges()

    @property
    def reads(self) -> dict[int, tuple[str, ...]]:
        """The JSON pointers looked at so far in answers played, by interaction."""
        return self._notes.read_pointers()

    def __enter__(self) -> Self:
        """Start to intercept.

        Raises:
            CassetteError: Replay has no cassette that can be played, or
                another recorder is active in another thread.
            OutputError: What is recorded could not be written.
        """
        self._thread = threading.get_ident()
        with Recorder._guard:
            self._require_one_thread()
            self._mode.tape.adopt()
            self._mode.open()
        self.wake()
        return self

    @staticmethod
    def innermost() -> Recorder | None:
        """The recorder that takes the calls of this process; None for none."""
        return Recorder._awake[-1] if Recorder._awake else None

    def _require_one_thread(self) -> None:
        outer = self.innermost()
        if outer is not None and outer._thread != self._thread:
            raise CassetteError(
                f"{self.settings.scenario} cannot be recorded or replayed while "
                f"{outer.settings.scenario} is: one recorder at a time "
                "in a process. Use one test at a time, or pytest -n."
            )

    def wake(self) -> None:
        """Intercept, in place of the recorder that does so far.

        Raises:
            CassetteError: That one is of another thread.
        """
        with Recorder._guard:
            self._require_one_thread()  # it may have come since ours was entered
            outer = self.innermost()
            if outer is not None:
                outer._stop_intercepting()
            try:
                self._intercept()
            except BaseException:
                if outer is not None:
                    outer._intercept()
                raise
            Recorder._awake.append(self)

    def rest(self) -> None:
        """Stop to intercept for now; the recorder around this one, if any, goes on."""
        with Recorder._guard:
            if self not in Recorder._awake:
                return
            was_innermost = Recorder._awake[-1] is self
            self._stop_intercepting()
            Recorder._awake.remove(self)
            if was_innermost and Recorder._awake:
                Recorder._awake[-1]._intercept()

    def _intercept(self) -> None:
        from azml_contract.recording.intercept import intercept

        with ExitStack() as entered:
            if not self.replaying:
                entered.enter_context(self._discretion.over_logs())
            if self.settings.intercepts:
                if not self.replaying:
                    entered.enter_context(noting_programs(self._expect_program))
                if self._is_for_keeping:
                    entered.enter_context(noting_unseen(self._note_unseen))
                entered.enter_context(intercept(self, self.settings.path))
            if self.settings.seed_random:
                seed = self.var(SEED_VARIABLE, draw_seed)
                self._notes.drawn_ids = entered.enter_context(seeded(seed))
            self._entered = entered.pop_all()

    def _stop_intercepting(self) -> None:
        self._entered.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to intercept; writes nothing."""
        self.rest()

    @property
    def unseen(self) -> tuple[str, ...]:
        """Record, extend: what the scenario did that no cassette can hold, in words."""
        return tuple(self._with_children(self._unseen, Kind.UNSEEN))

    @property
    def programs(self) -> tuple[str, ...]:
        """Programs that were started, where no call of any was seen."""
        if self._saw_programs:
            return ()
        return tuple(self._with_children(self._programs, Kind.STARTED))

    def _with_children(self, own: dict[str, None], kind: Kind) -> dict[str, None]:
        return own | dict.fromkeys(self._children.read(kind))

    @property
    def _is_for_keeping(self) -> bool:
        return self.settings.mode in (Mode.RECORD, Mode.EXTEND)

    def _expect_program(self, name: str) -> None:
        if self._is_saving:  # a proof starts a program of ours
            return
        if self._is_for_keeping:
            self._note(self._programs, name, Kind.STARTED)
        if self.before_program is not None and not self._children.is_child:
            self.before_program()

    def _note_unseen(self, what: str) -> None:
        self._note(self._unseen, what, Kind.UNSEEN)

    def _note(self, own: dict[str, None], what: str, kind: Kind) -> None:
        if self._is_saving:  # a proof starts a program of ours
            return
        if self._children.is_child:
            self._children.write(what, kind)
        else:
            own[what] = None

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
        variables, previous = self._notes.variables, self._notes.previous
        if name not in variables:
            if self.replaying:
                raise self.absent or CassetteError(self._say_unknown(name))
            kept = name in previous
            variables[name] = previous[name] if kept else _as_json(name, draw())
        value: T = variables[name]
        return value

    def _say_unknown(self, name: str) -> str:
        settings = self.settings
        known = ", ".join(sorted(self._notes.variables)) or "none"
        return (
            f"{settings.path} has no variable {name!r}; it has: {known}.\n"
            f"If {settings.scenario} draws it since lately, record again: "
            f"{settings.record_command}"
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
            self._notes.reads.setdefault(played, set()).add(pointer)
        elif taken >= 0:
            self._mode.tape.read(taken, pointer)

    # What the interception asks; public because it calls from another module.

    def answer(self, request: Request) -> Played | None:
        """Answer a request; None where it must go out.

        Raises:
            NoMatchingInteraction: Replay, and the cassette has no answer for it.
        """
        if self._children.is_child and self.door is not None:
            return self.door.ask(request)
        if self.replaying and self.settings.intercepts and not is_large(request):
            self._asked.append(request)
        try:
            played = self._mode.answer(request)
        except CassetteError as error:
            if self._children.is_child:
                self._children.write(str(error))
            raise
        if played is not None and played.interaction is not None:
            self._see(played)
        return played

    def start(self) -> int:
        """Note that a live request goes out."""
        return self._mode.tape.start()

    def record(
        self, exchange: Exchange, started: int, source: Source | None = None
    ) -> int:
        """Take a live exchange; returns its number.

        Args:
            exchange: Raw.
            started: From `start`.
            source: The process that called, if it is another one.
        """
        # What is on disk is too large to be looked through before it is kept.
        if not (is_large(exchange.request) or is_large(exchange.response)):
            self._discretion.note(exchange)
        if self._children.is_child and self.settings.mode is not Mode.LIVE:
            self._children.write(_say_forked(exchange.request))
        self._saw_programs |= source is not None
        number = self._mode.take(exchange, started, source)
        with self._observing:
            self.exchanges += 1
            if self._observe is not None:
                self._observe(exchange)
        return number

    def note_header(self, name: str, insists: bool) -> None:
        """A header of a live answer was looked up; it counts if the project did it."""
        at = self._mode.note_header(name.lower(), insists)
        if at:
            self._note_unseen(f"asked for the header {name} at {at}")

    def refuse(self, host: str) -> CassetteError:
        """The error for a connection that replay must not open."""
        error = NetworkRefused(host, self.settings.scenario)
        if self._children.is_child:
            self._children.write(str(error))
        self._refused.append(error)
        return error

    def _see(self, played: Played) -> None:
        with self._observing:
            self.exchanges += 1
            if self._observe is not None and played.interaction is not None:
                self._observe(played.exchange or played.interaction.exchange)

    def stop(self) -> frozenset[str]:
        """Play and keep nothing further, so as to clean up.

        Returns:
            Paths of the PUTs that were played: the service was not asked to
            create these, and may hold something of somebody else's there.
        """
        return self._mode.stop()

    def finish(self, *, partly: bool = False) -> None:
        """Check a scenario against its cassette.

        Args:
            partly: It ended early: what it did not ask for is no fault.

        Raises:
            NoMatchingInteraction: A miss that the client under test swallowed.
            NetworkRefused: A refused connection that it swallowed.
            UnusedInteractions: Something recorded was never asked for.
            RecordingDiffers: Verify, and the service answers otherwise now.
        """
        if self._refused:
            raise self._refused[0]
        told = self._children.read()
        if told:
            raise CassetteError(self.redact(f"A process forked by the test: {told[0]}"))
        self._mode.finish(partly=partly)

    def save(self, *, only_new: bool = False) -> None:
        """Write what was recorded; does nothing in replay, live and verify.

        Args:
            only_new: Leave a cassette that is there: the scenario ended early.

        Raises:
            SecretFound: Something that looks secret would have been written.
            ProofFailed: What was recorded would not replay.
            CassetteError: Nothing was recorded.
        """
        self._is_saving = True
        try:
            self._mode.save(only_new=only_new)
        finally:
            self._is_saving = False

    def redact(self, text: str) -> str:
        """A text about a run without the secrets that the run has seen.

        What replay was asked is looked at now: mostly nothing is said of a replay.
        """
        asked, self._asked = self._asked, []
        for request in asked:
            self._discretion.note(Exchange(request, Response(NO_ANSWER, (), b"")))
        return self._discretion.redact(text)

    def misses(self) -> list[CassetteError]:
        """What replay was asked for and lacked so far, also where a client hid it."""
        return [*self._refused, *self._mode.misses()]

    def describe_differences(self) -> str:
        """For a scenario that failed: what differed from the cassette up to there.

        Returns:
            Text for a person; ``""`` where nothing differed, or nobody compares.
        """
        if self._refused:
            return str(self._refused[0])
        return self._mode.describe_differences()


def _say_forked(request: Request) -> str:
    return (
        f"{request.method} {request.url.partition('?')[0]} went out and could not be "
        "recorded. Send it in the process of the test, in a thread for example; or "
        "record the program: azml-contract record."
    )


def _as_json(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise CassetteError(
            f"The variable {name!r} is a {type(value).__name__}, which a cassette "
            "cannot hold. Draw text, a number, or a list or dict of these."
        ) from error
