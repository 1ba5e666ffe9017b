"""Script an Azure ML REST workflow once; run it live or offline; know what breaks.

The public names, imported when they are first used, so that a pytest run
which does not use the plugin pays for nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azml_contract.client import ArmResponse, Workspace
    from azml_contract.emulator.faults import Faults
    from azml_contract.emulator.server import Emulator
    from azml_contract.errors import ArmError, AzmlContractError
    from azml_contract.exchange import Request, Response
    from azml_contract.finding import Finding, Severity
    from azml_contract.library import check_body, check_request, check_response
    from azml_contract.settings import Settings

__all__ = [
    "ArmError",
    "ArmResponse",
    "AzmlContractError",
    "Emulator",
    "Faults",
    "Finding",
    "Request",
    "Response",
    "Settings",
    "Severity",
    "Workspace",
    "check_body",
    "check_request",
    "check_response",
]

_HOMES = {
    "ArmError": "errors",
    "ArmResponse": "client",
    "AzmlContractError": "errors",
    "Emulator": "emulator.server",
    "Faults": "emulator.faults",
    "Finding": "finding",
    "Request": "exchange",
    "Response": "exchange",
    "Settings": "settings",
    "Severity": "finding",
    "Workspace": "client",
    "check_body": "library",
    "check_request": "library",
    "check_response": "library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
