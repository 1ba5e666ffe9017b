"""Request bodies kept as visible JSON files, with ``{{ name }}`` slots.

In: a folder with one sub-folder for each family of api-versions, a step, the
values of its slots. Out: the body. Knows file names and slots; knows nothing
of what a body means.

A slot inside a JSON string is filled with escaped text, a bare one with JSON.
``${{ ... }}`` is Azure Machine Learning's own syntax and is left alone.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azml_contract.api_version import is_api_version, sort_key
from azml_contract.errors import UsageError
from azml_contract.slots import SLOT, STRING_OR_SLOT


def load_body(
    folder: Path,
    step: str,
    *,
    api_version: str,
    given: Mapping[str, Any],
    built_in: Mapping[str, Any],
) -> Any:
    """Read the body of a step and fill its slots.

    Args:
        folder: Holds one folder for each family, named by the api-version that
            the family starts with.
        step: File name without its ending; may lead through sub-folders.
        api_version: Picks the newest family that is not newer and has this body, so
            that a body that changed is one new file.
        given: Values that must all be used, by this family or by another: a scenario
            may give what only some versions need.
        built_in: Values that need not be used; `given` wins over them.

    Returns:
        Parsed JSON of ``<step>.json``, or the text of ``<step>.txt``, which is
        for bodies that are deliberately not valid JSON.

    Raises:
        UsageError: No such family, file or slot, a value that no slot takes, or
            a file that is not JSON. Names the file, and what comes nearest.
    """
    path = _find_file(folder, _find_families(folder, api_version), step)
    elsewhere = {
        slot
        for family in _list_families(folder)
        if (other := family / f"{step}{path.suffix}").is_file()
        for slot in SLOT.findall(other.read_text("utf-8"))
    }
    text = path.read_text("utf-8")
    spare = elsewhere.difference(SLOT.findall(text))
    used = {name: value for name, value in given.items() if name not in spare}
    text = fill_slots(text, path, given=used, built_in=built_in)
    if path.suffix == ".txt":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"{path} is not JSON once its slots are filled: {error}.\n"
            "A body that is meant to be broken belongs in a .txt file."
        ) from error


def fill_slots(
    text: str, path: Path, *, given: Mapping[str, Any], built_in: Mapping[str, Any]
) -> str:
    """Replace each ``{{ name }}`` of a text; `path` is for messages.

    Raises:
        UsageError: A slot without a value, or a value without a slot.
    """
    values = {**built_in, **given}
    slots = set(SLOT.findall(text))
    for name in sorted(slots - values.keys()):
        raise UsageError(
            f"{path} has the slot {{{{ {name} }}}}, which got no value."
            f"{_did_you_mean(name, set(given) - slots or values)}"
        )
    for name in sorted(given.keys() - slots):
        raise UsageError(
            f"{path} has no slot {{{{ {name} }}}}.{_did_you_mean(name, slots)}"
        )

    def fill(found: re.Match[str]) -> str:
        if found.group(1):
            return _to_json(values[found.group(1)], path, found.group(1))
        return SLOT.sub(lambda s: _escape(values[s.group(1)]), found.group())

    return STRING_OR_SLOT.sub(fill, text)


def _find_families(folder: Path, api_version: str) -> list[Path]:
    """The families that are not newer, the newest first."""
    families = _list_families(folder)
    usable = [f for f in families if sort_key(f.name) <= sort_key(api_version)]
    if not usable:
        names = ", ".join(f.name for f in families) or "none"
        raise UsageError(
            f"{folder} has no bodies for api-version {api_version}; families: {names}."
        )
    return usable[::-1]


def _list_families(folder: Path) -> list[Path]:
    """Folders named by an api-version, oldest first."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder of bodies at {folder}.")
    found = [f for f in folder.iterdir() if f.is_dir() and is_api_version(f.name)]
    return sorted(found, key=lambda family: sort_key(family.name))


def _find_file(folder: Path, families: Sequence[Path], step: str) -> Path:
    for family in families:
        for suffix in (".json", ".txt"):
            path = family / f"{step}{suffix}"
            if path.is_file():
                return path
    steps = {
        path.relative_to(family).with_suffix("").as_posix()
        for family in families
        for path in family.rglob("*")
        if path.suffix in {".json", ".txt"}
    }
    family = families[0]
    others = [
        other.name
        for other in _list_families(folder)
        if any((other / f"{step}{suffix}").is_file() for suffix in (".json", ".txt"))
    ]
    elsewhere = f" Only {', '.join(others)} has it." if others else ""
    raise UsageError(
        f"There is no body {family / step}.json.{elsewhere}{_did_you_mean(step, steps)}"
    )


def _did_you_mean(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    if close:
        return f" Did you mean {close[0]}?"
    return f" Known: {', '.join(sorted(known)) or 'none'}."


def _to_json(value: Any, path: Path, name: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{path}: {{{{ {name} }}}} is not JSON: {error}.") from error


def _escape(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False)[1:-1]
