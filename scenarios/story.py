"""What several stories need: versions, names that are drawn, assets to build on."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from test_failures import draw_version, register_environment

from azml_contract import ArmResponse, Workspace

SCORING = Path(__file__).with_name("scoring")
MODERN = ["2022-05-01", "2024-04-01", "2026-05-01"]
"""The oldest stable version of today's bodies, the newest of which a swagger is there,
and the newest."""


def draw_name(azml: Workspace, what: str) -> str:
    """A name that no other run has, such as ``scores-1f2e3d4c``."""
    return azml.var(what, lambda: f"{what}-{uuid4().hex[:8]}")


def location_of(azml: Workspace) -> str:
    """Where the workspace is, for what must be beside it."""
    workspace = azml.arm("GET", azml.settings.workspace_id).expect(200)
    return str(workspace.json["location"])


def done(azml: Workspace, answer: ArmResponse, *statuses: int) -> ArmResponse:
    """The end of what a call began; fails unless it succeeded."""
    answer.expect(*(statuses or (200, 201, 202)))
    return azml.wait(answer).expect(200, 204)


def register_model(azml: Workspace, name: str, version: str) -> ArmResponse:
    """A model of files that are uploaded for it."""
    files = azml.upload(SCORING / "model")
    body = azml.body("stories/model", uri=files.uri, note="weights of two lengths")
    return azml.put(f"models/{name}/versions/{version}", body).expect(200, 201)


def register_scoring(azml: Workspace) -> dict[str, str]:
    """Ids of model, code and environment that a deployment consists of."""
    version = draw_version(azml)
    code = azml.upload(SCORING / "src", code=("scores", version))
    path = f"codes/scores/versions/{version}"
    made = azml.put(path, azml.body("code", uri=code.uri)).expect(200, 201)
    return {
        "model_id": str(register_model(azml, "scores", version).json["id"]),
        "code_id": str(made.json["id"]),
        "environment_id": register_environment(azml),
    }
