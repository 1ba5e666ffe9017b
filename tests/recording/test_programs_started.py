"""Who prepares for programs is told before one starts, and of no others."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from azml_contract.recording.engine import Mode

WORDS = [sys.executable, "-c", ""]


@pytest.mark.parametrize(
    ("mode", "times"), [(Mode.RECORD, 1), (Mode.LIVE, 1), (Mode.REPLAY, 0)]
)
def test_before_a_program_starts_it_is_told_where_the_service_is_reached(
    make_recorder, mode, times
):
    told = []
    recorder = make_recorder(mode)
    recorder.before_program = lambda: told.append("at once")
    with recorder:
        subprocess.run(WORDS, check=True)
    assert told == ["at once"] * times
    assert bool(recorder.programs) is (mode is Mode.RECORD)


def test_programs_that_a_proof_starts_are_not_told(service, make_recorder):
    """They replay: nothing need be there for them."""
    told = []

    def start(folder):
        subprocess.run(WORDS, check=True)

    service.on("GET", "/one", lambda call: (200, {}, b"1"))
    recorder = make_recorder(Mode.RECORD, proves=True, rerun=start)
    recorder.before_program = lambda: told.append("at once")
    with recorder:
        requests.get(f"{service.url}/one", verify=str(service.ca))
        recorder.save()
    assert not told
    assert not recorder.programs
