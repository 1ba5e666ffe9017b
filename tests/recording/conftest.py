"""The recorded service, and one that every client may ask, for this folder."""

from each_client import base, same  # noqa: F401
from recorded_service import *  # noqa: F403
