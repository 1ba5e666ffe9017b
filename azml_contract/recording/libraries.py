"""Libraries that open connections outside Python, where no audit event tells of them.

In: a function that is told which library is used, and may raise. Out: a context in
which it hears of their entries, whether they were imported before or are meanwhile.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from unittest import mock

from azml_contract.recording.audit import listening

Tell = Callable[[str], object]

_ENTRIES: dict[str, tuple[str, ...]] = {
    "pycurl": ("Curl",),
    "grpc": ("insecure_channel", "secure_channel"),
    "grpc.aio": ("insecure_channel", "secure_channel"),
    "curl_cffi": ("Curl", "AsyncCurl"),
    "curl_cffi.requests": ("request", "Session", "AsyncSession"),
    "uvloop": (
        "Loop.create_connection",
        "Loop.create_datagram_endpoint",
        "Loop.getaddrinfo",
        "Loop.getnameinfo",
        "Loop.sock_connect",
    ),
}
"""What opens a connection, or looks up a name, by module."""
_OF_C = {
    *("connect", "sendto", "sendmsg", "sendmmsg", "res_query", "res_search"),
    *("getaddrinfo", "getnameinfo", "gethostbyaddr"),
    *("gethostbyname", "gethostbyname2", "gethostbyname_r"),
}
"""Functions of C by which something leaves a process."""
_EVENTS: dict[str, Callable[[tuple[Any, ...]], str]] = {
    "ctypes.dlsym": lambda args: f"ctypes' {args[1]}" if args[1] in _OF_C else "",
    "cpython.PyInterpreterState_New": lambda _: "another interpreter",
}
"""Audit events that tell of such a library, and its name; "" where it is harmless.

An interpreter that is started within the process has audit hooks of its own.
"""


@contextmanager
def entering_outside(tell: Tell) -> Iterator[None]:
    """While entered, `tell` is told the name of a library whose entry is used."""

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            library = _EVENTS[event](args)
            if library:
                tell(library)

    with ExitStack() as patched:
        patched.enter_context(listening(heard))

        def patch(module: ModuleType) -> None:
            for entry in _ENTRIES[module.__name__]:
                holder, name = _find(module, entry)
                if holder is not None:
                    told = _make_told(getattr(holder, name), tell, module.__name__)
                    patched.enter_context(mock.patch.object(holder, name, told))

        for name in _ENTRIES:
            if name in sys.modules:
                patch(sys.modules[name])
        finder = _Finder(patch)
        sys.meta_path.insert(0, finder)
        patched.callback(sys.meta_path.remove, finder)
        yield


def _find(module: ModuleType, entry: str) -> tuple[Any, str]:
    """What holds an entry; None where this version of the library has it not."""
    *above, name = entry.split(".")
    holder: Any = module
    for one in above:
        holder = getattr(holder, one, None)
    return (holder if hasattr(holder, name) else None), name


def _make_told(original: Any, tell: Tell, library: str) -> Any:
    """The same entry, which tells first. A class stays one, to derive from."""
    if not isinstance(original, type):

        @functools.wraps(original)
        def told(*args: Any, **kwargs: Any) -> Any:
            tell(library)
            return original(*args, **kwargs)

        return told

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        tell(library)
        make: Any = original.__new__
        return make(cls) if make is object.__new__ else make(cls, *args, **kwargs)

    return type(original.__name__, (original,), {"__new__": new})


class _Finder:
    """Has what is imported meanwhile patched as soon as it is there."""

    def __init__(self, patch: Callable[[ModuleType], None]) -> None:
        self._patch = patch
        self._looking: set[str] = set()

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The spec that others find, with a loader that patches in the end."""
        if name not in _ENTRIES or name in self._looking:
            return None
        self._looking.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking.discard(name)
        if spec is not None and spec.loader is not None:
            run, patch = spec.loader.exec_module, self._patch

            def run_and_patch(module: ModuleType) -> None:
                run(module)
                patch(module)

            spec.loader.exec_module = run_and_patch  # type: ignore[method-assign]
        return spec
