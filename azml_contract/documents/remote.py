"""Files that lie elsewhere: whatever fsspec opens by a URL, such as ``abfs://``.

In: a path that a URL became, as ``abfs:/container/folder``. Out: the files below it,
and their bytes. A path takes one of two slashes away, which is put back here. Who may
read is a matter of fsspec and its environment. Knows nothing of what files hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from azml_contract.errors import InputError
from azml_contract.remote_path import URL, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

_LINK = re.compile(r"(?:^|::)([a-z][a-z0-9+.-]+):/+")
_WEB = re.compile(r"https?|ftps?|webdavs?|dav")
_OF_REPOSITORIES = frozenset({"git", "github"})  # `org:repo@revision` names no user
_USER, _USER_WITH_PASSWORD = re.compile(r"[^/]*@"), re.compile(r"[^/@]*:[^/]*@")
_QUERY, _PARAMETER = re.compile(r"[?#]."), re.compile(r"[?&;#]([^=?&;#]*)=")
_SIGNING = re.compile(
    r"x-(?:amz|goog)-.*|.*(?:sig|signature|token|key|keyid|accessid|secret|password"
    r"|passwd|pwd|credentials?|code|auth|authorization|sas|jwt)",
    re.IGNORECASE | re.DOTALL,
)


def is_remote(path: Path) -> bool:
    """Whether a path was a URL, and no file here is called so."""
    return URL.fullmatch(path.as_posix()) is not None and not path.exists()


def localise(path: Path) -> Path:
    """A path for a ``file://`` URL; all others as they are.

    Raises:
        InputError: A URL says by what it may be read, which reports would repeat.
    """
    found = URL.fullmatch(path.as_posix())
    if found is not None and _is_signed(found[0]) and not path.exists():
        place = re.split("[?#]", found[2], maxsplit=1)[0]
        if "@" in found[2]:  # nobody can tell where a password with such signs ends
            place = place.rpartition("@")[2] if "@" in place else "..."
        raise InputError(
            f"{found[1]}://{place}: reports name what they are about, and would hold "
            "the query or the password of this URL. Let fsspec find who may read: "
            "by its configuration, or variables such as AZURE_STORAGE_SAS_TOKEN."
        )
    if found is None or found[1] not in ("file", "local"):
        return path
    return Path(found[2]) if re.match("[A-Za-z]:/", found[2]) else Path(f"/{found[2]}")


def _is_signed(url: str) -> bool:
    """Whether a URL, or one that it goes through, says by what it may be read.

    On the web any query and any user may do so, whatever the name. Elsewhere a user is
    a container or a repository, and a query may say which version: there a password
    and the names of signatures and keys do.
    """
    for link in _LINK.finditer(url):
        scheme, rest = link[1], url[link.end() :]
        if _WEB.fullmatch(scheme):
            if _USER.match(rest) or _QUERY.search(rest):
                return True
        elif scheme not in _OF_REPOSITORIES and _USER_WITH_PASSWORD.match(rest):
            return True
        if any(_SIGNING.fullmatch(unquote(name)) for name in _PARAMETER.findall(rest)):
            return True
    return False


def find_below(path: Path) -> Iterator[Path] | None:
    """The files below a remote folder, by their paths; None where it is a file.

    Raises:
        InputError: There is nothing, or it cannot be asked.
    """
    system, place = _open(path)

    def ask() -> list[str] | None:
        if system.isfile(place):
            return None
        return sorted(system.find(place))

    found = _try(path, ask)
    if found == []:
        raise InputError(f"{url_of(path)}: there is no such file or folder.")
    if found is None:
        return None
    return (Path(system.unstrip_protocol(one)) for one in found)


def read_remote(path: Path, most: int) -> bytes:
    """The bytes of a remote file.

    Args:
        path: As `find_below` gave it, or as it was named.
        most: How many bytes are read at the most.

    Raises:
        InputError: It is not there, cannot be read, or is larger.
    """
    system, place = _open(path)

    def read() -> Any:
        with system.open(place, "rb") as file:
            return file.read(most + 1)

    raw: bytes = _try(path, read)
    if len(raw) > most:
        raise InputError(f"{url_of(path)}: it has more than {most} bytes.")
    return raw


def is_hidden(path: Path, root: Path) -> bool:
    """Whether a file, or a folder above it and below `root`, has a name with a dot."""
    below = PurePosixPath(path.as_posix())
    if below.is_relative_to(root.as_posix()):
        below = below.relative_to(root.as_posix())
    return any(part.startswith(".") for part in below.parts)


def _open(path: Path) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise InputError(
            f"{url_of(path)}: to read it needs fsspec: "
            "pip install 'azml-contract[remote]'"
        ) from error
    found: tuple[Any, str] = _try(path, lambda: fsspec.core.url_to_fs(url_of(path)))
    return found


def _try(path: Path, act: Callable[[], Any]) -> Any:
    """What an act gives; whatever a storage raises says which URL it is about."""
    try:
        return act()
    except FileNotFoundError as error:
        raise InputError(f"{url_of(path)}: there is no such file.") from error
    except Exception as error:  # each storage has errors of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{url_of(path)}: it cannot be read ({reason}).") from error
