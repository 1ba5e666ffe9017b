"""Blobs, as jobs and what follows them read and write them.

In: an Azurite. Out: lists of blobs, their bytes, folders of files fetched and
stored, logs that grow. Connections stay open and are shared; knows nothing of jobs.
"""

from __future__ import annotations

import contextlib
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from azml_contract.errors import EmulatorError

_BLOCK = 4 * 1024 * 1024
_VERSION = "2021-12-02"


class Opens(Protocol):
    """What opens a connection to blob storage, and signs for it."""

    @property
    def account(self) -> str:
        """Name of the storage account."""

    def connect(self) -> HTTPConnection:
        """An open connection."""

    def sign(self) -> str:
        """A query string that may do everything."""


class Storage:
    """Reads and writes blobs of one account. Thread-safe."""

    def __init__(self, opens: Opens) -> None:
        self._opens = opens
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()
        self._sas = ""

    def list(self, container: str, prefix: str) -> list[str]:
        """Names of the blobs below a prefix, in their order."""
        names: list[str] = []
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix}
            if marker:
                query["marker"] = marker
            _, body = self._call("GET", container, "", urlencode(query), wants=(200,))
            root = ET.fromstring(body)  # noqa: S314 - from our own Azurite
            names += [str(one.text) for one in root.iterfind(".//Blob/Name")]
            marker = root.findtext("NextMarker") or ""
            if not marker:
                return names

    def get(self, container: str, name: str) -> bytes | None:
        """The bytes of a blob; None where there is none."""
        status, body = self._call("GET", container, name, wants=(200, 404))
        return body if status == 200 else None

    def put(self, container: str, name: str, data: bytes) -> None:
        """Write a blob; one that exists is replaced."""
        head = {"x-ms-blob-type": "BlockBlob"}
        self._call("PUT", container, name, data=data, headers=head, wants=(201,))

    def begin_log(self, container: str, name: str) -> None:
        """Make an empty blob that grows."""
        head = {"x-ms-blob-type": "AppendBlob"}
        self._call("PUT", container, name, headers=head, wants=(201,))

    def append(self, container: str, name: str, data: bytes) -> None:
        """Add to a blob that grows."""
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK]
            self._call(
                "PUT", container, name, "comp=appendblock", data=block, wants=(201,)
            )

    def fetch(self, container: str, path: str, target: Path) -> bool:
        """Copy all blobs below a path into a folder; False where there are none."""
        path = path.strip("/")
        prefix = f"{path}/" if path else ""
        names = self.list(container, prefix)
        for name in names:
            place = (target / name.removeprefix(prefix)).resolve()
            if not place.is_relative_to(target.resolve()):
                continue  # a name with dots that leads out of the folder
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self.get(container, name) or b"")
        return bool(names)

    def fetch_either(
        self, container: str, path: str, file: Path, folder: Path
    ) -> Path | None:
        """Copy a blob to a file or, where it is none, all below it into a folder.

        Returns:
            Which of the two there is now; None for nothing.
        """
        is_blob = path and not path.endswith("/")
        data = self.get(container, path) if is_blob else None
        if data is None:
            return folder if self.fetch(container, path, folder) else None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def store(self, source: Path, container: str, path: str) -> None:
        """Copy a file, or all below a folder, to blobs."""
        path = path.strip("/")
        for file in _files(source):
            inside = file.relative_to(source).as_posix() if source.is_dir() else ""
            self.put(container, "/".join(p for p in (path, inside) if p), _read(file))

    def _call(
        self,
        method: str,
        container: str,
        name: str,
        query: str = "",
        *,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        wants: tuple[int, ...],
    ) -> tuple[int, bytes]:
        if not self._sas:
            self._sas = self._opens.sign()
        path = f"/{container}/{quote(name)}" if name else f"/{container}"
        url = f"{path}?{query}&{self._sas}" if query else f"{path}?{self._sas}"
        sent = {
            "Host": f"{self._opens.account}.blob.core.windows.net",
            "x-ms-version": _VERSION,
            "Content-Length": str(len(data)),
            **(headers or {}),
        }
        answer, body = self._exchange(method, url, data, sent)
        if answer.status not in wants:
            raise EmulatorError(
                f"Azurite answered {answer.status} to {method} {container}/{name}"
            )
        return answer.status, body

    def _exchange(
        self, method: str, url: str, data: bytes, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        for is_last in (False, True):
            connection = self._take()
            try:
                connection.request(method, url, data or None, headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, HTTPException) as error:
                # One that was open for long may have been closed meanwhile.
                connection.close()
                if is_last:
                    raise EmulatorError(f"Azurite broke off: {error}") from error
                self.close()
                continue
            with self._lock:
                self._idle.append(connection)
            return answer, body
        raise AssertionError

    def _take(self) -> HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._opens.connect()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    elif source.is_dir():
        yield from (p for p in sorted(source.rglob("*")) if p.is_file())


def _read(file: Path) -> bytes:
    with contextlib.suppress(OSError):
        return file.read_bytes()
    return b""
