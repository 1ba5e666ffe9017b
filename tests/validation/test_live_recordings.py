"""Recordings of the live service: nothing it was seen to do is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azml_contract.documents.formats import read_recording
from azml_contract.documents.formats.proxy import TEST_PROXY
from azml_contract.finding import Severity
from azml_contract.validation.ledger import load_ledger
from azml_contract.validation.validator import Profile, Validator

# What follows from something else, is about no body, or was answered with 400.
NOT_OF_THE_SERVICE = {"AZC152", "AZC172", "AZC176", "AZC218"}
# Two properties of computes and registries came in fewer than two tests, and are
# in no count: they stay warnings that the written contract carries.
WRITTEN = {"AZC202", "AZC211"}


@pytest.fixture(scope="module")
def exchanges(shared_recordings: Path):
    """Every exchange of every recording, with the name of its file."""
    return [
        (file.name, recorded.exchange)
        for file in sorted(shared_recordings.glob("*.json"))
        if file.name != "INDEX.json"
        for recorded in read_recording(json.loads(file.read_text()), TEST_PROXY)
    ]


def test_all_calls_of_the_provider_are_validated(exchanges):
    verdicts = [Validator().check(exchange) for _, exchange in exchanges]

    assert len(verdicts) == 260
    assert sum(v.requests for v in verdicts) == 200
    assert sum(v.responses for v in verdicts) == 200
    assert sum(v.calls.judged for v in verdicts) == 200


def test_no_recording_has_an_error_in_service(exchanges):
    validator = Validator()

    errors = [
        (name.partition("__")[0], finding.code, finding.pointer)
        for name, exchange in exchanges
        for finding in validator.check(exchange).findings
        if finding.severity is Severity.ERROR
    ]

    assert errors == [
        # The service answered it with 400, InvalidComponentJobInput.
        (
            "job_400_binding",
            "AZC176",
            "/properties/jobs/hello_world/inputs/component_in_file/value",
        ),
    ]


def test_every_strict_finding_of_a_recording_is_counted_or_in_the_ledger(exchanges):
    named = [f"({entry.id})" for entry in load_ledger()]
    strict, service = Validator(profile=Profile.STRICT), Validator()

    for name, exchange in exchanges:
        explained = {
            (finding.code, finding.pointer)
            for finding in service.check(exchange).findings
            if finding.observed or any(entry in finding.message for entry in named)
        }
        for finding in strict.check(exchange).findings:
            if finding.code not in NOT_OF_THE_SERVICE | WRITTEN:
                assert (finding.code, finding.pointer) in explained, (name, finding)
