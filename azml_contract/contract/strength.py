"""How much a contract knows of what it could know.

In: an imported api-version. Out: a `Strength`. Counted are the facts that some
sources cannot tell: of every property whether it may be null and the format of
its value, of every operation its status codes, its queries, whether it runs
long and whether it pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from azml_contract.contract.imported import Imported
from azml_contract.contract.model import Definition, Operation
from azml_contract.seen import Strength

_OF_A_PROPERTY = 2


def measure_strength(version: Imported) -> Strength:
    """The facts of all its definitions and operations, counted."""
    counts = [one for d in version.definitions.values() for one in _of_definition(d)]
    counts += [_of_operation(o) for o in version.operations.values()]
    return Strength(
        sum(one.known for one in counts),
        sum(one.possible for one in counts),
        sum(one.carried for one in counts),
    )


def _of_definition(definition: Definition) -> Iterator[Strength]:
    for prop in definition.properties.values():
        known = 0 if prop.nullable is None else _OF_A_PROPERTY
        carried = known if definition.carried_from or prop.carried_from else 0
        yield Strength(known, _OF_A_PROPERTY, carried)


def _of_operation(operation: Operation) -> Strength:
    told = (
        operation.responses is not None,
        operation.queries_known,
        operation.long_running is not None,
        operation.paging is not None,
    )
    return Strength(sum(told), len(told), sum(told) if operation.carried_from else 0)
