"""Which operation a call meets at each api-version.

In: a verb, a path, the version it was recorded at. Out: the operation there, and at
each version asked about that of the same verb and path, or none. Paths that differ in
nothing but names that somebody gave are one, and are looked up once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from azml_contract.contract.catalog import find_stand_in, load_contract
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Operation
from azml_contract.exchange import Request
from azml_contract.regression.alike import Alike, Key
from azml_contract.regression.memory import Memory

_CAPACITY = 4096
_ANY_NAME = "x"
Name = tuple[str, str, str]
"""A verb, a path and the api-version of a recording."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A contract, and the operation that takes a call there, if any.

    Equal keys mean equal rules.
    """

    contract: Contract
    operation: Operation | None
    key: Key | None

    def read_names(self, request: Request) -> dict[str, str]:
        """The names in the path of a request, by those of the parameters here."""
        if self.operation is None:
            return {}
        # As sent: a slash that is encoded is part of a name.
        steps = request.path.strip("/").split("/")
        places = self.operation.path.strip("/").split("/")
        return {
            place[1:-1]: unquote(step)
            for place, step in zip(places, steps, strict=True)
            if place.startswith("{")
        }


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where a call goes: at its own version, and at each that was asked about."""

    name: Name
    own: Counterpart
    operation: Operation
    there: tuple[Counterpart, ...]


class Counterparts:
    """Finds operations; remembers what it looked up.

    Args:
        versions: Api-versions that are asked about.
        alike: Tells what is the same at two of them.
    """

    def __init__(self, versions: Sequence[str], alike: Alike) -> None:
        self._versions = versions
        self._alike = alike
        self._known: Memory[Name, Meeting | None] = Memory(_CAPACITY)

    def find(self, method: str, path: str, recorded: str) -> Meeting | None:
        """Where a call goes; None where its own version has no such operation.

        Args:
            method: In upper case.
            path: As `generalise` gives it.
            recorded: The api-version it was recorded under.
        """
        key = method, path, recorded
        return self._known.find(key, lambda: self._look_up(*key))

    def generalise(self, request: Request, recorded: str) -> tuple[str, str]:
        """The path of a request, encoded, with names of nobody, and its URL with it.

        A call that creates keeps its names, as there are rules for them.
        """
        path = request.path
        own = load_contract(find_stand_in(recorded) or recorded)
        found = own.find(request.method, path)
        if not isinstance(found, Route):
            return path, request.url
        names = iter(found.values.values())
        steps = [
            quote(self._blur(next(names)), safe="") if step.startswith("{") else step
            for step in found.operation.path.strip("/").split("/")
        ]
        blurred = "/" + "/".join(steps)
        if request.method == "PUT" or request.body:
            return blurred, request.url
        parts = urlsplit(request.url)
        return blurred, parts._replace(path=blurred).geturl()

    def _blur(self, name: str) -> str:
        return name if name.lower() in self._words else _ANY_NAME

    @cached_property
    def _words(self) -> frozenset[str]:
        """Every step that is a word of its own in a path of some version."""
        words: set[str] = set()
        for version in self._versions:
            words |= load_contract(version).words
        return frozenset(words)

    def _look_up(self, method: str, path: str, recorded: str) -> Meeting | None:
        own = self._meet(find_stand_in(recorded) or recorded, method, path)
        if own.operation is None:
            return None
        there = tuple(self._meet(version, method, path) for version in self._versions)
        return Meeting((method, path, recorded), own, own.operation, there)

    def _meet(self, version: str, method: str, path: str) -> Counterpart:
        contract = load_contract(version)
        if not contract.knows(method, path):  # what is nearest is dear, and not asked
            return Counterpart(contract, None, None)
        found = contract.find(method, path)
        assert isinstance(found, Route)
        key = self._alike.find_key(contract, found.operation)
        return Counterpart(contract, found.operation, key)
