"""Which process is at the other end of a loopback connection.

In: the connection, as accepted. Out: the process, the name of its program and the
script it runs, never its command line: that may hold secrets. Linux tells this
through /proc; elsewhere a peer stays unknown.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_INTERPRETERS = re.compile(
    r"(python|pypy|node|deno|bun|bash|dash|sh|zsh|ksh|ruby|perl|php|Rscript|java|dotnet"
    r"|pwsh)[\d.]*$"
)
_NAME = re.compile(r"[\w.@+-]{1,64}")
_MOST_ANCESTORS = 12


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that called. `script` is empty where it runs none, or none is known."""

    pid: int
    program: str
    script: str


UNKNOWN = Peer(0, "", "")


def find_peer(connection: socket.socket, *, ours: int | None = None) -> Peer:
    """The process that opened a connection to this one; `UNKNOWN` where untold.

    Args:
        connection: Accepted on loopback.
        ours: A process whose own script does not name its children.
    """
    if not sys.platform.startswith("linux"):
        return UNKNOWN
    try:
        inode = _find_inode(connection.getpeername(), connection.getsockname())
        pid = _find_owner(inode) if inode else 0
    except OSError:
        return UNKNOWN
    if not pid:
        return UNKNOWN
    if ours and pid != ours and _words(pid) == _words(ours):
        return Peer(pid, _program(pid), "fork")
    return Peer(pid, _program(pid), _find_script(pid, ours))


def is_held(connection: socket.socket) -> bool:
    """Whether a program of this machine holds the other end, which says no more.

    False where that is not told: what other machines hold is in no table here.
    """
    if not sys.platform.startswith("linux"):
        return False
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return True  # of these Linux tells the end apart itself
    try:
        inode = _find_inode(connection.getpeername(), connection.getsockname())
    except OSError:
        return False
    return inode not in ("", "0")


def _find_inode(peer: tuple[str, int], own: tuple[str, int]) -> str:
    """The number of the other end; ``0`` where nobody holds it, empty for none."""
    wanted = f":{peer[1]:04X}", f":{own[1]:04X}"
    # Java asks with a socket of the sixth version for an address of the fourth.
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with Path(table).open(encoding="ascii") as lines:
            next(lines)
            for line in lines:
                fields = line.split(None, 10)
                if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
                    return fields[9]
    return ""


def _find_owner(inode: str) -> int:
    """The newest process that holds a socket: a caller is younger than its parent."""
    wanted = f"socket:[{inode}]"
    for pid in sorted(_pids(), reverse=True):
        try:
            with os.scandir(f"/proc/{pid}/fd") as entries:
                for entry in entries:
                    if os.readlink(entry.path) == wanted:  # noqa: PTH115 - many, fast
                        return pid
        except OSError:
            continue
    return 0


def _pids() -> Iterator[int]:
    return (int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())


def _words(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode("utf-8", "replace") for word in raw.split(b"\0")[:-1]]


def _program(pid: int) -> str:
    words = _words(pid)
    return Path(words[0].split(" ")[0]).name[:64] if words and words[0] else "unknown"


def _find_script(pid: int, ours: int | None) -> str:
    """The script of a process, or of the nearest process above it that runs one."""
    for one in _ancestry(pid):
        if one == ours:
            return ""
        script = _script(one)
        if script:
            return script
    return ""


def _ancestry(pid: int) -> Iterator[int]:
    for _ in range(_MOST_ANCESTORS):
        if pid <= 1:
            return
        yield pid
        try:
            status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
            pid = int(status.rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return


def _script(pid: int) -> str:
    words = _words(pid)
    if not words or not _INTERPRETERS.match(Path(words[0]).name):
        return ""
    after_module = False
    for word in words[1:]:
        if after_module or (not word.startswith("-") and _is_file(pid, word)):
            name = Path(word).name
            return name if _NAME.fullmatch(name) else ""
        after_module = word == "-m"
    return ""


def _is_file(pid: int, word: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd", word).resolve().is_file()
    except (OSError, ValueError):
        return False
