"""The recorded service, for every test of this folder."""

import pytest
from recorded_service import *  # noqa: F403


@pytest.fixture
def proves() -> bool:
    """What these tests plant is secret, and a constant: no recording of it replays."""
    return False
