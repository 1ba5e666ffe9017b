"""Why the tracking server refuses something, in MLflow's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """A call that is not carried out."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def need(asked: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that a call has.

    Raises:
        Refused: It has none of them.
    """
    for name in names:
        value = asked.get(name)
        if value not in (None, ""):
            return str(value)
    raise Refused(
        400,
        "INVALID_PARAMETER_VALUE",
        f"Missing value for required parameter '{names[0]}'",
    )


def absent(what: str) -> Refused:
    """Something that does not exist."""
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", f"{what} does not exist.")
