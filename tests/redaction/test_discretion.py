"""Logs written while something is recorded hold no secret, whoever writes them."""

from __future__ import annotations

import logging

import pytest
import requests
import urllib3
from azure.identity import ClientSecretCredential

from azml_contract.recording.engine import Mode
from azml_contract.redaction.discretion import Discretion
from azml_contract.redaction.rules import RedactionRules

SIGNATURE = "dGhpcyBpcyBubyBzaWduYXR1cmU="
SAS = "sv=2021-10-04&sp=r&sig=dGhpcyBpcyBubyBzaWduYXR1cmU%3D"
LISTED = "bm90IGEgcmVhbCBrZXkgYnV0IGFzIGxvbmcgYXMgb25lIGlz"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.LIVE])
def test_debug_logs_of_clients_hold_no_secret(
    service, make_recorder, real, caplog, mode
):
    caplog.set_level(logging.DEBUG)
    service.on("GET", "/blob", lambda call: (200, {}, {}))
    service.on("POST", ".*/listKeys", lambda call: (200, {}, {"key": LISTED}))
    mine = logging.getLogger("mine")

    with make_recorder(mode):
        requests.get(f"{service.url}/blob?{SAS}", verify=str(service.ca))
        with urllib3.PoolManager(ca_certs=str(service.ca)) as pool:
            pool.request("GET", f"{service.url}/blob?{SAS}")
        credential = ClientSecretCredential(
            real.tenant,
            real.client,
            real.secret,
            authority=service.url,
            disable_instance_discovery=True,
            connection_verify=str(service.ca),
            logging_enable=True,
        )
        token = credential.get_token("https://management.azure.com/.default").token
        requests.post(f"{service.url}/a/listKeys", verify=str(service.ca))
        mine.warning("secret %s, token %s", real.secret, token)
        mine.warning("listed %r", {"keys": [LISTED]})
        mine.warning("private %s", PEM)
        try:
            raise ValueError(f"no login with {real.secret}")
        except ValueError:
            mine.exception("failed")
        mine.info("of %s", real.workspace)

    assert "GET /blob" in caplog.text
    for secret in (SIGNATURE[:-1], real.secret, token, LISTED, "MIIEowIBAAKCAQEA7"):
        assert secret not in caplog.text
        assert secret not in "".join(str(vars(one)) for one in caplog.records)
    assert "ValueError: no login with REDACTED" in caplog.text
    assert f"of {real.workspace}" in caplog.text


def test_logs_are_as_they_were_once_the_recorder_is_left(make_recorder, real, caplog):
    before = logging.getLogRecordFactory()

    with make_recorder(Mode.LIVE):
        inside = logging.getLogRecordFactory()
    logging.getLogger("mine").warning("said %s", real.secret)

    assert inside is not before
    assert logging.getLogRecordFactory() is before
    assert real.secret in caplog.text


@pytest.mark.parametrize(
    ("said", "clean"),
    [
        ("{'a': 'Wq7!bl...erfly-Zk'}", "{'a': 'REDACTED...REDACTED'}"),
        ("Wq7!blue... and ...fly-Zk", "REDACTED... and ...REDACTED"),
        ("Wq7!bluebutterfly-Z...", "REDACTED..."),
        ("...q7!bluebutterfly-Zk", "...REDACTED"),
        ("x Wq7!... x", "x REDACTED... x"),
        ("wait... Wq7 ...Zk", "wait... Wq7 ...Zk"),
        ("Wq7!......y-Zk", "REDACTED......REDACTED"),
        ("...Wq7!...-Zk...fly-Zk", "...REDACTED...-Zk...REDACTED"),
    ],
)
def test_the_ends_of_a_secret_that_was_shortened_are_secret_too(said, clean):
    assert (
        Discretion(RedactionRules(secrets=("Wq7!bluebutterfly-Zk",))).redact(said)
        == clean
    )


def test_of_many_ellipses_that_beside_the_end_of_a_secret_alone_changes_a_text():
    said = "." * 100_000 + " Wq7!blue... and " + "wait... " * 1000

    clean = Discretion(RedactionRules(secrets=("Wq7!bluebutterfly-Zk",))).redact(said)

    assert clean == said.replace("Wq7!blue", "REDACTED")
