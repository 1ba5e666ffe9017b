"""What the emulated service holds, by resource id.

In: resources in their neutral form, which belongs to no api-version. Out: the
same, for whichever api-version asks. Knows ids and times; does not know what
a resource means.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


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
        return self.id.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation: how it began and what it will have done."""

    id: str
    target: str
    started_s: float
    duration_s: float
    action: str

    def is_done(self, now_s: float) -> bool:
        """Whether it has reached its end by then."""
        return now_s >= self.started_s + self.duration_s


class Store:
    """Resources and operations of one emulator. Thread-safe.

    Ids ignore case, as ARM does, except for the name of a job, which the
    service documents as case-sensitive.
    """

    def __init__(self, *, guid_seed: int = 0) -> None:
        self._guid_seed = guid_seed
        self._generation = 0
        self.lock = threading.RLock()
        self._resources: dict[str, Resource] = {}
        self._operations: dict[str, Operation] = {}
        self._random = random.Random(self._seed())  # noqa: S311 - reproducible ids

    def __len__(self) -> int:
        return len(self._resources)

    def get(self, resource_id: str) -> Resource | None:
        """The resource of that id; None where there is none."""
        return self._resources.get(_key(resource_id))

    def put(self, resource: Resource) -> None:
        """Add or replace a resource; a replaced one keeps its place in lists."""
        with self.lock:
            self._resources[_key(resource.id)] = resource

    def delete(self, resource_id: str) -> bool:
        """Remove a resource and all below it; False where there was none."""
        key = _key(resource_id)
        with self.lock:
            below = [k for k in self._resources if k.startswith(key + "/")]
            for name in below:
                del self._resources[name]
            return self._resources.pop(key, None) is not None

    def list(self, collection_id: str) -> list[Resource]:
        """The direct members of a collection, oldest first."""
        prefix = _key(collection_id) + "/"
        with self.lock:
            return [
                resource
                for key, resource in self._resources.items()
                if key.startswith(prefix) and "/" not in key[len(prefix) :]
            ]

    def add_operation(self, operation: Operation) -> None:
        """Remember a long-running operation."""
        with self.lock:
            self._operations[operation.id.lower()] = operation

    def get_operation(self, operation_id: str) -> Operation | None:
        """The operation of that id; None where there is none."""
        return self._operations.get(operation_id.lower())

    def draw_guid(self) -> str:
        """A GUID: random-looking, the same sequence for the same seed."""
        with self.lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def clear(self) -> None:
        """Forget everything, and begin another sequence of GUIDs.

        Another one, because GUIDs name blob containers: a new beginning must
        not find what was uploaded before.
        """
        with self.lock:
            self._resources.clear()
            self._operations.clear()
            self._generation += 1
            self._random.seed(self._seed())

    def _seed(self) -> str:
        return f"{self._guid_seed}/{self._generation}"

    def __iter__(self) -> Iterator[Resource]:
        with self.lock:
            return iter(list(self._resources.values()))


def _key(resource_id: str) -> str:
    path = resource_id.strip("/")
    head, _, name = path.rpartition("/")
    lowered = head.lower()
    return f"{lowered}/{name}" if lowered.endswith("/jobs") else path.lower()
