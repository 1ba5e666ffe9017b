"""Every operation of every api-version answers something that its contract allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.model import Definition, Operation, Type, View
from azml_contract.contract.views import Lens, Use, ancestors, use_of
from azml_contract.validation.validator import Profile, Validator
from tests.emulator.seen_live import unexpected

CREATE = Lens(View.CREATE)
ORDER = {"PUT": 0, "PATCH": 1, "GET": 2, "POST": 3, "DELETE": 4}
TEXTS = {
    "duration": "PT1H",
    "date-time": "2026-01-01T00:00:00Z",
    "uuid": "5f1b6c0e-3d57-4a8b-9c42-7e1d90a6f3b8",
}


def smallest(kind: Type, definitions: Mapping[str, Definition]) -> Any:
    """The smallest value of a type that a request may hold."""
    if kind.kind == "ref":
        return smallest_object(definitions[kind.ref], definitions)
    if kind.kind == "array":
        assert kind.items is not None
        return [smallest(kind.items, definitions)] * (kind.min_items or 0)
    if kind.kind in ("map", "object", "any"):
        return {}
    if kind.kind in ("integer", "number"):
        return int(kind.minimum or 1)
    if kind.kind == "boolean":
        return True
    if kind.enum:
        return kind.enum[0]
    return TEXTS.get(kind.format, "a1b" * (1 + (kind.min_length or 0) // 3))


def smallest_object(
    definition: Definition, definitions: Mapping[str, Definition]
) -> dict[str, Any]:
    tag: dict[str, Any] = {}
    if definition.variants:
        value = sorted(definition.variants)[0]
        tag = {definition.discriminator: value}
        definition = definitions[definition.variants[value]]
    elif definition.discriminator_value:
        for base in ancestors(definitions, definition):
            if base.discriminator:
                tag = {base.discriminator: definition.discriminator_value}
    required = {
        name: smallest(prop.type, definitions)
        for name, prop in definition.properties.items()
        if prop.required and use_of(prop, CREATE) is Use.FREE
    }
    return required | tag


def in_sensible_order(operations: list[Operation]) -> list[Operation]:
    """Parents before children, making before looking, removing last."""
    ordered = sorted(operations, key=lambda o: (len(o.path), ORDER[o.method]))
    removing = [o for o in ordered if o.method == "DELETE"]
    return [o for o in ordered if o.method != "DELETE"] + removing[::-1]


@pytest.mark.slow
@pytest.mark.parametrize("version", known_versions())
def test_every_operation_answers_what_its_contract_allows(service, arm_client, version):
    client = arm_client(service, version)
    contract = load_contract(version)
    settings = service.settings
    names = {
        "subscriptionId": settings.subscription,
        "resourceGroupName": settings.resource_group,
        "workspaceName": settings.workspace,
        "location": "westeurope",
    }
    judge = Validator(profile=Profile.STRICT)
    wrong: list[str] = []
    for operation in in_sensible_order(list(contract.operations.values())):
        # 2020-04-01-preview writes a path without ``providers``, which ARM has not.
        if operation.id == "Workspaces_Delete" or "/providers/" not in operation.path:
            continue
        path = re.sub(
            r"\{(\w+)\}", lambda part: names.get(part[1], "a1b2"), operation.path
        )
        body = None
        if operation.body is not None:
            body = smallest(operation.body, contract.definitions)
        if operation.id.endswith("Compute_CreateOrUpdate"):
            has_clusters = "AmlCompute" in contract.definitions
            body = {
                "properties": {"computeType": "AmlCompute" if has_clusters else "AKS"}
            }
        query = {
            p.name: str(smallest(p.type, contract.definitions))
            for p in operation.parameters
            if p.place == "query" and p.required and p.name != "api-version"
        }
        answer = client.call(operation.method, service.url + path, body, **query)
        exchange = client.exchanges[-1]
        findings = [
            f"{f.code} {f.message}" for f in unexpected(judge.check(exchange).findings)
        ]
        # 503: there are no blobs to upload to.
        expected = answer.status_code < 400 or answer.status_code == 503
        known = answer.status_code in (400, 404) and (
            operation.id in ("Features_Get", "Datastores_ListSecrets")
        )
        if not known and (not expected or (answer.ok and findings)):
            wrong.append(f"{operation.id} {answer.status_code} {findings}")
    assert wrong == []
    assert service.bugs == []
