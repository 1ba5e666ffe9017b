"""The recorded service, for every test of this folder."""

from recorded_service import (
    cassette_path,
    make_recorder,
    plain_environment,
    proves,
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
    "proves",
    "real",
    "record",
    "replay",
    "service",
    "stand_ins",
]
