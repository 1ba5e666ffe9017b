"""Microsoft's validator finds nothing wrong with the SARIF that we write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / ".clients/node/node_modules/@microsoft/sarif-multitool-linux"
FIRST = "cassettes/train_and_sweep/asset_to_sweep/2021-03-01-preview.json"
PORT = "tests/scripts/inputs/howto_port.sh"

pytestmark = pytest.mark.slow


MOVED = """\
BODY='{"properties": {"docker": {"dockerImageUri": "u"}}}'
curl -X PUT "$ARM/subscriptions/$S/resourceGroups/$G/providers/\\
Microsoft.MachineLearningServices/workspaces/team/environments/e/versions/1\\
?api-version=2021-03-01-preview" -d "$BODY"
"""


@pytest.mark.parametrize("asked", [("check", PORT, FIRST), ("regress", FIRST, PORT)])
def test_the_validator_finds_no_error(asked, tmp_path):
    if asked[0] == "regress":  # with a fix
        (tmp_path / "moved.sh").write_text(MOVED)
        asked = (*asked, str(tmp_path / "moved.sh"))
    command = [sys.executable, "-m", "azml_contract", *asked, "--format", "sarif"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert made.returncode == 1, made.stderr
    assert b'"fixes"' in made.stdout or asked[0] == "check"
    (tmp_path / "made.sarif").write_bytes(made.stdout)
    tool = TOOL / "Sarif.Multitool"
    tool.chmod(0o755)

    done = subprocess.run(
        [
            *(str(tool), "validate", "made.sarif", "--output", "found.sarif"),
            *("--level", "Error", "--kind", "Fail"),
        ],
        cwd=tmp_path,
        env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads((tmp_path / "found.sarif").read_text("utf-8-sig"))["runs"]
    assert [one["message"] for one in run["results"]] == []
