"""Clients that know nothing of the emulator work through its gateway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient
from programs import own_environ

from azml_contract.emulator.server import Emulator

pytestmark = pytest.mark.slow
LARGE = os.urandom(9 * 1024 * 1024)


def run(code_or_argv: str | list[str], emulator: Emulator) -> str:
    """Output of a program that has the emulator's environment and nothing else."""
    argv = code_or_argv
    if isinstance(argv, str):
        argv = [sys.executable, "-c", argv]
    done = subprocess.run(
        argv,
        env=own_environ() | emulator.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def credential(storing: Emulator) -> ClientSecretCredential:
    settings = storing.settings
    return ClientSecretCredential(
        settings.tenant,
        settings.client_id,
        settings.client_secret,
        connection_verify=settings.ca_bundle,
        proxies={"https": settings.proxy},
    )


@pytest.fixture
def transport(storing: Emulator) -> dict[str, object]:
    """What azure-core needs where the environment must not be touched."""
    settings = storing.settings
    return {
        "connection_verify": settings.ca_bundle,
        "proxies": {"https": settings.proxy},
    }


@pytest.fixture
def account_url(storing: Emulator) -> str:
    return f"https://{storing.settings.storage_account}.blob.core.windows.net"


def default_container(client) -> str:
    inner = client.get("datastores/workspaceblobstore").json()["properties"]
    return inner["containerName"]


def test_requests_with_azure_identity_uses_real_host_names(storing):
    code = """
import os, requests
from azure.identity import DefaultAzureCredential, EnvironmentCredential
token = EnvironmentCredential().get_token("https://management.azure.com/.default")
answer = requests.get(
    "https://management.azure.com/subscriptions/" + os.environ["AZURE_SUBSCRIPTION_ID"]
    + "/resourceGroups/" + os.environ["AZURE_RESOURCE_GROUP"]
    + "/providers/Microsoft.MachineLearningServices/workspaces/"
    + os.environ["AZML_WORKSPACE"],
    params={"api-version": "2024-04-01"},
    headers={"Authorization": "Bearer " + token.token},
)
print(answer.status_code, answer.json()["name"])
"""
    assert run(code, storing).split() == ["200", "ws-azml-demo"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_asks_for_a_token_and_lists_computes(storing):
    settings = storing.settings
    token = run(
        [
            "curl",
            "-sS",
            f"https://login.microsoftonline.com/{settings.tenant}/oauth2/v2.0/token",
            *("-d", "grant_type=client_credentials"),
            *("-d", f"client_id={settings.client_id}"),
            *("--data-urlencode", f"client_secret={settings.client_secret}"),
            *("-d", "scope=https://management.azure.com/.default"),
        ],
        storing,
    )
    bearer = json.loads(token)["access_token"]
    computes = f"https://management.azure.com{settings.workspace_id}/computes"
    listed = run(
        [
            *("curl", "-sS", "-H", f"Authorization: Bearer {bearer}"),
            f"{computes}?api-version=2022-05-01",
        ],
        storing,
    )
    assert json.loads(listed) == {"value": []}


def test_storage_accepts_the_account_key_that_arm_gives(
    storing, arm_client, account_url, transport
):
    client = arm_client(storing, "2023-01-01")
    group = client.workspace.partition("/providers/")[0]
    account = storing.settings.storage_account
    keys = client.post(
        f"{group}/providers/Microsoft.Storage/storageAccounts/{account}/listKeys"
    ).json()["keys"]
    service = BlobServiceClient(
        account_url,
        keys[0]["value"],
        max_single_put_size=1024 * 1024,
        max_block_size=1024 * 1024,
        **transport,
    )
    container = default_container(arm_client(storing))
    with service.get_blob_client(container, "big.bin") as blob:
        blob.upload_blob(LARGE, max_concurrency=4)
        assert blob.download_blob(max_concurrency=4).readall() == LARGE
    with service:
        assert container in [found.name for found in service.list_containers()]


def test_storage_accepts_a_bearer_token(
    storing, arm_client, account_url, transport, credential
):
    container = default_container(arm_client(storing))
    with BlobServiceClient(account_url, credential, **transport) as service:
        blob = service.get_blob_client(container, "a/b.txt")
        blob.upload_blob(b"text")
        assert blob.download_blob().readall() == b"text"


def test_a_pending_upload_gets_its_own_container_and_a_sas_for_it(
    storing, arm_client, transport
):
    client = arm_client(storing, "2023-04-01")
    body = {"pendingUploadType": "TemporaryBlobReference"}
    path = "codes/train/versions/1/startPendingUpload"
    first, second = (client.post(path, body).json() for _ in range(2))
    places = [a["blobReferenceForConsumption"] for a in (first, second)]
    assert places[0]["blobUri"] != places[1]["blobUri"]
    assert ":443/" in places[0]["blobUri"]
    sas = places[0]["credential"]["sasUri"]
    assert "sr=c" in sas
    assert "sp=rcwl" in sas

    with ContainerClient.from_container_url(sas, **transport) as container:
        container.upload_blob("src/train.py", b"print()")
        assert [b.name for b in container.list_blobs()] == ["src/train.py"]
        with pytest.raises(HttpResponseError) as refused:
            container.delete_blob("src/train.py")
    assert refused.value.status_code == 403


def test_a_sas_with_a_changed_signature_is_refused(storing, arm_client, transport):
    client = arm_client(storing, "2023-04-01")
    body = {"pendingUploadType": "TemporaryBlobReference"}
    answer = client.post("codes/train/versions/1/startPendingUpload", body).json()
    sas = answer["blobReferenceForConsumption"]["credential"]["sasUri"]
    forged = sas.partition("&sig=")[0] + "&sig=AAAA"
    with (
        ContainerClient.from_container_url(forged, **transport) as container,
        pytest.raises(HttpResponseError, match="AuthorizationFailure"),
    ):
        container.upload_blob("x", b"")


def test_a_wrong_client_secret_is_refused_as_entra_does(storing, transport):
    settings = storing.settings
    wrong = ClientSecretCredential(
        settings.tenant, settings.client_id, "not-the-secret", **transport
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        wrong.get_token("https://management.azure.com/.default")


def test_without_the_gateway_identity_takes_the_authority(storing):
    settings = storing.settings
    credential = ClientSecretCredential(
        settings.tenant,
        settings.client_id,
        settings.client_secret,
        authority=storing.url,
        disable_instance_discovery=True,
        connection_verify=settings.ca_bundle,
    )
    token = credential.get_token("https://management.azure.com/.default").token
    answer = requests.get(
        f"{storing.url}{settings.workspace_id}/jobs?api-version=2024-04-01",
        headers={"Authorization": f"Bearer {token}"},
        verify=settings.ca_bundle,
        timeout=30,
    )
    assert answer.json() == {"value": []}


MANAGEMENT_CLIENT = Path(__file__).with_name("management_client.py")


def test_azure_mgmt_runs_the_workflow_at_its_own_api_version(storing):
    output = run([sys.executable, str(MANAGEMENT_CLIENT)], storing)
    assert json.loads(output.splitlines()[-1]) == {
        "compute": "Succeeded",
        "command": "Completed",
        "sweep": "Completed",
        "cancelled": "Canceled",
        "missing": "ResourceNotFoundError",
    }


def test_a_reset_leaves_no_blob_of_before(storing, arm_client, account_url, transport):
    key = storing.seed.storage_key
    with BlobServiceClient(account_url, key, **transport) as service:
        before = default_container(arm_client(storing))
        service.get_blob_client(before, "x").upload_blob(b"")
        storing.reset()
        after = default_container(arm_client(storing))
        assert list(service.get_container_client(after).list_blob_names()) == []


def test_sixteen_megabytes_in_parallel_arrive_whole(
    storing, arm_client, account_url, transport
):
    container = default_container(arm_client(storing))
    data = os.urandom(16 * 1024 * 1024)
    sizes = {"max_single_put_size": 2**20, "max_block_size": 2**20}
    sizes |= {"max_single_get_size": 2**20, "max_chunk_get_size": 2**20}
    key = storing.seed.storage_key
    with BlobServiceClient(account_url, key, **sizes, **transport) as service:
        blob = service.get_blob_client(container, "large")
        blob.upload_blob(data, max_concurrency=8)
        assert blob.download_blob(max_concurrency=8).readall() == data


def test_the_emulators_own_calls_are_no_part_of_a_recording(storing, tmp_path):
    import vcr

    recorder = vcr.VCR(record_mode="none")
    with recorder.use_cassette(str(tmp_path / "none.yaml")) as cassette:
        storing.reset()
    assert len(cassette) == 0
