"""Ways out of a process through another one: programs, copies, pools of processes.

In: the port of a server on loopback, which the other process asks, through the proxy of
its environment where there is one. In replay that proxy refuses. What goes wrong in the
other process is not raised here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import pty
import shlex
import subprocess
import sys
from contextlib import suppress

from ways_out import raw_socket

CALL = (
    "import os, urllib.request as r;"
    "r.build_opener(r.ProxyHandler({{'http': os.environ['http_proxy']}}) "
    "if 'http_proxy' in os.environ else r.ProxyHandler({{}}))"
    ".open('http://127.0.0.1:{port}/x', timeout=5)"
)


def program(port):
    return [sys.executable, "-c", CALL.format(port=port)]


async def by_asyncio_program(port):
    child = await asyncio.create_subprocess_exec(
        *program(port), stderr=asyncio.subprocess.DEVNULL
    )
    await child.wait()


def by_posix_spawn(port):
    words = program(port)
    os.waitpid(os.posix_spawn(words[0], words, os.environ), 0)


def by_multiprocessing(kind):
    def start(port):
        context = multiprocessing.get_context(kind)
        child = context.Process(target=raw_http, args=(port,))
        child.start()
        child.join()

    return start


def raw_http(port):
    exec(CALL.format(port=port))


def by_process_pool(port):
    with concurrent.futures.ProcessPoolExecutor(1) as pool, suppress(Exception):
        pool.submit(raw_http, port).result()


def by_exec(port):
    child = os.fork()
    if not child:
        words = program(port)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execv(words[0], words)
    os.waitpid(child, 0)


def by_forked_socket(port):
    child = os.fork()
    if not child:
        with suppress(Exception):
            raw_socket(port)
        os._exit(0)
    os.waitpid(child, 0)


async def by_asyncio_shell(port):
    line = shlex.join(program(port)) + " 2>/dev/null"
    child = await asyncio.create_subprocess_shell(line)
    await child.wait()


def by_pty(port):
    words = [*program(port)]
    pty.spawn(words, lambda fd: os.read(fd, 1024) and b" ", lambda fd: b"")


PROGRAMS = {
    "subprocess": lambda p: subprocess.run(program(p), capture_output=True),
    "a shell": lambda p: os.system(shlex.join(program(p)) + " 2>/dev/null"),
    "posix_spawn": by_posix_spawn,
    "asyncio's program": lambda p: asyncio.run(by_asyncio_program(p)),
    "multiprocessing by fork": by_multiprocessing("fork"),
    "multiprocessing by spawn": by_multiprocessing("spawn"),
    "multiprocessing by a server of forks": by_multiprocessing("forkserver"),
    "a pool of processes": by_process_pool,
    "popen": lambda p: os.popen(shlex.join(program(p)) + " 2>/dev/null").close(),
    "spawnv": lambda p: os.spawnv(os.P_WAIT, program(p)[0], program(p)),
    "fork and exec": by_exec,
    "a socket of a forked copy": by_forked_socket,
    "asyncio's shell": lambda p: asyncio.run(by_asyncio_shell(p)),
    "pty": by_pty,
}
"""In replay, their environment leads them to a proxy that refuses."""
