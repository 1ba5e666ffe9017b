"""Lines of a shell, as a document or a workflow holds them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def shell(lines: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Lines, ended at the first that fails, with the programs of this environment."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
