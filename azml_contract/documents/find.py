"""Which files paths stand for.

In: paths of files and folders, and URLs that became paths. Out: files, and a message
for each path without any. Knows nothing of what they hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from azml_contract.cassette.pending import is_pending
from azml_contract.documents.remote import (
    find_below,
    is_hidden,
    is_remote,
    localise,
)
from azml_contract.errors import InputError

RECORDINGS = frozenset((".json", ".yaml", ".yml", ".har"))
SCRIPTS = frozenset((".sh", ".bash", ".zsh", ".ksh", ".http", ".rest", ".ps1"))
HOLDERS = frozenset((".md", ".ipynb", ".py"))
"""Files that hold scripts among other things, most of them none."""
_SOURCES = RECORDINGS | SCRIPTS | HOLDERS
PIPELINES = (".github", ".azuredevops", ".azure-pipelines", ".gitlab", ".circleci")
"""Folders of CI systems: with a dot before their names, and not hidden by it."""
_YAML = frozenset((".yaml", ".yml"))
_PROGRAMS = frozenset(
    (
        *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".go", ".java"),
        *(".kt", ".scala", ".groovy", ".cs", ".fs", ".vb", ".rb", ".php", ".rs", ".r"),
        *(".jl", ".swift", ".dart", ".lua", ".pl", ".ex", ".clj", ".tf", ".bicep"),
        *(".bat", ".cmd", ".fish", ".nu", ".mk", ".bru", ".hurl"),
    )
)
_PROGRAM_NAMES = frozenset(("makefile", "gnumakefile", "justfile", "dockerfile"))
_COLLECTION = re.compile(r"(?i).*\.postman_collection\.json|thunder-\w+_.*\.json")
_INSTALLED = frozenset(("node_modules", "site-packages", "__pycache__"))
_NOT_OURS = _INSTALLED | {"vendor"}
_SHEBANG = re.compile(rb"#!.*\b(?:(?:ba|z|da|k)?sh|python[\d.]*|pwsh)\b")
PROVIDER = re.compile(rb"(?i)microsoft\.machinelearningservices")
_LARGEST_PROGRAM = 1024 * 1024


class Sources(NamedTuple):
    """What paths hold that makes calls, or shows them.

    `files` can be read; `unread` are programs that cannot, with the line that names the
    provider; `problems` is a message for each path that has neither.
    """

    files: list[Path]
    unread: list[tuple[Path, int]]
    problems: list[str]


def find_sources(paths: Iterable[Path]) -> Sources:
    """Recordings, scripts and what holds scripts: what `check` and `regress` judge.

    Of folders that is all below them, the files of CI systems too, which hide.
    """
    files: dict[Path, None] = {}
    unread: dict[tuple[Path, int], None] = {}
    problems = []
    for path in paths:
        found, missing = find_files([path], _SOURCES)
        if (folder := shorten(localise(path))).is_dir():
            found = sorted([*found, *_find_pipelines(folder)])
            others = _find_unread(folder)
            unread.update(dict.fromkeys(others))
            missing = [] if found or others else missing
        files.update(dict.fromkeys(found))
        problems += missing
    return Sources(list(files), list(unread), problems)


def find_files(
    paths: Iterable[Path], suffixes: frozenset[str] = RECORDINGS
) -> tuple[list[Path], list[str]]:
    """The files that paths stand for, sorted inside each folder, each once.

    A name is that of a scenario where a recording has none of its own, and part
    of a baseline, so it is the same however a path was written.

    Returns:
        The files, and a message for each path that has none.
    """
    files: dict[Path, None] = {}
    problems = []
    for path in map(shorten, map(localise, paths)):
        if is_remote(path):
            try:
                files.update(dict.fromkeys(_below_remote(path, suffixes)))
            except InputError as error:
                problems.append(str(error))
        elif path.is_dir():
            found = sorted(_below(path, suffixes))
            files.update(dict.fromkeys(found))
            if not found:
                what = "script and no recording" if suffixes > SCRIPTS else "recording"
                kinds = ", ".join(sorted("*" + suffix for suffix in suffixes))
                problems.append(f"{path}: the folder holds no {what} ({kinds}).")
        elif path.exists():
            files[path] = None
        else:
            problems.append(f"{path}: there is no such file or folder.")
    return list(files), problems


def shorten(path: Path) -> Path:
    """The path from here, where it leads below the working directory."""
    here = Path.cwd()
    full = here / path
    if ".." in full.parts:
        full = full.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else path


def _below(root: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Files in a folder; what is hidden, or vanishes meanwhile, is left out.

    Pipes and devices are left out too; a link that leads nowhere is told of. Programs
    and pages of installed packages are nobody's own.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        is_installed = bool(_INSTALLED.intersection(Path(folder).parts))
        for name in names:
            path = Path(folder, name)
            suffix = path.suffix.lower()
            if name.startswith(".") or (is_installed and suffix in HOLDERS):
                continue
            if suffix not in suffixes and not (
                suffixes >= SCRIPTS and _is_script(path)
            ):
                continue
            if is_pending(path):  # it is looked at where it is named
                continue
            if path.is_file() or not path.exists():
                yield path


def is_script_name(scenario: str) -> bool:
    """Whether a scenario is named by a script: recordings are without their suffix."""
    return Path(scenario).suffix.lower() in SCRIPTS | HOLDERS | _YAML


def _is_script(path: Path) -> bool:
    """Whether a file without a suffix says in its first line that it is a script."""
    if path.suffix or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return _SHEBANG.match(file.readline(200)) is not None
    except OSError:
        return False


def _find_pipelines(root: Path) -> list[Path]:
    """The files of CI systems in a folder, sorted."""
    folders = (root / name for name in PIPELINES)
    return sorted(
        path for folder in folders if folder.is_dir() for path in _below(folder, _YAML)
    )


def _find_unread(root: Path) -> list[tuple[Path, int]]:
    """Programs in a folder that name the provider, in languages that nobody here reads.

    Returns:
        Files, sorted, and the line that names it first.
    """
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [
            one for one in folders if not one.startswith(".") and one not in _NOT_OURS
        ]
        for name in names:
            path = Path(folder, name)
            is_one = path.suffix.lower() in _PROGRAMS or name.lower() in _PROGRAM_NAMES
            is_one = is_one or _COLLECTION.fullmatch(name) is not None
            line = find_provider(path) if is_one else 0
            if line:
                found.append((path, line))
    return sorted(found)


def find_provider(path: Path) -> int:
    """The line that names the provider; 0 without one."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_PROGRAM:
            return 0
        text = path.read_bytes()
    except OSError:
        return 0
    found = PROVIDER.search(text)
    return text.count(b"\n", 0, found.start()) + 1 if found is not None else 0


def _below_remote(root: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """The same of a folder at a URL; a file is itself."""
    found = find_below(root)
    if found is None:
        yield root
        return
    for path in found:
        is_known = path.suffix.lower() in suffixes and not is_hidden(path, root)
        if is_known and not is_pending(path):
            yield path


def choose_shard(files: Sequence[Path], which: int, of: int) -> list[Path]:
    """The files of one part, in their order; all parts together are all files.

    They are dealt out in the order of a digest of their names, so that parts are of
    one size, differ by one file at most, and large files that stand side by side do
    not come to one part. The same names always come to the same parts.

    Args:
        files: All of them.
        which: The part, from 1.
        of: How many parts there are.
    """
    if of == 1:
        return list(files)

    from hashlib import blake2b

    def digest(file: Path) -> bytes:
        return blake2b(file.as_posix().encode("utf-8", "surrogateescape")).digest()

    chosen = set(sorted(files, key=digest)[which - 1 :: of])
    return [file for file in files if file in chosen]
