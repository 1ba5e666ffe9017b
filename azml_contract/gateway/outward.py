"""The way out that a user has set up: their own proxy, their own authorities.

In: the environment, as it was before any program was led elsewhere. Out: the far side
that is the real network, and the certificates that are trusted on it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from azml_contract.gateway.far_side import Network
from azml_contract.gateway.hosts import CLOUDS

_OWN = ("AZML_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


def reach_azure(
    environ: Mapping[str, str], cloud: str = "public", more: Sequence[str] = ()
) -> Network:
    """Azure's hosts, through the user's proxy, their certificates checked.

    Args:
        environ: Of the user.
        cloud: One of `CLOUDS`.
        more: Patterns of further hosts to end TLS for.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=read_roots(environ).decode("latin-1"))
    context.set_alpn_protocols(["http/1.1"])
    proxies = {
        scheme: value
        for scheme in ("https", "http", "all")
        if (value := _look_up(environ, f"{scheme}_proxy"))
    }
    spared = [one.strip() for one in _look_up(environ, "no_proxy").split(",")]
    return Network(
        (*CLOUDS[cloud], *more),
        context,
        proxies,
        lambda host: any(_spares(one, host) for one in spared if one),
    )


def read_roots(environ: Mapping[str, str]) -> bytes:
    """Certificates that are trusted: the user's bundle, or else the public's."""
    for name in _OWN:
        path = Path(environ.get(name, "") or "/nowhere")
        if path.is_file():
            return path.read_bytes()
    import certifi

    return Path(certifi.where()).read_bytes()


def _look_up(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _spares(one: str, host: str) -> bool:
    plain = one.lower().lstrip(".")
    return one == "*" or host == plain or fnmatchcase(host, f"*.{plain}")
