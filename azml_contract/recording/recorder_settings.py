"""What a recorder is told before a scenario starts: the mode, the cassette, the rules.

In: nothing. Out: values. Knows neither what a mode does nor pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from azml_contract.cassette.cassette import Cassette
from azml_contract.recording.match import Canonicaliser
from azml_contract.recording.scrub import Sanitizer
from azml_contract.redaction.rules import RedactionRules

if TYPE_CHECKING:
    from azml_contract.recording.verify import EnumValues


class Mode(StrEnum):
    """What happens to a request."""

    REPLAY = "replay"
    RECORD = "record"
    EXTEND = "extend"
    LIVE = "live"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """What a recorder is told; all of it is known before a scenario starts.

    Args:
        path: The cassette.
        mode: Answer from it, write it, add to it, compare with it, or leave it
            alone.
        scenario: Name of the scenario, for the file and for messages.
        api_version: The version this run speaks; "" for that of most of its calls.
        target: ``emulator`` or ``azure``; what is recorded from.
        rules: What must not be kept.
        replay_rules: The same, as replay will know it: without what the
            settings of this run hold.
        sanitizers: A project's own rules, applied before an exchange is kept.
        canonicalisers: A project's own rules, applied before requests are
            compared.
        record_command: What a reader should run to record.
        keep_variables: Record with the values that the old cassette drew, so
            that a new recording differs where behaviour does. For targets that
            forget: on others a name that exists already would clash.
        enum_values: For verify: lower-case names of properties to the values
            that the contract lists.
        seed_random: Seed `random` and `uuid.uuid4` while entered, for clients
            that draw their own names; the seed is a variable.
        proves: Whether a cassette is played before it is written.
        rerun: Replays the test itself over the cassettes of a folder, before one
            is written; returns what is wrong, or "".
        keep_headers: Names of answer headers, in lower case, that the project
            keeps besides those that are always kept.
        intercepts: Whether calls of this process are met; those of others come
            through a gateway, and nobody notes what they read of answers.
        recorded: What to play instead of what is at `path`.
        source_root: The project's folder: a line of a file below it that made a
            call is noted with the call.
        learns_names: Whether names of the recorded side, which `rules` may not know,
            are learned from what was called.
        draws: Patterns of names that programs draw for themselves, besides those
            that are known; for programs that are led through a gateway.
        hurries: Whether what answers live takes no time, as the emulator does.
        reviews: Whether what would change a cassette is left beside it.
        tests: Names of those that share the cassette; none where one test has it.
    """

    path: Path
    mode: Mode
    scenario: str
    api_version: str
    target: str
    rules: RedactionRules
    replay_rules: RedactionRules | None = None
    sanitizers: Sequence[Sanitizer] = ()
    canonicalisers: Sequence[Canonicaliser] = ()
    record_command: str = "pytest --azml-mode=record"
    keep_variables: bool = False
    enum_values: EnumValues | None = None
    seed_random: bool = False
    proves: bool = True
    rerun: Callable[[Path], str] | None = None
    keep_headers: frozenset[str] = frozenset()
    intercepts: bool = True
    recorded: Cassette | None = None
    source_root: Path | None = None
    learns_names: bool = False
    draws: Sequence[str] = ()
    hurries: bool = False
    reviews: bool = False
    tests: tuple[str, ...] = ()
