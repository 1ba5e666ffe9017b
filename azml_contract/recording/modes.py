"""What each mode does with a request, an exchange, and a scenario that passed.

In: settings, and what a run draws and reads. Out: one class a mode, with the same
verbs: `open` before the scenario, `answer` and `take` for each call, `finish` and
`save` after it. Knows neither how requests are intercepted nor pytest.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from azml_contract.cassette.cassette import (
    Cassette,
    load_cassette,
    render_cassette,
)
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Exchange, Request
from azml_contract.recording import messages
from azml_contract.recording.call_site import CallSites
from azml_contract.recording.extend import (
    Extension,
    held_texts,
    require_same_target,
)
from azml_contract.recording.header import main_version, make_header
from azml_contract.recording.identity import LOGINS, is_identity
from azml_contract.recording.placing import put_in_place
from azml_contract.recording.player import Played, Player
from azml_contract.recording.playing import load_recorded, make_player, say_absent
from azml_contract.recording.proof import Proof, Sent
from azml_contract.recording.recorder_settings import Mode, RecorderSettings
from azml_contract.recording.scrub import Scrubber
from azml_contract.recording.sources import Source
from azml_contract.recording.tape import Tape
from azml_contract.recording.uncollected import uncollected
from azml_contract.redaction.origin import (
    learn_identifiers,
    placeholder_identifiers,
)
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import (
    FRAMING_HEADERS,
    RESPONSE_HEADERS,
    Identifier,
    RedactionRules,
)
from azml_contract.redaction.scan import NotLookedInto, Scanner, SecretFound
from azml_contract.redaction.sides import Sides
from azml_contract.whole_file import require_room


@dataclass(slots=True)
class Notes:
    """What a run draws, and what it reads of answers that were played."""

    variables: dict[str, Any] = field(default_factory=dict)
    previous: dict[str, Any] = field(default_factory=dict)
    drawn_ids: list[str] = field(default_factory=list)
    reads: dict[int, set[str]] = field(default_factory=dict)

    def read_pointers(self) -> dict[int, tuple[str, ...]]:
        """The JSON pointers looked at, by interaction."""
        return {index: tuple(sorted(found)) for index, found in self.reads.items()}


class Live:
    """Nothing is kept but logins, whose tokens a later scenario may use."""

    absent: CassetteError | None = None
    """That there is no cassette, where the mode needs one."""

    def __init__(self, settings: RecorderSettings, notes: Notes) -> None:
        self.settings = settings
        self.notes = notes
        self.tape = Tape()
        self._sites = CallSites(settings.source_root)

    @property
    def played(self) -> Cassette | None:
        """The cassette that answers; None where the service does."""
        return None

    @property
    def plays(self) -> Sequence[int]:
        """How often each interaction of `played` was played."""
        return ()

    def open(self) -> None:
        """Read what the mode needs.

        Raises:
            CassetteError: It is missing, or cannot be played.
        """

    def answer(self, request: Request) -> Played | None:
        """A recorded answer; None where the request must go out."""
        return None

    def take(
        self, exchange: Exchange, started: int, source: Source | None = None
    ) -> int:
        """See a live exchange; returns its number on the tape, or -1."""
        if is_identity(exchange.request):
            LOGINS.note(exchange)
        return -1

    def note_header(self, name: str, insists: bool) -> str:
        """A header of a live answer was looked up, in lower case, by whoever calls.

        Returns:
            Where, if replay can do without it, and would answer otherwise.
        """
        return ""

    def finish(self, *, partly: bool = False) -> None:
        """Check a scenario against its cassette; `partly`, if it ended early."""

    def save(self, *, only_new: bool = False) -> None:
        """Write what is to be kept; `only_new` leaves a cassette that is there."""

    def stop(self) -> frozenset[str]:
        """Play and keep nothing further.

        Returns:
            Paths of the PUTs that were played instead.
        """
        return frozenset()

    def misses(self) -> Sequence[CassetteError]:
        """Requests that the cassette had no answer for."""
        return ()

    def describe_differences(self) -> str:
        """How the service differs from the cassette so far; ``""`` if not at all."""
        return ""


class Replay(Live):
    """Everything is answered from the cassette."""

    _player: Player

    @property
    def played(self) -> Cassette | None:
        return None if self.absent else self._player.cassette

    def open(self) -> None:
        """Read the cassette. One that is not there is missed with the first call.

        A scenario that skips itself before that needs none.
        """
        recorded = self.settings.recorded
        if recorded is None and not self.settings.path.exists():
            self.absent = say_absent(self.settings)
            return
        self._player = make_player(
            self.settings, recorded or load_recorded(self.settings)
        )
        self.notes.variables = dict(self._player.cassette.variables)

    @property
    def plays(self) -> Sequence[int]:
        return () if self.absent else self._player.plays

    def answer(self, request: Request) -> Played:
        if self.absent is not None:
            raise self.absent
        return self._player.play(request)

    def finish(self, *, partly: bool = False) -> None:
        if self.absent is None:
            self._player.finish(partly=partly)
        elif not partly:
            raise self.absent

    def misses(self) -> Sequence[CassetteError]:
        return () if self.absent else self._player.misses

    def describe_differences(self) -> str:
        """The first request that found no answer, which a client may have hidden.

        Without one, the first answer that somebody broke by hand.
        """
        if self.absent is not None:
            return str(self.absent)
        misses = self._player.misses
        return str(misses[0]) if misses else self._player.describe_fault()


class Record(Live):
    """Everything goes out; a new cassette is written."""

    _stopped = False

    def __init__(self, settings: RecorderSettings, notes: Notes) -> None:
        super().__init__(settings, notes)
        self._headers_missed: dict[str, str] = {}

    def open(self) -> None:
        """Read what an older recording drew.

        Raises:
            OutputError: The cassette could not be written; nothing was called yet.
        """
        require_room(self.settings.path)
        if self.settings.keep_variables:
            self.notes.previous = _variables_of(self.settings.path)

    def take(
        self, exchange: Exchange, started: int, source: Source | None = None
    ) -> int:
        if self._stopped:
            return super().take(exchange, started)
        at = "" if source else self._sites.find()
        return self.tape.add(exchange, started, source, at)

    def note_header(self, name: str, insists: bool) -> str:
        kept = RESPONSE_HEADERS | self.settings.keep_headers | FRAMING_HEADERS
        if name in kept or name.startswith("x-ms-meta-"):
            return ""
        at = self._sites.find_caller(messages.__file__)
        if at and insists:
            self._headers_missed.setdefault(name, at)
        return "" if insists else at

    def stop(self) -> frozenset[str]:
        self._stopped = True
        return frozenset()

    def save(self, *, only_new: bool = False) -> None:
        """Sanitise, scan, prove, and put the cassette in place whole.

        Until that moment, and after any error, an old cassette stays as it was.

        Raises:
            SecretFound: Something that looks secret would have been written.
            ProofFailed: It would not replay; it is kept beside, as ``.unproven``.
            CassetteError: Nothing was recorded.
        """
        if self._leaves_all(only_new=only_new):
            return
        settings, proof = self.settings, None
        with uncollected():
            rendered, side_files, redactor = self._finish()
            if settings.proves:
                player = partial(make_player, settings, redactor=redactor)
                proof = Proof(settings.path, rendered, side_files, player)
                proof.require_headers(self._headers_missed)
                proof.require(self.sent(), self._rules(), self._beside())
        if proof is not None and settings.rerun is not None:
            proof.require_rerun(settings.rerun)
        put_in_place(settings, rendered, side_files)

    def _leaves_all(self, *, only_new: bool) -> bool:
        """Whether nothing is to be written.

        Raises:
            CassetteError: Nothing was recorded, of a scenario that went to its end.
        """
        path = self.settings.path
        if only_new and path.exists():
            return True
        if self.played is not None or len(self.tape):
            return False
        if only_new:
            return True
        raise CassetteError(
            f"{self.settings.scenario} sent nothing that could be recorded; "
            f"{path} was not written."
        )

    def _finish(self) -> tuple[bytes, dict[str, bytes], Redactor]:
        """The bytes of the cassette, its side files, and what made them harmless.

        Raises:
            SecretFound: Something in them still looks secret.
        """
        scrubber, cassette = self.scrub()
        rendered = render_cassette(cassette)
        side_files = {**self._kept_files(), **scrubber.side_files}
        scanner = Scanner(scrubber.redactor, self.notes.variables)
        found = scanner.scan(rendered, side_files)
        if found:
            raise SecretFound(self.settings.path, found)
        for one in scanner.unopened:
            warnings.warn(NotLookedInto(self.settings.path, one), stacklevel=3)
        return rendered, side_files, scrubber.redactor

    def _kept_files(self) -> Mapping[str, bytes]:
        """Side files of what the cassette held before, and goes on to hold."""
        return {}

    def sent(self) -> list[Sent]:
        """What the cassette was made of, in the order sent."""
        return self.tape.sent()

    def _beside(self) -> list[Exchange]:
        """Answers that the scenario had and the cassette does not count: logins."""
        return [one for one in self.tape.exchanges() if is_identity(one.request)]

    def scrub(self) -> tuple[Scrubber, Cassette]:
        """What is on the tape, sanitised."""
        scrubber = self._make_scrubber(self.tape.exchanges())
        return scrubber, self._lay_out(scrubber)

    def _make_scrubber(
        self,
        exchanges: Sequence[Exchange],
        held: Sequence[tuple[str, str]] = (),
        named: tuple[Identifier, ...] = (),
    ) -> Scrubber:
        notes = self.notes
        rules = self._rules()
        rules = replace(rules, identifiers=(*rules.identifiers, *named))
        drawn = {f"uuid {n}": one for n, one in enumerate(notes.drawn_ids)}
        return Scrubber(
            rules,
            exchanges,
            variables={**notes.variables, **drawn},
            sanitizers=self.settings.sanitizers,
            held=held,
            keep_headers=self.settings.keep_headers,
        )

    def _rules(self) -> RedactionRules:
        """What must not be kept, with the names that are learned."""
        rules = self.settings.rules
        if not self.settings.learns_names:
            return rules
        known = {(one.kind, one.value.lower()) for one in rules.identifiers}
        learned = tuple(
            one
            for one in learn_identifiers(self.tape.exchanges())
            if (one.kind, one.value.lower()) not in known
        )
        more = (*learned, *placeholder_identifiers())
        return replace(rules, identifiers=(*rules.identifiers, *more))

    def _lay_out(self, scrubber: Scrubber) -> Cassette:
        header = make_header(self.settings)
        laid = self.tape.to_cassette(header, scrubber, self.notes.variables)
        if self.settings.intercepts:
            return laid
        version = laid.api_version or main_version(laid)
        return replace(laid, reads=None, api_version=version)


class Verify(Record):
    """Everything goes out, and is compared with the cassette; nothing is written."""

    _before: Cassette

    def open(self) -> None:
        self._before = load_recorded(self.settings)

    def finish(self, *, partly: bool = False) -> None:
        try:
            self._compare(partly=partly)
        except CassetteError:
            if self.settings.reviews and not partly:
                super().save()
            raise

    def _compare(self, *, partly: bool = False) -> None:
        from azml_contract.recording.verify import RecordingDiffers, compare_cassettes

        settings = self.settings
        found = compare_cassettes(
            self._before, self.scrub()[1], settings.enum_values or {}
        )
        if partly:
            found = [one for one in found if one.is_made]
        if found:
            raise RecordingDiffers(
                settings.path, found, record_command=settings.record_command
            )

    def save(self, *, only_new: bool = False) -> None:
        """Nothing is written."""

    def describe_differences(self) -> str:
        """Without calls not made: a failed scenario stops early."""
        from azml_contract.recording.verify import RecordingDiffers

        if not len(self.tape):
            return ""
        try:
            self._compare(partly=True)
        except RecordingDiffers as error:
            return str(error)
        return ""


class Extend(Record):
    """What the cassette holds is answered from it; the rest goes out and is added."""

    _extension: Extension | None = None

    @property
    def played(self) -> Cassette | None:
        return None if self._extension is None else self._extension.cassette

    def open(self) -> None:
        settings = self.settings
        require_room(settings.path)
        if not settings.path.exists():
            return
        cassette = load_recorded(settings)
        require_same_target(cassette, settings.target, settings.path)
        player = make_player(settings, cassette, settings.rules)
        self.notes.variables = dict(cassette.variables)
        self._extension = Extension(player, Sides(settings.rules))
        self.tape.copies_logins = not self._extension.holds_login

    def answer(self, request: Request) -> Played | None:
        if self._extension is None or self._stopped:
            return None
        return self._extension.answer(request)

    def take(
        self, exchange: Exchange, started: int, source: Source | None = None
    ) -> int:
        if self._extension is not None and self._extension.is_known(exchange):
            return super(Record, self).take(exchange, started)
        return super().take(exchange, started, source)

    def finish(self, *, partly: bool = False) -> None:
        if self._extension is not None and not partly:
            self._extension.finish()

    def save(self, *, only_new: bool = False) -> None:
        """Write the longer cassette, where something was added."""
        if self._extension is None or self._has_grown(self._extension):
            super().save(only_new=only_new)

    def _has_grown(self, extension: Extension) -> bool:
        old = extension.cassette
        drawn = set(self.notes.variables) > set(old.variables)
        return (
            bool(len(self.tape)) or drawn or bool({*self.settings.tests} - {*old.tests})
        )

    def scrub(self) -> tuple[Scrubber, Cassette]:
        extension = self._extension
        if extension is None:
            return super().scrub()
        scrubber = self._make_scrubber(
            [*self.tape.exchanges(), *extension.passed],
            held_texts(extension.cassette.interactions),
            extension.name_accounts(),
        )
        added = self._lay_out(scrubber)
        return scrubber, extension.join(added, self.notes.read_pointers())

    @property
    def _old(self) -> Sequence[Interaction]:
        """What the cassette held before."""
        return self._extension.cassette.interactions if self._extension else ()

    def _kept_files(self) -> Mapping[str, bytes]:
        return {
            name: one.side_files[name] for one in self._old for name in one.named_files
        }

    def sent(self) -> list[Sent]:
        old = self._old
        held = [
            (one.exchange, index)
            for index, one in enumerate(old)
            for _ in range(one.times)
            if not is_identity(one.request)
        ]
        before = [Sent(*pair, order) for order, pair in enumerate(held)]
        return before + [
            replace(
                one,
                index=one.index + len(old),
                other_order=one.other_order + len(before),
            )
            for one in super().sent()
        ]

    def _beside(self) -> list[Exchange]:
        passed = self._extension.passed if self._extension else []
        return [*super()._beside(), *passed]

    def stop(self) -> frozenset[str]:
        super().stop()
        return frozenset(self._extension.played if self._extension else ())


MODES: dict[Mode, type[Live]] = {
    Mode.LIVE: Live,
    Mode.REPLAY: Replay,
    Mode.RECORD: Record,
    Mode.EXTEND: Extend,
    Mode.VERIFY: Verify,
}


def _variables_of(path: Path) -> dict[str, Any]:
    """What was drawn when a cassette was recorded; nothing where it cannot be read."""
    try:
        return dict(load_cassette(path).variables) if path.exists() else {}
    except CassetteError:
        return {}
