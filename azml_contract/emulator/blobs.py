"""Blob storage of the emulator, which starts when somebody needs it.

In: an Azurite, or none. Out: containers and an address, once they are there.
Azurite takes longer to start than everything else together, and half of all runs
read and write no blob.
"""

from __future__ import annotations

import contextlib
import threading
from http.client import HTTPConnection

from azml_contract.emulator.azurite import Azurite
from azml_contract.emulator.execution.storage import Storage
from azml_contract.errors import EmulatorError


class Blobs:
    """Blob storage that is there when it is first asked for. Thread-safe.

    Args:
        azurite: None for no blob storage at all.
    """

    def __init__(self, azurite: Azurite | None) -> None:
        self._azurite = azurite
        self._storage = Storage(self) if azurite else None
        self._promised: list[str] = []
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of Azurite; None without it, and before it is needed."""
        return self._azurite.pid if self._azurite else None

    def start(self) -> None:
        """Start Azurite, if there is one; returns before it answers."""
        if self._azurite is not None:
            with self._lock:
                self._azurite.start()

    def promise_containers(self, names: list[str]) -> None:
        """Containers that are there as soon as somebody looks.

        Who is connected already looks without asking, so they are made at once where
        Azurite runs.
        """
        self._promised.extend(names)
        if self.pid is not None:
            threading.Thread(target=self._keep_promise, daemon=True).start()

    def _keep_promise(self) -> None:
        with contextlib.suppress(EmulatorError):  # the next who looks is told
            self._need()

    def make_containers(self, names: list[str]) -> None:
        """Create containers; one that exists is left as it is.

        Raises:
            EmulatorError: There is no Azurite, or it refused.
        """
        self._need().make_containers(names)

    @property
    def storage(self) -> Storage | None:
        """What reads and writes blobs; None where nothing does."""
        return self._storage

    def close(self) -> None:
        """Close the connections to it."""
        if self._storage is not None:
            self._storage.close()

    def wait_ready(self) -> None:
        """Return when Azurite answers and what was promised is there.

        Raises:
            EmulatorError: Azurite ended, is not ready in time, or refused.
        """
        if self._azurite is not None:
            self._need()

    def address(self) -> tuple[str, int]:
        """Where Azurite listens, once it does.

        Raises:
            EmulatorError: There is no Azurite, or it ended.
        """
        azurite = self._need()
        return azurite.host, azurite.port

    # -- for `Storage` ----------------------------------------------------------

    @property
    def account(self) -> str:
        """Name of the storage account."""
        return self._need().account

    def connect(self) -> HTTPConnection:
        """A connection, for `sign`ed calls."""
        return self._need().connect()

    def sign(self) -> str:
        """A query string that may read and write everything, for a while."""
        return self._need().sign()

    def _need(self) -> Azurite:
        azurite = self._azurite
        if azurite is None:
            raise EmulatorError(
                "this emulator was started without Azurite, so there is no blob "
                "storage. Get it with `azml-contract doctor --install`, then start the "
                "emulator without `--azurite none`"
            )
        with self._lock:
            azurite.start()
            azurite.wait_ready()
            if names := [*self._promised]:
                azurite.make_containers(names)
                del self._promised[: len(names)]
        return azurite
