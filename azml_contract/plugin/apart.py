"""Run a program in a network namespace that holds loopback alone, where allowed.

In: the words of a command. Out: nothing, as it becomes that command. Linux allows it to
root, and in most places to anybody within a user namespace; elsewhere the command runs
all the same. It is started by its path, so that it imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from contextlib import suppress

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _IS_UP = 0x8913, 0x8914, 1


def leave_network() -> bool:
    """Take this process out of the machine's network.

    Returns:
        Whether that was possible.
    """
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    wanted = _NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK
    if unshare(wanted) != 0:
        return False
    with suppress(OSError):
        _raise_loopback()
    return True


def _raise_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _GET_FLAGS, asked))[1]
        fcntl.ioctl(sock, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _IS_UP))


if __name__ == "__main__":
    leave_network()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the words are the caller's
