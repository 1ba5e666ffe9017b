"""Every operation of every api-version answers something that its contract allows."""

from __future__ import annotations

import re

import pytest
from soak import sized

from azml_contract.contract.catalog import known_versions, load_contract
from azml_contract.contract.model import Operation, View
from azml_contract.contract.views import Lens
from azml_contract.emulator.sample import sample
from azml_contract.validation.validator import Profile, Validator
from tests.emulator.seen_live import unexpected

CREATE = Lens(View.CREATE)
ORDER = {"PUT": 0, "PATCH": 1, "GET": 2, "POST": 3, "DELETE": 4}


def in_sensible_order(operations: list[Operation]) -> list[Operation]:
    """Parents before children, making before looking, removing last."""
    ordered = sorted(operations, key=lambda o: (len(o.path), ORDER[o.method]))
    removing = [o for o in ordered if o.method == "DELETE"]
    return [o for o in ordered if o.method != "DELETE"] + removing[::-1]


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("version", known_versions()[:: -sized(8, 1)])
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
            body = sample(operation.body, contract.definitions, CREATE)
        if operation.id.endswith("Compute_CreateOrUpdate"):
            has_clusters = "AmlCompute" in contract.definitions
            body = {
                "properties": {"computeType": "AmlCompute" if has_clusters else "AKS"}
            }
        query = {
            p.name: str(sample(p.type, contract.definitions, CREATE))
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
