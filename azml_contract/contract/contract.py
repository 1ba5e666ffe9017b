"""The contract of one api-version.

In: definitions and operations, materialised as they are asked for. Out: look
ups by name, and the operation of a verb and path. Immutable; knows neither
where the facts come from nor who judges with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Definition, Operation, SourceKind
from azml_contract.contract.routes import Hit, Routes, Template

_MOST_FOUND = 64


class Route(NamedTuple):
    """A verb and path that the contract knows; `values` as sent, decoded."""

    operation: Operation
    values: Mapping[str, str]


@dataclass(frozen=True)
class NoRoute:
    """A verb and path that the contract does not know.

    `allowed` are the verbs that this path does allow; empty when no template
    fits the path.
    """

    allowed: tuple[str, ...]
    _find_nearest: Callable[[], tuple[str, ...]] = field(repr=False, compare=False)

    @cached_property
    def nearest(self) -> tuple[str, ...]:
        """Up to three path templates, best first; looked for when first asked."""
        return self._find_nearest()


class Contract:
    """Every operation and definition of one api-version.

    `operations` are by operationId. Both mappings make their values when they
    are first asked for.
    """

    def __init__(
        self,
        api_version: str,
        source: SourceKind,
        definitions: Mapping[str, Definition],
        operations: Mapping[str, Operation],
        *,
        templates: Callable[[], Iterable[Template]] | None = None,
    ) -> None:
        self.api_version = api_version
        self.source = source
        self.definitions = definitions
        self.operations = operations
        self._templates = templates or self._templates_of_operations
        self._found: dict[tuple[str, str], Route] = {}

    def __repr__(self) -> str:
        return f"Contract({self.api_version!r}, {self.source})"

    def find(self, method: str, path: str) -> Route | NoRoute:
        """The operation of a verb and a path.

        Args:
            method: In any case.
            path: From the root, without a query, percent-encoded as sent.

        Returns:
            A `Route` with the values of the path parameters, or a `NoRoute`
            with the allowed verbs, which knows the nearest templates.
        """
        known = self._found.get((method, path))
        if known is not None:
            return known
        found = self._routes.find(method, path)
        if isinstance(found, Hit):
            values = MappingProxyType(found.values)
            route = Route(self.operations[found.operation], values)
            # One call is looked up several times: by who judges, by who answers.
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[method, path] = route
            return route
        return NoRoute(found, lambda: self._routes.nearest(method, path))

    def knows(self, method: str, path: str) -> bool:
        """Whether a verb and a path are an operation; see `find`."""
        return isinstance(self._routes.find(method, path), Hit)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every step of a path that is no parameter, in lower case."""
        steps = (step for one in self._templates() for step in one.path.split("/"))
        return frozenset(step.lower() for step in steps if not step.startswith("{"))

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self._templates())

    def _templates_of_operations(self) -> Iterable[Template]:
        return (Template(o.method, o.path, o.id) for o in self.operations.values())


def make_contract(imported: Imported) -> Contract:
    """A contract straight from an importer, without the compiled data."""
    return Contract(
        imported.api_version,
        imported.kind,
        MappingProxyType(dict(imported.definitions)),
        MappingProxyType(dict(imported.operations)),
    )
