"""Who may do what: audiences of tokens, and roles of principals."""

from __future__ import annotations

import pytest

from azml_contract.emulator.seed import Principal, Seed
from azml_contract.emulator.server import Emulator
from tests.emulator.conftest import ArmClient

READER = Principal("11111111-2222-4333-8444-555555555555", "read", "reader")
WRITER = Principal("21111111-2222-4333-8444-555555555555", "write", "contributor")
IMAGE = {"properties": {"image": "mcr.microsoft.com/x"}}


@pytest.fixture
def client_of():
    """Makes clients of an emulator with a reader and a contributor."""
    with Emulator(azurite=False, seed=Seed(principals=(READER, WRITER))) as emulator:

        def make(principal: Principal, audience: str = "https://management.azure.com"):
            client = ArmClient(emulator)
            token = emulator.issue_token(audience, client_id=principal.client_id)
            client.session.headers["Authorization"] = f"Bearer {token}"
            return client

        yield make


def test_a_reader_reads_and_changes_nothing(client_of):
    client = client_of(READER)
    assert client.get("datastores").status_code == 200
    for answer in (
        client.put("environments/e/versions/1", IMAGE),
        client.post("listKeys"),
        client.delete("jobs/j"),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "AuthorizationFailed"
    message = client.post("listKeys").json()["error"]["message"]
    assert "Microsoft.MachineLearningServices/workspaces/listKeys/action" in message


def test_a_contributor_changes_all_but_rights(client_of):
    client = client_of(WRITER)
    assert client.put("environments/e/versions/1", IMAGE).status_code == 201
    group = client.workspace.partition("/providers/")[0]
    grant = f"{group}/providers/Microsoft.Authorization/roleAssignments/a"
    assert client.put(grant, {"properties": {}}).status_code == 403


@pytest.mark.parametrize(
    "audience", ["https://storage.azure.com", "https://ml.azure.com"]
)
def test_a_token_of_another_audience_is_refused(client_of, audience):
    answer = client_of(WRITER, audience).get("jobs")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


def test_the_older_audience_of_arm_is_taken(client_of):
    client = client_of(WRITER, "https://management.core.windows.net/")
    assert client.get("jobs").status_code == 200
