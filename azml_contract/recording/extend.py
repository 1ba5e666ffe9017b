"""Add to a cassette what it lacks, and play what it holds.

In: a cassette, and requests of a client that is logged in to the real service.
Out: recorded answers in live names, or none, and then the request goes out;
afterwards the cassette with what went out at its end.

Logins and lists of keys always go out: a recorded secret opens nothing. They
are kept only where the cassette has none.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from azml_contract.cassette.cassette import Cassette
from azml_contract.cassette.interaction import Interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Exchange, Request
from azml_contract.recording.identity import is_identity
from azml_contract.recording.player import Played, Player
from azml_contract.redaction.learn import is_key_list
from azml_contract.redaction.rules import Identifier
from azml_contract.redaction.sides import Sides

Reads = Mapping[int, tuple[str, ...]]


class Extension:
    """One cassette that is played and added to. Safe to use from any thread."""

    def __init__(self, player: Player, sides: Sides) -> None:
        """Prepare; `played` holds the paths of PUTs that never went out.

        Args:
            player: Plays the cassette.
            sides: Translates between its placeholders and live names.
        """
        self._player = player
        self._sides = sides
        self._lock = threading.Lock()
        self._known: list[tuple[str, str]] = []
        self.passed: list[Exchange] = []
        self.played: set[str] = set()
        self.holds_login = any(
            is_identity(one.request) for one in self.cassette.interactions
        )

    @property
    def cassette(self) -> Cassette:
        """The cassette as it was."""
        return self._player.cassette

    def answer(self, request: Request) -> Played | None:
        """What the cassette answers; None where the request must go out."""
        if is_identity(request):
            return None
        played = self._player.answer(self._sides.as_recorded(request))
        if played is None or played.interaction is None:
            return None
        if is_key_list(request):
            with self._lock:
                self._known.append((request.method, request.url))
            return None
        recorded = replace(played.interaction.exchange, response=played.response)
        live = self._sides.as_live(recorded)
        if request.method == "PUT":
            with self._lock:
                self.played.add(unquote(request.path))
        return Played(live.response, played.index, played.interaction, live)

    def name_accounts(self) -> tuple[Identifier, ...]:
        """Accounts that no settings know, with what the cassette calls them."""
        bound = self._player.bound_names
        return tuple(Identifier("account", *pair) for pair in bound.items())

    def is_known(self, exchange: Exchange) -> bool:
        """Whether a live exchange is in the cassette already.

        Remembers such an exchange in `passed`: its secrets must be found in
        what is recorded besides.
        """
        place = (exchange.request.method, exchange.request.url)
        with self._lock:
            known = place in self._known
            if known:
                self._known.remove(place)
            known |= self.holds_login and is_identity(exchange.request)
            if known:
                self.passed.append(exchange)
        return known

    def finish(self) -> None:
        """Check that the recorded part is still in use.

        Raises:
            UnusedInteractions: Something recorded was never asked for, so that
                replay of the longer cassette would fail too.
        """
        self._player.finish()

    def join(self, added: Cassette, reads: Reads) -> Cassette:
        """The cassette and what was added to it.

        `recorded_at` stays: a cassette is as old as its oldest part.

        Args:
            added: What went out.
            reads: What was looked at of the answers played.
        """
        old = self.cassette
        joined = {index: set(pointers) for index, pointers in (old.reads or {}).items()}
        for index, pointers in reads.items():
            joined.setdefault(index, set()).update(pointers)
        for index, pointers in (added.reads or {}).items():
            joined[index + len(old.interactions)] = set(pointers)
        return replace(
            old,
            variables={**old.variables, **added.variables},
            reads={index: tuple(sorted(found)) for index, found in joined.items()},
            interactions=(*old.interactions, *added.interactions),
            tests=tuple(sorted({*old.tests, *added.tests})) if added.tests else (),
        )


def require_same_target(cassette: Cassette, target: str, path: Path) -> None:
    """Refuse to mix recordings of the service and of the emulator.

    Raises:
        CassetteError: The cassette was recorded from something else.
    """
    if cassette.interactions and cassette.target != target:
        raise CassetteError(
            f"{path} was recorded from {cassette.target} and cannot be extended "
            f"from {target}: one cassette, one target.\n"
            f"Use --azml-target={cassette.target}, or record all of it: "
            "--azml-mode=record"
        )


def held_texts(interactions: tuple[Interaction, ...]) -> list[tuple[str, str]]:
    """Request and answer of each interaction as text, for what they number."""
    return [
        (
            json.dumps(one.data["request"], ensure_ascii=False),
            json.dumps(one.answer, ensure_ascii=False),
        )
        for one in interactions
    ]
