"""Read specification files and walk them, knowing where one stands.

In: JSON files on disk. Out: `Node` values, each a piece of JSON with its file
and pointer, and the targets of ``$ref``. Every disappointment becomes a
`SpecificationError` that names file, pointer and remedy. Knows JSON and
``$ref``; knows neither OpenAPI nor bicep types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from azml_contract.errors import SpecificationError
from azml_contract.json_pointer import escape, unescape

MAX_FILE_BYTES = 64 * 1024 * 1024
_NAMES = {dict: "an object", list: "an array", str: "text", bool: "true or false"}
_FETCH = "Fetch the file again from its repository, or report the defect there."


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a JSON document; `steps` lead to it from the root."""

    file: Path
    steps: tuple[str, ...]
    value: Any

    @property
    def pointer(self) -> str:
        """RFC 6901 pointer; empty for the root."""
        return "".join(f"/{escape(step)}" for step in self.steps)

    @property
    def name(self) -> str:
        """The last step of the pointer."""
        return self.steps[-1] if self.steps else ""

    def fail(self, problem: str, cure: str = _FETCH) -> SpecificationError:
        """The error to raise about this place."""
        return SpecificationError(self.file, self.pointer, problem, cure=cure)

    def get(self, key: str) -> Node | None:
        """A member of this object; None when absent.

        Raises:
            SpecificationError: This is not an object.
        """
        members = self.value
        if not isinstance(members, dict):
            members = self._expect(dict)
        if key not in members:
            return None
        return Node(self.file, (*self.steps, key), members[key])

    def need(self, key: str) -> Node:
        """A member that has to be there."""
        found = self.get(key)
        if found is None:
            raise self.fail(f"{key!r} is missing")
        return found

    def members(self) -> Iterator[Node]:
        """The members of this object, each named by its key."""
        for key, value in self._expect(dict).items():
            yield Node(self.file, (*self.steps, key), value)

    def elements(self) -> Iterator[Node]:
        """The elements of this array."""
        for index, value in enumerate(self._expect(list)):
            yield Node(self.file, (*self.steps, str(index)), value)

    def text(self) -> str:
        """This value as text."""
        return str(self._expect(str))

    def flag(self) -> bool:
        """This value as true or false."""
        return bool(self._expect(bool))

    def integer(self) -> int:
        """This value as a whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fail(f"expected a whole number, found {self.value!r}")
        return self.value

    def number(self) -> float:
        """This value as a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail(f"expected a number, found {self.value!r}")
        return self.value

    def has(self, key: str) -> bool:
        """Whether this object has that member."""
        return key in self._expect(dict)

    def flag_of(self, key: str) -> bool:
        """A member that is true or false; False when absent."""
        found = self.get(key)
        return found is not None and found.flag()

    def text_of(self, key: str) -> str:
        """A member that is text; empty when absent or null."""
        found = self.get(key)
        return "" if found is None or found.value is None else found.text()

    def texts_of(self, key: str) -> tuple[str, ...]:
        """A member that is an array of texts; empty when absent."""
        found = self.get(key)
        return () if found is None else tuple(e.text() for e in found.elements())

    def integer_of(self, key: str) -> int | None:
        """A member that is a whole number; None when absent."""
        found = self.get(key)
        return None if found is None else found.integer()

    def number_of(self, key: str) -> float | None:
        """A member that is a number; None when absent."""
        found = self.get(key)
        return None if found is None else found.number()

    def _expect(self, kind: type) -> Any:
        if not isinstance(self.value, kind):
            seen = _NAMES.get(type(self.value), repr(self.value))
            raise self.fail(f"expected {_NAMES[kind]}, found {seen}")
        return self.value


class Documents:
    """The files that one import reads, each parsed once."""

    def __init__(self) -> None:
        self._roots: dict[Path, Node] = {}
        # By the file that refers and what its $ref says before the "#".
        self._referred: dict[tuple[Path, str], Node] = {}

    def root(self, file: Path) -> Node:
        """The whole of one file.

        Raises:
            SpecificationError: It is missing, too large, binary, or not JSON.
        """
        file = file.resolve()
        if file not in self._roots:
            self._roots[file] = Node(file, (), _parse(file))
        return self._roots[file]

    def loaded(self) -> tuple[Path, ...]:
        """Every file read so far, sorted."""
        return tuple(sorted(self._roots))

    def target(self, node: Node) -> Node:
        """What a ``$ref`` leads to, followed once.

        Args:
            node: The object that holds the ``$ref``.

        Raises:
            SpecificationError: There is no such file or place.
        """
        reference = node.need("$ref")
        location, _, fragment = reference.text().partition("#")
        found = root = self._referred_root(reference, location)
        for step in fragment.strip("/").split("/") if fragment.strip("/") else ():
            key = unescape(unquote(step))
            if not isinstance(found.value, dict) or key not in found.value:
                raise reference.fail(
                    f"$ref {reference.value!r} leads nowhere: "
                    f"{root.file.name} has no {fragment!r}"
                )
            found = Node(found.file, (*found.steps, key), found.value[key])
        return found

    def _referred_root(self, reference: Node, location: str) -> Node:
        key = (reference.file, location)
        if key not in self._referred:
            here = reference.file
            file = (here.parent / unquote(location)).resolve() if location else here
            if not file.is_file():
                raise reference.fail(
                    f"$ref names {location!r}, but {file} does not exist",
                    "Give a folder that holds the specification together with its "
                    "common-types, in the layout of azure-rest-api-specs.",
                )
            self._referred[key] = self.root(file)
        return self._referred[key]


def _parse(file: Path) -> Any:
    try:
        size_bytes = file.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise SpecificationError(
                file,
                "",
                f"{size_bytes} bytes are more than a specification can have "
                f"(limit {MAX_FILE_BYTES})",
                cure="Check that this is the file you meant.",
            )
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecificationError(
            file, "", f"not UTF-8 text (byte {error.start})", cure=_FETCH
        ) from error
    except OSError as error:
        raise SpecificationError(
            file, "", f"cannot be read: {error.strerror}", cure="Check the path."
        ) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecificationError(
            file,
            "",
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            cure=_FETCH,
        ) from error
    except RecursionError as error:
        raise SpecificationError(file, "", "nested too deeply", cure=_FETCH) from error
    except ValueError as error:
        reason = "a number in it is too long"
        raise SpecificationError(file, "", reason, cure=_FETCH) from error
