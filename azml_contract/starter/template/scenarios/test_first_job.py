"""A first story: a command job is submitted, and runs to its end.

`pytest` replays it from `cassettes/`, offline. After a change of what it sends:
`pytest --azml-mode record`, against the emulator on this machine.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from azml_contract import Workspace


@pytest.mark.azml(api_versions=["2024-04-01"], compute=True)
def test_runs_to_its_end(azml: Workspace) -> None:
    job = azml.var("job", lambda: str(uuid4()))  # recorded, replayed
    azml.put(f"jobs/{job}", azml.body("command_job")).expect(201)
    assert azml.wait(f"jobs/{job}").json["properties"]["status"] == "Completed"
