"""What exists before the first call: one workspace and what hangs on it.

In: nothing, or a JSON file. Out: a `Seed`. The default names differ from the
placeholders that recordings hold, so that replacing them is exercised.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from azml_contract.errors import InputError
from azml_contract.settings import Settings
from azml_contract.whole_file import write_whole

ROLES = ("reader", "contributor", "owner")
SEED_FILE = "seed.json"
_GUID = (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a GUID")
# What ARM takes, beside the rule in words.
_RULES: dict[str, tuple[str, str]] = {
    "subscription": _GUID,
    "tenant": _GUID,
    "client_id": _GUID,
    "resource_group": (
        r"[-\w._()]{0,89}[-\w_()]",
        "1 to 90 letters, digits and any of - _ . ( ), without a dot at the end",
    ),
    "workspace": (
        r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
        "3 to 33 letters, digits, - and _, with a letter or digit first",
    ),
    "location": (r"[a-z0-9]+", "a region such as westeurope"),
    "storage_account": (r"[a-z0-9]{3,24}", "3 to 24 lower-case letters and digits"),
    "storage_key": (
        r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})",
        "base64",
    ),
    "computes": (
        r"[a-zA-Z][a-zA-Z0-9-]{0,30}[a-zA-Z0-9]",
        "names of 2 to 32 letters, digits and -, a letter first, no - at the end",
    ),
}


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


@dataclass(frozen=True, slots=True)
class Principal:
    """A service principal; `role` is ``reader``, ``contributor`` or ``owner``."""

    client_id: str
    client_secret: str = field(repr=False)
    role: str = "contributor"


@dataclass(frozen=True, slots=True)
class Seed:
    """Identifiers and secrets of the emulated subscription.

    `principals` are service principals besides the owner, each with its role.

    `computes` are clusters that exist from the start. `guid_seed` makes the
    service draw the same GUIDs again; secrets are drawn anew for each seed.
    """

    subscription: str = "5f1b6c0e-3d57-4a8b-9c42-7e1d90a6f3b8"
    tenant: str = "c83d1f4a-96b2-4e07-a5d8-2b7f6e09d143"
    client_id: str = "9a7e52d6-0c4b-4f83-b16e-d5083c2fa971"
    client_secret: str = field(
        default_factory=lambda: secrets.token_urlsafe(30), repr=False
    )
    resource_group: str = "rg-azml-demo"
    workspace: str = "ws-azml-demo"
    location: str = "westeurope"
    storage_account: str = "stazmldemo4711"
    storage_key: str = field(default_factory=_random_key, repr=False)
    computes: tuple[str, ...] = ()
    user_name: str = "Alex Muster"
    guid_seed: int = 4711
    principals: tuple[Principal, ...] = ()

    def everybody(self) -> dict[str, Principal]:
        """Every service principal, by its id in lower case."""
        owner = Principal(self.client_id, self.client_secret, "owner")
        return {p.client_id.lower(): p for p in (*self.principals, owner)}

    def settings(
        self, *, compute: str, proxy: str, ca_bundle: str, endpoint: str = ""
    ) -> Settings:
        """The settings of a client of this subscription."""
        return Settings(
            subscription=self.subscription,
            resource_group=self.resource_group,
            workspace=self.workspace,
            compute=compute,
            storage_account=self.storage_account,
            **({"endpoint": endpoint} if endpoint else {}),
            proxy=proxy,
            ca_bundle=ca_bundle,
            tenant=self.tenant,
            client_id=self.client_id,
            client_secret=self.client_secret,
        )


def load_seed(path: Path) -> Seed:
    """Read a seed; what the file does not name has its default.

    Raises:
        InputError: The file is missing, no JSON object, names something that
            a seed does not have, or a value breaks the rule of its key.
    """
    try:
        values: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} must hold one JSON object.")
    known = {f.name: f.type for f in fields(Seed)}
    for name, value in values.items():
        if name not in known:
            raise InputError(
                f"{path}: {name!r} is no part of a seed. Known: {', '.join(known)}."
            )
        _check_type(path, name, value)
        _check_rule(path, name, value)
    if "computes" in values:
        values["computes"] = tuple(values["computes"])
    if "principals" in values:
        values["principals"] = tuple(
            _read_principal(path, entry) for entry in values["principals"]
        )
    return Seed(**values)


def _read_principal(path: Path, entry: Any) -> Principal:
    keys = ("client_id", "client_secret", "role")
    if not isinstance(entry, dict) or set(entry) != set(keys):
        raise InputError(
            f"{path}: each of principals must be an object with {', '.join(keys)}."
        )
    if entry["role"] not in ROLES:
        raise InputError(
            f"{path}: a principal's role must be one of {', '.join(ROLES)}, not "
            f"{entry['role']!r}."
        )
    _check_rule(path, "client_id", entry["client_id"])
    return Principal(*(str(entry[key]) for key in keys))


def find_seed(given: Path | None, state: Path | None) -> Seed:
    """The seed of a file, or the one that a state was begun with.

    Args:
        given: A file that somebody names; None for the defaults.
        state: Folder of a state; a new one keeps the seed, secrets included.

    Raises:
        InputError: A file cannot be read, or differs from the seed of the state.
    """
    seed = load_seed(given) if given else Seed()
    if state is None:
        return seed
    kept = state / SEED_FILE
    if not kept.exists():
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(kept, json.dumps(asdict(seed), indent=2), private=True)
        return seed
    known = load_seed(kept)
    if given:
        told = json.loads(given.read_text("utf-8"))
        differing = [n for n in told if asdict(seed)[n] != asdict(known)[n]]
        if differing:
            raise InputError(
                f"{given} differs from {kept} in {', '.join(differing)}. Leave --seed "
                "out, or name another --state."
            )
    return known


def _check_type(path: Path, name: str, value: object) -> None:
    if name == "computes":
        fits = isinstance(value, list) and all(isinstance(v, str) for v in value)
        expected = "a list of names"
    elif name == "principals":
        fits, expected = isinstance(value, list), "a list of objects"
    elif name == "guid_seed":
        fits, expected = type(value) is int, "a whole number"
    else:
        fits, expected = isinstance(value, str) and value != "", "text"
    if not fits:
        raise InputError(f"{path}: {name} must be {expected}, not {value!r}.")


def _check_rule(path: Path, name: str, value: object) -> None:
    if name not in _RULES:
        return
    pattern, rule = _RULES[name]
    for one in value if isinstance(value, list) else [value]:
        if not re.fullmatch(pattern, str(one)):
            shown = "that" if name == "storage_key" else repr(one)
            raise InputError(f"{path}: {name} must be {rule}, not {shown}.")
