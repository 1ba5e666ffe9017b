"""Runs of pytest within tests, in copies of a process that has imported everything.

A run that tests start spends most of its time on imports. `Nursery` is a process that
has them behind it, and `words` the command that runs pytest in a copy of it: with the
folder, the variables and the outputs of whoever gives that command.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys

MOST = 1 << 20


class Nursery:
    """The process that is copied; use as a context.

    Args:
        place: Of its socket, which is made.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self.words = (sys.executable, "-I", "-S", __file__, place)

    def __enter__(self) -> Nursery:
        import subprocess

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._place)
            listener.listen()
            os.set_inheritable(listener.fileno(), True)
            self._process = subprocess.Popen(
                [sys.executable, __file__, "--listen", str(listener.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


# --- the process that is copied -----------------------------------------------------


def import_all() -> None:
    """What a run may need, but for plugins that a run may leave out."""
    import importlib
    import pkgutil

    import pytest

    import azml_contract

    assert pytest.main  # imported for its modules
    for one in pkgutil.walk_packages(azml_contract.__path__, "azml_contract."):
        if not one.name.endswith(("__main__", ".scorer", ".keeper")):
            importlib.import_module(one.name)


def listen(descriptor: int) -> None:
    """Make a copy for whoever connects."""
    import_all()
    gc.freeze()  # copies share what none of them collects
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as listener:
        while True:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked, outputs, _, _ = socket.recv_fds(connection, MOST, 3)
    while not asked.endswith(b"\n"):
        asked += connection.recv(MOST)
    child = os.fork()
    if not child:
        connection.close()
        for number, output in enumerate(outputs):
            os.dup2(output, number)
            os.close(output)
        work(**json.loads(asked))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(code).encode())
    os._exit(0)


def work(words: list[str], folder: str, variables: dict[str, str]) -> None:
    """Run pytest as a new process does, and end."""
    import atexit
    import threading

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    more = filter(None, variables.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:1] = [folder, *more]
    sys.argv = ["pytest", *words]
    code = 1
    try:
        import pytest

        code = int(pytest.main())
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for output in (sys.stdout, sys.stderr):
            output.flush()
        os._exit(code)


# --- the command --------------------------------------------------------------------


def ask(place: str, words: list[str]) -> int:
    """Have pytest run in a copy, and end as it does."""
    variables = dict(os.environ)
    asked = {"words": words, "folder": os.getcwd(), "variables": variables}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        told = json.dumps(asked).encode() + b"\n"
        sent = socket.send_fds(connection, [told], [0, 1, 2])
        connection.sendall(told[sent:])
        code = int(connection.recv(16) or b"1")
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    if sys.argv[1] == "--listen":
        listen(int(sys.argv[2]))
    sys.exit(ask(sys.argv[1], sys.argv[2:]))
