"""What stands for ``{{...}}`` in the tables of answers.

In: a call, what there is, the resource that is spoken of. Out: texts and
numbers; the same ones for the same resource. Secrets are made from the
account's key, so that they stay until somebody regenerates them.
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from collections.abc import Mapping
from typing import Any

from azml_contract.emulator.clock import as_iso
from azml_contract.emulator.seed import Seed
from azml_contract.emulator.store import Resource
from azml_contract.emulator.world import Call, World, storage_account_id

_SLOT = re.compile(r"\{\{(\w+)(?: ([^}]+))?\}\}")


class Slots:
    """Fills in values for one answer."""

    def __init__(self, call: Call, world: World, resource: Resource | None) -> None:
        self._call, self._world, self._resource = call, world, resource
        self._about = resource.id if resource else call.path.id

    def fill(self, value: Any) -> Any:
        """A value of a table, with every slot filled in."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if not isinstance(value, str) or "{{" not in value:
            return value
        whole = _SLOT.fullmatch(value)
        if whole:
            return self._find(whole[1], whole[2] or "")
        return _SLOT.sub(lambda part: str(self._find(part[1], part[2] or "")), value)

    def _find(self, name: str, argument: str) -> Any:
        found = getattr(self, f"_{name}", None)
        if found is not None:
            return found(argument)
        seed = self._world.seed
        return {
            "subscription": seed.subscription,
            "tenant": seed.tenant,
            "version": self._call.api_version,
        }[name]

    def _location(self, _: str = "") -> str:
        told = self._resource.body.get("location") if self._resource else None
        return str(told or self._world.seed.location)

    def _id(self, _: str) -> str:
        return self._about

    def _name(self, _: str) -> str:
        return self._about.rpartition("/")[2]

    def _account(self, what: str) -> str:
        seed = self._world.seed
        if what == "key":
            return seed.storage_key
        if what == "id":
            return storage_account_id(self._world.workspace_id, seed.storage_account)
        return seed.storage_account

    def _now(self, _: str) -> str:
        return as_iso(self._world.clock.now())

    def _created(self, _: str) -> str:
        return as_iso(self._resource.created_s if self._resource else 0.0)

    def _epoch(self, seconds: str) -> int:
        return int(self._world.clock.now()) + int(seconds)

    def _guid(self, what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._about.lower()}/{what}"))

    def _hex(self, what: str) -> str:
        return self._guid(what).replace("-", "")

    def _new(self, _: str) -> str:
        return self._world.store.draw_guid()

    def _compute(self, _: str) -> Any:
        properties = self._resource.body.get("properties") if self._resource else None
        return (properties or {}).get("computeType")

    def _operation(self, _: str) -> str:
        known = self._resource.facts.get("operation") if self._resource else ""
        place = f"/subscriptions/{self._call.path.subscription}/providers"
        return self._call.link(
            f"{place}/Microsoft.MachineLearningServices/locations/{self._location()}"
            f"/mfeOperationsStatus/{known or self._guid('operation')}"
        )

    def _asked(self, name: str) -> Any:
        asked = self._call.body if isinstance(self._call.body, dict) else {}
        return asked.get(name)

    def _key(self, name: str) -> str:
        facts = self._resource.facts if self._resource else {}
        return _draw_key(self._world.seed, self._about, facts, name)


def make_key(seed: Seed, resource: Resource, name: str) -> str:
    """The secret of a resource that ``{{key name}}`` stands for."""
    return _draw_key(seed, resource.id, resource.facts, name)


def _draw_key(seed: Seed, about: str, facts: Mapping[str, Any], name: str) -> str:
    drawn = (facts.get("drawn") or {}).get(name, 0)
    text = f"{about.lower()}/{name}/{drawn}"
    key = seed.storage_key.encode()
    return base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
