"""Replay tests in a process of its own, over a cassette that is not written yet.

In: tests, and a folder that holds their cassette alone. Out: "", or what that pytest
said. The child knows none of the settings that the recording had, and has no network
where the system lets us take it away: `apart` starts pytest there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

_SETTINGS = ("AZURE_", "AZML_", "PYTEST_")
_LINES = 25
_APART = Path(__file__).with_name("apart.py")


def make_rerun(config: pytest.Config, ids: Sequence[str]) -> Callable[[Path], str]:
    """What replays these tests, given the folder of their cassette."""
    versions = config.getoption("azml_api_version") or ()
    options = [word for one in versions for word in ("--azml-api-version", one)]

    def rerun(folder: Path) -> str:
        apart = [sys.executable, "-P", str(_APART)] if sys.platform == "linux" else []
        command = [*apart, sys.executable, "-m", "pytest", *ids, "-q", *options]
        command += ["-p", "no:cacheprovider", "--azml-mode", "replay"]
        command += ["--azml-cassettes", str(folder)]
        # pytest keeps the folders of three runs: those of the user are not to go.
        with tempfile.TemporaryDirectory(prefix="azml-rerun-") as own:
            done = subprocess.run(
                [*command, "--basetemp", f"{own}/kept"],
                cwd=config.rootpath,
                env={
                    name: value
                    for name, value in os.environ.items()
                    if not name.startswith(_SETTINGS)
                },
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode == 0:
            return ""
        said = (done.stdout + done.stderr).splitlines()[-_LINES:]
        return "\n  ".join(["it was replayed in a process of its own:", *said])

    return rerun
