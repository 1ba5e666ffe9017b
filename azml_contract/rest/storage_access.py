"""Where a workspace keeps its blobs, and who says that we may write there.

In: a datastore of any api-version, or a code version, and a way to get leave.
Out: a container's address with a key, a SAS or an identity. Asks ARM; sends no
blob.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from azml_contract.api_version import sort_key
from azml_contract.errors import ArmError, UploadError, UsageError
from azml_contract.settings import VARIABLES, Settings

if TYPE_CHECKING:
    from azml_contract.lro import Clock
    from azml_contract.rest.arm_response import ArmResponse
    from azml_contract.rest.credentials import TokenCredential

STORAGE_API_VERSION = "2023-01-01"
"""Of Microsoft.Storage, for ``listKeys``."""
PENDING_UPLOAD_SINCE = "2023-04-01-preview"
"""First api-version with ``codes/{name}/versions/{version}/startPendingUpload``.

Source: azure-rest-api-specs, preview/2023-04-01-preview/mfe.json.
"""


class UploadAuth(StrEnum):
    """Who says that we may write.

    ``account-key``: the key from ``storageAccounts/{name}/listKeys``, what the
    how-to does with the Azure CLI; needs Storage Account Key Operator.
    ``datastore``: key or SAS from the datastore's ``listSecrets``; needs AzureML
    Data Scientist. ``pending-upload``: a SAS for a new container, by
    ``startPendingUpload`` of a code version, since 2023-04-01. ``identity``: our
    own token; needs Storage Blob Data Contributor.
    """

    ACCOUNT_KEY = "account-key"
    DATASTORE = "datastore"
    PENDING_UPLOAD = "pending-upload"
    IDENTITY = "identity"


class Calls(Protocol):
    """What an upload needs of a `client.Workspace`."""

    settings: Settings
    api_version: str
    clock: Clock
    progress: Callable[[str], None] | None

    def get(self, path: str) -> ArmResponse:
        """GET below the workspace."""

    def post(self, path: str, body: dict[str, Any] | None = None) -> ArmResponse:
        """POST below the workspace."""

    def arm(
        self, method: str, path_or_url: str, *, api_version: str | None = None
    ) -> ArmResponse:
        """Any ARM call."""

    def list(self, path: str, *, params: Mapping[str, Any] | None = None) -> list[Any]:
        """All items of a list."""

    def get_credential(self) -> TokenCredential:
        """The credential in use."""


@dataclass(frozen=True, slots=True)
class Datastore:
    """A blob datastore, read from any api-version's shape.

    `subscription` and `resource_group` are those of the storage account; empty
    where the datastore does not say, which means the workspace's own.
    """

    name: str
    account: str
    container: str
    endpoint: str
    credentials: str
    subscription: str = ""
    resource_group: str = ""

    @property
    def container_url(self) -> str:
        """Address of the container."""
        return f"https://{self.account}.blob.{self.endpoint}/{self.container}"


@dataclass(frozen=True, slots=True)
class Target:
    """A container, and what opens it.

    `credential` is one of azure-core; None where `sas_url` opens it instead.
    """

    url: str
    auth: UploadAuth
    credential: Any = field(default=None, repr=False)
    sas_url: str = field(default="", repr=False)


def read_datastore(resource: Mapping[str, Any]) -> Datastore:
    """A blob datastore from its resource.

    At 2021-03-01-preview its values are in ``properties.contents``, later in
    ``properties`` itself.

    Raises:
        UploadError: It is no blob datastore.
    """
    name = str(resource.get("name") or "")
    properties = resource.get("properties") or {}
    values = properties.get("contents") or properties
    account, container = values.get("accountName"), values.get("containerName")
    if not account or not container:
        kind = values.get("datastoreType") or values.get("contentsType") or "unknown"
        raise UploadError(
            f"Datastore {name or '(no name)'} is of type {kind} and has no blob "
            "container; name one that has: upload(..., datastore=NAME)."
        )
    credentials = values.get("credentials") or {}
    return Datastore(
        name=name,
        account=str(account),
        container=str(container),
        endpoint=str(values.get("endpoint") or "core.windows.net"),
        credentials=str(credentials.get("credentialsType") or ""),
        subscription=str(values.get("subscriptionId") or ""),
        resource_group=str(values.get("resourceGroup") or ""),
    )


def choose_auth(
    auth: str | None, api_version: str, code: tuple[str, str] | None
) -> UploadAuth | None:
    """The way that was asked for, or pending upload; None is left to the datastore."""
    has_pending = sort_key(api_version) >= sort_key(PENDING_UPLOAD_SINCE)
    if auth is None:
        return UploadAuth.PENDING_UPLOAD if code and has_pending else None
    try:
        chosen = UploadAuth(auth)
    except ValueError as error:
        known = ", ".join(UploadAuth)
        raise UsageError(f"auth is {auth!r}; it must be one of {known}.") from error
    if chosen is UploadAuth.PENDING_UPLOAD and not has_pending:
        raise UsageError(
            f"auth 'pending-upload' needs api-version {PENDING_UPLOAD_SINCE} or later; "
            f"this is {api_version}."
        )
    if chosen is UploadAuth.PENDING_UPLOAD and not code:
        raise UsageError("auth 'pending-upload' needs code=(NAME, VERSION).")
    return chosen


def start_pending_upload(calls: Calls, code: tuple[str, str] | None) -> Target:
    assert code is not None
    answer = calls.post(
        f"codes/{code[0]}/versions/{code[1]}/startPendingUpload",
        {"pendingUploadType": "TemporaryBlobReference"},
    ).raise_for_status()
    try:
        reference = answer.json["blobReferenceForConsumption"]
        url, sas_uri = reference["blobUri"], reference["credential"]["sasUri"]
    except (KeyError, TypeError) as error:
        raise _unexpected(answer, "no blobUri with a SAS") from error
    return Target(str(url).rstrip("/"), UploadAuth.PENDING_UPLOAD, sas_url=str(sas_uri))


def find_datastore(
    calls: Calls, datastore: str | Mapping[str, Any] | None
) -> Datastore:
    if isinstance(datastore, Mapping):
        return read_datastore(datastore)
    if datastore is not None:
        answer = calls.get(f"datastores/{datastore}").raise_for_status()
        return read_datastore(answer.json)
    found = calls.list("datastores", params={"isDefault": True})
    if not found:
        raise UploadError(
            "The workspace has no default datastore; name one: "
            "upload(..., datastore=NAME)."
        )
    store = read_datastore(found[0])
    configured = calls.settings.storage_account
    if configured and configured != store.account:
        raise UploadError(
            f"The default datastore {store.name} is in the storage account "
            f"{store.account}, and the settings say {configured}.\n"
            f"Unset {VARIABLES['storage_account']}, or name a datastore: "
            "upload(..., datastore=NAME)."
        )
    return store


def open_datastore(calls: Calls, store: Datastore, auth: UploadAuth | None) -> Target:
    if auth is None:
        keyless = store.credentials.lower() == "none"
        auth = UploadAuth.IDENTITY if keyless else UploadAuth.DATASTORE
    if auth is UploadAuth.IDENTITY:
        return Target(store.container_url, auth, credential=calls.get_credential())
    if auth is UploadAuth.ACCOUNT_KEY:
        return Target(store.container_url, auth, credential=_list_keys(calls, store))
    return Target(store.container_url, auth, credential=_list_secrets(calls, store))


def _list_keys(calls: Calls, store: Datastore) -> Any:
    from azure.core.credentials import AzureNamedKeyCredential

    place = calls.settings
    answer = calls.arm(
        "POST",
        f"/subscriptions/{store.subscription or place.subscription}"
        f"/resourceGroups/{store.resource_group or place.resource_group}"
        f"/providers/Microsoft.Storage/storageAccounts/{store.account}/listKeys",
        api_version=STORAGE_API_VERSION,
    ).raise_for_status()
    try:
        key = answer.json["keys"][0]["value"]
    except (KeyError, IndexError, TypeError) as error:
        raise _unexpected(answer, "no keys") from error
    return AzureNamedKeyCredential(store.account, str(key))


def _list_secrets(calls: Calls, store: Datastore) -> Any:
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

    answer = calls.post(f"datastores/{store.name}/listSecrets").raise_for_status()
    secrets = answer.json if isinstance(answer.json, dict) else {}
    if key := secrets.get("key"):
        return AzureNamedKeyCredential(store.account, str(key))
    if sas := secrets.get("sasToken"):
        return AzureSasCredential(str(sas).lstrip("?"))
    kind = secrets.get("secretsType") or store.credentials or "unknown"
    raise UploadError(
        f"Datastore {store.name} holds neither an account key nor a SAS, but {kind}.\n"
        "Use another way: upload(..., auth='identity') or auth='account-key'."
    )


def _unexpected(answer: ArmResponse, why: str) -> ArmError:
    return ArmError(
        status=answer.status,
        code="",
        message=f"the answer holds {why}",
        request=answer.call,
    )
