"""Leave the network: this process, and all that it starts, has loopback alone.

In: nothing. Out: nothing; from then on no packet leaves. Linux only; where a user may
not have a network namespace, an error says so.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys

from azml_contract.errors import UsageError

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS = 0x8913, 0x8914
_UP = 0x1


def isolate() -> None:
    """Move into a network namespace of our own; call it before there are threads.

    Raises:
        UsageError: There is no such thing here, or it is not allowed.
    """
    if not sys.platform.startswith("linux"):
        raise UsageError(
            "--isolate needs a network namespace, which only Linux has. Without it, "
            "replay answers no host from the network either; what a program that "
            "looks at no variable can still reach, docs/any-client.md says."
        )
    user, group = os.getuid(), os.getgid()
    error = _unshare(_NEW_NET)
    if error:
        error = _unshare(_NEW_USER | _NEW_NET)
        if error:
            raise UsageError(
                f"--isolate: no network namespace is to be had ({os.strerror(error)}). "
                "Allow unprivileged user namespaces, or run it as root."
            )
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _raise_loopback()


def _unshare(flags: int) -> int:
    """0, or the number of the error."""
    library = ctypes.CDLL(None, use_errno=True)
    return 0 if library.unshare(flags) == 0 else ctypes.get_errno()


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)  # of the kernel's, in one piece
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def _raise_loopback() -> None:
    import fcntl  # Windows has none

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh", b"lo", 0)
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, asked)
        (flags,) = struct.unpack_from("h", answer, 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP))
