"""Read what a script uploads to blob storage with the Azure CLI.

In: the words of an ``az storage blob`` command. Out: the file or folder that it
reads, and the blob that it writes. Sends nothing, opens nothing.

Source: `az storage blob upload --help`, `az storage blob upload-batch --help`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from azml_contract.scripts.text import EMPTY, Source, Text, join

_LONG = {
    "-f": "--file",
    "-c": "--container-name",
    "-n": "--name",
    "-s": "--source",
    "-d": "--destination",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, or a folder where `is_folder`, and where it goes.

    `account` is empty where the command names none; `target` is the container and
    what follows it. `calls` is how many calls the script has made before.
    """

    local: Text
    account: Text
    target: Text
    is_folder: bool
    calls: int
    source: Source
    start: int


def read_upload(
    words: Sequence[Text], calls: int, account: Text, source: Source, start: int
) -> Upload | None:
    """The upload of an ``az storage blob`` command; None where it makes none.

    Args:
        words: The command, its own name being the first.
        calls: How many calls the script has made before.
        account: The account where the command names none.
        source: The script.
        start: Where the command begins.
    """
    flats = [word.flat for word in words[1:4]]
    if flats not in (
        ["storage", "blob", "upload"],
        ["storage", "blob", "upload-batch"],
    ):
        return None
    given = _sort(words[4:])
    is_folder = flats[2] == "upload-batch"
    local = given.get("--source" if is_folder else "--file")
    box = given.get("--destination" if is_folder else "--container-name")
    if local is None or box is None:
        return None
    if is_folder:
        below = given.get("--destination-path")
    else:
        below = given.get("--name", _last(local))
    target = join([box, below], "/") if below is not None else box
    return Upload(
        local,
        given.get("--account-name", account),
        target,
        is_folder,
        calls,
        source,
        start,
    )


def _sort(words: Sequence[Text]) -> dict[str, Text]:
    given: dict[str, Text] = {}
    name = ""
    for word in words:
        if word.flat.startswith("-"):
            name, sign, _ = word.flat.partition("=")
            if sign:
                given[_LONG.get(name, name)] = word.cut(len(name) + 1)
                name = ""
        elif name:
            given.setdefault(_LONG.get(name, name), word)
    return given


def _last(name: Text) -> Text:
    """The last piece of a path."""
    return name.cut(name.flat.rfind("/") + 1) if name.flat else EMPTY
