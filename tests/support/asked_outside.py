"""A recorder's gateway for a test, and what a client gets through it.

In: an authority, a cassette's path, a mode, and what lies behind. Out: the recorder,
the gateway, and a session that asks through it. Knows no answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from azml_contract.gateway.certificates import Authority
from azml_contract.gateway.far_side import FarSide
from azml_contract.recording.engine import Mode, Recorder, RecorderSettings
from azml_contract.recording.outside import Outside
from azml_contract.redaction.rules import RedactionRules


@contextmanager
def gateway(
    authority: Authority, path: Path, mode: Mode, far: FarSide
) -> Iterator[tuple[Recorder, Outside, requests.Session]]:
    """While entered, a session asks through the gateway of a recorder."""
    settings = RecorderSettings(
        path=path,
        mode=mode,
        scenario="x/y",
        api_version="2024-04-01",
        target="emulator",
        rules=RedactionRules(),
        intercepts=False,
    )
    with Recorder(settings) as recorder:
        outside = Outside(recorder, far, authority)
        outside.start()
        bundle = path.with_suffix(".pem")
        authority.write_bundle(bundle)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(bundle)
            session.proxies = {"https": outside.url, "http": outside.url}
            yield recorder, outside, session
        outside.close()


def describe(session: requests.Session, method: str, url: str, body: Any = b"") -> Any:
    """Status and body of an answer, or the name of what the client raised."""
    try:
        given = session.request(method, url, data=body, timeout=30)
        return given.status_code, given.content
    except requests.RequestException as error:
        return type(error).__name__
