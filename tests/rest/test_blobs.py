"""Uploads to a scripted storage service behind a gateway, by azure-storage-blob."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from azml_contract.blobs import Upload
from azml_contract.client import Workspace
from azml_contract.errors import ArmError, UploadError, UsageError
from azml_contract.rest.storage_access import read_datastore

KEY = "a2V5LW9mLXRoZS1hY2NvdW50"
HOST = "acct1.blob.core.windows.net"
FLAT = {
    "name": "workspaceblobstore",
    "properties": {
        "datastoreType": "AzureBlob",
        "isDefault": True,
        "accountName": "acct1",
        "containerName": "azureml-store",
        "endpoint": "core.windows.net",
        "credentials": {"credentialsType": "AccountKey"},
    },
}
WRAPPED = {
    "name": "workspaceblobstore",
    "properties": {
        "isDefault": True,
        "contents": {
            "contentsType": "AzureBlob",
            "accountName": "acct1",
            "containerName": "azureml-store",
            "endpoint": "core.windows.net",
            "credentials": {"credentialsType": "AccountKey"},
        },
    },
}


class Storage:
    """ARM and blob storage at once: the service's `otherwise`."""

    def __init__(self) -> None:
        self.datastore: dict[str, Any] = FLAT
        self.secrets: Any = {"secretsType": "AccountKey", "key": KEY}
        self.blobs: dict[str, bytes] = {}
        self.puts: list[Any] = []
        self.blocks: dict[str, bytes] = {}
        self.failures: list[tuple[int, str]] = []

    def __call__(self, request: Any) -> Any:
        if request.headers["host"].startswith(HOST):
            return self.store(request)
        path = request.path
        if path.endswith("/datastores"):
            return reply(json={"value": [self.datastore]})
        if path.endswith("/listSecrets"):
            return reply(json=self.secrets)
        if path.endswith("/listKeys"):
            return reply(json={"keys": [{"keyName": "key1", "value": KEY}]})
        if path.endswith("/startPendingUpload"):
            url = f"https://{HOST}:443/fresh-1"
            credential = {"credentialType": "SAS", "sasUri": f"{url}?sp=rcwl&sig=S1"}
            reference = {"blobUri": url, "credential": credential}
            return reply(json={"blobReferenceForConsumption": reference})
        return reply(json=self.datastore)

    def store(self, request: Any) -> Any:
        self.puts.append(request)
        if self.failures:
            status, code = self.failures.pop(0)
            return reply(status, headers={"x-ms-error-code": code})
        if request.query.get("comp") == "block":
            self.blocks[request.query["blockid"]] = request.body
        elif request.query.get("comp") == "blocklist":
            order = re.findall(r"<Latest>(.*?)</Latest>", request.body.decode())
            self.blobs[request.path] = b"".join(self.blocks[name] for name in order)
        else:
            self.blobs[request.path] = request.body
        made = "Thu, 01 Jan 2026 00:00:00 GMT"
        return reply(201, headers={"ETag": '"1"', "Last-Modified": made})


def reply(status: int = 200, json: Any = None, headers: Any = None) -> Any:
    return SimpleNamespace(
        status=status, json=json, body=b"", headers=headers or {}, drop=False, cut=False
    )


@pytest.fixture
def storage(service: Any) -> Storage:
    service.otherwise = Storage()
    return service.otherwise


@pytest.fixture
def at(make_workspace: Any, gateway: Any) -> Any:
    """Clients by api-version, behind the gateway."""
    proxy = f"http://127.0.0.1:{gateway.server_address[1]}"
    place = {"proxy": proxy, "endpoint": "https://management.azure.com"}

    def make(api_version: str = "2024-04-01", **changes: str) -> Workspace:
        made: Workspace = make_workspace(api_version, settings=place | changes)
        return made

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    src = tmp_path / "src"
    (src / "sub").mkdir(parents=True)
    (src / "train.py").write_bytes(b"print('train')\n")
    (src / "sub" / "data one.csv").write_bytes(b"a,b\n1,2\n")
    (src / "empty.txt").write_bytes(b"")
    (src / "__pycache__").mkdir()
    (src / "__pycache__" / "train.pyc").write_bytes(b"x")
    (src / ".env").write_text("AZURE_CLIENT_SECRET=x")
    return src


def names(storage: Storage) -> list[str]:
    return sorted(path.split("/src/")[-1] for path in storage.blobs)


def test_a_folder_is_uploaded_below_a_digest_of_its_content(
    storage: Storage, at: Any, folder: Path
) -> None:
    made = at().upload(folder)

    assert isinstance(made, Upload)
    digest = made.path.split("/")[1]
    assert made.path == f"LocalUpload/{digest}/src"
    assert len(digest) == 64
    assert made.uri == f"https://{HOST}/azureml-store/{made.path}"
    assert (made.account, made.container) == ("acct1", "azureml-store")
    assert (made.files, made.bytes) == (3, 23)
    assert storage.blobs == {
        f"/azureml-store/{made.path}/train.py": b"print('train')\n",
        f"/azureml-store/{made.path}/sub/data%20one.csv": b"a,b\n1,2\n",
        f"/azureml-store/{made.path}/empty.txt": b"",
    }


def test_the_path_depends_on_names_and_content_alone(
    storage: Storage, at: Any, folder: Path, tmp_path: Path
) -> None:
    azml = at()
    first = azml.upload(folder).path
    os.utime(folder / "train.py", (1, 1))
    assert azml.upload(folder).path == first

    (folder / "train.py").write_bytes(b"print('other')\n")
    second = azml.upload(folder).path
    (folder / "train.py").rename(folder / "main.py")
    third = azml.upload(folder).path
    assert len({first, second, third}) == 3


def test_a_file_is_uploaded_under_its_own_name(
    storage: Storage, at: Any, folder: Path
) -> None:
    made = at().upload(folder / "train.py")
    assert made.path.endswith("/train.py")
    assert made.path.count("/") == 2
    assert storage.blobs == {f"/azureml-store/{made.path}": b"print('train')\n"}


def test_a_path_of_the_caller_is_used_as_it_is(
    storage: Storage, at: Any, folder: Path
) -> None:
    made = at().upload(folder, to="/my code/v1/")
    assert made.path == "my code/v1"
    assert made.uri == f"https://{HOST}/azureml-store/my%20code/v1"
    assert "/azureml-store/my%20code/v1/train.py" in storage.blobs


@pytest.mark.parametrize("datastore", [FLAT, WRAPPED])
@pytest.mark.parametrize("version", ["2021-03-01-preview", "2024-04-01"])
def test_datastores_of_both_shapes_are_read(
    version: str, datastore: Any, storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    storage.datastore = datastore
    made = at(version).upload(folder)
    assert made.container == "azureml-store"
    assert "POST" in [r.method for r in service.requests]


def test_the_default_is_the_datastore_s_own_secret(
    storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    at().upload(folder / "train.py")
    arm = [r for r in service.requests if not r.headers["host"].startswith(HOST)]
    assert [(r.method, r.path.rpartition("/")[2]) for r in arm] == [
        ("GET", "datastores"),
        ("POST", "listSecrets"),
    ]
    assert arm[0].query["isDefault"] == "true"
    assert storage.puts[0].headers["authorization"].startswith("SharedKey acct1:")


def test_the_account_key_comes_from_the_storage_account(
    storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    at().upload(folder / "train.py", auth="account-key")
    call = next(r for r in service.requests if r.path.endswith("/listKeys"))
    assert call.target == (
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers"
        "/Microsoft.Storage/storageAccounts/acct1/listKeys?api-version=2023-01-01"
    )
    assert storage.puts[0].headers["authorization"].startswith("SharedKey acct1:")


def test_a_storage_account_elsewhere_is_asked_there(
    storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    place = {"subscriptionId": "sub2", "resourceGroup": "rg2"}
    datastore = {**FLAT, "properties": FLAT["properties"] | place}  # type: ignore[operator]
    at().upload(folder / "train.py", auth="account-key", datastore=datastore)
    call = next(r for r in service.requests if r.path.endswith("/listKeys"))
    assert call.path.startswith("/subscriptions/sub2/resourceGroups/rg2/")


def test_a_sas_of_the_datastore_is_used(
    storage: Storage, at: Any, folder: Path
) -> None:
    storage.secrets = {"secretsType": "Sas", "sasToken": "?sp=rw&sig=S2"}
    at().upload(folder / "train.py")
    assert storage.puts[0].query["sig"] == "S2"
    assert "authorization" not in storage.puts[0].headers


def test_code_goes_to_a_pending_upload_where_there_is_one(
    storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    made = at("2023-04-01").upload(folder, code=("train", "7"))
    call = service.requests[0]
    assert call.path.endswith("/codes/train/versions/7/startPendingUpload")
    assert call.json == {"pendingUploadType": "TemporaryBlobReference"}
    assert made.path == "src"
    assert made.uri == f"https://{HOST}:443/fresh-1/src"
    assert (made.account, made.container) == ("acct1", "fresh-1")
    assert "/fresh-1/src/sub/data%20one.csv" in storage.blobs
    assert {put.query["sig"] for put in storage.puts} == {"S1"}


def test_code_goes_to_the_datastore_in_versions_without_pending_uploads(
    storage: Storage, service: Any, at: Any, folder: Path
) -> None:
    made = at("2022-10-01").upload(folder, code=("train", "7"))
    assert made.path.startswith("LocalUpload/")


@pytest.mark.parametrize("auth", ["identity", None])
def test_a_datastore_without_credentials_is_written_with_our_identity(
    auth: str | None, storage: Storage, at: Any, folder: Path
) -> None:
    credentials = {"credentials": {"credentialsType": "None"}}
    storage.datastore = {**FLAT, "properties": FLAT["properties"] | credentials}  # type: ignore[operator]
    at().upload(folder / "train.py", auth=auth)
    assert storage.puts[0].headers["authorization"] == "Bearer token-1"


def test_large_files_travel_in_blocks(
    storage: Storage, at: Any, tmp_path: Path
) -> None:
    content = os.urandom(9 << 20)
    (tmp_path / "big.bin").write_bytes(content)
    made = at().upload(tmp_path / "big.bin")
    assert storage.blobs[f"/azureml-store/{made.path}"] == content
    assert len(storage.blocks) == 2
    assert made.bytes == 9 << 20


def test_progress_is_told_in_tenths_and_ends_with_everything(
    storage: Storage, at: Any, folder: Path, lines: list[str]
) -> None:
    made = at().upload(folder)
    assert lines[-1] == (
        f"Upload of 3 files to azureml-store/{made.path}: 23 of 23 bytes"
    )
    assert len(lines) <= 10


def test_a_busy_storage_is_tried_again_without_sleeping(
    storage: Storage, at: Any, folder: Path, clock: Any
) -> None:
    storage.failures = [(503, "ServerBusy"), (500, "InternalError")]
    started = clock.now()
    at().upload(folder / "train.py")
    assert len(storage.puts) == 3
    assert clock.now() - started == pytest.approx(3 + 5)


@pytest.mark.parametrize(
    ("status", "code", "auth", "cure"),
    [
        (404, "ContainerNotFound", None, "Create the container, or name another"),
        (403, "AuthenticationFailed", None, "The key or SAS was refused"),
        (403, "KeyBasedAuthenticationNotPermitted", None, "auth='identity'"),
        (403, "AuthorizationPermissionMismatch", "identity", "Storage Blob Data"),
        (400, "InvalidHeaderValue", None, "Look the code up among the error codes"),
    ],
)
def test_a_refusal_names_file_reason_and_remedy(
    status: int,
    code: str,
    auth: str | None,
    cure: str,
    storage: Storage,
    at: Any,
    folder: Path,
) -> None:
    storage.failures = [(status, code)] * 50
    with pytest.raises(UploadError) as caught:
        at().upload(folder / "train.py", auth=auth)
    message = str(caught.value)
    assert (
        f"train.py was not stored in acct1/azureml-store: {status} {code}." in message
    )
    assert cure in message
    assert KEY not in message
    assert "sig=" not in message


def test_the_first_refusal_ends_an_upload_of_many_files(
    storage: Storage, at: Any, tmp_path: Path
) -> None:
    for number in range(40):
        (tmp_path / f"f{number:02}.txt").write_text("x")
    storage.failures = [(404, "ContainerNotFound")] * 1000
    with pytest.raises(UploadError, match="ContainerNotFound"):
        at().upload(tmp_path)
    assert len(storage.puts) < 40


def test_unreachable_storage_is_an_upload_error(
    storage: Storage, at: Any, folder: Path, gateway: Any
) -> None:
    datastore = {**FLAT, "properties": FLAT["properties"] | {"endpoint": "x.example"}}  # type: ignore[operator]
    with pytest.raises(UploadError, match="Check the network"):
        at().upload(folder / "train.py", datastore=datastore)


def test_another_account_than_the_settings_say_is_refused(
    storage: Storage, at: Any, folder: Path
) -> None:
    with pytest.raises(UploadError) as caught:
        at(storage_account="acct2").upload(folder)
    assert "workspaceblobstore is in the storage account acct1" in str(caught.value)
    assert "Unset AZML_STORAGE_ACCOUNT" in str(caught.value)
    assert at(storage_account="acct1").upload(folder).account == "acct1"


@pytest.mark.parametrize(
    ("version", "options", "message"),
    [
        ("2024-04-01", {"auth": "key"}, "must be one of account-key, datastore"),
        ("2024-04-01", {"auth": "pending-upload"}, r"needs code=\(NAME, VERSION\)"),
        (
            "2022-10-01",
            {"auth": "pending-upload", "code": ("c", "1")},
            "needs api-version 2023-04-01-preview or later; this is 2022-10-01",
        ),
    ],
)
def test_an_auth_that_has_no_meaning_is_refused(
    version: str, options: Any, message: str, storage: Storage, at: Any, folder: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        at(version).upload(folder, **options)


def test_a_workspace_without_a_default_datastore_says_so(
    service: Any, at: Any, folder: Path
) -> None:
    service.always(200, {"value": []})
    with pytest.raises(UploadError, match="no default datastore; name one"):
        at().upload(folder)


def test_a_datastore_of_another_kind_is_refused() -> None:
    other = {"name": "lake", "properties": {"datastoreType": "AzureDataLakeGen1"}}
    with pytest.raises(UploadError) as caught:
        read_datastore(other)
    assert "Datastore lake is of type AzureDataLakeGen1" in str(caught.value)


def test_a_datastore_with_other_secrets_is_refused(
    storage: Storage, at: Any, folder: Path
) -> None:
    storage.secrets = {"secretsType": "ServicePrincipal", "clientSecret": "hush"}
    with pytest.raises(UploadError) as caught:
        at().upload(folder)
    assert "holds neither an account key nor a SAS, but ServicePrincipal" in str(
        caught.value
    )
    assert "hush" not in str(caught.value)


def test_refusals_of_arm_are_raised(service: Any, at: Any, folder: Path) -> None:
    service.always(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})
    with pytest.raises(ArmError, match="403 AuthorizationFailed"):
        at().upload(folder)
    with pytest.raises(ArmError, match="403 AuthorizationFailed"):
        at().upload(folder, datastore="other")


@pytest.mark.parametrize(
    ("auth", "code", "why"),
    [("account-key", None, "no keys"), (None, ("c", "1"), "no blobUri with a SAS")],
)
def test_an_answer_without_what_it_should_hold_is_an_error(
    auth: str | None, code: Any, why: str, service: Any, at: Any, folder: Path
) -> None:
    service.always(200, {})
    with pytest.raises(ArmError, match=f"the answer holds {why}"):
        at().upload(folder, auth=auth, code=code, datastore=FLAT)


# --- what travels -------------------------------------------------------------


def test_nothing_at_the_path(at: Any, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="There is no file or folder at"):
        at().upload(tmp_path / "missing")


def test_an_empty_folder(at: Any, tmp_path: Path) -> None:
    (tmp_path / "empty" / "sub").mkdir(parents=True)
    with pytest.raises(UploadError, match="There is nothing to upload in"):
        at().upload(tmp_path / "empty")


def test_an_ignore_file_says_what_stays_behind(
    storage: Storage, at: Any, folder: Path
) -> None:
    (folder / ".amlignore").write_text("*.csv\n!.env\n/empty.txt\n.amlignore\n")
    (folder / ".gitignore").write_text("*\n")
    at().upload(folder)
    assert names(storage) == [".env", ".gitignore", "train.py"]


def test_a_gitignore_is_honoured_where_there_is_no_amlignore(
    storage: Storage, at: Any, folder: Path
) -> None:
    (folder / ".gitignore").write_text("# comment\nsub/\n")
    at().upload(folder)
    assert names(storage) == [".gitignore", "empty.txt", "train.py"]


def test_links_are_followed_but_not_round_in_circles(
    storage: Storage, at: Any, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "linked.txt").write_text("x")
    (folder / "link").symlink_to(tmp_path / "other")
    (folder / "sub" / "loop").symlink_to(folder)
    at().upload(folder)
    assert "link/linked.txt" in names(storage)
    assert not [name for name in names(storage) if "loop" in name]


def test_a_broken_link_is_named(at: Any, folder: Path) -> None:
    (folder / "gone.csv").symlink_to(folder / "nowhere")
    with pytest.raises(UploadError) as caught:
        at().upload(folder)
    assert "gone.csv cannot be read: No such file or directory." in str(caught.value)
    assert ".amlignore" in str(caught.value)


def test_a_pipe_is_named_and_not_waited_for(at: Any, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(
        UploadError, match="pipe cannot be read: it is no ordinary file"
    ):
        at().upload(folder)


def test_a_name_that_is_no_text_is_named(at: Any, folder: Path) -> None:
    (folder / os.fsdecode(b"bad\xff.csv")).write_text("x")
    with pytest.raises(UploadError, match=r"bad\\udcff\.csv cannot be read: its name"):
        at().upload(folder)


def test_a_source_may_be_text(storage: Storage, at: Any, folder: Path) -> None:
    assert at().upload(str(folder)).files == 3
