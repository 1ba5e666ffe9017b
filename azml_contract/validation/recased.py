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
    """A body whose miscased names are mended; `body` is the one sent without any.

    Only what leads to such a name is copied.
    """

    def __init__(self, body: Any, deviations: Iterable[Deviation]) -> None:
        self.body = body
        self._copies: dict[int, Any] = {}
        self._meant: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        for deviation in deviations:
            if deviation.rule is Rule.CASE and deviation.path is not None:
                self._rename(deviation.path, deviation.expected[0])

    def find_sent(self, pointer: str) -> str:
        """The pointer into the body as sent."""
        if not self._sent:
            return pointer
        tail, head = "", pointer
        while head and head not in self._sent:
            head, _, step = head.rpartition("/")
            tail = f"/{step}{tail}"
        return f"{self._sent.get(head, head)}{tail}"

    def _rename(self, path: tuple[Path, str | int], right: str) -> None:
        holder, meant = self._reach(path[0])
        if right in holder:
            return  # both were sent: the right one is meant
        items = list(holder.items())
        holder.clear()
        holder.update((right if key == path[1] else key, item) for key, item in items)
        pointer = to_pointer(path)
        self._meant[pointer] = right
        self._sent[to_pointer((meant, right))] = pointer

    def _reach(self, path: Path) -> tuple[Any, Path]:
        """A copy of the container at a place as sent, and its place as meant."""
        if path is None:
            self.body = self._own(self.body)
            return self.body, None
        above, meant = self._reach(path[0])
        step = self._meant.get(to_pointer(path), path[1]) if self._meant else path[1]
        above[step] = self._own(above[step])
        return above[step], (meant, step)

    def _own(self, value: Any) -> Any:
        if id(value) in self._copies:
            return value
        copied = value.copy()
        self._copies[id(copied)] = copied
        return copied
