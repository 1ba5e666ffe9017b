"""Tags and params as MLflow writes them: ``[{"key": k, "value": v}]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_pairs(given: Any) -> dict[str, str]:
    """By name; a mapping is taken as it is, what is neither is nothing."""
    if isinstance(given, Mapping):
        return {str(k): str(v) for k, v in given.items()}
    listed = given if isinstance(given, list) else []
    return {
        str(one["key"]): str(one.get("value", "")) for one in listed if "key" in one
    }


def write_pairs(values: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The other way; nothing for None."""
    return [{"key": str(k), "value": str(v)} for k, v in (values or {}).items()]
