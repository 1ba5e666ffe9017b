"""What the handlers of the emulated service share.

In: seed, store, clock, blob storage, contracts. Out: a `World`, and for each
request a `Call`. Values only; the behaviour is in `arm` and `resources`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from azml_contract.api_version import SortKey, sort_key
from azml_contract.contract.contract import Contract, Route
from azml_contract.contract.model import Operation, Type
from azml_contract.contract.views import Lens
from azml_contract.emulator.clock import EmulatorClock, as_iso
from azml_contract.emulator.execution.storage import Storage
from azml_contract.emulator.paths import ArmPath
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.shaping import SEEN, Definitions, Shaper
from azml_contract.emulator.store import Body, Resource, Store
from azml_contract.settings import PROVIDER

REFERENCE_VERSION = "2024-04-01"
"""The newest version whose swagger is known; tells what later ones cannot."""
_AS_SENT = re.compile(r"[\w/:@!$&'()*+,;=~.-]*", re.ASCII)


class BlobStorage(Protocol):
    """Where uploads go."""

    def make_containers(self, names: list[str]) -> None:
        """Create containers; one that exists is left as it is."""

    def promise_containers(self, names: list[str]) -> None:
        """The same, in the background."""

    @property
    def storage(self) -> Storage | None:
        """What reads and writes blobs; None where nothing does."""


class Executes(Protocol):
    """Runs jobs for real."""

    def runs(self, properties: Mapping[str, Any]) -> bool:
        """Whether jobs of this type really run."""

    def begin(self, job: Resource) -> Resource:
        """A new job with its first state."""

    def submit(self, job: Resource) -> None:
        """Run a job that is in the store."""

    def cancel(self, job_id: str) -> None:
        """Ask a job to end."""

    def settle(self, job_id: str) -> None:
        """Return when a job has ended, if it is one that runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of an operation before a call comes.

    `answer` is the type of what it answers, `resource` that of the resource that its
    path, or its members, have; None where nothing tells. `types` are the resource
    types in its path, in the specification's case. `shaper` writes answers.
    """

    operation: Operation
    age: SortKey
    shaper: Shaper
    answer: Type | None
    resource: Type | None
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a handler may look at or change.

    `workspace_id` is the ARM id of the seeded workspace.
    """

    seed: Seed
    store: Store
    clock: EmulatorClock
    blobs: BlobStorage
    load: Callable[[str], Contract]
    executor: Executes | None = None
    workspace_id: str = field(init=False)
    _group: str = field(init=False)
    _shapers: dict[tuple[str, Lens], Shaper] = field(default_factory=dict)
    _plans: dict[tuple[str, str], Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seed = self.seed
        group = (
            f"/subscriptions/{seed.subscription}/resourceGroups/{seed.resource_group}"
        )
        workspace_id = f"{group}/providers/{PROVIDER}/workspaces/{seed.workspace}"
        object.__setattr__(self, "_group", group)
        object.__setattr__(self, "workspace_id", workspace_id)

    def groups(self) -> tuple[str, ...]:
        """Ids of the resource groups that there are."""
        seeded = self._group
        made = self.store.list(
            f"/subscriptions/{self.seed.subscription}/resourceGroups"
        )
        return (seeded, *(group.id for group in made if group.id != seeded))

    def has_group(self, group_id: str) -> bool:
        """Whether a resource group exists."""
        wanted = group_id.lower()
        return wanted == self._group.lower() or any(
            group.lower() == wanted for group in self.groups()
        )

    def top_level(self) -> list[Resource]:
        """Resources of any provider that hang on a group."""
        return [r for group in self.groups() for r in self.store.below(group)]

    def reference(self) -> Definitions:
        """Definitions of `REFERENCE_VERSION`."""
        return self.load(REFERENCE_VERSION).definitions

    def shaper(self, contract: Contract, lens: Lens) -> Shaper:
        """Writes answers in the words of a contract."""
        key = (contract.api_version, lens)
        known = self._shapers.get(key)
        if known is None:
            known = Shaper(contract.definitions, self.reference, lens)
            self._shapers[key] = known
        return known

    def plan(self, contract: Contract, operation: Operation) -> Plan:
        """What is known of an operation; made when it is first called."""
        key = (contract.api_version, operation.id)
        known = self._plans.get(key)
        if known is None or known.operation is not operation:
            known = self._plans[key] = Plan(
                operation,
                sort_key(contract.api_version),
                self.shaper(contract, SEEN),
                _answer_type(operation),
                find_resource_type(contract, operation),
                tuple(operation.path.rpartition("/providers/")[2].split("/")[1::2]),
            )
        return known

    def new_resource(self, resource_id: str, body: Body, **facts: Any) -> Resource:
        """A resource that is created now, by the user."""
        now = self.clock.now()
        return Resource(resource_id, body, now, now, self.seed.user_name, "User", facts)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to ARM, understood.

    `body` is in the specification's case and without what is unknown; `base`
    is scheme and host as the client sees them; `query` has lower-case names. `age`
    sorts api-versions. `plan` is None where the path stands in no contract.
    """

    method: str
    url: str
    base: str
    path: ArmPath
    api_version: str
    query: Mapping[str, str]
    contract: Contract
    operation: Operation
    age: SortKey
    plan: Plan | None
    body: Any = None

    def is_before(self, api_version: str) -> bool:
        """Whether the call's api-version is older than another."""
        return self.age < sort_key(api_version)

    def is_from(self, api_version: str) -> bool:
        """Whether the call's api-version is that one or newer."""
        return self.age >= sort_key(api_version)

    def link(self, resource_id: str, *, more: str = "") -> str:
        """URL of a resource, with the api-version of this call."""
        path = resource_id
        if _AS_SENT.fullmatch(path) is None:  # a name may hold what no header may
            path = quote(path, safe="/:@!$&'()*+,;=~")
        return f"{self.base}{path}?api-version={self.api_version}{more}"

    def shaper(self, world: World, lens: Lens = SEEN) -> Shaper:
        """Writes answers for the call's api-version."""
        return world.shaper(self.contract, lens)

    def answer_type(self) -> Type | None:
        """Type of what the operation answers; None where nothing tells."""
        return self.plan.answer if self.plan else None

    def resource_type(self) -> Type | None:
        """Type of the resource that the call's path, or its members, have."""
        return self.plan.resource if self.plan else None


def find_resource_type(contract: Contract, operation: Operation) -> Type | None:
    """Type of one resource at an operation's path; None where nothing tells."""
    kind = _answer_type(operation)
    if kind is not None and kind.kind == "ref":
        listed = contract.definitions[kind.ref].properties.get("value")
        if listed is None or listed.type.items is None:
            return kind
        return listed.type.items
    made = contract.find("PUT", _as_resource_path(operation))
    return made.operation.body if isinstance(made, Route) else None


def _as_resource_path(operation: Operation) -> str:
    path = (
        operation.path if operation.path.endswith("}") else operation.path + "/{name}"
    )
    return path.replace("{", "").replace("}", "")


def _answer_type(operation: Operation) -> Type | None:
    for status in ("200", "201", "202"):
        spec = (operation.responses or {}).get(status)
        if spec is not None and spec.body is not None:
            return spec.body
    return None


def system_data(resource: Resource) -> Body:
    """All six fields of `systemData`."""
    data = {
        "createdAt": as_iso(resource.created_s),
        "createdBy": resource.created_by,
        "createdByType": resource.created_by_type,
        "lastModifiedAt": as_iso(resource.modified_s),
        "lastModifiedBy": resource.created_by,
        "lastModifiedByType": resource.created_by_type,
    }
    if resource.created_by and resource.created_by_type:
        return data
    return {key: value for key, value in data.items() if value}


def storage_account_id(workspace_id: str, account: str) -> str:
    """ARM id of a storage account beside a workspace."""
    group = workspace_id.partition("/providers/")[0]
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"


def workspace_guid_of(workspace_id: str) -> str:
    """The GUID by which the service knows a workspace; always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, workspace_id.lower()))
