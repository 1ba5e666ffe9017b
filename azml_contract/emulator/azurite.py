"""Azurite, the blob storage of the emulator, as a child process.

In: where it is installed, an account and its key, certificates. Out: the
address of a running server, and containers in it. Azurite ends when the
emulator does, also when that is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

# Taken at import: a recorder of somebody else's that is active later replaces the
# classes of `http.client`, and what it replaced cannot be built upon any more.
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from azml_contract.emulator.azurite_install import MAIN, cached_azurite
from azml_contract.emulator.node import find_node
from azml_contract.emulator.sas import sign_account
from azml_contract.errors import EmulatorError
from azml_contract.gateway.certificates import Certificates

LOG_NAME = "azurite.log"
_READY_S = 60.0
_LEAVE_S = 3.0
_GRACE_S = 5.0
_BLOB_VERSION = "2021-12-02"
_LISTENS = "successfully listens on"
_MOST_STARTS = 3

# Runs inside Node before Azurite. The pipe ends when the parent does, however
# it dies; the parent's id is for the case that a forked child of the parent
# still holds the pipe open. PR_SET_PDEATHSIG would not do: it follows the
# thread that started the child, not the process.
_WATCHDOG = """\
const parent = process.ppid;
const grace = Number(process.env.AZML_AZURITE_GRACE_MS || 0);
let leaving = false;
const leave = () => {
  if (leaving) return;
  leaving = true;
  if (!grace) process.exit(0);
  // It writes down which blobs there are, then ends by itself.
  process.emit("SIGTERM");
  setTimeout(() => process.exit(0), grace).unref();
};
process.stdin.on("end", leave).on("close", leave).on("error", leave).resume();
if (process.stdin.unref) process.stdin.unref();
setInterval(() => { if (process.ppid !== parent) leave(); }, 500).unref();
"""

# What Azurite loads and does not use: telemetry, which is disabled, and storage in an
# SQL database. They are half of its modules; whoever asks them for anything loads them.
_SELDOM_USED = """\
const Module = require("module");
const load = Module._load;
const seldom = ["applicationinsights", "./SqlBlobServer"];
Module._load = function (name, parent, isMain) {
  if (!seldom.includes(name)) return load.call(this, name, parent, isMain);
  const get = (_, key) => key === "__esModule" || load(name, parent, false)[key];
  return new Proxy({}, { get });
};
"""
PRELOAD = _WATCHDOG + _SELDOM_USED


def find_azurite(explicit: str = "", *, folder: Path | None = None) -> list[str]:
    """The command that starts Azurite's blob service, without options.

    Args:
        explicit: Path of an ``azurite`` folder, of its ``main.js``, or of an
            executable; empty to look in `folder`, on PATH, then in the user's cache.
        folder: Where ``node_modules`` may be; its parents are tried too.

    Raises:
        EmulatorError: Nowhere to be found; says how to install it.
    """
    if explicit:
        # Node is started in another folder, where a relative path leads elsewhere.
        return _explicit(Path(explicit).expanduser().resolve())
    for place in _folders(folder or Path.cwd()):
        script = place / "node_modules" / MAIN
        if script.is_file():
            return [find_node(), str(script)]
    executable = shutil.which("azurite-blob")
    if executable:
        return _from_executable(executable)
    if cached_azurite().is_file():
        return [find_node(), str(cached_azurite())]
    raise EmulatorError(
        "Azurite is not installed: neither in node_modules of "
        f"{folder or Path.cwd()}, nor on PATH, nor in this user's cache.\n"
        "Install it with: azml-contract doctor --install\n"
        "To run without blob storage: azml-contract emulator --azurite none"
    )


def is_installed() -> bool:
    """Whether Azurite and its Node are to be found, without being told where."""
    try:
        find_azurite()
    except EmulatorError:
        return False
    return True


def _folders(start: Path) -> list[Path]:
    # The project folder of a source checkout comes last: it serves those who
    # run the emulator from elsewhere.
    checkout = Path(__file__).resolve().parents[2]
    return [start, *start.parents, checkout]


def _explicit(path: Path) -> list[str]:
    if path.is_dir():
        for script in (path / "dist/src/blob/main.js", path / "node_modules" / MAIN):
            if script.is_file():
                return [find_node(), str(script)]
    elif path.suffix == ".js" and path.is_file():
        return [find_node(), str(path)]
    elif path.is_file():
        return _from_executable(str(path))
    raise EmulatorError(
        f"{path} is no Azurite: expected the folder of the npm package azurite, "
        "its dist/src/blob/main.js, or the executable azurite-blob."
    )


def _from_executable(executable: str) -> list[str]:
    # npm's links lead to the script; through Node directly the watchdog works
    # on every platform, and no shell stands in between.
    script = Path(executable).resolve()
    if script.suffix != ".js":
        for base in (
            script.parent / "node_modules",
            script.parents[1] / "lib/node_modules",
        ):
            if (base / MAIN).is_file():
                return [find_node(), str(base / MAIN)]
        raise EmulatorError(
            f"{executable} does not lead to an Azurite package; "
            "name its folder with --azurite."
        )
    return [find_node(), str(script)]


class _Connection(HTTPConnection):
    """To Azurite over TLS. The emulator's own calls are no part of a recording."""

    is_unrecorded = True

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=30)
        self._context = context

    def connect(self) -> None:
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


class Azurite:
    """An Azurite: `start` it, and `wait_ready` before it is used.

    Args:
        command: From `find_azurite`.
        account: Name of the storage account.
        key: Its key, base64.
        certificates: What it presents.
        state_dir: Where its log goes.
        folder: Where blobs are kept; None for memory.
    """

    def __init__(
        self,
        command: list[str],
        *,
        account: str,
        key: str,
        certificates: Certificates,
        state_dir: Path,
        folder: Path | None = None,
    ) -> None:
        self._command = command
        self._account = account
        self._key = key
        self._certificates = certificates
        self._state_dir = state_dir
        self._folder = folder
        self.log = state_dir / LOG_NAME
        self.host = "127.0.0.1"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._log_file: IO[bytes] | None = None
        self._ready = threading.Lock()
        self._is_ready = False
        self._spawned = 0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, once; returns before it answers."""
        if self._spawned:
            return
        atexit.register(self.close)
        self._log_file = self.log.open("wb")
        self._spawn()

    def _spawn(self) -> None:
        self._spawned += 1
        self.port = _free_port(self.host)
        preload = self._state_dir / "preload.js"
        preload.write_text(PRELOAD, encoding="utf-8")
        node, script = self._command
        self._process = subprocess.Popen(
            [node, "--require", str(preload), script, *self._options()],
            cwd=self._state_dir,
            env=self._environ(),
            stdin=subprocess.PIPE,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for the emulator, which ends its
            # children in order.
            start_new_session=sys.platform != "win32",
        )

    def _options(self) -> list[str]:
        return [
            *("--blobHost", self.host, "--blobPort", str(self.port)),
            *("--cert", str(self._certificates.certificate)),
            *("--key", str(self._certificates.key)),
            *("--oauth", "basic"),
            *self._persistence(),
            "--disableTelemetry",
            "--skipApiVersionCheck",
            "--loose",
            "--silent",
        ]

    def _persistence(self) -> tuple[str, ...]:
        if self._folder is None:
            return ("--inMemoryPersistence",)
        self._folder.mkdir(parents=True, exist_ok=True)
        return ("--location", str(self._folder))

    def _environ(self) -> dict[str, str]:
        import os

        # NODE_OPTIONS of the user's shell may name a debugger or a preload.
        inherited = {k: v for k, v in os.environ.items() if k != "NODE_OPTIONS"}
        grace_ms = str(int(_GRACE_S * 1000)) if self._folder else "0"
        return inherited | {
            "AZURITE_ACCOUNTS": f"{self._account}:{self._key}",
            "AZML_AZURITE_GRACE_MS": grace_ms,
        }

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """Return when it accepts connections.

        Raises:
            EmulatorError: It ended, or is not ready in time; shows its log.
        """
        if self._is_ready and self._alive():
            return
        with self._ready:
            deadline = time.monotonic() + timeout_s
            while not self._listens():
                if not self._alive():
                    self._try_again()
                if time.monotonic() > deadline:
                    raise EmulatorError(
                        f"Azurite did not answer within {timeout_s:g} s.{self._tail()}"
                    )
                time.sleep(0.02)
            self._is_ready = True

    def _try_again(self) -> None:
        """Start once more where another program was quicker to take the port."""
        process = self._process
        if (
            process is None
            or self._spawned >= _MOST_STARTS
            or "EADDRINUSE" not in self._said()
        ):
            raise EmulatorError(f"Azurite ended unexpectedly.{self._tail()}")
        _end(process)
        self._spawn()

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _listens(self) -> bool:
        # Asking the port instead could meet another program that has taken it.
        _, listens, where = self._said().rpartition(_LISTENS)
        return bool(listens) and f":{self.port}" in where and self._alive()

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_text("utf-8", "replace")
        return ""

    def _tail(self) -> str:
        lines = self._said().strip().splitlines()[-5:]
        return " Its log ends:\n" + "\n".join(lines) if lines else ""

    def make_containers(self, names: list[str]) -> None:
        """Create containers; one that exists is left as it is.

        Raises:
            EmulatorError: Azurite refused, or is not there.
        """
        self.wait_ready()
        connection = self._open()
        try:
            for name in names:
                self._make_container(connection, name)
        except (OSError, HTTPException) as error:
            raise EmulatorError(f"Azurite broke off: {error}.{self._tail()}") from error
        finally:
            connection.close()

    @property
    def account(self) -> str:
        """Name of the storage account."""
        return self._account

    def connect(self) -> HTTPConnection:
        """A connection, for `sign`ed calls."""
        self.wait_ready()
        return self._open()

    def sign(self) -> str:
        """A query string that may read and write everything, for a while."""
        return sign_account(self._account, self._key)

    def _open(self) -> _Connection:
        context = ssl.create_default_context(cafile=str(self._certificates.bundle))
        return _Connection(self.host, self.port, context)

    def _make_container(self, connection: _Connection, name: str) -> None:
        sas = sign_account(self._account, self._key)
        connection.request(
            "PUT",
            f"/{name}?restype=container&{sas}",
            headers={
                "Host": f"{self._account}.blob.core.windows.net",
                "Content-Length": "0",
                "x-ms-version": _BLOB_VERSION,
            },
        )
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if answer.status not in (201, 409):
            raise EmulatorError(
                f"Azurite answered {answer.status} to a new container {name}: {text}"
            )

    def close(self) -> None:
        """End the process. Safe to call twice."""
        atexit.unregister(self.close)
        process, self._process = self._process, None
        if process is not None:
            if self._folder is not None:
                _let_end(process)
            _end(process)
        if self._log_file is not None:
            self._log_file.close()
            self._log_file = None


def _let_end(process: subprocess.Popen[bytes]) -> None:
    """Close the life line, and wait while it writes down what it has."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        if process.stdin:
            process.stdin.close()
        process.wait(_GRACE_S + _LEAVE_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    # What blobs there are in a folder is written down; those in memory go.
    process.kill()
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LEAVE_S)


def _free_port(host: str) -> int:
    # Azurite cannot take over a socket, so another program may be quicker
    # between here and its start; `wait_ready` reports that from its log.
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
