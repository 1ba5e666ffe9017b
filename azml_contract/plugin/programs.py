"""Where the programs that a scenario starts are led to, by mode and target.

In: the plan of a run. Out: what lies behind its gateway, and the variables by which
a program finds its identity and its workspace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

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


def own_roots() -> bytes:
    """What this user trusts besides: an authority of their own, or the public's."""
    from azml_contract.gateway.outward import read_roots

    return read_roots(os.environ)
