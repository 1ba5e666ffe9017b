"""What a job's environment asks for, and what of it the job does not get.

In: a job, and the Python or the container that it runs in. Out: its image; lines for
its log. Conda files are not installed, nor images built: a job runs with the packages
that are there.
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


def image_of(world: World, properties: Mapping[str, Any]) -> str:
    """The image that a job's environment names; "" for none."""
    return str(_environment_of(world, properties).get("image") or "")


def tell_missing(
    world: World, properties: Mapping[str, Any], python: str
) -> Iterator[str]:
    """What a job lacks that runs with a Python of this machine."""
    found = _environment_of(world, properties)
    if found.get("image") or found.get("build"):
        yield "Nothing of the image is used: the job runs with the Python that is here."
    there = {_plain(name) for name in list_packages(python)}
    for name in _asked(found.get("condaFile")):
        if _plain(name) not in there:
            yield f"Warning: the environment asks for {name}, which is not installed."


def tell_contained(
    world: World, properties: Mapping[str, Any], engine: str
) -> Iterator[str]:
    """What a job lacks that runs in a container of its image."""
    found = _environment_of(world, properties)
    yield f"The job runs in a container of {found['image']}, by {engine}."
    names = ", ".join(_asked(found.get("condaFile")))
    if names:
        yield f"Warning: nothing is installed into the image; asked for: {names}."


def _environment_of(world: World, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    environment_id = str(properties.get("environmentId") or "")
    if split_asset_id(environment_id) is None:
        return {}
    resource = world.store.get(environment_id)
    return (resource.body.get("properties") or {}) if resource else {}


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
