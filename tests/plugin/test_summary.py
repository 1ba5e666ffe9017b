"""What the end of a run says of what it lacked."""

from __future__ import annotations

import pytest

from azml_contract.plugin.summary import describe_missing_storage


def run(target: str, *, blobs: int) -> dict[str, object]:
    return {"target": target, "skipped": {"login": 2, "blob storage": blobs}}


@pytest.mark.parametrize(
    ("mode", "target", "blobs", "installed", "is_told"),
    [
        ("record", "emulator", 3, False, True),
        ("verify", "emulator", 1, False, True),
        ("record", "emulator", 3, True, False),
        ("record", "emulator", 0, False, False),
        ("record", "azure", 3, False, False),
        ("replay", "emulator", 3, False, False),
    ],
)
def test_storage_that_is_missing_is_told_with_what_installs_it(
    mode, target, blobs, installed, is_told, monkeypatch
):
    monkeypatch.setattr(
        "azml_contract.emulator.azurite.is_installed", lambda: installed
    )

    told = describe_missing_storage([run(target, blobs=blobs)], mode)

    assert any("azml-contract doctor --install" in line for line in told) is is_told
