"""The cassette of a run, and a player of it.

In: settings of a recorder. Out: what replay plays, with the rules that replay knows;
or an error that says how to record it. Knows no modes.
"""

from __future__ import annotations

from dataclasses import replace

from azml_contract.cassette.cassette import (
    Cassette,
    UnplayableCassette,
    load_cassette,
)
from azml_contract.errors import CassetteError, show_path
from azml_contract.recording.match import Matcher
from azml_contract.recording.names_drawn import JOB_NAME, DrawnNames
from azml_contract.recording.player import Player
from azml_contract.recording.recorder_settings import RecorderSettings
from azml_contract.redaction.redact import Redactor
from azml_contract.redaction.rules import RedactionRules, secret_names


def make_player(
    settings: RecorderSettings,
    cassette: Cassette,
    rules: RedactionRules | None = None,
    redactor: Redactor | None = None,
) -> Player:
    """A player of a cassette; without other rules it is the one that replay has.

    Args:
        settings: Of the run.
        cassette: What to play.
        rules: Tell what of two requests is not compared.
        redactor: Sanitises messages.
    """
    known = settings.rules
    if rules is None:
        rules = settings.replay_rules or replace(known, identifiers=(), secrets=())
    matcher = Matcher(secret_names(rules), settings.canonicalisers)
    return Player(
        cassette,
        settings.path,
        matcher,
        redactor or Redactor(known),
        settings.record_command,
        rules=rules,
        names=_drawn_names(settings),
    )


def _drawn_names(settings: RecorderSettings) -> DrawnNames:
    """What clients draw: a scenario draws with `var`, but for jobs of azure-ai-ml.

    The programs that it starts draw as they like.
    """
    if settings.intercepts:
        return DrawnNames(own=(JOB_NAME,), levels_times=False)
    return DrawnNames(settings.draws)


def load_recorded(settings: RecorderSettings) -> Cassette:
    """The cassette of a run.

    Raises:
        CassetteError: It is missing, or cannot be played.
    """
    if not settings.path.exists():
        raise say_absent(settings)
    try:
        return load_cassette(settings.path)
    except UnplayableCassette as error:
        raise error.advising(settings.record_command) from None


def say_absent(settings: RecorderSettings) -> CassetteError:
    """That there is no cassette, as an error that says how to record it."""
    return CassetteError(
        f"There is no cassette for {settings.scenario} under api-version "
        f"{settings.api_version}:\n{show_path(settings.path)} does not exist.\n"
        f"Record it: {settings.record_command}"
    )
