"""Upload a file or a folder to the storage of a workspace.

In: a path, and a way to get at the storage. Out: where it is now. The bytes go
through azure-storage-blob, several files at a time; `storage_access` says where
to and with whose leave. Knows nothing of code or data assets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from azml_contract.errors import UploadError, say_reason
from azml_contract.rest.source_tree import SourceFile, SourceTree, read_tree
from azml_contract.rest.storage_access import (
    Calls,
    Target,
    UploadAuth,
    choose_auth,
    find_datastore,
    open_datastore,
    start_pending_upload,
)
from azml_contract.rest.transport import make_session, proxies_of
from azml_contract.settings import VARIABLES

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_FILES_AT_ONCE = 4
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an upload is.

    Args:
        account: Storage account.
        container: Container.
        path: Blob of a file, or the folder above a folder's blobs.
        uri: ``https://ACCOUNT.blob.ENDPOINT/CONTAINER/PATH``, without a SAS.
        files: How many.
        bytes: How many, in all files together.
    """

    account: str
    container: str
    path: str
    uri: str
    files: int
    bytes: int


def upload(
    calls: Calls,
    source: Path,
    *,
    auth: str | None = None,
    to: str | None = None,
    datastore: str | Mapping[str, Any] | None = None,
    code: tuple[str, str] | None = None,
) -> Upload:
    """Upload a file or a folder, several files at a time.

    Left out of a folder: what `source_tree` says. Blobs that are there already
    are overwritten: the default path holds a digest of the content.

    Args:
        calls: The workspace.
        source: File or folder on this machine.
        auth: One of `UploadAuth`. Default: ``pending-upload`` where `code` is
            given and the api-version has it; else ``identity`` where the
            datastore holds no credentials; else ``datastore``.
        to: Path in the container. Default ``LocalUpload/<sha256>/<name>``, or
            ``<name>`` in the container of a pending upload.
        datastore: Name of a datastore, or its resource as GET returns it.
            Default: the workspace's default datastore.
        code: Name and version of the code asset that this is for.

    Returns:
        Where it is. For a folder, `Upload.path` and `Upload.uri` name the folder.

    Raises:
        UploadError: Nothing to upload, or storage refused; says what to do.
        ArmError: A call to ARM failed.
        UsageError: `auth` has no meaning here.
    """
    tree = read_tree(Path(source))
    chosen = choose_auth(auth, calls.api_version, code)
    if chosen is UploadAuth.PENDING_UPLOAD:
        target = start_pending_upload(calls, code)
        path = to or tree.name
    else:
        store = find_datastore(calls, datastore)
        target = open_datastore(calls, store, chosen)
        path = to or f"LocalUpload/{tree.digest}/{tree.name}"
    path = path.strip("/")
    _send(calls, tree, target, path)
    parts = urlsplit(target.url)
    return Upload(
        account=(parts.hostname or "").partition(".")[0],
        container=parts.path.strip("/"),
        path=path,
        uri=f"{target.url}/{quote(path)}",
        files=len(tree.files),
        bytes=tree.size_bytes,
    )


def _send(calls: Calls, tree: SourceTree, target: Target, path: str) -> None:
    meter = _Meter(
        tree, f"{urlsplit(target.url).path.strip('/')}/{path}", calls.progress
    )
    with (
        _open_container(calls, target) as container,
        ThreadPoolExecutor(_FILES_AT_ONCE) as pool,
    ):
        jobs = []
        for file in tree.files:
            blob = f"{path}/{file.name}" if tree.is_folder else path
            jobs.append(
                pool.submit(_send_file, container, file, blob, meter, target.auth)
            )
        try:
            done, _ = wait(jobs, return_when=FIRST_EXCEPTION)
        finally:
            # Also when the user gives up: what has not begun never begins.
            pool.shutdown(wait=False, cancel_futures=True)
        for job in jobs:
            if job in done:
                job.result()


def _send_file(
    container: ContainerClient,
    file: SourceFile,
    blob: str,
    meter: _Meter,
    auth: UploadAuth,
) -> None:
    from azure.core.exceptions import AzureError

    sent_bytes = 0

    def advance(current: int, _total: int | None) -> None:
        nonlocal sent_bytes
        meter.add(current - sent_bytes)
        sent_bytes = current

    try:
        with file.path.open("rb") as data:
            container.upload_blob(
                blob,
                data,
                length=file.size_bytes,
                overwrite=True,
                max_concurrency=2,
                progress_hook=advance,
            )
    except OSError as error:
        raise UploadError(
            f"{file.path} cannot be read: {say_reason(error)}."
        ) from error
    except AzureError as error:
        raise _refused(file, container, auth, error) from error
    meter.add(file.size_bytes - sent_bytes)


def _open_container(calls: Calls, target: Target) -> ContainerClient:
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import ContainerClient, ExponentialRetry

    settings, clock = calls.settings, calls.clock

    class ClockedRetry(ExponentialRetry):
        """Waits on our clock, so that replay never sleeps."""

        def sleep(self, settings: dict[str, Any], transport: Any) -> None:
            clock.sleep(self.get_backoff_time(settings))

    options: dict[str, Any] = {
        # The policy and not the transport's `sleep`: clients of single blobs wrap
        # the transport, and the wrapper sleeps by itself.
        "retry_policy": ClockedRetry(
            initial_backoff=1, increment_base=2, retry_total=4, random_jitter_range=0
        ),
        "transport": RequestsTransport(
            session=make_session(), connection_verify=settings.ca_bundle or True
        ),
        "max_single_put_size": _BLOCK_BYTES,
        "max_block_size": _BLOCK_BYTES,
    }
    if proxies := proxies_of(settings):
        options["proxies"] = proxies
    return ContainerClient.from_container_url(
        target.sas_url or target.url, credential=target.credential, **options
    )


class _Meter:
    """Counts bytes over all threads, and says so at each tenth."""

    def __init__(
        self, tree: SourceTree, where: str, announce: Callable[[str], None] | None
    ) -> None:
        self._total = tree.size_bytes
        self._files = len(tree.files)
        self._where = where
        self._announce = announce
        self._lock = threading.Lock()
        self._sent = 0
        self._tenths = 0

    def add(self, count: int) -> None:
        """Count bytes that have arrived."""
        with self._lock:
            self._sent += count
            tenths = 10 if not self._total else self._sent * 10 // self._total
            if tenths > self._tenths and self._announce is not None:
                self._announce(
                    f"Upload of {self._files} files to {self._where}: "
                    f"{self._sent:,} of {self._total:,} bytes"
                )
            self._tenths = max(tenths, self._tenths)


def _refused(
    file: SourceFile, container: ContainerClient, auth: UploadAuth, error: Exception
) -> UploadError:
    found = getattr(error, "error_code", None)
    code = str(getattr(found, "value", found) or type(error).__name__)
    status = getattr(error, "status_code", None)
    reason = code if status is None else f"{status} {code}"
    where = f"{container.account_name}/{container.container_name}"
    return UploadError(
        f"{file.path} was not stored in {where}: {reason}.\n{_cure(code, status, auth)}"
    )


def _cure(code: str, status: int | None, auth: UploadAuth) -> str:
    if code == "ContainerNotFound":
        return "Create the container, or name another datastore: datastore=NAME."
    if code == "KeyBasedAuthenticationNotPermitted":
        return "The account takes no keys: upload(..., auth='identity')."
    if status in {401, 403} and auth is UploadAuth.IDENTITY:
        return "Give this identity the role Storage Blob Data Contributor."
    if status in {401, 403}:
        return (
            "The key or SAS was refused: rotated or expired, or the account's firewall "
            "does not let this machine in."
        )
    if status is not None:
        return "Look the code up among the error codes of Blob Storage."
    proxy, ca = VARIABLES["proxy"], VARIABLES["ca_bundle"]
    return f"Check the network, the proxy ({proxy}) and the CA ({ca})."
