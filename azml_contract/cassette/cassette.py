"""Cassettes, format 2: the values, reading and writing.

In: a path, or a `Cassette`. Out: a `Cassette`, or a file that is there whole or
not at all. Knows the format; knows neither vcrpy nor how requests are matched.

Large binary bodies lie beside the cassette in ``blobs/``, each named by its
sha256. Such a file is checked when it is first needed by the loader, so that a
cassette that loads is a cassette that plays.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from azml_contract.cassette.indented import render_indented
from azml_contract.cassette.interaction import Interaction
from azml_contract.cassette.layout import split_cassette
from azml_contract.cassette.wellformed import check_interaction
from azml_contract.errors import CassetteError
from azml_contract.exchange import Json

FORMAT = 2
READABLE = (1, 2)
"""A cassette of format 1 is one of format 2, but for what imports said of reads."""
SIDE_FOLDER = "blobs"
REMEDY = "pytest --azml-mode=record"
_LARGEST_BYTES = 150 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UPGRADED = re.compile(r", upgraded from ([^,]+)")
_TEXT_FIELDS = ("scenario", "api_version", "target", "recorded_at", "recorder")


@dataclass(frozen=True, slots=True)
class Cassette:
    """Everything that one scenario said and heard under one api-version.

    `target` is ``emulator`` or ``azure``. `variables` are what the scenario
    drew. `reads` maps the index of an interaction to the JSON pointers of its
    answer that the scenario looked at; it is None where nobody noted them. `tests`
    are those that share it, where it is of a wider scope than one test.
    """

    scenario: str
    api_version: str
    target: str
    recorded_at: str
    recorder: str
    interactions: tuple[Interaction, ...] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[int, tuple[str, ...]] | None = field(default_factory=dict)
    tests: tuple[str, ...] = ()

    @property
    def upgraded_from(self) -> str:
        """The version its answers are of, where only its requests are of its own.

        "" where it was recorded, as most are: `upgrade` makes the others.
        """
        found = _UPGRADED.search(self.recorder)
        return found[1] if found is not None else ""

    def to_json(self) -> dict[str, Any]:
        """The object of the file, keys in the order of the format."""
        reads = self.reads
        noted = {} if reads is None else {"reads": _render_reads(reads)}
        return {
            "format": FORMAT,
            "scenario": self.scenario,
            "api_version": self.api_version,
            "target": self.target,
            "recorded_at": self.recorded_at,
            "recorder": self.recorder,
            **({"tests": list(self.tests)} if self.tests else {}),
            "variables": dict(self.variables),
            **noted,
            "interactions": [dict(one.data) for one in self.interactions],
        }


def _render_reads(reads: Mapping[int, tuple[str, ...]]) -> dict[str, list[str]]:
    return {str(index): list(reads[index]) for index in sorted(reads)}


def render_cassette(cassette: Cassette) -> bytes:
    """The bytes of the file: two-space indent, UTF-8, a newline at the end."""
    return render_indented(cassette.to_json()).encode() + b"\n"


class UnplayableCassette(CassetteError):
    """A file is no whole cassette of this format."""

    def __init__(
        self, path: Path, reason: str, *, record_command: str = REMEDY
    ) -> None:
        super().__init__(
            f"{path} is not a cassette that can be played: {reason}. "
            f"Restore it from version control, or record it: {record_command}"
        )
        self._path = path
        self._reason = reason

    def advising(self, record_command: str) -> UnplayableCassette:
        """The same error with the command that records this one cassette."""
        return UnplayableCassette(
            self._path, self._reason, record_command=record_command
        )


def load_cassette(path: Path) -> Cassette:
    """Read a cassette and everything that belongs to it.

    Raises:
        CassetteError: It is missing, or not a whole cassette of a format
            that is known; names the file, the place in it, and what to do.
    """
    return parse_cassette(path, _read(path), lambda name: _load_side_file(path, name))


def parse_cassette(
    path: Path, raw: bytes, load_side_file: Callable[[str], bytes]
) -> Cassette:
    """The same for bytes in memory.

    Args:
        path: Where they are, or will be; for messages.
        raw: The file.
        load_side_file: Gives a side file by its sha256.
    """
    split = split_cassette(
        raw,
        load_side_file,
        lambda index, reason: _refuse(
            path, f"/interactions/{index} is malformed ({reason})"
        ),
    )
    header, interactions = split or _parse_whole(path, raw, load_side_file)
    _check_header(path, header)
    return Cassette(
        **{name: header[name] for name in _TEXT_FIELDS},
        variables=header.get("variables", {}),
        reads=_parse_reads(path, _noted_reads(header), len(interactions)),
        interactions=tuple(interactions),
        tests=tuple(header.get("tests", ())),
    )


def _check_header(path: Path, header: Mapping[str, Any]) -> None:
    if "format" not in header:
        _refuse(path, f"it does not say its format, which is {FORMAT}")
    found = header.get("format")
    if found not in READABLE or isinstance(found, bool):
        known = " and ".join(map(str, READABLE))
        _refuse(path, f"format is {found!r}; this version reads formats {known}")
    for name in _TEXT_FIELDS:
        if not isinstance(header.get(name), str):
            _refuse(path, f"/{name} must be text, not {_type_name(header.get(name))}")
    variables, interactions = header.get("variables", {}), header.get("interactions")
    if not isinstance(variables, dict):
        _refuse(path, f"/variables must be an object, not {_type_name(variables)}")
    tests = header.get("tests", [])
    if not isinstance(tests, list) or not all(isinstance(one, str) for one in tests):
        _refuse(path, "/tests must be a list of names of tests")
    if not isinstance(interactions, list):
        _refuse(path, f"/interactions must be a list, not {_type_name(interactions)}")


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            _refuse(path, f"{size} bytes is no cassette: large bodies are side files")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CassetteError(
            f"There is no cassette {path}. Record it: {REMEDY}"
        ) from error
    except OSError as error:
        raise CassetteError(f"{path} cannot be read: {error.strerror}") from error


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        _refuse(path, _explain_syntax(raw, error))
    if not isinstance(value, dict):
        _refuse(path, f"it must hold an object, not {_type_name(value)}")
    return value


def _explain_syntax(raw: bytes, error: Exception) -> str:
    if re.search(rb"^(<{7}|={7}|>{7})( |\r?$)", raw, re.MULTILINE):
        return "it holds merge markers; resolve the merge or record again"
    if raw.lstrip()[:13] == b"interactions:" or b"!!python" in raw[:4096]:
        return "it is YAML, as vcrpy writes it, not JSON"
    if not raw.strip():
        return "it is empty"
    if isinstance(error, json.JSONDecodeError):
        cut = error.pos >= len(raw) - 2 or not raw.rstrip().endswith(b"}")
        end = "; it seems cut off" if cut else ""
        return f"not JSON at line {error.lineno} column {error.colno}{end}"
    return "not JSON in UTF-8"


def _refuse(path: Path, reason: str) -> NoReturn:
    raise UnplayableCassette(path, reason)


def _type_name(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _noted_reads(header: Mapping[str, Any]) -> object:
    """The reads of the file; None where nobody noted any.

    Format 1 had no way to say so, and an import wrote that none were made.
    """
    is_old = header["format"] == 1
    if is_old and not header.get("reads") and "imported from" in header["recorder"]:
        return None
    return header.get("reads", {} if is_old else None)


def _parse_reads(
    path: Path, raw: object, count: int
) -> dict[int, tuple[str, ...]] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        _refuse(path, f"/reads must be an object, not {_type_name(raw)}")
    reads: dict[int, tuple[str, ...]] = {}
    for key, pointers in raw.items():
        if not key.isdecimal():
            _refuse(path, f"/reads/{key} is not the number of an interaction")
        if not isinstance(pointers, list) or not all(
            isinstance(pointer, str) for pointer in pointers
        ):
            _refuse(path, f"/reads/{key} must be a list of JSON pointers")
        # An interaction that was deleted by hand leaves its reads behind; that it
        # is gone shows when it is asked for, and then the message can name it.
        if int(key) < count:
            reads[int(key)] = tuple(pointers)
    return reads


def _parse_whole(
    path: Path, raw: bytes, load_side_file: Callable[[str], bytes]
) -> tuple[dict[str, Any], list[Interaction]]:
    header = _parse(path, raw)
    _check_header(path, header)
    names: set[str] = set()
    for index, one in enumerate(header["interactions"]):
        try:
            names.update(check_interaction(one))
        except ValueError as error:
            _refuse(path, f"/interactions/{index} is malformed ({error})")
    side_files = {name: load_side_file(name) for name in sorted(names)}
    return header, [Interaction(one, side_files) for one in header["interactions"]]


def _load_side_file(path: Path, name: str) -> bytes:
    file = path.parent / SIDE_FOLDER / name
    if not _DIGEST.fullmatch(name):
        _refuse(path, "a side file is named by its sha256")
    try:
        raw = file.read_bytes()
    except OSError as error:
        _refuse(path, f"its side file {file} is missing ({error.strerror})")
    if hashlib.sha256(raw).hexdigest() != name:
        _refuse(path, f"its side file {file} does not have the sha256 it is named by")
    return raw
