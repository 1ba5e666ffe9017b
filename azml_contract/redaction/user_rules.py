"""A project's own redaction rules, from `[tool.azml-contract.redact]`.

In: a pyproject.toml and an environment mapping. Out: `UserRules`, plain values.
Knows neither cassettes nor Azure: `scenario.redaction_rules` joins these rules
with what the settings and the contract know.

    [tool.azml-contract.redact]
    identifiers = { "contoso" = "company", "contoso.example" = "example.org" }
    secrets = ["PARTNER_API_KEY"]      # variables whose values are secret
    properties = ["internalToken"]     # JSON properties whose values are secret
    headers = ["x-partner-quota"]      # headers of answers that are kept, too

Identifiers may also be a list; then each gets a numbered placeholder.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azml_contract.errors import SettingsError, say_reason

SECTION = "[tool.azml-contract.redact]"
_KEYS = ("identifiers", "secrets", "properties", "headers")
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class UserRules:
    """What a project wants replaced, beyond what is known anyway.

    `identifiers` are pairs of value and placeholder; `secrets` are live values;
    `properties` are names of JSON properties, and `headers` of answers' headers to
    be kept, in lower case.
    """

    identifiers: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    properties: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()


NO_RULES = UserRules()


def load_user_rules(environ: Mapping[str, str], pyproject: Path | None) -> UserRules:
    """Read the rules; without a file or a section there are none.

    Args:
        environ: Where the values of ``secrets`` are looked up. A variable that
            is not set has no value that could be written.
        pyproject: Usually the project's ``pyproject.toml``.

    Raises:
        SettingsError: The section is malformed; names the key.
    """
    section = _read_section(pyproject)
    for key in section:
        _require_known(pyproject, key)
    named = _texts(pyproject, "secrets", section.get("secrets", []))
    return UserRules(
        identifiers=_identifiers(pyproject, section.get("identifiers", [])),
        secrets=tuple(v for name in named if (v := environ.get(name, "").strip())),
        properties=_names(pyproject, section, "properties"),
        headers=_names(pyproject, section, "headers"),
    )


def _names(path: Path | None, section: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(one.lower() for one in _texts(path, key, section.get(key, [])))


def _read_section(path: Path | None) -> dict[str, Any]:
    if path is None or not path.is_file():
        return {}
    try:
        tool = tomllib.loads(path.read_text("utf-8")).get("tool", {})
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {say_reason(error)}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    section = tool.get("azml-contract", {}).get("redact", {})
    if not isinstance(section, dict):
        raise SettingsError(f"{path}: {SECTION} must be a table.")
    return section


def _require_known(path: Path | None, key: str) -> None:
    if key in _KEYS:
        return
    near = difflib.get_close_matches(key, _KEYS, n=1)
    hint = f" Did you mean {near[0]}?" if near else f" It takes {', '.join(_KEYS)}."
    raise SettingsError(f"{path}: {SECTION} has no key {key}.{hint}")


def _identifiers(path: Path | None, value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        names = _texts(path, "identifiers", value)
        value = {name: f"redacted-{n}" for n, name in enumerate(names, start=1)}
    for real, stand_in in value.items():
        if not isinstance(stand_in, str):
            raise SettingsError(
                f"{path}: {SECTION} identifiers: a placeholder is text, not "
                f"{stand_in!r}."
            )
        if len(real) < _SHORTEST:
            raise SettingsError(
                f"{path}: {SECTION} identifiers: {real!r} is too short to be told "
                f"from other text; it needs {_SHORTEST} characters."
            )
    return tuple(value.items())


def _texts(path: Path | None, key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise SettingsError(f"{path}: {SECTION} {key} must be a list of texts.")
    return [one for one in value if one]
