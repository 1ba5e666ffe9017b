"""MLflow's filter strings, and its order of runs.

In: ``metrics.loss < 0.3 and tags.kind = 'a'``, and what a run has. Out: whether it is
meant. Source: the grammar of MLflow's documentation on searching runs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from typing import Any

from azml_contract.emulator.mlflow.errors import Refused

Seen = Mapping[str, Mapping[str, Any]]
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_TERM = re.compile(
    r"(?:(?P<group>[A-Za-z]+)\.)?(?P<name>`[^`]+`|\"[^\"]+\"|[\w./ -]+?)\s*"
    r"(?P<sign>!=|>=|<=|=|<|>|\bNOT\s+IN\b|\bIN\b|\bILIKE\b|\bLIKE\b)\s*(?P<value>.+)",
    re.IGNORECASE | re.DOTALL,
)
_GROUPS = {
    **dict.fromkeys(("metric", "metrics"), "metrics"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "params"),
    **dict.fromkeys(("tag", "tags"), "tags"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attributes"),
}


_SIGNS = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def matches(text: str, seen: Seen) -> bool:
    """Whether something meets every term of a filter.

    Raises:
        Refused: The filter cannot be read.
    """
    return all(_meets(term, seen) for term in _AND.split(text.strip()) if term.strip())


def _meets(term: str, seen: Seen) -> bool:
    matched = _TERM.fullmatch(term.strip())
    group = _GROUPS.get((matched["group"] or "attributes").lower()) if matched else None
    if matched is None or group is None:
        raise Refused(400, "INVALID_PARAMETER_VALUE", f"Invalid filter: {term!r}")
    name = matched["name"].strip('`" ')
    have = seen.get(group, {}).get(name)
    sign = " ".join(matched["sign"].upper().split())
    if have is None:
        return False
    if sign in ("IN", "NOT IN"):
        listed = re.findall(r"'([^']*)'|\"([^\"]*)\"", matched["value"])
        is_in = str(have) in {one or other for one, other in listed}
        return is_in is (sign == "IN")
    wanted = matched["value"].strip().strip("'\"")
    if sign in ("LIKE", "ILIKE"):
        pattern = re.escape(wanted).replace("%", ".*").replace("_", ".")
        flags = re.IGNORECASE if sign == "ILIKE" else 0
        return re.fullmatch(pattern, str(have), flags | re.DOTALL) is not None
    left, right = _comparable(have, wanted)
    return bool(_SIGNS[sign](left, right))


def _comparable(have: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(have, bool) or not isinstance(have, int | float):
        return str(have), wanted
    try:
        return float(have), float(wanted)
    except ValueError:
        return str(have), wanted


def sort_runs(found: Sequence[tuple[Seen, Any]], order_by: Sequence[str]) -> list[Any]:
    """Runs in the order that is asked for; the newest first where nothing is."""
    ordered = sorted(
        found, key=lambda one: one[0]["attributes"].get("start_time") or 0, reverse=True
    )
    for term in reversed(list(order_by)):
        name, _, direction = str(term).strip().partition(" ")
        group, dot, key = name.partition(".")
        kind = _GROUPS.get(group.lower(), "attributes") if dot else "attributes"
        wanted = (key if dot else name).strip('`"')
        known = [one for one in ordered if one[0][kind].get(wanted) is not None]
        rest = [one for one in ordered if one[0][kind].get(wanted) is None]
        known.sort(
            key=lambda one: _rank(one[0][kind][wanted]),
            reverse=direction.strip().lower() == "desc",
        )
        ordered = known + rest
    return [run for _, run in ordered]


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))
