"""Open a recording under pytest: its run, and the gateway of the programs it starts.

In: a plan. Out: a context with the run, and the variables that lead a program to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from azml_contract.plugin.discreet import DISCREET_KEY
from azml_contract.plugin.programs import behind, starting_forks_anew, wait_for_blobs
from azml_contract.scenario import Plan, ScenarioRun

if TYPE_CHECKING:
    from azml_contract.emulator.server import Emulator

Opened = tuple[ScenarioRun, dict[str, str]]


@contextmanager
def opening(
    request: pytest.FixtureRequest, plan: Plan, emulator: Emulator | None
) -> Iterator[Opened]:
    """Record or replay until the context ends.

    Args:
        request: Of the fixture that opens it.
        plan: What to do.
        emulator: What answers, where the plan reaches an emulator.

    Raises:
        AzmlContractError: It cannot be opened.
    """
    if emulator is not None:
        own = emulator.settings
        settings = replace(plan.settings, proxy=own.proxy, ca_bundle=own.ca_bundle)
        plan = replace(plan, settings=settings)
    run = ScenarioRun(plan)
    run.open()
    doors = request.getfixturevalue("_azml_doors")
    far, variables = behind(plan, emulator)
    before = None if emulator is None else partial(wait_for_blobs, emulator)
    leading = run.leading_programs(doors, far, variables, before)
    with run, leading as environ, starting_forks_anew():
        request.config.stash[DISCREET_KEY].also(
            run.redact, replayed=plan.mode == "replay"
        )
        yield run, environ


def remove_created(run: ScenarioRun, config: Any) -> None:
    """Delete from Azure what a scenario created there, unless it is to be kept."""
    live = run.plan.mode != "replay" and run.plan.target == "azure"
    if live and not config.getoption("azml_keep"):
        run.remove_created()
