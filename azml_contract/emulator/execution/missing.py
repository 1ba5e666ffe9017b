"""What a job's environment asks for and the running Python has not.

In: a job, a Python. Out: lines for its log. Images and conda files are not
installed: a job runs with the packages that are there.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from azml_contract.emulator.paths import split_asset_id
from azml_contract.emulator.world import World

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_OWN = ("python", "pip", "conda", "mamba", "setuptools", "wheel")
_ASK = (
    "import importlib.metadata as m, json;"
    "print(json.dumps([d.name for d in m.distributions() if d.name]))"
)


def tell_missing(
    world: World, properties: Mapping[str, Any], python: str
) -> Iterator[str]:
    """One line for each package that is asked for and not there."""
    environment_id = str(properties.get("environmentId") or "")
    resource = None
    if split_asset_id(environment_id) is not None:
        resource = world.store.get(environment_id)
    found = (resource.body.get("properties") or {}) if resource else {}
    if found.get("image") or found.get("build"):
        yield "Nothing of the image is used: the job runs with the Python that is here."
    there = {_plain(name) for name in list_packages(python)}
    for name in _asked(found.get("condaFile")):
        if _plain(name) not in there:
            yield f"Warning: the environment asks for {name}, which is not installed."


@lru_cache(maxsize=4)
def list_packages(python: str) -> tuple[str, ...]:
    """Names of the packages that a Python has."""
    done = subprocess.run(
        [python, "-I", "-c", _ASK], capture_output=True, text=True, check=False
    )
    return tuple(json.loads(done.stdout)) if done.returncode == 0 else ()


def _asked(conda: object) -> Iterator[str]:
    if not isinstance(conda, str):
        return
    try:
        parsed = yaml.safe_load(conda)
    except yaml.YAMLError:
        return
    listed = parsed.get("dependencies") if isinstance(parsed, dict) else None
    for item in listed if isinstance(listed, list) else ():
        below = item.get("pip") if isinstance(item, dict) else [item]
        for one in below if isinstance(below, list) else ():
            matched = _NAME.match(str(one).strip())
            if matched and matched[0].lower() not in _OWN:
                yield matched[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
