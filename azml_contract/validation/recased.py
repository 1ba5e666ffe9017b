"""Write the miscased names of a body as its contract does, and find the way back.

In: a body, and the deviations of its schema. Out: the body with the names meant,
and where its pointers stand in the body as sent. Checks that look names up then
need not care how they were written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azml_contract.validation.deviation import Deviation, Path, Rule, to_pointer


class Recased:
    """A body whose miscased names are mended; `body` is the one sent without any."""

    def __init__(self, body: Any, deviations: Iterable[Deviation]) -> None:
        self._names: dict[str, str] = {
            to_pointer(deviation.path): deviation.expected[0]
            for deviation in deviations
            if deviation.rule is Rule.CASE
        }
        self._sent: dict[str, str] = {}
        self.body = self._copy(body, None, None) if self._names else body

    def find_sent(self, pointer: str) -> str:
        """The pointer into the body as sent."""
        tail, head = "", pointer
        while head and head not in self._sent:
            head, _, step = head.rpartition("/")
            tail = f"/{step}{tail}"
        return f"{self._sent.get(head, head)}{tail}"

    def _copy(self, value: Any, sent: Path, meant: Path) -> Any:
        if isinstance(value, list):
            return [
                self._copy(item, (sent, index), (meant, index))
                for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        copied: dict[str, Any] = {}
        for key, item in value.items():
            place: Path = (sent, key)
            pointer = to_pointer(place)
            name: str = self._names.get(pointer) or key
            if name != key and name in value:
                name = key  # both were sent: the right one is meant
            if name != key:
                self._sent[to_pointer((meant, name))] = pointer
            copied[name] = self._copy(item, place, (meant, name))
        return copied
