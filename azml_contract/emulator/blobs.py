"""Blob storage of the emulator while it is still starting.

In: an Azurite that was started, or none. Out: containers and an address, once
they are there. Nobody waits before they must: Azurite takes longer to start
than everything else together.
"""

from __future__ import annotations

import threading

from azml_contract.emulator.azurite import Azurite
from azml_contract.emulator.execution.storage import Storage
from azml_contract.errors import EmulatorError


class Blobs:
    """Blob storage that becomes ready while others already work.

    Args:
        azurite: Started; None for no blob storage at all.
    """

    def __init__(self, azurite: Azurite | None) -> None:
        self._azurite = azurite
        self._storage = Storage(azurite) if azurite else None
        self._promised: list[threading.Thread] = []
        self._failure: EmulatorError | None = None

    @property
    def pid(self) -> int | None:
        """Process id of Azurite; None without it."""
        return self._azurite.pid if self._azurite else None

    def promise_containers(self, names: list[str]) -> None:
        """Create containers in the background; `wait_ready` waits for them."""
        if self._azurite is None:
            return
        thread = threading.Thread(target=self._keep_promise, args=(names,), daemon=True)
        thread.start()
        self._promised = [t for t in (*self._promised, thread) if t.is_alive()]

    def _keep_promise(self, names: list[str]) -> None:
        try:
            self.make_containers(names)
        except EmulatorError as error:
            self._failure = error

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
        if self._azurite is None:
            return
        for thread in tuple(self._promised):
            thread.join()
        if self._failure is not None:
            raise self._failure
        self._azurite.wait_ready()

    def address(self) -> tuple[str, int]:
        """Where Azurite listens, once it does.

        Raises:
            EmulatorError: There is no Azurite, or it ended.
        """
        azurite = self._need()
        self.wait_ready()
        return azurite.host, azurite.port

    def _need(self) -> Azurite:
        if self._azurite is None:
            raise EmulatorError(
                "this emulator was started without Azurite, so there is no blob "
                "storage. Get it with `azml-contract doctor --install`, then start the "
                "emulator without `--azurite none`"
            )
        return self._azurite
