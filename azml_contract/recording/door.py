"""A forked child of a test asks its parent: through the parent's gateway.

In: where the gateway is. Out: answers. A child has a copy of all that its parent had
when it was forked, the recorder too, and nothing that it does with that is seen. It
asks without TLS: where a thread of the parent was inside OpenSSL when it forked, the
child would wait for that thread for ever.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass

from azml_contract.errors import CassetteError
from azml_contract.exchange import Request, Response
from azml_contract.gateway.upstream import Upstream
from azml_contract.recording.messages import decoded
from azml_contract.recording.outside import MISS_STATUS
from azml_contract.recording.player import Played
from azml_contract.recording.shut import permitted


@dataclass(frozen=True, slots=True)
class Door:
    """The gateway of this process's parent."""

    port: int

    def ask(self, request: Request) -> Played:
        """The answer that the parent has, or gets.

        Raises:
            CassetteError: It has none.
        """
        with permitted():
            upstream = Upstream(self._open, request.host, whole_urls=True)
            try:
                received = upstream.ask(request)
                body = b"".join(received.chunks)
            except OSError as error:
                raise CassetteError(
                    f"{request} of a forked process could not be asked: {error}"
                ) from error
            finally:
                upstream.close()
        response = decoded(Response(received.status, received.headers, body))
        missed = _missed(response)
        if missed:
            raise CassetteError(missed)
        return Played(response)

    def _open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


def _missed(response: Response) -> str:
    """What the parent says of a request that it has no answer for; "" if it has."""
    if response.status != MISS_STATUS:
        return ""
    try:
        told = json.loads(response.body)["error"]
        return str(told["message"]) if told["code"] == "NoRecordedAnswer" else ""
    except (ValueError, KeyError, TypeError):
        return ""
