"""One answer of the service, as a scenario sees it.

In: a finished HTTP exchange. Out: status, headers, JSON, and the error as a
value or an exception. Remembers whether anybody looked at its status, so that
a call that failed unnoticed can be reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import requests

from azml_contract.errors import ArmError
from azml_contract.rest.arm_errors import parse_arm_error
from azml_contract.rest.retries import read_date_s
from azml_contract.rest.transport import describe_call

_PUT_S = 120
"""A PUT takes less; what is older was there before."""

Wrap = Callable[[Any, requests.Response], Any]
"""How `ArmResponse.json` is built from the parsed body: ``wrap(body, response)``."""


class ArmResponse:
    """The answer to one call; failing statuses are not raised until asked to.

    Args:
        response: The answer of requests; its body is already read.
        wrap: Builds `.json` from the parsed body; None leaves it as it is.
    """

    def __init__(self, response: requests.Response, wrap: Wrap | None = None) -> None:
        self._response = response
        self._wrap = wrap
        self._acknowledged = False

    @property
    def status(self) -> int:
        """HTTP status. Looking at it acknowledges a failure."""
        self._acknowledged = True
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers; names in any case."""
        return self._response.headers

    @property
    def raw(self) -> bytes:
        """The body as received, decompressed; notes no reads."""
        return self._response.content

    @cached_property
    def json(self) -> Any:
        """The parsed body; None when it is empty. The same object each time.

        Raises:
            ArmError: The body is not JSON.
        """
        body = self._response.content
        try:
            parsed = json.loads(body) if body.strip() else None
        except ValueError as error:
            raise self._as_error() from error
        return parsed if self._wrap is None else self._wrap(parsed, self._response)

    @property
    def error(self) -> ArmError | None:
        """What the service says went wrong, not raised; None below status 400."""
        return self._as_error() if self.status >= 400 else None

    @property
    def call(self) -> str:
        """Verb and URL that this answers, without signatures; for messages."""
        request = self._response.request
        return describe_call(request.method or "", request.url or "")

    @property
    def method(self) -> str:
        """Verb of the request, upper case."""
        return self._response.request.method or ""

    @property
    def url(self) -> str:
        """URL of the request, with its query."""
        return self._response.request.url or ""

    @property
    def acknowledged(self) -> bool:
        """Whether `status`, `error`, `expect` or `raise_for_status` was used."""
        return self._acknowledged

    @property
    def failed(self) -> bool:
        """Whether the status is 400 or above; does not acknowledge it."""
        return self._response.status_code >= 400

    @property
    def met_nothing(self) -> bool:
        """Whether this answers a GET of what is not there."""
        return self.method == "GET" and self._response.status_code == 404

    @property
    def created(self) -> bool:
        """Whether this answers a PUT that made the resource.

        A status of 201 is not enough: environments have it also where the version
        was there, with the time at which that was made (seen live).
        """
        if self.method != "PUT" or self._response.status_code != 201:
            return False
        made_s = _read_creation_s(self.raw)
        answered_s = read_date_s(self.headers.get("Date", ""))
        return made_s is None or answered_s is None or answered_s - made_s < _PUT_S

    def raise_for_status(self) -> ArmResponse:
        """This answer, where it is not an error.

        Raises:
            ArmError: The status is 400 or above.
        """
        if self.status >= 400:
            raise self._as_error()
        return self

    def expect(self, *statuses: int) -> ArmResponse:
        """This answer, where it has one of the statuses.

        Raises:
            ArmError: It has another one; also when that one is a success.
        """
        if self.status in statuses:
            return self
        wanted = " or ".join(str(status) for status in statuses)
        raise self._as_error(f"{self.call}\nExpected status: {wanted}")

    def _as_error(self, request: str = "") -> ArmError:
        response = self._response
        return parse_arm_error(
            response.status_code,
            response.headers,
            response.content,
            request=request or self.call,
        )

    def __repr__(self) -> str:
        return f"<ArmResponse {self._response.status_code} to {self.call}>"


def _read_creation_s(body: bytes) -> float | None:
    """When the service says that it made a resource; None where it does not."""
    try:
        made = datetime.fromisoformat(json.loads(body)["systemData"]["createdAt"])
    except (ValueError, KeyError, TypeError):
        return None
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()
