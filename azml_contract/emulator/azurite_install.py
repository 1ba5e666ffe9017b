"""Install Azurite into the user's cache, from the lock that is shipped.

In: the lock of npm, with the digest of every package. Out: a folder that
`find_azurite` looks into. It is named by the lock's own digest, filled beside its
place and renamed, so that a run that is cut off or meets another leaves nothing half.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from azml_contract.emulator.node import find_npm
from azml_contract.errors import EmulatorError
from azml_contract.shipped import find_shipped

MAIN = Path("azurite/dist/src/blob/main.js")
_ASK_S = 0.2


def cache_folder() -> Path:
    """Where programs of this user keep what they can get again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "azml-contract"


def cached_azurite() -> Path:
    """Azurite's script in the cache, whether it is there or not."""
    return azurite_folder() / "node_modules" / MAIN


def azurite_folder() -> Path:
    """Where `install_azurite` puts Azurite and all that it needs."""
    lock = find_shipped("package-lock.json").read_bytes()
    return cache_folder() / f"azurite-{sha256(lock).hexdigest()[:16]}"


def install_azurite(advance: Callable[[int, int], None]) -> Path:
    """Install what the lock says, and nothing else; packages run no scripts.

    Args:
        advance: Told from time to time how many packages are there, and of how many.

    Returns:
        Azurite's script.

    Raises:
        EmulatorError: There is no npm, no network, or no room; says what to do.
    """
    npm, home = find_npm(), azurite_folder()
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with _draft_of(home) as draft:
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(find_shipped(name), draft / name)
            _run_npm(npm, draft, advance)
            # Another run may have been quicker: its folder is the same.
            with contextlib.suppress(OSError):
                draft.rename(home)
    except OSError as error:
        raise EmulatorError(f"Azurite could not be put into {home}: {error}") from error
    if not cached_azurite().is_file():
        raise EmulatorError(f"npm has put no Azurite into {home}; remove that folder.")
    return cached_azurite()


@contextmanager
def _draft_of(home: Path) -> Iterator[Path]:
    draft = Path(tempfile.mkdtemp(prefix=".azurite-", dir=home.parent))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_npm(npm: list[str], draft: Path, advance: Callable[[int, int], None]) -> None:
    wanted = {
        name.split("/")[1]
        for name in json.loads((draft / "package-lock.json").read_bytes())["packages"]
        if name.startswith("node_modules/")
    }
    words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    with subprocess.Popen(
        [*npm, *words],
        cwd=draft,
        env=_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            said = _follow(process, lambda: advance(_count(draft, wanted), len(wanted)))
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines()[-6:]
        raise EmulatorError(
            "npm could not install Azurite:\n"
            + "\n".join(f"  {line}" for line in lines)
            + "\nIt needs the registry of npm. Again: azml-contract doctor --install"
        )


def _follow(process: subprocess.Popen[bytes], tell: Callable[[], None]) -> bytes:
    while True:
        try:
            return process.communicate(timeout=_ASK_S)[0]
        except subprocess.TimeoutExpired:
            tell()


def _count(draft: Path, wanted: set[str]) -> int:
    with contextlib.suppress(OSError):
        return len(wanted & {one.name for one in (draft / "node_modules").iterdir()})
    return 0


def _environ() -> dict[str, str]:
    """The user's, and the authority that pip was told of: npm does not know it."""
    environ = dict(os.environ)
    authority = environ.get("PIP_CERT") or environ.get("SSL_CERT_FILE")
    if authority:
        environ.setdefault("NODE_EXTRA_CA_CERTS", authority)
    return environ
