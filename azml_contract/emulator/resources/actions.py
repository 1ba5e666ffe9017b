"""Actions, and the lists that are the service's own: what ``actions.toml`` says.

In: a call whose path ends in a word (``listKeys``, ``usages``). Out: a reply in
the shape of the call's api-version. An action that the table does not know
answers with the least that its contract requires, so that none is left
without an answer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from azml_contract.contract.model import Type, View
from azml_contract.contract.views import Lens
from azml_contract.emulator.replies import Reply
from azml_contract.emulator.resources.operations import result_headers, start_operation
from azml_contract.emulator.resources.slots import Slots
from azml_contract.emulator.resources.uploads import answer_reference, answer_upload
from azml_contract.emulator.sample import sample
from azml_contract.emulator.store import Body, Resource
from azml_contract.emulator.world import Call, World

_TABLE = Path(__file__).with_name("actions.toml")
_REVEALING = Lens(View.RESPONSE, reveals=True)
_DURATION_S = 45.0
_NOTHING: Mapping[str, Any] = {}


class Acted(Protocol):
    """What an action asks of the kind of the resource that it is about."""

    world: World

    def need(self, call: Call) -> Resource:
        """The resource of the path, or a refusal."""

    def render(self, call: Call, resource: Resource) -> Body:
        """A resource as the call's api-version shows it."""


@cache
def load_actions() -> Mapping[str, Mapping[str, Any]]:
    """The table, by lower-case key."""
    return tomllib.loads(_TABLE.read_text("utf-8"))


def find_list(call: Call) -> Mapping[str, Any] | None:
    """What a list of the service's own answers; None for a collection."""
    found = _find(call.path.kind, call.path.tail.lower())
    return found if found.get("list") else None


def answer_list(call: Call, world: World, entry: Mapping[str, Any]) -> Reply:
    """A list that no client fills."""
    body = Slots(call, world, None).fill(entry["body"])
    return Reply(200, call.shaper(world).shape(body, call.answer_type()))


def answer_action(kind: Acted, call: Call, action: str) -> Reply:
    """Carry out an action that the resource's kind leaves to the table."""
    entry = _find(call.path.kind, action.lower())
    effect = _EFFECTS.get(entry.get("effect", ""))
    resource = _target(kind, call) if entry.get("needs", True) else None
    if effect is not None:
        reply = effect(call, kind.world, resource)
        if reply is not None:
            return reply
        resource = kind.world.store.get(call.path.id)
    body = _answer(kind, call, entry, resource)
    if entry.get("at_once"):
        return Reply(200, body)
    return _reply(kind.world, call, resource, body)


def _find(kind: str, action: str) -> Mapping[str, Any]:
    table = load_actions()
    found = table.get(f"{kind} {action}".strip()) or table.get(action) or _NOTHING
    return table[found["same_as"]] if "same_as" in found else found


def _target(kind: Acted, call: Call) -> Resource | None:
    """The resource that is acted on; places and the provider are always there."""
    if not call.path.types or call.path.types[0].lower() == "locations":
        return None
    return kind.need(call)


def _answer(
    kind: Acted, call: Call, entry: Mapping[str, Any], resource: Resource | None
) -> Any:
    answer = entry.get("answer")
    if answer and resource is not None:
        rendered = kind.render(call, resource)
        return rendered if answer == "resource" else rendered.get("properties")
    declared = call.answer_type()
    if "body" not in entry:
        return sample(declared, call.contract.definitions) if declared else None
    body = Slots(call, kind.world, resource).fill(entry["body"])
    if declared is not None and declared.kind == "array":
        body = body.get("value", [])
    shaper = call.shaper(kind.world, _REVEALING)
    return _complete(shaper.shape(body, declared), declared, call)


def _complete(body: Any, declared: Type | None, call: Call) -> Any:
    """With what the contract requires and the table does not know."""
    if declared is None or not isinstance(body, dict):
        return body
    least = sample(declared, call.contract.definitions)
    return {**least, **body} if isinstance(least, dict) else body


def _reply(world: World, call: Call, resource: Resource | None, body: Any) -> Reply:
    responses = call.operation.responses or {}
    if call.operation.long_running and "202" in responses:
        target = resource.id if resource else call.path.id
        operation = start_operation(world, target, "Updating", _DURATION_S, result=body)
        return Reply(202, headers=result_headers(call, world, operation))
    if body is not None:
        return Reply(200, body)
    return Reply(204 if "204" in responses and "200" not in responses else 200)


# -- what an action changes ---------------------------------------------------


def _regenerate(call: Call, world: World, resource: Resource | None) -> None:
    if resource is None:
        return
    which = str((call.body or {}).get("keyType") or "Primary")
    drawn = dict(resource.facts.get("drawn") or {})
    drawn[which] = drawn.get(which, 0) + 1
    world.store.put(replace(resource, facts={**resource.facts, "drawn": drawn}))


_EFFECTS: dict[str, Callable[[Call, World, Resource | None], Reply | None]] = {
    "regenerate": _regenerate,
    "upload": answer_upload,
    "reference": answer_reference,
}
