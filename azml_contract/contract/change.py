"""A difference between the contracts of two api-versions, as a value.

In: nothing. Out: `Change`, what `diff` finds and commands print. Knows
neither how differences are found nor how they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from azml_contract.finding import Side


class ChangeKind(StrEnum):
    """What happened."""

    OPERATION_ADDED = "operation added"
    OPERATION_REMOVED = "operation removed"
    OPERATION_RENAMED = "operation renamed"
    PARAMETER_ADDED = "parameter added"
    PARAMETER_REMOVED = "parameter removed"
    PARAMETER_CHANGED = "parameter changed"
    BODY_CHANGED = "body changed"
    STATUS_ADDED = "status added"
    STATUS_REMOVED = "status removed"
    STATUS_CHANGED = "status changed"
    FLOW_CHANGED = "flow changed"
    PROPERTY_ADDED = "property added"
    PROPERTY_REMOVED = "property removed"
    PROPERTY_CHANGED = "property changed"
    VARIANT_ADDED = "variant added"
    VARIANT_REMOVED = "variant removed"
    VARIANT_CHANGED = "variant changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference from an older to a newer version.

    `subject` is an operation or a definition by its newer name where it has
    one; `name` the property, parameter, status code or discriminator value
    that changed. `before` and `after` are words of the contract notation,
    empty for what is not there. `breaks` tells what no longer works for a
    program written against the first version: sending its requests, or
    reading the responses; `way` tells how a request breaks (``refused`` or
    ``ignored``). `operation` and `pointer` say where the subject is met
    first; in `pointer` ``*`` stands for any element and ``<X>`` for a variant.
    """

    kind: ChangeKind
    subject: str
    name: str = ""
    before: str = ""
    after: str = ""
    breaks: tuple[Side, ...] = ()
    way: str = ""
    operation: str = ""
    pointer: str = ""

    def to_json(self) -> dict[str, Any]:
        """The published JSON shape of a change."""
        return {
            "kind": str(self.kind),
            "subject": self.subject,
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "breaks": [str(side) for side in self.breaks],
            "way": self.way,
            "operation": self.operation,
            "pointer": self.pointer,
        }
