"""What leads a client of any language through the gateway: one table of variables.

In: where the gateway is, and files of what is to be trusted. Out: variables, and
texts that set them, in the format of a shell or a file, and undo it again. Used by
env files, fixtures and commands alike.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from azml_contract.gateway.certificates import write_truststore
from azml_contract.whole_file import write_whole

_TRUST_PASSWORD = "changeit"  # noqa: S105 - Java's usual one; the file holds no secret
_TRUST_STORE = "truststore.p12"
_NODE_FETCH = "node_fetch.cjs"
_LOCAL = "localhost,127.0.0.1,::1"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_BUNDLES = (
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "AZML_CA_BUNDLE",
)
_ADDED_TO = ("NODE_OPTIONS", "JAVA_TOOL_OPTIONS")
"""Variables of lists: what a user has there stays in front."""
_SILENCED = {
    # Their tools would tell their makers of each run, past everything.
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
    "AZURE_CORE_SURVEY_MESSAGE": "no",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "AZUREML_COLLECT_TELEMETRY": "no",
}
FORMATS = ("sh", "fish", "powershell", "dotenv", "json", "github")


@dataclass(frozen=True, slots=True)
class Doors:
    """Where clients find the gateway, and what they trust.

    `truststore` and `node_fetch` may be None: Java and Node's own `fetch` are then
    not led.
    """

    proxy: str
    bundle: Path
    truststore: Path | None = None
    node_fetch: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What the variables name, so that it is there wherever a client runs."""
        found = (self.bundle, self.truststore, self.node_fetch)
        return tuple(one for one in found if one is not None)


def make_environment(doors: Doors, own: Mapping[str, str] = {}) -> dict[str, str]:
    """Every variable that a client may look at.

    Args:
        doors: Where the gateway is.
        own: Variables of the service: identity, workspace.
    """
    both = [*_PROXIES, *(name.lower() for name in _PROXIES)]
    found = dict.fromkeys(both, doors.proxy)
    found |= dict.fromkeys(("NO_PROXY", "no_proxy"), _LOCAL)
    found |= dict.fromkeys(_BUNDLES, str(doors.bundle))
    found |= {"AZML_PROXY": doors.proxy, "NODE_USE_ENV_PROXY": "1", **_SILENCED}
    if doors.node_fetch is not None:
        quoted = json.dumps(str(doors.node_fetch))
        found["NODE_OPTIONS"] = f"--require={quoted}"
    if doors.truststore is not None:
        found["JAVA_TOOL_OPTIONS"] = _java_options(doors, doors.truststore)
    return found | dict(own)


def open_doors(folder: Path, proxy: str, bundle: Path) -> Doors:
    """Write what Java and Node need besides; where everything is.

    Args:
        folder: Where the files go.
        proxy: The URL of the gateway.
        bundle: PEM certificates to be trusted.
    """
    folder, bundle = folder.resolve(), bundle.resolve()
    store, script = folder / _TRUST_STORE, folder / _NODE_FETCH
    write_truststore(bundle.read_bytes(), store, _TRUST_PASSWORD)
    source = resources.files("azml_contract.gateway").joinpath(_NODE_FETCH)
    write_whole(script, source.read_bytes())
    return Doors(proxy, bundle, store, script)


def _java_options(doors: Doors, truststore: Path) -> str:
    parts = urlsplit(doors.proxy)
    place = f"{parts.hostname}", f"{parts.port}"
    options = {
        "https.proxyHost": place[0],
        "https.proxyPort": place[1],
        "http.proxyHost": place[0],
        "http.proxyPort": place[1],
        "http.nonProxyHosts": "localhost|127.*|[::1]",
        "javax.net.ssl.trustStore": str(truststore),
        "javax.net.ssl.trustStorePassword": _TRUST_PASSWORD,
        "javax.net.ssl.trustStoreType": "PKCS12",
    }
    return " ".join(_quote_java(f"-D{name}={value}") for name, value in options.items())


def _quote_java(option: str) -> str:
    return f'"{option}"' if any(c in option for c in " |") else option


def add_to(environ: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables for a process that inherits others.

    Where a variable is a list, what is inherited stays in front.
    """
    merged = dict(environ)
    for name in _ADDED_TO:
        before = inherited.get(name, "").strip()
        if name in merged and before and merged[name] not in before:
            merged[name] = f"{before} {merged[name]}"
    return merged


def render(environ: Mapping[str, str], form: str) -> str:
    """A text that sets the variables, in one of `FORMATS`."""
    if form == "json":
        return json.dumps(dict(environ), indent=2) + "\n"
    line = _LINES[form]
    return "".join(f"{line(name, value)}\n" for name, value in environ.items())


def render_undo(
    environ: Mapping[str, str], before: Mapping[str, str], form: str
) -> str:
    """One line that puts everything back; empty where a format has no such thing.

    Args:
        environ: What was set.
        before: What was set before that.
    """
    gone = [name for name in environ if name not in before]
    kept = {name: before[name] for name in environ if name in before}
    if form == "sh":
        parts = [f"unset {' '.join(gone)}"] if gone else []
        parts += [_sh(*pair) for pair in kept.items()]
    elif form == "fish":
        parts = [f"set -e {' '.join(gone)}"] if gone else []
        parts += [_fish(*pair) for pair in kept.items()]
    elif form == "powershell":
        places = ", ".join(f"'Env:{name}'" for name in gone)
        parts = [f"Remove-Item {places}"] if gone else []
        parts += [_powershell(*pair) for pair in kept.items()]
    else:
        return ""
    return "; ".join(parts)


def guess_format(path: Path) -> str:
    """The format that the name of a file asks for."""
    ends = {".fish": "fish", ".ps1": "powershell", ".json": "json"}
    if path.name == ".env" or path.name.startswith(".env."):
        return "dotenv"
    return ends.get(path.suffix, "sh")


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    plain = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{plain}'"


def _powershell(name: str, value: str) -> str:
    plain = value.replace("'", "''")
    return f"$Env:{name} = '{plain}'"


def _dotenv(name: str, value: str) -> str:
    plain = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{plain}'"


def _github(name: str, value: str) -> str:
    if "\n" not in value:
        return f"{name}={value}"
    return f"{name}<<AZML_END\n{value}\nAZML_END"


_LINES: dict[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
    "github": _github,
}
