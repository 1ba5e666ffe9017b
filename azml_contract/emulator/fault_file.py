"""Faults from a file: which calls, how often, what shall go wrong.

In: TOML, ``[[fault]]`` tables and a ``seed``. Out: `Faults`. What the file
names wrongly is refused with what would be right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azml_contract.emulator.faults import Fault, FaultKind, Faults
from azml_contract.errors import InputError

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "kind": str,
    "method": str,
    "path": str,
    "version": str,
    "count": int,
    "probability": (int, float),
    "retry_after_s": int,
    "retry_after_header": bool,
    "status": int,
    "delay_s": (int, float),
}
_STATUSES = (500, 502, 503, 504)


def load_faults(path: Path) -> Faults:
    """Read a file of faults.

    Raises:
        InputError: The file is missing, no TOML, or a fault in it is none.
    """
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    unknown = set(read) - {"seed", "fault"}
    if unknown or not isinstance(read.get("fault", []), list):
        raise InputError(
            f"{path}: expected `seed` and [[fault]] tables, found {sorted(read)}."
        )
    seed = read.get("seed", 0)
    if type(seed) is not int:
        raise InputError(f"{path}: seed must be a whole number, not {seed!r}.")
    found = [
        _read(f"{path}: fault {number}", entry)
        for number, entry in enumerate(read.get("fault", []), start=1)
    ]
    return Faults(found, seed=seed)


def _read(place: str, entry: Any) -> Fault:
    if not isinstance(entry, dict):
        raise InputError(f"{place} is no table.")
    for name, value in entry.items():
        if name not in _TYPES:
            known = ", ".join(_TYPES)
            raise InputError(f"{place}: {name!r} is not known. Known: {known}.")
        wanted = _TYPES[name]
        is_flag = isinstance(value, bool) and wanted is not bool
        if is_flag or not isinstance(value, wanted):
            raise InputError(f"{place}: {name} cannot be {value!r}.")
    kinds = [kind.value for kind in FaultKind]
    if entry.get("kind") not in kinds:
        raise InputError(f"{place}: kind must be one of {', '.join(kinds)}.")
    if not 0 <= entry.get("probability", 1) <= 1:
        raise InputError(f"{place}: probability must be between 0 and 1.")
    if entry.get("count", 0) < 0 or entry.get("delay_s", 0) < 0:
        raise InputError(f"{place}: count and delay_s cannot be negative.")
    if entry["kind"] == FaultKind.SERVER_ERROR and entry.get("status", 500) not in (
        _STATUSES
    ):
        listed = ", ".join(map(str, _STATUSES))
        raise InputError(f"{place}: status must be one of {listed}.")
    # Without a count it goes on.
    given = {"method": "*", "path": "*", "count": 0, "status": 500, **entry}
    return Fault(**{**given, "kind": FaultKind(entry["kind"])})
