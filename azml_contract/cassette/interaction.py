"""One recorded request and its answer, as a cassette holds it.

In: an object of the file. Out: the parts of it, and the exchange it stands for;
an answer that never began has the status `NO_ANSWER`.
Knows no files: side files are handed in as bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azml_contract.cassette.content import decode_body, read_json
from azml_contract.exchange import NO_ANSWER, Exchange, Failure, Json, Request, Response

_NO_FILES: Mapping[str, bytes] = {}
_NOTHING: Mapping[str, Any] = {"status": NO_ANSWER, "headers": {}}


class Interaction:
    """One recorded request and its answer, as the file holds it."""

    __slots__ = ("_data", "side_files")

    _data: Mapping[str, Any] | None
    side_files: Mapping[str, bytes]

    def __init__(
        self, data: Mapping[str, Any], side_files: Mapping[str, bytes] | None = None
    ) -> None:
        """Hold an object of the file.

        Args:
            data: A whole interaction of format 2; it is not copied.
            side_files: Bytes of the side files it names, by their sha256.
        """
        self._data = data
        self.side_files = _NO_FILES if side_files is None else side_files

    @property
    def data(self) -> Mapping[str, Any]:
        """The object of the file; do not change it."""
        assert self._data is not None
        return self._data

    @property
    def method(self) -> str:
        """Verb, in upper case as recorded."""
        method: str = self.data["request"]["method"]
        return method

    @property
    def url(self) -> str:
        """Absolute URL with its query."""
        uri: str = self.data["request"]["uri"]
        return uri

    @property
    def status(self) -> int:
        """HTTP status of the answer; `NO_ANSWER` where none began."""
        status: int = self.answer["status"]
        return status

    @property
    def answer(self) -> Mapping[str, Any]:
        """The ``response`` object, or an empty one where no answer began."""
        answer: Mapping[str, Any] = self.data.get("response", _NOTHING)
        return answer

    @property
    def failure(self) -> Failure | None:
        """How the network failed; None where it did not."""
        failure = self.data.get("failure")
        if failure is None:
            return None
        return Failure(
            failure["kind"], failure.get("after_bytes"), failure.get("raised", "")
        )

    @property
    def times(self) -> int:
        """How many identical polls in a row this stands for; usually 1."""
        times: int = self.data.get("times", 1)
        return times

    @property
    def is_of_program(self) -> bool:
        """Whether a program called, not the test itself."""
        return "process" in self.data

    @property
    def request_body(self) -> Mapping[str, Any] | None:
        """The ``body`` object of the request; None where there was no body."""
        body: Mapping[str, Any] | None = self.data["request"].get("body")
        return body

    @property
    def response_body(self) -> Mapping[str, Any] | None:
        """The ``body`` object of the response; None where there was no body."""
        body: Mapping[str, Any] | None = self.answer.get("body")
        return body

    @property
    def named_files(self) -> frozenset[str]:
        """The sha256 of each side file that stands for a body of it."""
        bodies = (self.request_body, self.response_body)
        return frozenset(one["file"] for one in bodies if one and "file" in one)

    @property
    def request_json(self) -> Json:
        """The JSON of the request; None where the body is absent or no JSON."""
        value: Json = read_json(self.request_body)
        return value

    @property
    def response_json(self) -> Json:
        """The JSON of the response; None where the body is absent or no JSON."""
        value: Json = read_json(self.response_body)
        return value

    @property
    def is_plain_json(self) -> bool:
        """Whether the request holds an object or a list that is parsed, as it is."""
        part = self.data["request"]
        value = part.get("body", {}).get("json")
        packed = "content-encoding" in map(str.lower, part["headers"])
        return isinstance(value, dict | list) and not packed

    @property
    def is_written_json(self) -> bool:
        """Whether the request, which was read, was JSON that names no key twice."""
        return False

    @property
    def request(self) -> Request:
        """The request as a client would have sent it."""
        part = self.data["request"]
        body = decode_body(part.get("body"), self.side_files)
        return Request(
            part["method"], part["uri"], tuple(part["headers"].items()), body
        )

    @property
    def response(self) -> Response:
        """The answer as a client would have got it."""
        part = self.answer
        body = decode_body(part.get("body"), self.side_files)
        return Response(part["status"], tuple(part["headers"].items()), body)

    @property
    def exchange(self) -> Exchange:
        """Request and response together."""
        return Exchange(self.request, self.response, self.failure)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
