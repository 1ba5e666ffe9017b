"""Components: the service rewrites their specification, and keeps it.

Facts: PUT answers 201, also when the same was there before; texts stand where
truth values and numbers were sent; ``optional`` is always said; `_source` does
not come back; code, environment, command, inputs and outputs of a version
cannot change. Source: recordings of 2023-04.
"""

from __future__ import annotations

import re
from typing import Any

from azml_contract.emulator.refusal import Refusal
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.assets import AssetContainers, AssetVersions
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call

_IMMUTABLE = ("code", "command", "environment", "inputs", "outputs", "type", "jobs")
_LATEST_FROM = "2022-12-01-preview"
_SHORT = re.compile(r"azureml:([^:/@]+):([^:/@]+)")
_ORDER = ("$schema", "name", "version", "display_name", "is_deterministic", "type")


class ComponentContainers(AssetContainers):
    """``workspaces/components``."""

    def view(self, call: Call, resource: Resource) -> Body:
        """To 2022-10-01 without the latest version: null in 117 of 117 answers."""
        body = super().view(call, resource)
        if call.is_before(_LATEST_FROM):
            body["properties"]["latestVersion"] = None
        return body


class ComponentVersions(AssetVersions):
    """``workspaces/components/versions``."""

    def admit(self, call: Call, body: Body, existing: Resource | None) -> Resource:
        """A version; what it runs cannot change."""
        spec = (body.get("properties") or {}).get("componentSpec")
        if existing is not None:
            before = (existing.body.get("properties") or {}).get("componentSpec")
            _refuse_changes(call, _normalize(before), _normalize(spec))
        return super().admit(call, body, existing)

    def view(self, call: Call, resource: Resource) -> Body:
        """With the specification as the service writes it."""
        body = super().view(call, resource)
        properties = body["properties"]
        spec = _normalize(properties.get("componentSpec"))
        properties |= {"componentSpec": self._resolve(resource, spec)}
        # The description is told in the specification alone (3,010 of 3,010).
        properties["description"] = None
        return body

    def _resolve(self, resource: Resource, spec: Any) -> Any:
        if not isinstance(spec, dict):
            return spec
        matched = _SHORT.fullmatch(str(spec.get("environment") or ""))
        if matched:
            workspace_id = resource.id.rpartition("/components/")[0]
            environment = f"environments/{matched[1]}/versions/{matched[2]}"
            spec = {**spec, "environment": f"azureml:{workspace_id}/{environment}"}
        return spec

    def answer_put(self, call: Call, resource: Resource, *, is_new: bool) -> Reply:
        """201, new or not."""
        location = (("Location", call.link(resource.id)),)
        return Reply(201, self.render(call, resource), location)


def _refuse_changes(call: Call, before: Any, after: Any) -> None:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    changed = [name for name in _IMMUTABLE if before.get(name) != after.get(name)]
    if changed:
        raise Refusal(
            400,
            "UserError",
            f"Failed to update component {call.path.names[-2]} since field "
            f'"{changed[0]}" is immutable, try specifying a new version.',
            "BadArgument",
            "ArgumentInvalid",
            "UpdateComponentFailed",
        )


def _normalize(spec: Any) -> Any:
    if not isinstance(spec, dict):
        return spec
    known = {name: value for name, value in spec.items() if name != "_source"}
    ordered = {name: known[name] for name in _ORDER if name in known} | known
    if isinstance(ordered.get("is_deterministic"), bool):
        ordered["is_deterministic"] = str(ordered["is_deterministic"])
    if isinstance(ordered.get("inputs"), dict):
        ordered["inputs"] = {
            name: _normalize_input(value) for name, value in ordered["inputs"].items()
        }
    if ordered.get("type") in ("command", "CommandComponent"):
        resources = ordered.get("resources") or {}
        ordered["resources"] = {
            "instance_count": "1",
            **{name: _as_text(value) for name, value in resources.items()},
        }
    return ordered


def _normalize_input(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    written = {name: _as_text(item) for name, item in value.items()}
    if "default" in written or "optional" in written:
        written = {"type": written.get("type"), "optional": "False", **written}
    return {name: item for name, item in written.items() if item is not None}


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, bool | int | float) else value
