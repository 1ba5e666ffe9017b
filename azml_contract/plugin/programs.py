"""Where the programs that a scenario starts are led to, by mode and target.

In: the plan of a run. Out: what lies behind its gateway, and the variables by which
a program finds its identity and its workspace.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azml_contract.errors import EmulatorError
from azml_contract.gateway.far_side import FarSide

if TYPE_CHECKING:
    from azml_contract.emulator.server import Emulator
    from azml_contract.scenario import Plan


def behind(
    plan: Plan, emulator: Emulator | None
) -> tuple[FarSide | None, Mapping[str, str]]:
    """What answers the programs of a scenario; None for its cassette alone."""
    from azml_contract.settings import PLACEHOLDERS, as_variables

    if plan.mode == "replay":
        return None, as_variables(PLACEHOLDERS)
    if emulator is not None:
        from azml_contract.emulator.far_side import EmulatorSide

        return EmulatorSide(emulator), emulator.variables
    from azml_contract.gateway.outward import reach_azure

    return reach_azure(os.environ), {}


def wait_for_blobs(emulator: Emulator) -> None:
    """Return when blob storage is there: a program may wait a second at most for it."""
    with contextlib.suppress(EmulatorError):  # whoever asks for it is told
        emulator.wait_ready()


@contextmanager
def starting_forks_anew() -> Iterator[None]:
    """Before and after, end multiprocessing's server of forks, which starts on demand.

    What it forks has the environment in which it was started itself.
    """
    _end_server_of_forks()
    try:
        yield
    finally:
        _end_server_of_forks()


def _end_server_of_forks() -> None:
    loaded = sys.modules.get("multiprocessing.forkserver")
    server = getattr(loaded, "_forkserver", None)
    if server is not None and getattr(server, "_forkserver_pid", None) is not None:
        server._stop()


def own_roots() -> bytes:
    """What this user trusts besides: an authority of their own, or the public's."""
    from azml_contract.gateway.outward import read_roots

    return read_roots(os.environ)
