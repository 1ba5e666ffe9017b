"""Runs of pytest and of the command line, in copies of a process that imported all.

A run that tests start spends most of its time on imports. `Nursery` is a process that
has them behind it; `copied` gives the command that runs a module in a copy of it: with
the folder, the variables, the input and the outputs of whoever gives that command.
Where a process itself is looked at, its signals or its end, `python -m` starts it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from functools import cache

MOST = 1 << 20
_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def copied(module: str) -> tuple[str, ...]:
    """The words that run ``pytest`` or ``azml_contract``; its arguments follow."""
    return (sys.executable, "-I", "-S", __file__, _nursery().place, module)


@cache
def _nursery() -> Nursery:
    """The one of this process, from its first use until the process ends."""
    import atexit

    one = Nursery()
    atexit.register(one.close)
    return one


class Nursery:
    """The process that is copied, and the place of its socket."""

    def __init__(self) -> None:
        import subprocess
        import tempfile

        self._owner = os.getpid()
        self._folder = tempfile.TemporaryDirectory()
        self.place = os.path.join(self._folder.name, "s")  # noqa: PTH118
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.place)
            listener.listen()
            os.set_inheritable(listener.fileno(), True)
            self._process = subprocess.Popen(
                [sys.executable, __file__, "--listen", str(listener.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
            )

    def close(self) -> None:
        """End it; a copy of the process that made it leaves it alone."""
        if os.getpid() == self._owner:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()


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


def work(module: str, words: list[str], folder: str, variables: dict[str, str]) -> None:
    """Run a module as a new process does, and end."""
    import atexit
    import threading
    import traceback

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    more = filter(None, variables.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:1] = [folder, *more]
    sys.argv = [module, *words]
    # Those of the nursery know whether its own outputs can be sought in.
    for number, (name, mode) in enumerate(_STREAMS):
        stream = open(number, mode, closefd=False, encoding="utf-8")  # noqa: SIM115
        setattr(sys, name, stream)
    code: object = 1
    try:
        code = run(module)
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - a copy of a process ends here
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for output in (sys.stdout, sys.stderr):
            output.flush()
        os._exit(code if isinstance(code, int) else 1)


def run(module: str) -> int:
    """What the module itself does with its arguments.

    Raises:
        SystemExit: It ends so.
    """
    if module == "pytest":
        import pytest

        return int(pytest.main())
    from azml_contract import __main__

    __main__.run()
    return 0


# --- the command --------------------------------------------------------------------


def ask(place: str, module: str, words: list[str]) -> int:
    """Have a module run in a copy, and end as it does."""
    asked = {
        "module": module,
        "words": words,
        "folder": os.getcwd(),  # noqa: PTH109
        "variables": dict(os.environ),
    }
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
    sys.exit(ask(sys.argv[1], sys.argv[2], sys.argv[3:]))
