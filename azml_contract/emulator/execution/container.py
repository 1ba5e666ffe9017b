"""A command in a container: what docker or podman is told.

In: an engine, an image, a command, the folder of a run, its variables. Out: the words
that run the command in a container, and those that remove it. The folder lies at the
same path inside as outside, and the container is on the network of this machine, so
that a job finds its files and the emulator as one without a container does. Variables
stand in a file of the folder: a command line is for everybody to read.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from azml_contract.errors import UsageError
from azml_contract.whole_file import write_whole

_START = "start.sh"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_SHELL = frozenset(
    {
        *("BASHOPTS", "BASH_VERSINFO", "DIRSTACK", "EUID", "FUNCNAME", "GROUPS"),
        *("LINENO", "OPTIND", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "UID"),
    }
)
"""What a shell lets nobody set, or sets itself; to try may end the script."""
ENGINE_FAILED = 125
"""What an engine ends with that could not make or start the container."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Docker or podman.

    Args:
        program: Its path.
        environ: The variables that it runs with; nothing of them reaches a container.
    """

    program: str
    environ: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """``docker`` or ``podman``."""
        return Path(self.program).stem


@dataclass(frozen=True, slots=True)
class Contained:
    """How a command runs in a container, and how the container is removed."""

    run: Sequence[str]
    remove: Sequence[str]


def find_engine(environ: Mapping[str, str]) -> Engine:
    """The engine of this machine: docker, or else podman.

    Raises:
        UsageError: There is neither.
    """
    for name in _OF_USER:
        program = shutil.which(name, path=environ.get("PATH"))
        if program is not None:
            return Engine(program, dict(environ))
    raise UsageError(
        "--container: neither docker nor podman is on the PATH. Install one of them, "
        "or leave out the option: jobs then run with the Python that is here."
    )


def contain(
    engine: Engine,
    image: str,
    command: str,
    folder: Path,
    variables: Mapping[str, str],
    *,
    shared: Iterable[Path] = (),
    memory_mb: int,
) -> Contained:
    """Write what starts the command inside, and tell how the engine runs it.

    Args:
        engine: Which one.
        image: Pulled by the engine where it is not there.
        command: For bash, in the folder ``code`` of the run's folder.
        folder: Of the run; it can be written to.
        variables: Of the job. The image's own ``PATH`` stays.
        shared: Files that the variables name; they can be read.
        memory_mb: The container has no more.
    """
    name = f"azml-{folder.name}-{uuid.uuid4().hex[:8]}"
    start = folder / _START
    write_whole(start, _write_start(command, variables), private=True)
    volumes = [f"{folder}:{folder}", *(f"{one}:{one}:ro" for one in shared)]
    return Contained(
        [
            *(engine.program, "run", "--rm", "--name", name, "--network", "host"),
            *_OF_USER[engine.name](),
            *("--memory", f"{memory_mb}m", "--workdir", str(folder / "code")),
            *(word for one in volumes for word in ("--volume", one)),
            *("--entrypoint", "/bin/sh", image, str(start)),
        ],
        [engine.program, "rm", "--force", name],
    )


def _write_start(command: str, variables: Mapping[str, str]) -> str:
    """A script for the shell that sets the variables and becomes the command.

    What the shell cannot export, `env` takes as words, which are seen until it has
    become the command.
    """
    lines: list[str] = []
    odd: list[str] = []
    for key, value in variables.items():
        if key == "PATH":
            continue
        if _NAME.fullmatch(key) and key not in _OF_SHELL:
            lines.append(f"export {key}={shlex.quote(value)}")
        else:
            odd.append(f"{key}={value}")
    words = [*(("env", *odd) if odd else ()), "/bin/bash", "-c", command]
    return "\n".join([*lines, f"exec {shlex.join(words)}"]) + "\n"


def _be_the_same_user() -> Sequence[str]:
    return ("--user", f"{os.getuid()}:{os.getgid()}")


# What a job writes belongs to who started the emulator. Podman runs as that user, and
# the root of its containers is that user outside.
_OF_USER: Mapping[str, Callable[[], Sequence[str]]] = {
    "docker": _be_the_same_user,
    "podman": tuple,
}
