"""The first screen of the README takes a stranger to a green replay of a script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SCRIPT = """\
#!/bin/bash
GROUP="/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP"
ML="https://management.azure.com$GROUP/providers/Microsoft.MachineLearningServices"
URL="$ML/workspaces/$AZML_WORKSPACE/environments/mine/versions/7"
TOKEN=$(az account get-access-token --query accessToken -o tsv)
curl --fail -X PUT "$URL?api-version=2024-04-01" \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"properties": {"image": "ubuntu:24.04"}}'
curl --fail "$URL?api-version=2024-04-01" -H "Authorization: Bearer $TOKEN"
"""


@pytest.mark.slow
def test_every_line_of_the_first_screen_runs(tmp_path: Path) -> None:
    block = re.search(r"\n    pip install .*?\n\n", README, re.DOTALL)
    assert block
    lines = [line.strip() for line in block[0].strip().splitlines()]
    # Both are tried from a wheel, by tests/clients/test_wheel.py.
    assert lines[0].startswith("pip install")
    assert lines[-1].startswith("azml-contract demo")
    (tmp_path / "my_script.sh").write_text(SCRIPT, "utf-8")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines[1:-1])],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"mode (\w+).*?: (\d+) scenarios?", done.stdout)
    assert told == [("replay", "1"), ("record", "2"), ("replay", "2")]
    assert (tmp_path / "my-calls/cassettes/my_script/my_script").is_dir()
