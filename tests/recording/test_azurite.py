"""Large blobs against a real Azurite: recorded, replayed without it, verified."""

from __future__ import annotations

import random

import pytest
from azure.storage.blob import ContainerClient
from soak import sized

from azml_contract.emulator.server import Emulator
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.scenario import redaction_rules
from azml_contract.settings import PLACEHOLDERS

pytestmark = pytest.mark.slow

BLOCK = sized(256, 4096) * 1024
"""Bytes; more than stand in a cassette itself."""
BLOCKS = dict.fromkeys(
    (
        "max_single_put_size",
        "max_block_size",
        "max_single_get_size",
        "max_chunk_get_size",
    ),
    BLOCK,
)


@pytest.mark.long
@pytest.mark.soak
def test_many_blocks_at_concurrency_8_against_azurite(cassette_path, stand_ins):
    payload = random.Random(64).randbytes(16 * BLOCK)

    def run(mode, settings, key):
        recorder = Recorder(
            RecorderSettings(
                cassette_path,
                mode=mode,
                scenario="story/blobs",
                api_version="2024-04-01",
                target="emulator",
                rules=redaction_rules(settings),
            )
        )
        account = settings.storage_account
        client = ContainerClient(
            f"https://{account}.blob.core.windows.net",
            "large",
            credential={"account_name": account, "account_key": key},
            connection_verify=settings.ca_bundle,
            proxies={"https": settings.proxy} if settings.proxy else {},
            **BLOCKS,
        )
        with recorder, client:
            client.create_container()
            blob = client.upload_blob("dir/data.bin", payload, max_concurrency=8)
            assert blob.download_blob(max_concurrency=8).readall() == payload
        recorder.finish()
        recorder.save()
        return recorder.exchanges

    def run_live(mode):
        with Emulator() as emulator:
            return run(mode, emulator.settings, emulator.seed.storage_key)

    recorded = run_live(Mode.RECORD)
    before = cassette_path.read_bytes()

    assert run(Mode.REPLAY, PLACEHOLDERS, stand_ins.key) == recorded
    assert run_live(Mode.VERIFY) == recorded
    assert cassette_path.read_bytes() == before
    # Sixteen blocks and their list up, sixteen ranges down, and the container.
    assert recorded == 34
