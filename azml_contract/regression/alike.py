"""Tell at which api-versions a call meets the same rules.

In: contracts and operations. Out: keys; two versions whose keys are equal judge every
call of an operation alike, as far as its schemas go. What messages say of a version,
and what was seen there, is no part of a key: where there is nothing to tell, it does
not matter. Knows no calls.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from azml_contract.contract.contract import Contract
from azml_contract.contract.model import Definition, Operation, Type
from azml_contract.validation.bounds import Tightened

Key = tuple[Hashable, ...]


class Alike:
    """Finds the keys of operations; remembers what it looked through."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._facts: dict[tuple[str, bool, str], tuple[int, tuple[str, ...]]] = {}
        self._closures: dict[tuple[int, bool, int], tuple[int, Contract, Type]] = {}
        self._keys: dict[tuple[str, str], Key] = {}
        self._tightened: dict[str, Mapping[str, Definition]] = {}
        self.tags: set[str] = set()
        """Names of members that tell a variant, of all that was looked through."""

    def find_key(self, contract: Contract, operation: Operation) -> Key:
        """What tells whether two versions of an operation are alike."""
        at = contract.api_version, operation.id
        known = self._keys.get(at)
        if known is None:
            known = self._keys[at] = self._make_key(contract, operation)
        return known

    def _make_key(self, contract: Contract, operation: Operation) -> Key:
        answers: tuple[Hashable, ...] | None = None
        if operation.responses is not None:
            answers = tuple(
                (status, self.close(contract, spec.body), spec.headers)
                for status, spec in operation.responses.items()
            )
        return (
            operation.id,
            operation.method,
            operation.path.lower(),
            repr(operation.parameters),
            operation.queries_known,
            self.close(contract, operation.body, is_bounded=True),
            operation.body_required,
            answers,
            self.close(contract, operation.result),
            operation.assumed,
        )

    def close(
        self, contract: Contract, kind: Type | None, *, is_bounded: bool = False
    ) -> int:
        """A number for a type with everything that it leads to."""
        if kind is None:
            return 0
        at = id(contract), is_bounded, id(kind)
        found = self._closures.get(at)
        if found is None:
            reached: dict[str, int] = {}
            left = list(_refs(kind))
            while left:
                name = left.pop()
                if name not in reached:
                    reached[name], more = self._look(contract, name, is_bounded)
                    left += more
            whole = (kind, frozenset(reached.items()))
            # Both are kept, so that no other can get the same id.
            found = self._closures[at] = self._number(whole), contract, kind
        return found[0]

    def _look(
        self, contract: Contract, name: str, is_bounded: bool
    ) -> tuple[int, tuple[str, ...]]:
        """A number for what one definition says itself, and the names it leads to."""
        at = contract.api_version, is_bounded, name
        known = self._facts.get(at)
        if known is None:
            found = self._definitions(contract, is_bounded).get(name)
            if found is not None and found.discriminator:
                self.tags.add(found.discriminator)
            known = self._facts[at] = (
                (0, ())
                if found is None
                else (self._number(_say(found)), tuple(_lead(found)))
            )
        return known

    def _definitions(
        self, contract: Contract, is_bounded: bool
    ) -> Mapping[str, Definition]:
        if not is_bounded:
            return contract.definitions
        known = self._tightened.get(contract.api_version)
        if known is None:
            known = Tightened(contract.definitions, contract.api_version)
            self._tightened[contract.api_version] = known
        return known

    def _number(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers) + 1)


def _say(found: Definition) -> Hashable:
    properties = tuple(
        (
            *(name, one.type, one.required, one.read_only, one.write_only),
            *(one.secret, one.nullable, one.mutability),
        )
        for name, one in found.properties.items()
    )
    return (
        found.name,
        properties,
        found.additional,
        found.discriminator,
        tuple(found.variants.items()),
        found.base,
        found.discriminator_value,
    )


def _lead(found: Definition) -> Iterator[str]:
    for one in found.properties.values():
        yield from _refs(one.type)
    if found.additional is not None:
        yield from _refs(found.additional)
    yield from found.variants.values()


def _refs(kind: Type) -> Iterator[str]:
    if kind.ref:
        yield kind.ref
    if kind.items is not None:
        yield from _refs(kind.items)
