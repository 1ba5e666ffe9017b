"""Ports that stay the same over restarts, where a folder keeps a state.

In: the folder. Out: the ports of the last start, and a file for the next.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from azml_contract.errors import InputError
from azml_contract.whole_file import write_whole

_FILE = "ports.json"


def keep_ports(state: Path | None, port: int, gateway_port: int) -> tuple[int, int]:
    """The ports of the last start, where none are named.

    Raises:
        InputError: The file that keeps them is malformed.
    """
    if state is None or not (state / _FILE).exists():
        return port, gateway_port
    file = state / _FILE
    try:
        kept = json.loads(file.read_bytes())
        return port or int(kept["port"]), gateway_port or int(kept["gateway_port"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file} does not hold two ports; remove it.") from error


def remember_ports(state: Path | None, url: str, gateway_url: str) -> None:
    """Keep the ports of this start for the next."""
    if state is not None:
        found = {"port": urlsplit(url).port, "gateway_port": urlsplit(gateway_url).port}
        write_whole(state / _FILE, json.dumps(found) + "\n")
