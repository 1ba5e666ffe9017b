"""Take the files of a project to another api-version: bodies of scenarios, cassettes.

In: a folder of bodies or a cassette, and a version. Out: what was rewritten, and files
that are to be written: a family of bodies that holds only those that change, and a
cassette of the other version beside the recorded one, whose requests are upgraded and
whose answers are those of the recording until it is recorded again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azml_contract.api_version import is_api_version, sort_key
from azml_contract.documents.document import read_template
from azml_contract.errors import AzmlContractError, InputError
from azml_contract.slots import SLOT, STRING_OR_SLOT

if TYPE_CHECKING:
    from azml_contract.cassette.cassette import Cassette
    from azml_contract.cassette.interaction import Interaction
    from azml_contract.regression.upgrade import Upgrade

_FIRST = 1_000_003
"""The first number that may stand for a bare slot."""
_SHORT = 70
_PROVIDER = "/providers/microsoft.machinelearningservices/"


@dataclass(frozen=True, slots=True)
class Template:
    """The body of one step of a scenario, taken to another version.

    `name` is its path below the family, `old` the family that it comes from; `text` is
    what the new family is to hold.
    """

    source: Path
    name: str
    old: str
    made: Upgrade
    text: str

    @property
    def changes(self) -> bool:
        """Whether the new family needs it."""
        return bool(self.made.before != self.made.after)


def find_bodies(folder: Path) -> Path | None:
    """The folder whose families a folder is, or has; None where it is none of them."""
    if is_api_version(folder.name):
        return folder.parent
    has = (one.is_dir() and is_api_version(one.name) for one in folder.iterdir())
    return folder if any(has) else None


def upgrade_bodies(folder: Path, target: str) -> tuple[list[Template], list[str]]:
    """Every body of the newest families, at `target`.

    Returns:
        The bodies, and a line for each that cannot be read or has no place there.
    """
    families = sorted(
        (one for one in folder.iterdir() if one.is_dir() and is_api_version(one.name)),
        key=lambda one: sort_key(one.name),
    )
    newest: dict[str, Path] = {}
    for family in families:
        if sort_key(family.name) <= sort_key(target):
            for file in sorted(family.rglob("*.json")):
                newest[file.relative_to(family).as_posix()] = family
    made, left = [], []
    for name, family in newest.items():
        if family.name == target:
            continue
        try:
            made.append(_upgrade_template(family / name, name, family.name, target))
        except (AzmlContractError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            left.append(f"{family / name}: {reason}")
    return made, left


def _upgrade_template(file: Path, name: str, old: str, target: str) -> Template:
    from azml_contract.regression.upgrade import guess_operation, upgrade_body

    text = read_template(file)
    slots: dict[int, str] = {}
    unused = (number for number in count(_FIRST) if str(number) not in text)

    def stand_in(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        number = next(unused)
        slots[number] = found[0]
        return str(number)

    plain = STRING_OR_SLOT.sub(stand_in, text).encode()
    operation = guess_operation(plain, old, Path(name).stem)
    made = _settle(upgrade_body(plain, operation, old, target), slots)
    after = _render(made.after) + "\n"
    for number, slot in slots.items():
        after = after.replace(str(number), slot)
    return Template(file, name, old, made, after)


def _render(value: Any, blank: str = "") -> str:
    """JSON with an indent of two; a short list without objects is one line."""
    line = json.dumps(value, ensure_ascii=False)
    is_short = isinstance(value, list) and "{" not in line and len(line) < _SHORT
    if not isinstance(value, dict | list) or not value or is_short:
        return line
    inner = f"{blank}  "
    if isinstance(value, list):
        items = [f"{inner}{_render(item, inner)}" for item in value]
        return "[\n" + ",\n".join(items) + f"\n{blank}]"
    items = [
        f"{inner}{json.dumps(name, ensure_ascii=False)}: {_render(item, inner)}"
        for name, item in value.items()
    ]
    return "{\n" + ",\n".join(items) + f"\n{blank}}}"


def _settle(made: Upgrade, slots: Container[int]) -> Upgrade:
    """Without what rests on a value that only the scenario fills in.

    Args:
        made: What was rewritten.
        slots: The numbers that stand for slots without quotes.
    """
    from azml_contract.regression.upgrade_steps import get

    def is_open(pointer: str) -> bool:
        value = get(made.after, pointer)
        if isinstance(value, int):
            return value in slots
        return isinstance(value, str) and SLOT.search(value) is not None

    told = {one.pointer for one in made.findings if is_open(one.pointer)}
    return replace(
        made,
        findings=tuple(one for one in made.findings if one.pointer not in told),
        decisions=tuple(one for one in made.decisions if one.pointer not in told),
    )


# --- cassettes -------------------------------------------------------------------


def choose_cassettes(files: Sequence[Path], target: str) -> list[Path]:
    """Of cassettes that differ in their version alone, the newest before `target`."""
    chosen: dict[object, Path] = {}
    for file in files:
        if not is_api_version(file.stem):
            chosen[file] = file
            continue
        if sort_key(file.stem) >= sort_key(target):
            continue
        known = chosen.get(file.parent)
        if known is None or sort_key(known.stem) < sort_key(file.stem):
            chosen[file.parent] = file
    return list(chosen.values())


def is_recorded(path: Path, target: str) -> bool:
    """Whether a cassette that is named by its version has been recorded at another."""
    return is_api_version(path.stem) and _is_recording(path.with_name(f"{target}.json"))


def _is_recording(path: Path) -> bool:
    """Whether there is a file that `upgrade` did not make."""
    from azml_contract.documents.document import open_cassette

    if not path.exists():
        return False
    try:
        cassette = open_cassette(path).cassette
    except AzmlContractError:
        return True  # whatever it is, it is not ours to replace
    return cassette is None or not cassette.upgraded_from


def move_cassette(
    path: Path, cassette: Cassette, bodies: dict[int, Any], target: str
) -> tuple[Path, bytes]:
    """The cassette of `target`, and where it lies.

    Args:
        path: Where the recorded one lies.
        cassette: What it is.
        bodies: The upgraded bodies by the index of their interaction.
        target: The other api-version.

    Raises:
        InputError: There is a recording of that version; what was only upgraded is
            none.
    """
    from azml_contract.cassette.cassette import render_cassette

    old = cassette.api_version
    stem = target if path.stem == old else f"{path.stem}-{target}"
    where = path.with_name(f"{stem}.json")
    if _is_recording(where):
        raise InputError(f"{where} is recorded already; nothing is written over it.")
    moved = tuple(
        _move(one, bodies.get(step), old, target)
        for step, one in enumerate(cassette.interactions)
    )
    recorder = f"{cassette.recorder}, upgraded from {old}"
    made = replace(cassette, api_version=target, recorder=recorder, interactions=moved)
    return where, render_cassette(made)


def _move(one: Interaction, body: Any, old: str, target: str) -> Interaction:
    """An interaction at the other version; calls of other providers stay."""
    from urllib.parse import unquote

    from azml_contract.cassette.interaction import Interaction

    if _PROVIDER not in unquote(one.url).lower():
        return one
    data = json.loads(json.dumps(dict(one.data)))
    pattern = rf"(?i)([?&]api-version=){re.escape(old)}(?![\w-])"
    request = data["request"]
    request["uri"] = re.sub(pattern, rf"\g<1>{target}", request["uri"])
    if body is not None:
        request["body"] = {"json": body}
    return Interaction(data, one.side_files)


def write_family(made: Sequence[Template], folder: Path, target: str) -> Iterator[Path]:
    """Write the family of `target`: only the bodies that change."""
    from azml_contract.whole_file import write_whole

    for one in made:
        if one.changes:
            file = folder / target / one.name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, one.text)
            yield file
