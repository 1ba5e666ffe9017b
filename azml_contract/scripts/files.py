"""Find the files that a script names: those it writes, and those that are there.

In: the folder of the script. Out: texts that know where they stand. Reads regular
files below that folder or the working folder, of at most a megabyte, and no others.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path

from azml_contract.scripts.text import Holes, Part, Style, Text, open_source

_LARGEST = 1024 * 1024
_MOST_FILES = 200


class Files:
    """The files of one script.

    Args:
        folder: Where it stands; files are looked for there and in the working
            folder.
        instead: Texts of files that are read in place of what the disk holds.
    """

    def __init__(self, folder: Path, instead: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.written: dict[str, Text] = {}
        self.opened: dict[str, str] = {}
        self.marked: set[str] = set()
        self.missed: list[Text] = []
        self.holes = Holes()
        self._instead = instead or {}

    def begin_again(self) -> Files:
        """The same files, as they were before the script wrote any."""
        again = Files(self.folder, self._instead)
        again.holes = self.holes
        return again

    def read(self, name: str) -> Text | None:
        """What a file holds; None where it may not be read, or is not there."""
        if name in self.written:
            return self.written[name]
        path = self.find(name)
        if path is None:
            return None
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8-sig")
        except (OSError, ValueError):
            return None
        text = self._instead.get(path.as_posix(), text)
        source = open_source(path.as_posix(), text)
        self.opened[source.name] = source.file.text
        if raw.startswith(BOM_UTF8):
            self.marked.add(source.name)
        return Text((Part(source.text, source, 0, len(text), Style.VERBATIM),))

    def find(self, name: str) -> Path | None:
        """The file that a script means, where it may be read."""
        return next((one for one in self._look_up(name) if _is_readable(one)), None)

    def read_all(self, name: str) -> dict[str, bytes]:
        """The bytes of a file, or of those of a folder by their paths in it.

        Of a folder at most as many are read as a person would look through; links
        that lead out of it are left.
        """
        path = next((one for one in self._look_up(name) if one.exists()), None)
        if path is None:
            return {}
        if not path.is_dir():
            return {path.name: path.read_bytes()} if _is_readable(path) else {}
        found = sorted(one for one in path.rglob("*") if _is_readable(one))
        inside = [one for one in found if one.resolve().is_relative_to(path.resolve())]
        return {
            one.relative_to(path).as_posix(): one.read_bytes()
            for one in inside[:_MOST_FILES]
        }

    def _look_up(self, name: str) -> Iterator[Path]:
        """Where a name may be meant to be, below the folders of the script."""
        here = Path.cwd().resolve()
        name = self.holes.place(name)
        for base in (self.folder, Path()):
            try:
                path = base / name
                full = path.resolve()
                if full.is_relative_to(here) or full.is_relative_to(
                    self.folder.resolve()
                ):
                    yield path
            except (OSError, ValueError):
                continue

    def miss(self, name: Text) -> None:
        """Note that the script needs a file by this name, which was not read."""
        self.missed.append(name)

    def find_absent(self, name: str) -> str:
        """The first piece of a path that is absent, see `is_absent`; "" for none."""
        if not self.is_absent(name):
            return ""
        pieces = name.split("/")
        above = ("/".join(pieces[:end]) for end in range(1, len(pieces)))
        return next((one for one in above if one and self.is_absent(one)), name)

    def is_absent(self, name: str) -> bool:
        """Whether a repository that holds the script has nothing by a name.

        The name may be meant from any folder between the script's and the
        repository's own, or from the working folder. Without a repository, and for
        a name that leads out of it, nothing can be told.
        """
        try:
            folder = self.folder.resolve()
            above = (folder, *folder.parents)
            root = next((one for one in above if (one / ".git").exists()), None)
            if root is None or name in self.written:
                return False
            bases = [one for one in above if one.is_relative_to(root)]
            bases.append(Path.cwd().resolve())
            full = [(base / name).resolve() for base in bases]
            inside = all(one.is_relative_to(root) for one in full[:-1])
            return inside and not any(one.exists() for one in full)
        except (OSError, ValueError):
            return False


def _is_readable(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST
    except (OSError, ValueError):
        return False
