"""The recorded service, for every test of this folder."""

import pytest
from recorded_service import (
    cassette_path,
    make_recorder,
    plain_environment,
    real,
    record,
    replay,
    service,
    stand_ins,
)

__all__ = [
    "cassette_path",
    "make_recorder",
    "plain_environment",
    "real",
    "record",
    "replay",
    "service",
    "stand_ins",
]


@pytest.fixture
def proves() -> bool:
    """What these tests plant is secret, and a constant: no recording of it replays."""
    return False
