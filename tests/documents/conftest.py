"""The recorded service, for every test of this folder."""

from recorded_service import *  # noqa: F403
