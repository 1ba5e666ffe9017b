"""The emulator, as a gateway's far side: its own names, blob storage, no way out.

In: a running emulator. Out: who answers for a host.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial

from azml_contract.emulator.server import MISSING_HOSTS, Emulator
from azml_contract.errors import EmulatorError
from azml_contract.gateway.certificates import SERVER_NAMES
from azml_contract.gateway.far_side import Answering, Ask, Reach
from azml_contract.gateway.hosts import matches
from azml_contract.gateway.proxy import BLOB_HOSTS, Refuse, say_missing
from azml_contract.gateway.upstream import Upstream


class EmulatorSide:
    """Where requests go while an emulator is the target."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._trusting = ssl.create_default_context(cafile=str(emulator.ca_bundle))

    def reach(self, host: str, port: int, *, secure: bool = True) -> Reach:
        """The emulator answers its own names, Azurite those of blob storage."""
        if not secure:
            return Refuse(f"{host} is not asked without TLS")
        if matches(host, (BLOB_HOSTS,)):
            return Ask(lambda: Upstream(partial(self._open_blobs, host), host))
        if matches(host, (*SERVER_NAMES, *self._emulator.scoring_hosts())):
            return Ask(lambda: Answering(self._emulator.answer))
        return Refuse(say_missing(host, MISSING_HOSTS))

    def _open_blobs(self, host: str) -> socket.socket:
        try:
            address = self._emulator.blobs.address()
        except EmulatorError as error:
            raise ConnectionRefusedError(str(error)) from error
        plain = socket.create_connection(address, timeout=30)
        try:
            secure = self._trusting.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        secure.settimeout(600)
        return secure
