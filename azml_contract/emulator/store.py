"""What the emulated service holds, by resource id.

In: resources in their neutral form, which belongs to no api-version. Out: the
same, for whichever api-version asks. Knows ids and times; does not know what
a resource means. What changes is handed to a journal, where there is one.
"""

from __future__ import annotations

import base64
import contextlib
import random
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

Body = dict[str, Any]
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `body` is what a PUT of it holds, in the neutral form.

    `facts` is what the service knows besides: when a job was cancelled, the
    secrets of a datastore. Neither is changed in place.
    """

    id: str
    body: Body
    created_s: float
    modified_s: float
    created_by: str = ""
    created_by_type: str = "Application"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last segment of the id."""
        return self.id.rpartition("/")[2]

    def modified(self, body: Body, now_s: float) -> Resource:
        """The same resource with another body, changed at that time."""
        return Resource(
            self.id,
            body,
            self.created_s,
            now_s,
            self.created_by,
            self.created_by_type,
            self.facts,
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation: how it began, and the body that it ends with."""

    id: str
    target: str
    started_s: float
    duration_s: float
    action: str
    result: Any = None

    def is_done(self, now_s: float) -> bool:
        """Whether it has reached its end by then."""
        return now_s >= self.started_s + self.duration_s


class Journal(Protocol):
    """Where changes are written down."""

    def write(self, key: str, resource: Resource) -> None:
        """A resource was added or replaced."""

    def remove(self, key: str) -> None:
        """A resource went, and all below it."""

    def write_operation(self, operation: Operation) -> None:
        """An operation began."""

    def clear(self) -> None:
        """Everything went."""

    def commit(self, now_s: float) -> None:
        """Make what changed last; `now_s` is the service's time."""

    def load(self) -> tuple[list[Resource], list[Operation]]:
        """What was written before, in its order."""


class _Collection:
    """The resources of one type below one parent, oldest first."""

    __slots__ = ("members", "top")

    def __init__(self) -> None:
        self.members: dict[str, Resource] = {}
        self.top: int | None = 0
        """The highest number among the names; None when it must be counted."""

    def highest(self) -> int:
        if self.top is None:
            numbers = (int(n) for n in self.members if n.isascii() and n.isdigit())
            self.top = max(numbers, default=0)
        return self.top

    def pop(self, name: str) -> Resource | None:
        self.top = None
        return self.members.pop(name, None)


class Store:
    """Resources and operations of one emulator. Thread-safe.

    Ids ignore case, as ARM does, except for the name of a job, which the
    service documents as case-sensitive.

    Args:
        guid_seed: The same one draws the same GUIDs.
        journal: Where changes are written down; None for memory alone.
    """

    def __init__(self, *, guid_seed: int = 0, journal: Journal | None = None) -> None:
        self._guid_seed = guid_seed
        self._generation = 0
        self.lock = threading.RLock()
        self.lasts = journal is not None
        """Whether what changes is written down, and has to be made last."""
        self._collections: dict[str, _Collection] = {}
        self._operations: dict[str, Operation] = {}
        self._random = random.Random(self._seed())  # noqa: S311 - reproducible ids
        self._journal: Journal | None = None
        self._changes = 0
        self._changed: dict[str, int] = {}
        self._looked_at: set[str] | None = None
        if journal is not None:
            self._load(journal)
            self._journal = journal

    def _load(self, journal: Journal) -> None:
        resources, operations = journal.load()
        for resource in resources:
            self.put(resource)
        self._operations = {o.id.lower(): o for o in operations}
        if resources:
            # What was drawn before must not be drawn again.
            self._generation = len(resources) + len(operations)
            self._random.seed(f"{uuid.uuid4()}")

    def __len__(self) -> int:
        with self.lock:
            return sum(len(c.members) for c in self._collections.values())

    def get(self, resource_id: str) -> Resource | None:
        """The resource of that id; None where there is none."""
        collection, name = _split(resource_id)
        if self._looked_at is not None:
            self._looked_at.add(collection)
        found = self._collections.get(collection)
        return found.members.get(name) if found else None

    def _find(self, collection: str) -> _Collection | None:
        if self._looked_at is not None:
            self._looked_at.add(collection)
        return self._collections.get(collection)

    def _note_change(self, *collections: str) -> None:
        self._changes += 1
        for collection in (*collections, _ANY):
            self._changed[collection] = self._changes

    def put(self, resource: Resource) -> None:
        """Add or replace a resource; a replaced one keeps its place in lists."""
        collection, name = _split(resource.id)
        with self.lock:
            found = self._collections.get(collection)
            if found is None:
                found = self._collections[collection] = _Collection()
            found.members[name] = resource
            if found.top is not None and name.isascii() and name.isdigit():
                found.top = max(found.top, int(name[:18]))
            self._changes += 1
            self._changed[collection] = self._changed[_ANY] = self._changes
            if self._journal is not None:
                self._journal.write(f"{collection}/{name}", resource)

    def delete(self, resource_id: str) -> bool:
        """Remove a resource and all below it; False where there was none."""
        collection, name = _split(resource_id)
        below = f"{collection}/{name}/".lower()
        with self.lock:
            gone_too = [k for k in self._collections if k.startswith(below)]
            for key in gone_too:
                del self._collections[key]
            self._note_change(collection, *gone_too)
            found = self._collections.get(collection)
            gone = found.pop(name) if found else None
            if self._journal is not None:
                self._journal.remove(f"{collection}/{name}")
            return gone is not None

    def list(self, collection_id: str) -> Sequence[Resource]:
        """The direct members of a collection, oldest first."""
        with self.lock:
            found = self._find(collection_id.strip("/").lower())
            return tuple(found.members.values()) if found else ()

    def newest(self, collection_id: str) -> Resource | None:
        """The member of a collection that was added last."""
        with self.lock:
            found = self._find(collection_id.strip("/").lower())
            return next(reversed(found.members.values()), None) if found else None

    def highest(self, collection_id: str) -> int:
        """The highest number that is a member's name; 0 where none is one."""
        with self.lock:
            found = self._find(collection_id.strip("/").lower())
            return found.highest() if found else 0

    def below(self, group_id: str) -> Iterator[Resource]:
        """The resources of every provider that hang on a group itself."""
        prefix = group_id.strip("/").lower() + "/providers/"
        with self.lock:
            self._find(_ANY)
            for key, found in list(self._collections.items()):
                if key.startswith(prefix) and key.count("/", len(prefix)) == 1:
                    yield from found.members.values()

    def add_operation(self, operation: Operation) -> None:
        """Remember a long-running operation."""
        with self.lock:
            self._operations[operation.id.lower()] = operation
            if self._journal is not None:
                self._journal.write_operation(operation)

    def get_operation(self, operation_id: str) -> Operation | None:
        """The operation of that id; None where there is none."""
        return self._operations.get(operation_id.lower())

    def draw_guid(self) -> str:
        """A GUID: random-looking, the same sequence for the same seed."""
        with self.lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def draw_token(self) -> str:
        """32 random bytes in base64url, as some of the service's ids are."""
        with self.lock:
            raw = self._random.getrandbits(256).to_bytes(32, "big")
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def clear(self) -> None:
        """Forget everything, and begin another sequence of GUIDs.

        Another one, because GUIDs name blob containers: a new beginning must
        not find what was uploaded before.
        """
        with self.lock:
            self._note_change(*self._changed, *self._collections)
            self._collections.clear()
            self._operations.clear()
            self._generation += 1
            self._random.seed(self._seed())
            if self._journal is not None:
                self._journal.clear()

    def commit(self, now_s: float) -> None:
        """Make everything last that changed."""
        if self._journal is not None:
            self._journal.commit(now_s)

    def _seed(self) -> str:
        return f"{self._guid_seed}/{self._generation}"

    @contextlib.contextmanager
    def looking(self) -> Iterator[set[str]]:
        """Note which collections are looked at within the block, for `version_of`.

        The caller holds `lock`, so that nobody else's looks are noted.
        """
        self._looked_at = set()
        try:
            yield self._looked_at
        finally:
            self._looked_at = None

    def is_as_at(self, version: int, collections: Iterable[str]) -> bool:
        """Whether none of those collections has changed since that version."""
        changed = self._changed
        for collection in collections:  # noqa: SIM110 - asked with every GET
            if changed.get(collection, 0) > version:
                return False
        return True

    def version_of(self, collections: Iterable[str]) -> int:
        """A number that grows when one of those collections changes."""
        return max((self._changed.get(c, 0) for c in collections), default=0)

    def __iter__(self) -> Iterator[Resource]:
        with self.lock:
            self._find(_ANY)
            members = [tuple(c.members.values()) for c in self._collections.values()]
        return (resource for some in members for resource in some)


@lru_cache(maxsize=1024)  # one call asks several times for the same
def _split(resource_id: str) -> tuple[str, str]:
    collection, _, name = resource_id.strip("/").rpartition("/")
    lowered = collection.lower()
    return lowered, name if lowered.endswith("/jobs") else name.lower()
