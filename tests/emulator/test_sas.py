"""Signatures are those of azure-storage-blob, which is not loaded to make them."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from urllib.parse import parse_qs

import pytest

from azml_contract.emulator import sas

KEY = b64encode(bytes(range(64))).decode()


@pytest.fixture
def storage(monkeypatch):
    """azure.storage.blob, which signs for the version that is signed for here."""
    import azure.storage.blob
    from azure.storage.blob import _shared_access_signature as module

    monkeypatch.setattr(module, "X_MS_VERSION", sas._VERSION)
    return azure.storage.blob


def field(query, name):
    return parse_qs(query)[name][0]


def test_what_the_emulator_signs_for_itself(storage):
    signed = sas.sign_account("acc", KEY)

    assert signed == storage.generate_account_sas(
        "acc",
        KEY,
        storage.ResourceTypes(service=True, container=True, object=True),
        storage.AccountSasPermissions(
            read=True, write=True, add=True, create=True, list=True
        ),
        field(signed, "se"),
    )


def test_what_is_signed_for_an_upload(storage):
    signed = sas.sign_upload("acc", KEY, "0123-4-of")

    assert signed == storage.generate_container_sas(
        "acc",
        "0123-4-of",
        KEY,
        permission=storage.ContainerSasPermissions(
            read=True, create=True, write=True, list=True
        ),
        start=field(signed, "st"),
        expiry=field(signed, "se"),
    )


def test_an_emulator_loads_no_client_of_storage():
    program = (
        "import sys; from azml_contract.emulator import server, sas\n"
        f"sas.sign_account('a', {KEY!r}); sas.sign_upload('a', {KEY!r}, 'c')\n"
        "print({'azure', 'aiohttp', 'jwt', 'requests'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
