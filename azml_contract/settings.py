"""Which workspace, which endpoint, which identity.

In: an environment mapping, a `.env` file and a `pyproject.toml`, in that order
of precedence. Out: an immutable `Settings`. This is the only place that knows
variable names; no other module reads the environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azml_contract.errors import SettingsError, say_reason

PROVIDER = "Microsoft.MachineLearningServices"

VARIABLES = {
    "subscription": "AZURE_SUBSCRIPTION_ID",
    "resource_group": "AZURE_RESOURCE_GROUP",
    "workspace": "AZML_WORKSPACE",
    "compute": "AZML_COMPUTE",
    "storage_account": "AZML_STORAGE_ACCOUNT",
    "endpoint": "AZML_ENDPOINT",
    "authority": "AZURE_AUTHORITY_HOST",
    "proxy": "AZML_PROXY",
    "ca_bundle": "AZML_CA_BUNDLE",
    "credential": "AZML_CREDENTIAL",
    "tenant": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "client_secret": "AZURE_CLIENT_SECRET",
}
CREDENTIALS = ("environment", "cli", "default")
_REQUIRED = ("subscription", "resource_group", "workspace")
_SERVICE_PRINCIPAL = ("tenant", "client_id", "client_secret")
_PATH_PARTS = {"subscription", "resource_group", "workspace", "compute"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a call needs to know about where it goes.

    `credential` is ``environment`` (a service principal), ``cli`` (the Azure
    CLI's login) or ``default`` (azure-identity's DefaultAzureCredential).
    `storage_account` may be empty: the default datastore names it. `proxy`
    and `ca_bundle` are empty unless a gateway or a private CA is in use.
    """

    subscription: str
    resource_group: str
    workspace: str
    compute: str = "cpu-cluster"
    storage_account: str = ""
    endpoint: str = "https://management.azure.com"
    authority: str = "https://login.microsoftonline.com"
    proxy: str = field(default="", repr=False)  # may hold a password
    ca_bundle: str = ""
    credential: str = "environment"
    tenant: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def resource_group_id(self) -> str:
        """ARM id of the resource group."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        )

    @property
    def workspace_id(self) -> str:
        """ARM id of the workspace."""
        return (
            f"{self.resource_group_id}/providers/{PROVIDER}/workspaces/{self.workspace}"
        )


PLACEHOLDERS = Settings(
    subscription="00000000-0000-0000-0000-000000000000",
    resource_group="resource-group",
    workspace="workspace",
    storage_account="storageaccount",
    tenant="00000000-0000-4000-8000-00000000a001",
    client_id="00000000-0000-4000-8000-00000000a002",
    client_secret="REDACTED",  # noqa: S106 - stands for a secret, is none
)
"""What replay uses, and what the recorder writes in place of real identifiers."""


def as_variables(settings: Settings) -> dict[str, str]:
    """What a program finds its workspace and its identity by."""
    names = (
        *("tenant", "client_id", "client_secret", "subscription", "resource_group"),
        *("workspace", "compute", "storage_account"),
    )
    return {VARIABLES[name]: getattr(settings, name) for name in names}


def load_settings(
    environ: Mapping[str, str],
    *,
    dotenv: Path | None = None,
    pyproject: Path | None = None,
) -> Settings:
    """Collect the settings; the environment wins over `.env` over pyproject.

    Args:
        environ: Usually ``os.environ``.
        dotenv: A `.env` file; ignored when it does not exist.
        pyproject: A `pyproject.toml` whose ``[tool.azml-contract]`` is read.

    Raises:
        SettingsError: Something is missing, unknown or malformed. Names every
            missing setting at once, with its variable.
    """
    values = collect_values(environ, dotenv=dotenv, pyproject=pyproject)
    _require(values)
    for name in ("endpoint", "authority"):
        if name in values:
            values[name] = _as_https_url(name, values[name])
    for name in _PATH_PARTS & values.keys():
        if re.search(r"[\s/?#]", values[name]):
            raise SettingsError(
                f"{name} is {values[name]!r}; it is a name or an id, without spaces "
                f"or slashes (variable {VARIABLES[name]})."
            )
    if "proxy" in values:
        values["proxy"] = _as_proxy_url(values["proxy"])
    if "ca_bundle" in values and not Path(values["ca_bundle"]).exists():
        raise SettingsError(
            f"There is no CA file at {values['ca_bundle']} "
            f"(variable {VARIABLES['ca_bundle']})."
        )
    return Settings(**values)


def collect_values(
    environ: Mapping[str, str],
    *,
    dotenv: Path | None = None,
    pyproject: Path | None = None,
) -> dict[str, str]:
    """What is set, by the names of `Settings`; nothing is required yet.

    Raises:
        SettingsError: A file cannot be read, or holds what does not belong there.
    """
    return _from_pyproject(pyproject) | _from_dotenv(dotenv) | _pick(environ)


def _pick(found: Mapping[str, str | None]) -> dict[str, str]:
    """Settings of a mapping by variable; what is empty is not set."""
    picked = {
        name: (found.get(variable) or "").strip()
        for name, variable in VARIABLES.items()
    }
    return {name: value for name, value in picked.items() if value}


def read_dotenv(path: Path | None) -> dict[str, str | None]:
    """The variables of a `.env` file; none without one. Lines of another kind are left.

    Raises:
        SettingsError: It cannot be read.
    """
    if path is None or not path.is_file():
        return {}
    import logging

    from dotenv import dotenv_values

    log = logging.getLogger("dotenv.main")  # it tells each line, as often as it is read
    was, log.disabled = log.disabled, True
    try:
        # Without interpolation: that would read the environment of the process.
        return dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {say_reason(error)}") from error
    finally:
        log.disabled = was


def _from_dotenv(path: Path | None) -> dict[str, str]:
    return _pick(read_dotenv(path))


def find_pyproject(folder: Path) -> Path | None:
    """The `pyproject.toml` of a folder or of the nearest one above it."""
    candidates = (one / "pyproject.toml" for one in (folder, *folder.parents))
    return next((file for file in candidates if file.is_file()), None)


def find_contracts_folder(pyproject: Path | None) -> Path | None:
    """The folder of contracts of a project's own, `contracts` of its pyproject.

    Raises:
        SettingsError: It is named and not there, or the file cannot be read.
    """
    section = _read_section(pyproject, "contracts")
    if pyproject is None or "contracts" not in section:
        return None
    named = section["contracts"]
    if not isinstance(named, str) or not named.strip():
        raise SettingsError(
            f"{pyproject}: [tool.azml-contract] contracts names a folder, "
            f"not {named!r}."
        )
    folder = pyproject.parent / named
    if not folder.is_dir():
        raise SettingsError(
            f"{pyproject}: [tool.azml-contract] contracts names {named}, and there is "
            "no such folder.\n"
            f"Fill it: azml-contract contract import --specs DIR --to {named}"
        )
    return folder


def _read_section(path: Path | None, *words: str) -> dict[str, Any]:
    """Our section of a file; empty where one of `words` is nowhere in it."""
    if path is None or not path.is_file():
        return {}
    try:
        text = path.read_text("utf-8")
        if any(word not in text for word in words):
            return {}
        import tomllib  # to load it takes longer than to check a body

        table: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {say_reason(error)}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    section = table.get("tool", {}).get("azml-contract", {})
    return section if isinstance(section, dict) else {}


def _from_pyproject(path: Path | None) -> dict[str, str]:
    section = _read_section(path)
    if path is None:
        return {}
    settings = {key.replace("-", "_"): value for key, value in section.items()}
    allowed = {f.name for f in fields(Settings)} - {"client_secret"}
    for name, value in settings.items():
        _check_entry(path, name, value, allowed)
    return {name: value.strip() for name, value in settings.items() if name in allowed}


def _check_entry(path: Path, name: str, value: object, allowed: set[str]) -> None:
    if name == "client_secret":
        raise SettingsError(
            f"{path}: client-secret does not belong in a file that is committed; "
            f"set {VARIABLES['client_secret']} instead."
        )
    if name in allowed and not isinstance(value, str):
        raise SettingsError(
            f"{path}: [tool.azml-contract] {name} must be text, not {value!r}."
        )
    # Other keys may belong to other parts; one that is nearly ours is a slip.
    import difflib

    near = difflib.get_close_matches(name, allowed, n=1, cutoff=0.75)
    if name not in allowed and near:
        raise SettingsError(
            f"{path}: [tool.azml-contract] has no setting {name}. "
            f"Did you mean {near[0]}?"
        )


def _require(values: Mapping[str, str]) -> None:
    credential = values.get("credential", "environment")
    if credential not in CREDENTIALS:
        raise SettingsError(
            f"credential is {credential!r}; it must be one of "
            f"{', '.join(CREDENTIALS)} (variable {VARIABLES['credential']})."
        )
    needed = _REQUIRED + (_SERVICE_PRINCIPAL if credential == "environment" else ())
    missing = [name for name in needed if not values.get(name)]
    if missing:
        lines = [
            f"  {name.replace('_', ' ')}: set {VARIABLES[name]}" for name in missing
        ]
        raise SettingsError(
            "These settings are missing, in the environment, in .env and in "
            "[tool.azml-contract] of pyproject.toml:\n" + "\n".join(lines)
        )


def _as_https_url(name: str, value: str) -> str:
    url = value if "://" in value else f"https://{value}"
    if not url.startswith("https://"):
        raise SettingsError(
            f"{name} is {value!r}; tokens travel over https only "
            f"(variable {VARIABLES[name]})."
        )
    return url.rstrip("/")


def _as_proxy_url(value: str) -> str:
    url = value if "://" in value else f"http://{value}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # Without the value: it may hold a password.
        raise SettingsError(
            f"proxy is not a URL such as http://127.0.0.1:8080 "
            f"(variable {VARIABLES['proxy']})."
        )
    return url
