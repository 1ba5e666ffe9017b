"""The client against the real emulator, its token endpoint and a real Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from soak import sized

from azml_contract.client import Workspace
from azml_contract.emulator.azurite import find_azurite
from azml_contract.emulator.server import Emulator
from azml_contract.errors import EmulatorError, UploadError
from azml_contract.lro import InstantClock

pytestmark = pytest.mark.slow
VERSIONS = ["2021-03-01-preview", "2022-05-01", "2024-04-01", "2026-05-01"]
AUTHS = ["account-key", "datastore", "identity"]
# Each version and each way in; all pairs at full size.
UPLOADS = list(product(VERSIONS, AUTHS))[:: sized(2, 1)]


def _has_azurite() -> bool:
    try:
        return bool(find_azurite(""))
    except EmulatorError:
        return False


HAS_AZURITE = _has_azurite()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(azurite=HAS_AZURITE) as running:
        yield running


@pytest.fixture
def at(emulator: Emulator) -> Iterator[Any]:
    """Clients of the emulator by api-version, logged in as a service principal."""
    made: list[Workspace] = []

    def make(api_version: str, **changes: str) -> Workspace:
        settings = replace(emulator.settings, **changes)
        clock = InstantClock(1_700_000_000)
        made.append(Workspace(settings, api_version=api_version, clock=clock))
        return made[-1]

    yield make
    for workspace in made:
        workspace.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    src = tmp_path / "src"
    src.mkdir()
    for number in range(6):
        (src / f"part {number}.txt").write_text(f"{number}" * (number + 1))
    (src / "big.bin").write_bytes(bytes(range(256)) * (9 << 12))
    return src


@pytest.mark.parametrize("version", VERSIONS)
def test_the_workspace_answers_a_service_principal(version: str, at: Any) -> None:
    azml = at(version)
    assert azml.get("").expect(200).json["name"] == azml.settings.workspace
    missing = azml.get("jobs/no-such-job")
    assert missing.status == 404
    assert missing.error.inner_codes
    assert azml.get("computes/no-such-compute").error.message == ""


def test_a_wrong_secret_is_a_failed_login(at: Any) -> None:
    from azml_contract.rest.credentials import LoginFailed

    azml = at("2024-04-01", client_secret="wrong")
    with pytest.raises(LoginFailed, match="AADSTS7000215"):
        azml.get("")


def test_throttling_is_waited_out(at: Any, emulator: Emulator) -> None:
    azml = at("2024-04-01")
    emulator.faults.throttle("GET", "*/computes", count=2, retry_after_s=20)
    started = azml.clock.now()
    azml.list("computes")
    assert azml.clock.now() - started >= 40


def test_a_cluster_is_created_waited_for_and_deleted(at: Any) -> None:
    azml = at("2024-04-01")
    location = azml.get("").json["location"]
    body = {
        "location": location,
        "properties": {
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": "Standard_DS3_v2",
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
            },
        },
    }
    created = azml.put("computes/made-here", body).expect(200, 201)
    assert azml.wait(created).json["status"] == "Succeeded"
    ready = azml.wait("computes/made-here").json
    assert ready["properties"]["provisioningState"] == "Succeeded"

    gone = azml.delete(
        "computes/made-here", params={"underlyingResourceAction": "Delete"}
    )
    assert azml.wait(gone).json["status"] == "Succeeded"
    assert azml.get("computes/made-here").status == 404


@pytest.mark.skipif(not HAS_AZURITE, reason="Azurite is not installed")
class TestUploads:
    @pytest.mark.soak
    @pytest.mark.parametrize(("version", "auth"), UPLOADS)
    def test_a_folder_arrives_whole(
        self, version: str, auth: str, at: Any, folder: Path
    ) -> None:
        azml = at(version)
        made = azml.upload(folder, auth=auth, to=f"{version}/{auth}/src")
        assert (made.files, made.bytes) == (7, (9 << 20) + 21)
        assert read_back(azml, made) == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }

    @pytest.mark.parametrize("version", ["2023-10-01", "2024-04-01", "2026-05-01"])
    def test_a_pending_upload_has_a_container_of_its_own(
        self, version: str, at: Any, folder: Path
    ) -> None:
        azml = at(version)
        first = azml.upload(folder, code=("train", "1"))
        second = azml.upload(folder, code=("train", "2"))
        assert first.container != second.container
        assert first.path == "src"
        assert first.uri.endswith(f"/{first.container}/src")

    def test_a_container_that_is_not_there_is_named(
        self, at: Any, folder: Path
    ) -> None:
        azml = at("2024-04-01")
        datastore = azml.list("datastores", params={"isDefault": True})[0]
        missing = datastore["properties"] | {"containerName": "not-there"}
        with pytest.raises(UploadError, match="Create the container"):
            azml.upload(folder, datastore={**datastore, "properties": missing})


def read_back(azml: Workspace, made: Any) -> dict[str, bytes]:
    """Blobs below an upload by their name, read with the account's key."""
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import ContainerClient

    from azml_contract.rest.storage_access import find_datastore, open_datastore

    store = find_datastore(azml, None)
    target = open_datastore(azml, store, None)
    with ContainerClient.from_container_url(
        target.url,
        credential=target.credential,
        transport=RequestsTransport(connection_verify=azml.settings.ca_bundle),
        proxies={"https": azml.settings.proxy},
    ) as container:
        return {
            blob.name.rpartition("/")[2]: container.download_blob(blob.name).readall()
            for blob in container.list_blobs(name_starts_with=f"{made.path}/")
        }
