"""The flavors of an MLflow model, read from its MLmodel file.

In: where a model lies. Out: what the file names, as the service shows it: the values
of a flavor as texts. Nothing where there is no such file to be read.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from azml_contract.emulator.execution.places import locate
from azml_contract.emulator.world import World
from azml_contract.errors import EmulatorError

_FILE = "MLmodel"


def read_flavors(world: World, uri: str) -> dict[str, Any]:
    """Flavors by name; empty where nothing can be read."""
    storage = world.blobs.storage
    if storage is None or not uri:
        return {}
    try:
        place = locate(world, uri, "models").below(_FILE)
        text = storage.get(place.container, place.path)
        parsed = yaml.safe_load(text) if text else None
    except (EmulatorError, yaml.YAMLError, UnicodeDecodeError):
        return {}
    found = parsed.get("flavors") if isinstance(parsed, dict) else None
    return {
        str(name): {"data": {str(k): _as_text(v) for k, v in values.items()}}
        for name, values in (found if isinstance(found, dict) else {}).items()
        if isinstance(values, dict)
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
