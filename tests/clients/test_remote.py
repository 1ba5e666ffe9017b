"""`regress` and `check` read recordings from Azure's blob storage, by adlfs.

The storage is Azurite, without TLS, as its own users run it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azml_contract.emulator.azurite import find_azurite

ROOT = Path(__file__).parents[2]
STORY = ROOT / "cassettes" / "train_and_sweep"
PYTHON = ROOT / ".clients" / "adlfs" / "bin" / "python"
ACCOUNT = "devstoreaccount1"
KEY = (  # Azurite's own, which its documentation prints
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
UPLOAD = """
import sys, fsspec
system = fsspec.filesystem("abfs")
system.mkdir("team")
system.put(sys.argv[1], "team/stories", recursive=True)
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Azurite while a test runs; what leads adlfs to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent")
    command = [*find_azurite(), *options, "--skipApiVersionCheck", "--loose"]
    process = subprocess.Popen([*command, "--location", str(tmp_path / "azurite")])
    try:
        for _ in range(300):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        yield os.environ | {
            "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;"
            f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
        }
    finally:
        process.terminate()
        process.wait()


def run(environ: dict[str, str], *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PYTHON), *map(str, words)],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_recordings_in_blob_storage_are_judged_as_files_are(storage) -> None:
    assert run(storage, "-c", UPLOAD, STORY).returncode == 0
    asked = ("-m", "azml_contract", "regress", "--format", "json2")

    there = run(storage, *asked, "abfs://team/stories")

    assert there.stderr == ""
    here = run(storage, *asked, STORY)
    assert json.loads(there.stdout) == json.loads(here.stdout)
    checked = run(storage, "-m", "azml_contract", "check", "abfs://team/stories")
    assert checked.returncode == 0, checked.stdout
    gone = run(storage, *asked, "abfs://team/nowhere")
    assert gone.returncode == 2
    assert "abfs://team/nowhere: there is no such file or folder." in gone.stderr
