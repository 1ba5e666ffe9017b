"""azure-mgmt-machinelearningservices 2.0.0b2, recorded and replayed.

The program is the emulator's own test program: it knows of neither recorder nor
emulator, and runs the workflow at 2023-04-01.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from azml_contract.cassette.cassette import load_cassette
from azml_contract.emulator.server import Emulator
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

PROGRAM = Path(__file__).parents[1] / "emulator" / "management_client.py"
STAND_INS = {
    "AZURE_SUBSCRIPTION_ID": PLACEHOLDERS.subscription,
    "AZURE_TENANT_ID": PLACEHOLDERS.tenant,
    "AZURE_CLIENT_ID": PLACEHOLDERS.client_id,
    "AZURE_CLIENT_SECRET": PLACEHOLDERS.client_secret,
    "AZURE_RESOURCE_GROUP": PLACEHOLDERS.resource_group,
    "AZML_WORKSPACE": PLACEHOLDERS.workspace,
    "AZML_STORAGE_ACCOUNT": PLACEHOLDERS.storage_account,
}


@pytest.fixture
def run_program(cassette_path, capsys):
    def run(mode, settings, environ):
        recorder = Recorder(
            RecorderSettings(
                cassette_path,
                mode=mode,
                scenario="story/management_client",
                api_version="2023-04-01",
                target="emulator",
                rules=redaction_rules(settings),
            )
        )
        with pytest.MonkeyPatch.context() as patch, recorder:
            for name, value in environ.items():
                patch.setenv(name, str(value))
            runpy.run_path(str(PROGRAM))
        recorder.finish()
        recorder.save()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.slow
def test_the_workflow_is_recorded_replayed_and_verified(run_program, cassette_path):
    with Emulator(azurite=False) as emulator:
        recorded = run_program(Mode.RECORD, emulator.settings, emulator.environ)
    before = cassette_path.read_bytes()
    assert recorded == {
        "compute": "Succeeded",
        "command": "Completed",
        "sweep": "Completed",
        "cancelled": "Canceled",
        "missing": "ResourceNotFoundError",
    }

    assert run_program(Mode.REPLAY, PLACEHOLDERS, STAND_INS) == recorded

    with Emulator(azurite=False) as emulator:
        now = run_program(Mode.VERIFY, emulator.settings, emulator.environ)
    assert now == recorded
    assert cassette_path.read_bytes() == before
    text = before.decode()
    assert emulator.settings.subscription not in text
    assert emulator.settings.workspace not in text
    versions = {
        one.request.api_version for one in load_cassette(cassette_path).interactions
    }
    assert versions == {None, "2023-04-01"}
