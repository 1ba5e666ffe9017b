"""An emulator for a run of a program: with blob storage where there is Azurite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azml_contract.emulator.server import Emulator


def make_emulator(seed: Path | None, faults: Path | None, azurite: str) -> Emulator:
    """An emulator whose clock steps with its calls, so that runs repeat.

    Raises:
        EmulatorError: Azurite was named and is not there, or the seed is malformed.
    """
    from azml_contract.emulator.azurite import find_azurite
    from azml_contract.emulator.fault_file import load_faults
    from azml_contract.emulator.seed import find_seed
    from azml_contract.emulator.server import Emulator
    from azml_contract.errors import EmulatorError

    has_azurite = azurite != "none"
    if has_azurite and not azurite:
        # What uploads nothing can be recorded without.
        try:
            find_azurite()
        except EmulatorError:
            has_azurite = False
    return Emulator(
        azurite=has_azurite,
        azurite_path="" if azurite == "none" else azurite,
        seed=find_seed(seed, None),
        faults=load_faults(faults) if faults else None,
    )
