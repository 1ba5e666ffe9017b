"""Check the envelope of resources in an answer: id, name and type.

In: a parsed answer and the type that it should have. Out: read-only properties
of the envelope that the service left out. Knows nothing of what is inside
``properties``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azml_contract.contract.model import Definition, Type
from azml_contract.finding import Finding
from azml_contract.validation.deviation import Path, to_pointer
from azml_contract.validation.grade import Grader
from azml_contract.validation.testimony import find_absence

_ENVELOPE = ("id", "name", "type")


def check_envelope(
    grader: Grader, definitions: Mapping[str, Definition], body: Type, value: Any
) -> Iterator[Finding]:
    """Findings about the resource, or each resource of a list, in an answer."""
    definition = definitions.get(body.ref)
    if definition is None or not isinstance(value, dict):
        return
    listed = definition.properties.get("value")
    if listed is not None and listed.type.items is not None:
        inner = definitions.get(listed.type.items.ref)
        items = value.get("value")
        if inner is not None and isinstance(items, list):
            for index, item in enumerate(items):
                path: Path = ((None, "value"), index)
                yield from _check_resource(grader, inner, item, path)
        return
    yield from _check_resource(grader, definition, value, None)


def _check_resource(
    grader: Grader, definition: Definition, value: Any, path: Path
) -> Iterator[Finding]:
    known = [definition.properties.get(name) for name in _ENVELOPE]
    if not isinstance(value, dict) or not all(p and p.read_only for p in known):
        return
    for name in _ENVELOPE:
        if name not in value:
            place = to_pointer((path, name))
            yield grader.find(
                "AZC251",
                f"The answer lacks `{name}`, which resources of Azure have.",
                pointer=place,
                expected=(name,),
                owner=definition.name,
                name=name,
                told=find_absence(grader.operation, grader.api_version, place),
            )
