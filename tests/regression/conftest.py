"""What the tests of regression share: recordings, made or committed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from recorded_stories import WORKFLOW

from azml_contract.cassette.cassette import Cassette, load_cassette
from azml_contract.cassette.recordings import Recording
from azml_contract.exchange import Exchange, Request, Response
from azml_contract.settings import PLACEHOLDERS

MakeRecording = Callable[..., Recording]


@pytest.fixture(scope="session")
def make_recording() -> MakeRecording:
    """Build a recording of one call to the placeholder workspace."""

    def make(
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "2021-03-01-preview",
        status: int = 200,
        answer: Any = None,
        reads: tuple[str, ...] | None = (),
        scenario: str = "story/test",
        variables: dict[str, object] | None = None,
    ) -> Recording:
        url = f"{PLACEHOLDERS.endpoint}{PLACEHOLDERS.workspace_id}/{path}"
        mark = "&" if "?" in path else "?"
        sent = b"" if body is None else json.dumps(body).encode()
        came = b"" if answer is None else json.dumps(answer).encode()
        exchange = Exchange(
            Request(method, f"{url}{mark}api-version={version}", (), sent),
            Response(status, (), came),
        )
        known = None if reads is None else {0: reads}
        return Recording(scenario, version, (exchange,), known, variables or {})

    return make


@pytest.fixture(scope="session")
def workflow() -> Callable[[str], Cassette]:
    """The committed cassette of the whole workflow at a version."""
    return lambda version: load_cassette(WORKFLOW / f"{version}.json")
